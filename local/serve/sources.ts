/** The sources of the project in the current folder: the calls that they answer, `POST /sources/<name>`, and what `GET /sources` shows. */
import { RelayError } from "../../lib/errors.js";
import type { Operations } from "../../lib/http/operation.js";
import type { SourceHandler } from "../../lib/sources/source.js";
import { toSourceDescription } from "../../lib/sources/status/source-description.js";
import { noSources, type SourceProvider } from "../../lib/sources/status/source-provider.js";
import { findSources } from "../cli/sources/source-files.js";

export interface OpenedSources {
  readonly operations: Operations;
  readonly provider: SourceProvider;
  /** For dead letters that go back to their source. */
  readonly handlerOf: (source: string) => SourceHandler | undefined;
}

/** Throws one `bad-configuration` that names every source that cannot be loaded. */
export async function openSources(isOn: boolean): Promise<OpenedSources> {
  if (!isOn) return { operations: {}, provider: noSources, handlerOf: () => undefined };
  const found = await findSources();
  const faults = found.flatMap(({ file, fault }) => (fault === undefined ? [] : [`${file}: ${fault.message}`]));
  if (faults.length > 0) throw new RelayError("bad-configuration", faults.join("\n"));
  const handlers = found.flatMap(({ handler }) => handler ?? []);
  const known = handlers.map(({ source }) => ({ name: source.name, description: toSourceDescription(source), fault: null }));
  return {
    operations: Object.assign({}, ...handlers.map(({ operations }) => operations ?? {})),
    provider: { list: async () => known },
    handlerOf: (name) => handlers.find(({ source }) => source.name === name),
  };
}
