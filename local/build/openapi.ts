/** `npm run openapi`: writes the API's description beside the function that serves it, and the types of the client. Tests compare both files with the operations. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createConsumers } from "../../lib/consumers/consumers.js";
import { toOpenApi } from "../../lib/http/openapi.js";
import type { Operations } from "../../lib/http/operation.js";
import { consumerOperations } from "../../lib/http/operations/consumer-operations.js";
import { clientTypesPath, toClientTypes } from "./client-types.js";
import { deployedFunctions, projectFolder } from "./service-map.js";

/** Loaded by name, as the gateway does: nothing here knows the functions. */
export async function describeApi(): Promise<string> {
  const all: Record<string, Operations[string]> = {};
  for (const { file, routeKeys } of deployedFunctions()) {
    if (routeKeys.length === 0) continue;
    const { operations = {} } = (await import(pathToFileURL(join(projectFolder, `${file}.ts`)).href)) as {
      readonly operations?: Operations;
    };
    Object.assign(all, operations);
  }
  // No function has these: they need a process that lives on between calls.
  Object.assign(all, consumerOperations(createConsumers()));
  const { version } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as { readonly version: string };
  return `${JSON.stringify(toOpenApi(all, version))}\n`;
}

export const descriptionPath = join(projectFolder, "lib/http/openapi.generated.json");

if (import.meta.filename === process.argv[1]) {
  const description = await describeApi();
  writeFileSync(descriptionPath, description);
  writeFileSync(clientTypesPath, toClientTypes(description));
  console.log(`lib/http/openapi.generated.json describes ${deployedFunctions().flatMap(({ routeKeys }) => routeKeys).length} operations.`);
}
