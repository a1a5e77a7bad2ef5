/** The built files of the console's page, read from their folder on first use. Only files that are there can be asked for. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RelayError } from "../../errors.js";

interface PageFiles {
  readonly index: string;
  /** By name: "main-B1c2d3.js". Their names change with their contents. */
  readonly assets: ReadonlyMap<string, string>;
}

/** Throws `not-offered` where the page was not built. */
export function readPageFiles(folder: string): PageFiles {
  try {
    const names = readdirSync(join(folder, "assets"));
    return {
      index: readFileSync(join(folder, "index.html"), "utf8"),
      assets: new Map(names.map((name) => [name, readFileSync(join(folder, "assets", name), "utf8")])),
    };
  } catch (cause) {
    throw new RelayError("not-offered", "The console was not built. Run `npm run build` before this API starts.", { cause });
  }
}

const contentTypes: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  json: "application/json",
};

export const fileTypeOf = (name: string): string => contentTypes[name.split(".").at(-1) ?? ""] ?? "application/octet-stream";
