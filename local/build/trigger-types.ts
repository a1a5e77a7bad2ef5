/** Writes the types that local/kafka-trigger publishes, from its sources: one file that needs no other. Run by `npm ci`, after the build. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(root, "local/kafka-trigger");

const build = await rollup({ input: join(folder, "src/main.ts"), plugins: [dts({ tsconfig: join(root, "tsconfig.json") })] });
await build.write({ file: join(folder, "dist/main.d.ts"), format: "es" });
await build.close();
