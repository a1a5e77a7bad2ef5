/** Finds the source files, `functions/sources/<name>.ts`. Each exports a handler made by `source()`. */
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { RelayError, toRelayError } from "../../../lib/errors.js";
import type { SourceHandler } from "../../../lib/sources/source.js";

/** The folder with the sources, relative to the root of the project. */
export const sourcesFolder = "functions/sources";

export type FoundSource =
  | { readonly file: string; readonly handler: SourceHandler; readonly fault?: never }
  /** Set when the file cannot be loaded or does not export a source. */
  | { readonly file: string; readonly handler?: never; readonly fault: RelayError };

/** Every source file, sorted by name; none where the folder does not exist. */
export async function findSources(folder: string = process.cwd()): Promise<readonly FoundSource[]> {
  const sources = join(folder, sourcesFolder);
  const files = existsSync(sources)
    ? readdirSync(sources).filter((name) => /\.(ts|js|mjs)$/.test(name) && !/\.(d|test|spec)\.\w+$/.test(name))
    : [];
  return Promise.all(files.sort().map((name) => load(join(sources, name), `${sourcesFolder}/${name}`)));
}

async function load(path: string, file: string): Promise<FoundSource> {
  const refuse = (message: string, cause?: unknown): FoundSource => ({
    file,
    fault: new RelayError("bad-configuration", message, { cause }),
  });
  try {
    const { handler } = (await import(pathToFileURL(path).href)) as { readonly handler?: unknown };
    if (typeof handler !== "function" || !("source" in handler))
      return refuse("It does not export a handler made by source(defineSource({ ... })).");
    const { source } = handler as SourceHandler;
    if (source.name !== nameOfFile(file))
      return refuse(`Its source is named ${JSON.stringify(source.name)}. The file and its source must have the same name.`);
    return { file, handler: handler as SourceHandler };
  } catch (thrown) {
    const error = toRelayError(thrown);
    return error.code === "internal" ? refuse(`It cannot be loaded: ${String(error.cause)}`, error.cause) : { file, fault: error };
  }
}

const nameOfFile = (file: string): string => basename(file).replace(/\.\w+$/, "");

/** The source with this name. A `not-found` error lists the sources that exist. */
export async function findSource(name: string, folder?: string): Promise<SourceHandler> {
  const found = await findSources(folder);
  const one = found.find(({ file }) => nameOfFile(file) === name);
  if (one === undefined) {
    const names = found.map(({ file }) => nameOfFile(file)).join(", ");
    const known = names === "" ? `${sourcesFolder} has no sources.` : `The sources are ${names}.`;
    throw new RelayError("not-found", `There is no source ${JSON.stringify(name)}. ${known}`);
  }
  if (one.fault !== undefined) throw new RelayError(one.fault.code, `${one.file}: ${one.fault.message}`, { cause: one.fault });
  return one.handler;
}
