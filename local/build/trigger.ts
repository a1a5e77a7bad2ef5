/** Builds local/kafka-trigger into its dist: three CommonJS files that need nothing but Node, the same bytes for the same sources. Run by `npm ci`. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = fileURLToPath(new URL("../kafka-trigger/", import.meta.url));

await build({
  absWorkingDir: folder,
  entryPoints: { main: "src/main.ts", worker: "src/handlers/worker.ts", run: "src/run.ts" },
  outdir: join(folder, "dist"),
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20.19",
  // Asked for when a destination or a secret needs it, from the project that uses the plugin.
  external: ["@aws-sdk/*"],
  legalComments: "none",
  logLevel: "warning",
  // The framework takes the module itself as the plugin's class.
  footer: {
    js: 'if (typeof module.exports?.default === "function") module.exports = Object.assign(module.exports.default, module.exports);',
  },
});
