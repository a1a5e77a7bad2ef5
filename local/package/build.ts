/**
 * Builds the npm package into `.build/npm/kafka-relay`: JavaScript as ES modules and as CommonJS, types, the command line, the console's page, the local trigger, and its
 * package.json. The same sources give the same bytes. `npm run build:npm` builds it, and create-kafka-relay beside it; `npm run release` packs both.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build, transform } from "esbuild";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import { buildFolder, bundleFunctions } from "../build/bundle.js";
import { bundleCli } from "../build/cli.js";
import { buildConsole } from "../build/console.js";
import { type DeployedFunction, projectFolder } from "../build/service-map.js";
import { apiFunctions, canaryFunction, consoleFunction } from "../plugin/api-functions.js";
import { apiReportFile, toApiReport } from "./api-report.js";
import { buildCreatePackage } from "./create.js";
import { packageEntries } from "./entries.js";
import { toManifest } from "./manifest.js";

const target = "node20.19";

const npmFolder = join(buildFolder, "npm/kafka-relay");

/** Returns the package's folder. */
export async function buildNpmPackage(folder = npmFolder): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  const entries = packageEntries();
  const esm = join(folder, "dist/esm");
  const cjs = join(folder, "dist/cjs");
  await buildModules(entries, esm);
  await Promise.all([toCommonJs(esm, cjs), writeTypes(entries, esm)]);
  copyTypes(esm, cjs);
  writeFile(join(cjs, "package.json"), '{ "type": "commonjs" }\n');
  await copyPrograms(join(folder, "dist"));
  await buildPlugin(join(folder, "dist/plugin"));
  await buildConsole(join(folder, ".build/console-page"));
  writeFile(join(folder, "package.json"), `${JSON.stringify(toManifest(Object.keys(entries)), null, 2)}\n`);
  cpSync(join(projectFolder, "local/package/README.md"), join(folder, "README.md"));
  for (const name of ["LICENSE", "CHANGELOG.md"]) cpSync(join(projectFolder, name), join(folder, name));
  return folder;
}

/** Entries share what they have in common, so that a state is one state, whichever entry reaches it. */
async function buildModules(entries: Readonly<Record<string, string>>, outdir: string): Promise<void> {
  await build({
    absWorkingDir: projectFolder,
    entryPoints: Object.entries(entries).map(([out, source]) => ({ in: source, out })),
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: "shared/[name]-[hash]",
    packages: "external",
    platform: "node",
    format: "esm",
    target,
    legalComments: "none",
    logLevel: "silent",
  });
}

/** File by file, so that the CommonJS form shares its state between entries too. */
async function toCommonJs(esm: string, cjs: string): Promise<void> {
  for (const file of filesIn(esm, ".js")) {
    const { code } = await transform(readFileSync(join(esm, file), "utf8"), {
      format: "cjs",
      platform: "node",
      target,
      define: { "import.meta.dirname": "__dirname" },
    });
    writeFile(join(cjs, file), code);
  }
}

async function writeTypes(entries: Readonly<Record<string, string>>, outdir: string): Promise<void> {
  const input = Object.fromEntries(Object.entries(entries).map(([name, source]) => [name, join(projectFolder, source)]));
  const bundle = await rollup({
    input,
    plugins: [dts({ tsconfig: join(projectFolder, "tsconfig.json") })],
    external: (id) => !id.startsWith(".") && !id.startsWith("/"),
  });
  await bundle.write({ dir: outdir, format: "es", entryFileNames: "[name].d.ts", chunkFileNames: "shared/[name]-[hash].d.ts" });
  await bundle.close();
}

function copyTypes(esm: string, cjs: string): void {
  for (const file of filesIn(esm, ".d.ts")) writeFile(join(cjs, file), readFileSync(join(esm, file), "utf8"));
}

/** The command line, and the trigger as its own package has it. */
async function copyPrograms(dist: string): Promise<void> {
  await bundleCli(join(dist, "cli"));
  cpSync(join(projectFolder, "local/package/bin.js"), join(dist, "cli/bin.js"));
  // `kafka-relay start` runs the broker of this file where a Docker engine answers.
  cpSync(join(projectFolder, "local/docker-compose.yml"), join(dist, "docker-compose.yml"));
  const trigger = join(projectFolder, "local/kafka-trigger/dist");
  for (const name of ["main.cjs", "main.d.cts", "worker.cjs", "run.cjs"]) cpSync(join(trigger, name), join(dist, "trigger", name));
}

/** The plugin as one CommonJS file, and the API's functions as they are deployed. */
async function buildPlugin(folder: string): Promise<void> {
  await build({
    absWorkingDir: projectFolder,
    entryPoints: ["local/plugin/package-home.ts"],
    outfile: join(folder, "plugin.cjs"),
    bundle: true,
    platform: "node",
    format: "cjs",
    target,
    external: ["@aws-sdk/*", "pg-native", "esbuild"],
    // The framework takes the module itself as the plugin's class.
    footer: { js: "module.exports = module.exports.PluginInPackage;" },
    define: { "import.meta.dirname": "__dirname", "import.meta.filename": "__filename" },
    legalComments: "none",
    logLevel: "silent",
  });
  const built = join(buildFolder, "npm/functions");
  for (const { key, zipPath } of await bundleFunctions(built, functionsOfPackage())) {
    mkdirSync(join(folder, "zips"), { recursive: true });
    cpSync(zipPath, join(folder, "zips", `${key}.zip`));
  }
  rmSync(built, { recursive: true, force: true });
}

const functionsOfPackage = (): readonly Pick<DeployedFunction, "key" | "file">[] =>
  Object.entries({ ...apiFunctions, console: consoleFunction, canary: canaryFunction }).map(([key, { file }]) => ({
    key,
    file: `functions/${file}`,
  }));

function filesIn(folder: string, ending: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .sort();
}

function writeFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

if (import.meta.filename === process.argv[1]) {
  const folder = await buildNpmPackage();
  writeFile(apiReportFile, toApiReport(folder));
  console.log(folder);
  console.log(buildCreatePackage(folder));
}
