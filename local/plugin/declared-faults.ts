/** What contradicts itself between serverless.yml and the files of a project: a route without a file, a file without a trigger, a name that is taken. Pure. */
import { routesFolder } from "../cli/routes/route-files.js";
import { sourcesFolder } from "../cli/sources/source-files.js";
import type { AddedFunction } from "./functions.js";
import type { PluginSettings } from "./settings.js";

interface ProjectFiles {
  /** Names of the files in functions/routes, without extension. */
  readonly routeFiles: readonly string[];
  readonly sourceFiles: readonly string[];
  /** The keys and handlers that the project's own serverless.yml declares as functions. */
  readonly own: Readonly<Record<string, string>>;
}

/** One sentence each. */
export function declaredFaults(
  { routes, sources }: PluginSettings,
  added: readonly AddedFunction[],
  { routeFiles, sourceFiles, own }: ProjectFiles,
): readonly string[] {
  const handlers = Object.values(own);
  return [
    ...unmatched(
      { what: "route", member: "routes", folder: routesFolder, example: "{ topic: <name> }" },
      Object.keys(routes),
      routeFiles,
      handlers,
    ),
    ...unmatched(
      { what: "source", member: "sources", folder: sourcesFolder, example: "{ webhook: true }" },
      Object.keys(sources),
      sourceFiles,
      handlers,
    ),
    ...added
      .filter(({ key }) => own[key] !== undefined)
      .map(({ key }) => `functions.${key}: kafka-relay adds a function of this name. Rename yours.`),
    ...repeated(added).map(
      ({ key, declaration: { handler } }) =>
        `custom.kafkaRelay: the function ${key} of ${handler} exists already: the API's functions, the routes and the sources share their names. Choose another name.`,
    ),
  ];
}

/** Each function whose key an earlier one has. */
const repeated = (added: readonly AddedFunction[]): readonly AddedFunction[] =>
  added.filter(({ key }, index) => added.findIndex((one) => one.key === key) < index);

interface Kind {
  readonly what: string;
  readonly member: string;
  readonly folder: string;
  readonly example: string;
}

/** @param handlers of functions that the project declares itself. */
function unmatched(
  { what, member, folder, example }: Kind,
  names: readonly string[],
  files: readonly string[],
  handlers: readonly string[],
): readonly string[] {
  const missing = names
    .filter((name) => !files.includes(name))
    .map((name) => `custom.kafkaRelay.${member}.${name}: the file ${folder}/${name}.ts does not exist.`);
  const isDeclared = (name: string): boolean =>
    names.includes(name) || handlers.some((handler) => handler.startsWith(`${folder}/${name}.`));
  const untriggered = files
    .filter((name) => !isDeclared(name))
    .map(
      (name) => `${folder}/${name}: the ${what} has no trigger. Add it to serverless.yml: custom.kafkaRelay.${member}.${name}: ${example}`,
    );
  return [...missing, ...untriggered];
}
