/** The package.json of the npm package, made from the project's: what it exports, what it needs, and what only some of its users need. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../build/service-map.js";

interface ProjectManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const project = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as ProjectManifest;

/** Loaded on first use, by the target or transform that needs them; Lambda's runtime already has the AWS SDK. */
const isOptional = (name: string): boolean => name.startsWith("@aws-sdk/") || ["pg", "mysql2", "jsonata"].includes(name);
/** Traces of `kafka-relay serve`; each range has versions that were tried. */
const optionalPeers: Readonly<Record<string, string>> = { "@opentelemetry/api": "^1.9.0", "@opentelemetry/sdk-node": ">=0.200.0 <1" };
/** Only the command line uses these, and its bundle contains them. */
const inBundleOnly: readonly string[] = ["prom-client", "@valibot/to-json-schema"];

const keywords = ["kafka", "msk", "lambda", "serverless", "aws", "rest-proxy", "cloudevents", "event-source-mapping", "dead-letter"];

/** @param entries names behind "kafka-relay/", without an extension. */
export function toManifest(entries: readonly string[]): object {
  const dependencies = Object.entries(project.dependencies);
  const optional = dependencies.filter(([name]) => isOptional(name));
  return {
    name: project.name,
    version: project.version,
    description: project.description,
    license: project.license,
    keywords,
    type: "module",
    sideEffects: false,
    engines: project.engines,
    bin: { "kafka-relay": "./dist/cli/bin.js" },
    exports: toExports(entries),
    files: ["dist", ".build/console-page"],
    dependencies: Object.fromEntries([
      ...dependencies.filter(([name]) => !isOptional(name) && !inBundleOnly.includes(name)),
      // The published types name Lambda's events and Node's buffers.
      ["@types/aws-lambda", project.devDependencies["@types/aws-lambda"]],
      ["@types/node", "*"],
    ]),
    peerDependencies: { ...Object.fromEntries(optional.map(([name, version]) => [name, `^${version}`])), ...optionalPeers },
    peerDependenciesMeta: Object.fromEntries(
      [...optional.map(([name]) => name), ...Object.keys(optionalPeers)].map((name) => [name, { optional: true }]),
    ),
  };
}

/** A folder of entries is one line, by a pattern. */
function toExports(entries: readonly string[]): Readonly<Record<string, unknown>> {
  const names = new Set(entries.map((name) => (name.includes("/") ? `${name.split("/")[0]}/*` : name)));
  const both = [...names].map((name) => [
    `./${name}`,
    {
      import: { types: `./dist/esm/${name}.d.ts`, default: `./dist/esm/${name}.js` },
      require: { types: `./dist/cjs/${name}.d.ts`, default: `./dist/cjs/${name}.js` },
    },
  ]);
  return Object.fromEntries([
    ...both,
    ["./trigger", { types: "./dist/trigger/main.d.cts", default: "./dist/trigger/main.cjs" }],
    ["./serverless", "./dist/plugin/plugin.cjs"],
    ["./package.json", "./package.json"],
  ]);
}
