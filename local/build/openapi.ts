/**
 * `npm run openapi`: writes what follows from the operations of the API's functions: the description beside the function that serves it, the types of the client, and the
 * calls of each function for the gateway. Tests compare the files with the operations.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createConsumers } from "../../lib/consumers/consumers.js";
import { toOpenApi } from "../../lib/http/openapi.js";
import type { Operations } from "../../lib/http/operation.js";
import { consumerOperations } from "../../lib/http/operations/consumer-operations.js";
import { apiFunctions, consoleFunction } from "../plugin/api-functions.js";
import { clientTypesPath, toClientTypes } from "./client-types.js";
import { projectFolder } from "./service-map.js";

/** Loaded by name, as the gateway does: nothing here knows the functions. By file. */
async function operationsOfFunctions(): Promise<readonly (readonly [string, Operations])[]> {
  const files = [...Object.values(apiFunctions), consoleFunction].map(({ file }) => file);
  return Promise.all(
    files.map(async (file) => {
      const { operations = {} } = (await import(pathToFileURL(join(projectFolder, `functions/${file}.ts`)).href)) as {
        readonly operations?: Operations;
      };
      return [file, operations] as const;
    }),
  );
}

export async function describeApi(): Promise<string> {
  const all: Record<string, Operations[string]> = {};
  for (const [, operations] of await operationsOfFunctions()) Object.assign(all, operations);
  // No function has these: they need a process that lives on between calls.
  Object.assign(all, consumerOperations(createConsumers()));
  const { version } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as { readonly version: string };
  return `${JSON.stringify(toOpenApi(all, version))}\n`;
}

export const descriptionPath = join(projectFolder, "lib/http/openapi.generated.json");
const callsPath = join(projectFolder, "local/plugin/calls.generated.json");

if (import.meta.filename === process.argv[1]) {
  const description = await describeApi();
  writeFileSync(descriptionPath, description);
  writeFileSync(clientTypesPath, toClientTypes(description));
  const calls = (await operationsOfFunctions()).map(([file, operations]) => [file, Object.keys(operations)] as const);
  writeFileSync(callsPath, `${JSON.stringify(Object.fromEntries(calls), null, 2)}\n`);
  console.log(`lib/http/openapi.generated.json describes ${calls.flatMap(([, keys]) => keys).length} operations.`);
}
