/** The calls that the sources of the project in the current folder answer: `POST /sources/<name>`. */
import { RelayError } from "../../lib/errors.js";
import type { Operations } from "../../lib/http/operation.js";
import { findSources } from "../cli/source-files.js";

/** Throws one `bad-configuration` that names every source that cannot be loaded. */
export async function sourceOperations(): Promise<Operations> {
  const found = await findSources();
  const faults = found.flatMap(({ file, fault }) => (fault === undefined ? [] : [`${file}: ${fault.message}`]));
  if (faults.length > 0) throw new RelayError("bad-configuration", faults.join("\n"));
  return Object.assign({}, ...found.map(({ handler }) => handler?.operations ?? {}));
}
