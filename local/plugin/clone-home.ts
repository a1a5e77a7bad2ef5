/** The plugin in a clone of this repository: every function of serverless.yml is a file of the project, and built with its software bill of materials. */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { tsImport } from "tsx/esm/api";
import type { Framework, Home, PluginClass } from "./framework.js";
import { KafkaRelayPlugin } from "./plugin.js";

const buildTimeoutMs = 120_000;

/** What `plugin.mjs` hands to the framework. */
export class PluginInClone extends KafkaRelayPlugin {
  constructor(serverless: Framework, options: unknown, tools: unknown) {
    super(serverless, options, tools, cloneHome(serverless.serviceDir));
  }
}

const cloneHome = (folder: string): Home => ({
  apiFolder: "functions",
  hasWholeService: true,
  triggerPlugin: () => (createRequire(import.meta.url)("../kafka-trigger") as { readonly default: PluginClass }).default,
  load: (file) => tsImport(pathToFileURL(join(folder, `${file}.ts`)).href, import.meta.url),
  build: async (functions) => {
    const tsx = join(folder, "node_modules/tsx/dist/cli.mjs");
    const { status, stdout, stderr } = spawnSync(process.execPath, [tsx, join(folder, "local/build/main.ts")], {
      cwd: folder,
      encoding: "utf8",
      timeout: buildTimeoutMs,
    });
    if (status !== 0) throw new Error(`The functions could not be built:\n${stdout}${stderr}`);
    return new Map(functions.map(({ key, handler }) => [key, { artifact: join(".build/zips", `${key}.zip`), handler }]));
  },
});
