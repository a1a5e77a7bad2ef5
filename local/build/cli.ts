/** The command line as one file, `local/cli/dist/main.js`, and its command `serve` as another, for where neither the source's tools nor its development dependencies are installed. */
import { join } from "node:path";
import { build } from "esbuild";
import { nodeProgram, openTelemetryOfProject } from "./node-program.js";
import { projectFolder } from "./service-map.js";

/** Packages that are runtime dependencies, or that are there to load other people's TypeScript. */
const external = ["@aws-sdk/*", "tsx", "pg-native", "esbuild"];

const folder = join(projectFolder, "local/cli/dist");

/** Returns the files that it has written. */
export async function bundleCli(outFolder = folder): Promise<readonly string[]> {
  return Promise.all([bundle("local/cli/main.ts", join(outFolder, "main.js")), bundle("local/serve/main.ts", join(outFolder, "serve.js"))]);
}

async function bundle(entryPoint: string, outfile: string): Promise<string> {
  await build({
    absWorkingDir: projectFolder,
    entryPoints: [entryPoint],
    outfile,
    external,
    plugins: [openTelemetryOfProject],
    ...nodeProgram,
  });
  return outfile;
}

if (import.meta.filename === process.argv[1]) console.log((await bundleCli()).join("\n"));
