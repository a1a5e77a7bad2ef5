/** The files of the CDK package: the construct as TypeScript, as JavaScript and as declarations. */
import { transform } from "esbuild";
import type { Module } from "../module.js";
import { memberOf, toConstruct, toProps } from "./construct.js";

export async function toCdkFiles(module: Module, version: string): Promise<Readonly<Record<string, string>>> {
  const source = toConstruct(module);
  const { code } = await transform(source, { loader: "ts", format: "cjs", platform: "node", target: "node20" });
  const manifest = {
    name: "kafka-relay-cdk",
    version,
    description: "kafka-relay as a construct for the AWS CDK, with the functions that it deploys.",
    license: "MIT",
    main: "index.js",
    types: "index.d.ts",
    files: ["index.js", "index.d.ts", "index.ts", "zips"],
    peerDependencies: { "aws-cdk-lib": "^2.200.0", constructs: "^10.0.0" },
  };
  return {
    "index.ts": source,
    "index.js": code,
    "index.d.ts": declarationsOf(module),
    "package.json": `${JSON.stringify(manifest, undefined, 2)}\n`,
  };
}

function declarationsOf(module: Module): string {
  const outputs = module.outputs.map(({ name, meaning }) => `  /** ${meaning || name} */\n  readonly ${memberOf(name)}: string;`);
  return [
    'import { Construct } from "constructs";',
    toProps(module),
    "export declare class KafkaRelay extends Construct {",
    ...outputs,
    "  constructor(scope: Construct, id: string, props: KafkaRelayProps);",
    "}",
    "",
  ].join("\n");
}
