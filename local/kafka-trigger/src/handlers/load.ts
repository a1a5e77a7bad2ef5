/** Finds and loads the user's handler the way Lambda and serverless-offline do: `folder/file.export`, JavaScript or TypeScript, ES module or CommonJS. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { WorkerStart } from "./protocol.js";

const extensions = [".js", ".mjs", ".cjs", ".ts"] as const;

/** Throws what the module itself throws, and errors by Lambda's names for a missing file or export. */
export async function loadHandler(start: WorkerStart): Promise<unknown> {
  const { serviceFolder, handler } = start;
  const name = basename(handler);
  const dot = name.indexOf(".");
  if (dot < 1 || dot === name.length - 1) {
    throw named("Runtime.MalformedHandlerName", `"${handler}" is not a valid handler name. Write it as "folder/file.export".`);
  }
  const stem = resolve(serviceFolder, dirname(handler), name.slice(0, dot));
  const extension = extensions.find((one) => existsSync(stem + one));
  if (extension === undefined) {
    throw named("Runtime.ImportModuleError", `The handler "${handler}" has no file: ${stem}.js, .mjs, .cjs and .ts do not exist.`);
  }
  const file = stem + extension;
  const loaded = extension === ".ts" ? await loadTypeScript(file, start) : await loadJavaScript(file, extension);
  const path = name.slice(dot + 1).split(".");
  const found = reach(loaded, path) ?? reach((loaded as { default?: unknown } | undefined)?.default, path);
  if (typeof found !== "function") {
    throw named("Runtime.HandlerNotFound", `${file} does not export a function ${path.join(".")}.`);
  }
  return found;
}

function loadJavaScript(file: string, extension: ".js" | ".mjs" | ".cjs"): unknown {
  const isModule = extension === ".mjs" || (extension === ".js" && isModuleFolder(dirname(file)));
  return isModule ? import(pathToFileURL(file).href) : createRequire(file)(file);
}

async function loadTypeScript(file: string, { tsxFrom }: WorkerStart): Promise<unknown> {
  const tsx = findTsx(tsxFrom);
  if (isModuleFolder(dirname(file))) {
    (tsx("tsx/esm/api") as { register: () => void }).register();
    return import(pathToFileURL(file).href);
  }
  const { require: tsxRequire } = tsx("tsx/cjs/api") as { require: (file: string, from: string) => unknown };
  return tsxRequire(file, file);
}

/** The project's own tsx, else the one that serverless-offline brings. */
function findTsx(from: readonly string[]): NodeJS.Require {
  for (const place of from) {
    const require = createRequire(place);
    try {
      require.resolve("tsx/esm/api");
      return require;
    } catch {
      // Not there: the next place.
    }
  }
  throw named(
    "Runtime.ImportModuleError",
    "A TypeScript handler needs tsx, but it is not installed in the project or with serverless-offline.",
  );
}

function isModuleFolder(folder: string): boolean {
  const file = join(folder, "package.json");
  if (existsSync(file)) return (JSON.parse(readFileSync(file, "utf8")) as { type?: string }).type === "module";
  const parent = dirname(folder);
  return parent !== folder && basename(folder) !== "node_modules" && isModuleFolder(parent);
}

function reach(from: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" || typeof value === "function" ? (value as Record<string, unknown> | null)?.[key] : undefined,
    from,
  );
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
