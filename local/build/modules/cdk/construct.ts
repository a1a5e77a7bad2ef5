/** The CDK construct `KafkaRelay`: one typed L1 construct for each resource, and a property for each variable. Pure: the module in, TypeScript out. */
import type { Members } from "../expression.js";
import type { Module, ModuleResource } from "../module.js";
import { isRequired, type ModuleVariable } from "../variables.js";
import { constantOf, printMembers, printValue, quoted } from "./print.js";

const typeOf = ({ name, type }: ModuleVariable): string =>
  ({ text: "string", number: "number", list: "readonly string[]", map: "Readonly<Record<string, string>>" })[type] ?? name;

/** The properties of the construct, as its declaration file shows them too. */
export function toProps({ variables, settled }: Module): string {
  const members = variables.flatMap((variable) => {
    const { name, meaning, standard } = variable;
    const preset = standard === undefined ? "" : ` Default: ${standard === "" ? "none" : standard}.`;
    return [`  /** ${meaning}${preset} */`, `  readonly ${name}${isRequired(variable) ? "" : "?"}: ${typeOf(variable)};`];
  });
  return [
    `/** Settled when this construct was written: ${settled.join(", ")}. */`,
    "export interface KafkaRelayProps {",
    ...members,
    "}",
  ].join("\n");
}

export function toConstruct(module: Module): string {
  const { resources, outputs } = module;
  const services = [...new Set(resources.map(({ type }) => serviceOf(type)))].sort();
  const imports = ["Aws", "type CfnResource", "Fn", "Token", "aws_s3_assets", ...services.map((service) => `aws_${service}`)];
  const lines = [
    "/** Written by `npm run modules` from the declaration of kafka-relay. Change the declaration, and write it again. */",
    'import { join } from "node:path";',
    `import { ${imports.sort((left, right) => left.replace("type ", "").localeCompare(right.replace("type ", ""))).join(", ")} } from "aws-cdk-lib";`,
    'import { Construct } from "constructs";',
    "",
    toProps(module),
    "",
    "/** kafka-relay as a part of your stack: the API, the routes, and what watches them. */",
    "export class KafkaRelay extends Construct {",
    ...outputs.map(({ name, meaning }) => `  /** ${meaning || name} */\n  readonly ${memberOf(name)}: string;`),
    "",
    "  constructor(scope: Construct, id: string, props: KafkaRelayProps) {",
    "    super(scope, id);",
    ...constants(module).map((line) => `    ${line}`),
    ...resources.map((resource) => indent(toStatement(resource), 4)),
    ...outputs.map(({ name, value }) => `    this.${memberOf(name)} = ${printValue(value, 4)};`),
    "  }",
    "}",
    tools,
  ];
  return `${lines.join("\n")}\n`;
}

export const memberOf = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
const serviceOf = (type: string): string => (type.split("::")[1] ?? "").toLowerCase();
const indent = (text: string, by: number): string => text.replace(/^(?=.)/gm, " ".repeat(by));

/** The values of the variables, and what is made of the cluster's ARN. */
function constants({ variables }: Module): readonly string[] {
  const own = variables.map(({ name, standard }) => {
    if (standard === undefined) return `const ${name} = props.${name};`;
    const value = typeof standard === "number" ? String(standard) : `\`${standard.replace(/\{(\w+)\}/g, "$${$1}")}\``;
    return `const ${name} = props.${name} ?? ${value};`;
  });
  const cluster = variables.some(({ name }) => name === "clusterArn")
    ? ['const [clusterPrefix, clusterPath] = halvesOf(clusterArn, ":cluster/");', 'const [clusterName] = halvesOf(clusterPath, "/");']
    : [];
  return [...own, ...cluster, "const tagList = Object.entries(tags ?? {}).map(([key, value]) => ({ key, value }));"];
}

function toStatement({ id, type, properties, dependsOn }: ModuleResource): string {
  const [, , name = ""] = type.split("::");
  const created = `new aws_${serviceOf(type)}.Cfn${name}(this, ${quoted(id)}, {\n${printMembers(withCode(id, properties), 2)}\n})`;
  const lines = [`const ${constantOf(id)} = ${created};`, ...dependsOn.map((other) => `after(${constantOf(id)}, ${constantOf(other)});`)];
  return lines.join("\n");
}

/** The zip is an asset of the app. */
function withCode(id: string, properties: Members): Members {
  return properties.map(([name, value]) =>
    name === "Code" && value.kind === "literal" ? [name, { kind: "literal", value: `asset:${id}/${value.value}` }] : [name, value],
  );
}

const tools = `
/** An ARN may be known only when the stack is deployed. */
function halvesOf(text: string, separator: string): [string, string] {
  if (Token.isUnresolved(text)) return [Fn.select(0, Fn.split(separator, text)), Fn.select(1, Fn.split(separator, text))];
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + separator.length)];
}

const zip = (scope: Construct, id: string, name: string) => {
  const { s3BucketName: s3Bucket, s3ObjectKey: s3Key } = new aws_s3_assets.Asset(scope, \`\${id}Zip\`, { path: join(__dirname, "zips", name) });
  return { s3Bucket, s3Key };
};

const after = (later: CfnResource, earlier: CfnResource): void => later.node.addDependency(earlier);`;
