/** The suite `schemas`: one real schema registry for its files, in the folder of the run. Tests find it in TEST_SCHEMA_REGISTRY_URL, or why there is none. */
import { join } from "node:path";
import { projectFolder } from "../../../local/build/service-map.js";
import { type LocalRegistry, registryMissing, startRegistry } from "../../../local/registry/apicurio.js";
import { didNotRun } from "../run/did-not-run.js";
import { createRunFolder, isInRun, runFolder } from "../run/run-folder.js";

const jarsFolder = join(projectFolder, ".data/jars");
const url = "TEST_SCHEMA_REGISTRY_URL";
let registry: LocalRegistry | undefined;
let folder: { readonly remove: () => Promise<void> } | undefined;

export async function setup(): Promise<void> {
  // One that is running already, for those who run single files.
  if ((process.env[url] ?? "") !== "") return;
  folder = isInRun() ? undefined : createRunFolder();
  const missing = await registryMissing(jarsFolder);
  if (missing !== undefined) {
    didNotRun("what a real schema registry decides", missing);
    return;
  }
  registry = await startRegistry({
    folder: join(runFolder(), "schema-registry"),
    jarsFolder,
    progress: (line) => console.error(line),
  });
  process.env[url] = registry.url;
}

export async function teardown(): Promise<void> {
  await registry?.stop();
  await folder?.remove();
}
