/** Every function as one minified CommonJS file and one zip, small and the same bytes for the same code. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { buildConsole } from "./console.js";
import { type DeployedFunction, deployedFunctions, projectFolder } from "./service-map.js";
import { withoutUnusedRequests } from "./unused-requests.js";
import { zip } from "./zip.js";

interface BundledPackage {
  readonly name: string;
  readonly bytes: number;
  /** From the project's folder: "node_modules/kafkajs"; empty for what is our own. */
  readonly folder: string;
}

type FunctionFile = Pick<DeployedFunction, "key" | "file">;

export interface Bundle {
  readonly key: string;
  /** The file inside the zip, as the handler's name says it: "functions/produce.js". */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly zipPath: string;
  readonly zipBytes: number;
  /** What stands in files of their own beside it, and is loaded on first use. */
  readonly onDemandBytes: number;
  /** Packages whose code is in it, by size, the largest first; and those in what is loaded on first use. */
  readonly packages: readonly BundledPackage[];
  readonly onDemandPackages: readonly BundledPackage[];
  /** Packages that are not in the zip, because Lambda's runtime has them: clients of the AWS SDK. */
  readonly fromRuntime: readonly string[];
}

/** The runtime brings these (https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html); pg asks for its native form but works without it. */
const external = ["@aws-sdk/*", "@smithy/*", "pg-native"];
/** What development needs at least; the deployed runtime is newer. */
const target = "node20.19";

/**
 * Code that a function may never need: where it is imported on demand, it stays in a file of its own in the zip, so that what does not need it starts as if there
 * were none. By source file, the file in the zip.
 */
const onDemand: ReadonlyMap<string, string> = new Map([
  ["lib/grants/reloaded-policy.ts", "functions/grants/reloaded-policy.js"],
  ["lib/http/hosts/other-doors.ts", "functions/http/other-doors.js"],
  ["lib/http/hosts/bearer-token.ts", "functions/http/bearer-token.js"],
  ["lib/schemas/schemas.ts", "functions/schemas.js"],
  ["lib/http/produce/v3-schemas.ts", "functions/schemas/v3-entries.js"],
  ["lib/schemas/avro/encoder.ts", "functions/schemas/avro-encoder.js"],
  ["lib/schemas/avro/decoder.ts", "functions/schemas/avro-decoder.js"],
  ["lib/schemas/avro/codec.ts", "functions/schemas/avro.js"],
  ["lib/schemas/json-schema/codec.ts", "functions/schemas/json-schema.js"],
  ["lib/schemas/protobuf/codec.ts", "functions/schemas/protobuf.js"],
]);

/** The function that serves the console, and where it reads the built page. */
const pageFunction = "functions/console";
const pageFolder = ".build/console-page";

export const buildFolder = join(projectFolder, ".build");

/** Writes `<outFolder>/bundles/functions/**.js` and `<outFolder>/zips/<key>.zip`, replacing everything. */
export async function bundleFunctions(
  outFolder = buildFolder,
  functions: readonly FunctionFile[] = deployedFunctions(),
): Promise<readonly Bundle[]> {
  const bundlesFolder = join(outFolder, "bundles");
  const zipsFolder = join(outFolder, "zips");
  for (const folder of [bundlesFolder, zipsFolder]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  // The project's package.json says "module"; these are not.
  writeFileSync(join(bundlesFolder, "package.json"), '{ "type": "commonjs" }\n');
  const parts = new Map<string, OnDemandPart>();
  for (const [entry, name] of onDemand) {
    const metafile = await bundle(entry, join(bundlesFolder, name), [keptApart(name)]);
    parts.set(name, {
      name,
      bytes: readFileSync(join(bundlesFolder, name)),
      imports: onDemandImports(metafile, name),
      made: madeOf(metafile),
    });
  }
  return Promise.all(functions.map((one) => bundleFunction(one, { bundlesFolder, zipsFolder, parts })));
}

interface OnDemandPart {
  readonly name: string;
  readonly bytes: Buffer;
  readonly made: Made;
  /** The names of others that it imports on demand. */
  readonly imports: readonly string[];
}

/** The parts that a file of the zip imports on demand. */
function onDemandImports(metafile: Metafile, name: string): readonly string[] {
  const names = new Set(onDemand.values());
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => join(dirname(name), path)));
  return [...new Set(imports)].filter((path) => names.has(path));
}

/** With everything that those import in turn. */
function withTheirOwn(names: readonly string[], parts: ReadonlyMap<string, OnDemandPart>): readonly OnDemandPart[] {
  const all = new Set(names);
  for (const name of all) for (const more of parts.get(name)?.imports ?? []) all.add(more);
  return [...all].sort().map((name) => parts.get(name) as OnDemandPart);
}

/** Leaves what is loaded on demand where it is: beside the file that loads it. */
function keptApart(name: string): Plugin {
  return {
    name: "kept-apart",
    setup: ({ onResolve }) => {
      onResolve({ filter: /^\./ }, ({ kind, path: imported, resolveDir }) => {
        if (kind !== "dynamic-import") return undefined;
        const source = relative(projectFolder, join(resolveDir, imported)).replaceAll("\\", "/").replace(/\.js$/, ".ts");
        const part = onDemand.get(source);
        if (part === undefined) return undefined;
        const path = relative(dirname(name), part).replaceAll("\\", "/");
        return { path: path.startsWith(".") ? path : `./${path}`, external: true };
      });
    },
  };
}

/** One minified file of CommonJS, and what went into it. */
async function bundle(entry: string, path: string, plugins: readonly Plugin[] = []): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: projectFolder,
    entryPoints: [entry],
    outfile: path,
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    target,
    external,
    define: { "import.meta.dirname": "__dirname" },
    plugins: [withoutUnusedRequests, ...plugins],
    metafile: true,
    legalComments: "none",
    logLevel: "silent",
  });
  return metafile;
}

interface BundleFolders {
  readonly bundlesFolder: string;
  readonly zipsFolder: string;
  readonly parts: ReadonlyMap<string, OnDemandPart>;
}

async function bundleFunction({ key, file }: FunctionFile, { bundlesFolder, zipsFolder, parts }: BundleFolders): Promise<Bundle> {
  const name = `${file}.js`;
  const path = join(bundlesFolder, name);
  const metafile = await bundle(`${file}.ts`, path, [keptApart(name)]);
  const code = readFileSync(path);
  const onDemandParts = withTheirOwn(onDemandImports(metafile, name), parts);
  const beside = [...onDemandParts, ...(file === pageFunction ? await pageFiles(bundlesFolder) : [])];
  const zipped = await zip([{ name, bytes: code }, ...beside]);
  const zipPath = join(zipsFolder, `${key}.zip`);
  mkdirSync(dirname(zipPath), { recursive: true });
  writeFileSync(zipPath, zipped);
  const own = madeOf(metafile);
  const later = onDemandParts.map(({ made }) => made);
  const onDemandBytes = beside.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return {
    key,
    name,
    path,
    bytes: code.length,
    zipPath,
    zipBytes: zipped.length,
    onDemandBytes,
    packages: packagesOf(own.inputs),
    onDemandPackages: packagesOf(later.flatMap(({ inputs }) => inputs)),
    fromRuntime: [...new Set([own, ...later].flatMap(({ fromRuntime }) => fromRuntime))].sort(),
  };
}

/** What went into a file, and what it expects of the runtime. */
interface Made {
  readonly inputs: readonly (readonly [string, { readonly bytesInOutput: number }])[];
  readonly fromRuntime: readonly string[];
}

function madeOf({ outputs }: Metafile): Made {
  const files = Object.values(outputs);
  const external = files.flatMap(({ imports }) => imports.filter((one) => one.external === true).map(({ path }) => path));
  return { inputs: files.flatMap(({ inputs }) => Object.entries(inputs)), fromRuntime: external.filter((name) => name.startsWith("@")) };
}

/** The console's page, in the folder that its function reads it from. */
async function pageFiles(bundlesFolder: string): Promise<readonly { readonly name: string; readonly bytes: Buffer }[]> {
  const folder = join(bundlesFolder, pageFolder);
  await buildConsole(folder);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return { name: `${pageFolder}/${relative(folder, path).replaceAll("\\", "/")}`, bytes: readFileSync(path) };
  });
}

function packagesOf(inputs: readonly (readonly [string, { readonly bytesInOutput: number }])[]): Bundle["packages"] {
  const packages = new Map<string, BundledPackage>();
  for (const [path, { bytesInOutput }] of inputs) {
    const [folder = "", name = "kafka-relay"] = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
    packages.set(folder, { name, folder, bytes: (packages.get(folder)?.bytes ?? 0) + bytesInOutput });
  }
  return [...packages.values()].sort((one, other) => other.bytes - one.bytes);
}
