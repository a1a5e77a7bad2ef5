/** The resources of a module as Terraform's. Pure: the module in, HCL out. */
import type { Atom, Expression, Members } from "../expression.js";
import type { Module, ModuleResource } from "../module.js";
import { toSnake } from "../variables.js";
import { createPrinter, type PrintReference } from "./hcl.js";
import { type TerraformType, terraformTypes } from "./types.js";

type Print = (expression: Expression) => string;

/** Its resources, and how anything else of it is written. Throws a sentence that names what Terraform's module cannot express. */
export function toResources({ resources }: Module): { readonly text: string; readonly print: Print } {
  const names = namesOf(resources);
  const reference: PrintReference = (id, attribute) => {
    const found = names.get(id);
    if (found === undefined) throw new Error(`A resource refers to ${id}, which is not part of the module.`);
    return `${found.address}.${attribute === undefined ? found.type.ref : toSnake(attribute)}`;
  };
  const print = createPrinter(reference);
  return { text: resources.map((resource) => toResource(resource, names, print)).join("\n"), print };
}

type Names = ReadonlyMap<string, { readonly type: TerraformType; readonly name: string; readonly address: string }>;

function namesOf(resources: readonly ModuleResource[]): Names {
  const unknown = [...new Set(resources.map(({ type }) => type))].filter((type) => terraformTypes[type] === undefined);
  if (unknown.length > 0)
    throw new Error(
      `The deployment has resources of the types ${unknown.join(", ")}, which the Terraform module cannot express. Use the template (npm run deploy), or other parameters.`,
    );
  const taken = new Set<string>();
  return new Map(
    resources.map(({ id, type }) => {
      const known = terraformTypes[type] as TerraformType;
      const name = toSnake(id.replace(known.strip, "")) || "default";
      const address = `${known.type}.${name}`;
      if (taken.has(address)) throw new Error(`Two resources would be ${address}; one is ${id}.`);
      taken.add(address);
      return [id, { type: known, name, address }] as const;
    }),
  );
}

function toResource({ id, properties, dependsOn }: ModuleResource, names: Names, print: Print): string {
  const { type, name, address } = names.get(id) as { type: TerraformType; name: string; address: string };
  const { apart = [], omitted = [] } = type;
  const own = properties.filter(([member]) => !apart.includes(member) && !omitted.includes(member));
  const others = dependsOn.map((other) => names.get(other)?.address).filter((one) => one !== undefined);
  const lines = [
    ...own.flatMap(([member, value]) => toLines(member, value, member, type, print)),
    ...extrasOf(type.type),
    ...(others.length === 0 ? [] : [`depends_on = [${others.join(", ")}]`]),
  ];
  const blocks = [block(`resource "${type.type}" "${name}"`, lines)];
  for (const [member, value] of properties) if (apart.includes(member)) blocks.push(...apartOf(member, value, name, address, print));
  return blocks.join("\n");
}

/** What CloudFormation does by itself: a role's name begins with the stack's. */
const extrasOf = (type: string): readonly string[] =>
  type === "aws_iam_role" ? [`name_prefix = "\${substr(local.stack_name, 0, 37)}-"`] : [];

const block = (head: string, lines: readonly string[]): string =>
  `${head} {\n${lines.map((line) => `  ${line.replace(/\n(?=.)/g, "\n  ")}`).join("\n")}\n}\n`;

/** A member of a resource or of one of its blocks; `path` leads to it. */
function toLines(member: string, value: Expression, path: string, type: TerraformType, print: Print): readonly string[] {
  const { names = {}, blocks = [], json = [], maps = [] } = type;
  if (member === "Code" && value.kind === "literal") return codeLines(String(value.value));
  if (path === "SelfManagedEventSource.Endpoints") return [`endpoints = { KAFKA_BOOTSTRAP_SERVERS = ${endpointsOf(value, print)} }`];
  if (path.startsWith("Metrics.MetricStat.") && value.kind === "object") return linesOf(value.members, "Metrics.MetricStat", type, print);
  const name = names[path] ?? toSnake(member);
  if (blocks.includes(path)) return blockLines(name, value, path, type, print);
  if (maps.includes(member)) return [`${name} = ${print(toMap(value))}`];
  return [json.includes(path) ? `${name} = jsonencode(${print(parsed(value))})` : `${name} = ${print(value)}`];
}

const linesOf = (members: Members, path: string, type: TerraformType, print: Print): readonly string[] =>
  members.flatMap(([member, value]) => toLines(member, value, `${path}.${member}`, type, print));

function blockLines(name: string, value: Expression, path: string, type: TerraformType, print: Print): readonly string[] {
  if (value.kind === "object") return [block(name, linesOf(value.members, path, type, print)).trimEnd()];
  if (value.kind === "list") return value.items.flatMap((item) => blockLines(name, item, path, type, print));
  if (value.kind !== "each" || value.item.kind !== "object") throw new Error(`${path} is not a block.`);
  const content = block("content", linesOf(ofEach(value.item.members, name), path, type, print)).trimEnd();
  return [block(`dynamic "${name}"`, [`for_each = var.${toSnake(value.variable.name)}`, content]).trimEnd()];
}

/** In a dynamic block, the variable is one of its values. */
function ofEach(members: Members, name: string): Members {
  return members.map(([member, value]) => {
    if (value.kind !== "text") return [member, value];
    const parts = value.parts.map((part) =>
      typeof part !== "string" && part.kind === "variable" && part.variable.type === "list"
        ? ({ kind: "item", block: name } as const)
        : part,
    );
    return [member, { kind: "text", parts }];
  });
}

const codeLines = (zip: string): readonly string[] => [
  `filename = "\${path.module}/zips/${zip}"`,
  `source_code_hash = filebase64sha256("\${path.module}/zips/${zip}")`,
];

function endpointsOf(value: Expression, print: Print): string {
  const [, servers] = (value.kind === "object" ? value.members[0] : undefined) ?? [];
  if (servers === undefined) throw new Error("The mapping names no brokers.");
  return `join(",", ${print(servers)})`;
}

/** `[{ Name, Value }]` as a map. */
function toMap(value: Expression): Expression {
  const items = value.kind === "list" ? value.items : [];
  return {
    kind: "object",
    members: items.map((item) => {
      const members = new Map(item.kind === "object" ? item.members : []);
      const name = members.get("Name");
      return [name?.kind === "literal" ? String(name.value) : "", members.get("Value") ?? { kind: "literal", value: "" }];
    }),
  };
}

/** JSON text with references in it, as the value that it is. */
function parsed(value: Expression): Expression {
  if (value.kind !== "text") return value.kind === "literal" ? fromJson(JSON.parse(String(value.value)), []) : value;
  const atoms = value.parts.filter((part) => typeof part !== "string");
  const text = value.parts.map((part) => (typeof part === "string" ? part : `\u0000${atoms.indexOf(part)}\u0000`)).join("");
  return fromJson(JSON.parse(text.replaceAll("\u0000", "\\u0000")), atoms);
}

function fromJson(value: unknown, atoms: readonly Atom[]): Expression {
  if (Array.isArray(value)) return { kind: "list", items: value.map((item) => fromJson(item, atoms)) };
  if (typeof value === "object" && value !== null)
    return { kind: "object", members: Object.entries(value).map(([name, member]) => [name, fromJson(member, atoms)]) };
  if (typeof value !== "string" || !value.includes("\u0000")) return { kind: "literal", value: value as string | number | boolean | null };
  const parts = value
    .split("\u0000")
    .map((part, index) => (index % 2 === 0 ? part : (atoms[Number(part)] as Atom)))
    .filter((part) => part !== "");
  return { kind: "text", parts };
}

/** Target and policies, which the provider has as resources of their own. */
function apartOf(member: string, value: Expression, name: string, address: string, print: Print): readonly string[] {
  const items = value.kind === "list" ? value.items : [];
  return items.map((item, index) => {
    const suffix = index === 0 ? "" : `_${index + 1}`;
    if (member === "ManagedPolicyArns")
      return block(`resource "aws_iam_role_policy_attachment" "${name}${suffix}"`, [
        `role = ${address}.name`,
        `policy_arn = ${print(item)}`,
      ]);
    const members = item.kind === "object" ? item.members : [];
    const of = (key: string) => print(members.find(([one]) => one === key)?.[1] ?? { kind: "literal", value: null });
    if (member === "Policies") {
      const lines = [`name = ${of("PolicyName")}`, `role = ${address}.id`, `policy = jsonencode(${of("PolicyDocument")})`];
      return block(`resource "aws_iam_role_policy" "${name}${suffix}"`, lines);
    }
    const unknown = members.map(([key]) => key).filter((key) => !["Arn", "Id", "Input"].includes(key));
    if (unknown.length > 0) throw new Error(`A target of a rule has ${unknown.join(", ")}, which the Terraform module cannot express.`);
    const input = members.some(([key]) => key === "Input") ? [`input = ${of("Input")}`] : [];
    return block(`resource "aws_cloudwatch_event_target" "${name}${suffix}"`, [
      `rule = ${address}.name`,
      `arn = ${of("Arn")}`,
      `target_id = ${of("Id")}`,
      ...input,
    ]);
  });
}
