/** The API's functions as this project's serverless.yml declares them, so that a service with the package has the same routes, memory and limits. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { projectFolder } from "../../build/service-map.js";

export interface ApiFunction {
  /** The file's name in the package, such as "dead-letters". */
  readonly file: string;
  readonly declaration: Readonly<Record<string, unknown>>;
}

export interface ServiceOutline {
  /** By the function's key. */
  readonly api: Readonly<Record<string, ApiFunction>>;
  /** Every parameter of a deployment, with its default. */
  readonly deployment: Readonly<Record<string, string>>;
}

interface ServiceFile {
  readonly functions: Readonly<Record<string, { readonly handler: string } & Readonly<Record<string, unknown>>>>;
  readonly params: { readonly default: Readonly<Record<string, unknown>> };
  readonly custom: { readonly deployment: Readonly<Record<string, unknown>> };
}

/** It needs the page's files beside it. */
const pageOfConsole = "console";

/** Read when the package is built; the package contains the result. */
export function outlineService(text = readFileSync(join(projectFolder, "serverless.yml"), "utf8")): ServiceOutline {
  const { functions, params, custom } = parse(text) as ServiceFile;
  const api = Object.entries(functions).flatMap(([key, { handler, ...declaration }]) => {
    const [, file] = /^functions\/([a-z-]+)\.handler$/.exec(handler) ?? [];
    return file === undefined || file === pageOfConsole ? [] : [[key, { file, declaration }] as const];
  });
  // A variable of the framework has no value outside this project.
  const defaultOf = (name: string): string => {
    const value = String(params.default[name] ?? "");
    return value.includes("${") ? "" : value;
  };
  return {
    api: Object.fromEntries(api),
    deployment: Object.fromEntries(Object.keys(custom.deployment).map((name) => [name, defaultOf(name)])),
  };
}
