/**
 * Writes the types that local/kafka-trigger publishes, from its sources: one file that needs no other. Run by `npm ci`, after the build. They are the library's:
 * the plugin, which the framework takes as `module.exports`, is not a default export for TypeScript.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(root, "local/kafka-trigger");

const build = await rollup({ input: join(folder, "src/main.ts"), plugins: [dts({ tsconfig: join(root, "tsconfig.json") })] });
const pluginExport = /, KafkaTriggerPlugin as default|KafkaTriggerPlugin as default, /;
await build.write({
  file: join(folder, "dist/main.d.cts"),
  format: "es",
  plugins: [{ name: "library-only", renderChunk: (code) => code.replace(pluginExport, "") }],
});
rmSync(join(folder, "dist/main.d.ts"), { force: true });
await build.close();
