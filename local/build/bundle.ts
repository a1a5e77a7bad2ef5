/** Every function as one minified CommonJS file and one zip, small and the same bytes for the same code. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { type DeployedFunction, deployedFunctions, projectFolder } from "./service-map.js";
import { withoutUnusedRequests } from "./unused-requests.js";
import { zip } from "./zip.js";

interface BundledPackage {
  readonly name: string;
  readonly bytes: number;
  /** From the project's folder: "node_modules/kafkajs"; empty for what is our own. */
  readonly folder: string;
}

export interface Bundle {
  readonly key: string;
  /** The file inside the zip, as the handler's name says it: "functions/produce.js". */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly zipPath: string;
  readonly zipBytes: number;
  /** Packages whose code is in it, by size, the largest first. */
  readonly packages: readonly BundledPackage[];
}

/** The runtime brings these (https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html); pg asks for its native form and does without. */
const external = ["@aws-sdk/*", "@smithy/*", "pg-native"];
/** What development needs at least; the deployed runtime is newer. */
const target = "node20.19";

export const buildFolder = join(projectFolder, ".build");

/** Writes `<outFolder>/bundles/functions/**.js` and `<outFolder>/zips/<key>.zip`, replacing everything. */
export async function bundleFunctions(outFolder = buildFolder, functions = deployedFunctions()): Promise<readonly Bundle[]> {
  const bundlesFolder = join(outFolder, "bundles");
  const zipsFolder = join(outFolder, "zips");
  for (const folder of [bundlesFolder, zipsFolder]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  // The project's package.json says "module"; these are not.
  writeFileSync(join(bundlesFolder, "package.json"), '{ "type": "commonjs" }\n');
  return Promise.all(functions.map((one) => bundleFunction(one, bundlesFolder, zipsFolder)));
}

async function bundleFunction({ key, file }: DeployedFunction, bundlesFolder: string, zipsFolder: string): Promise<Bundle> {
  const name = `${file}.js`;
  const path = join(bundlesFolder, name);
  const { metafile } = await build({
    absWorkingDir: projectFolder,
    entryPoints: [`${file}.ts`],
    outfile: path,
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    target,
    external,
    plugins: [withoutUnusedRequests],
    metafile: true,
    legalComments: "none",
    logLevel: "silent",
  });
  const code = readFileSync(path);
  const zipped = await zip([{ name, bytes: code }]);
  const zipPath = join(zipsFolder, `${key}.zip`);
  mkdirSync(dirname(zipPath), { recursive: true });
  writeFileSync(zipPath, zipped);
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  return { key, name, path, bytes: code.length, zipPath, zipBytes: zipped.length, packages: packagesOf(inputs) };
}

function packagesOf(inputs: readonly (readonly [string, { readonly bytesInOutput: number }])[]): Bundle["packages"] {
  const packages = new Map<string, BundledPackage>();
  for (const [path, { bytesInOutput }] of inputs) {
    const [folder = "", name = "kafka-relay"] = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
    packages.set(folder, { name, folder, bytes: (packages.get(folder)?.bytes ?? 0) + bytesInOutput });
  }
  return [...packages.values()].sort((one, other) => other.bytes - one.bytes);
}
