/** The types of the client, from the API's description: one member per operation, with what it accepts and what it answers. `npm run openapi` writes them. */
import { join } from "node:path";
import { projectFolder } from "./service-map.js";

/** As much of JSON Schema (draft 2020-12) as the description uses. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly $ref?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly schema: Schema;
}

interface DescribedOperation {
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const heading = `/** What each operation of the API accepts and answers. \`npm run openapi\` writes this file from the API's description. */`;

export const clientTypesPath = join(projectFolder, "lib/client/operations.generated.ts");

export function toClientTypes(description: string): string {
  const { paths, components } = JSON.parse(description) as Description;
  const shapes = Object.entries(components.schemas).map(([name, schema]) => `type ${toTypeName(name)} = ${toType(schema)};\n`);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => toMember(`${method.toUpperCase()} ${path}`, operation)),
  );
  return `${heading}\n\n${shapes.join("\n")}\nexport type ApiProblem = Problem;\n\nexport interface ApiOperations {\n${operations.join("")}}\n`;
}

const toTypeName = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
const toMemberName = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));

function toMember(key: string, { summary, parameters, requestBody, responses }: DescribedOperation): string {
  const inPath = parameters.filter((one) => one.in === "path");
  const inQuery = parameters.filter((one) => one.in === "query");
  const body = requestBody === undefined ? "undefined" : unionOf(Object.values(requestBody.content).map(({ schema }) => toType(schema)));
  const answers = Object.entries(responses).flatMap(([status, { content }]) => {
    if (!/^2\d\d$/.test(status)) return [];
    return content === undefined ? ["undefined"] : Object.values(content).map(({ schema }) => toType(schema));
  });
  return [
    `  /** ${summary.replaceAll("*/", "* /")} */`,
    `  ${JSON.stringify(key)}: {`,
    `    readonly path: ${membersOf(inPath, () => "string | number")};`,
    `    readonly query: ${membersOf(inQuery, toQueryType)};`,
    `    readonly body: ${body};`,
    `    readonly answer: ${unionOf(answers)};`,
    "  };\n",
  ].join("\n");
}

/** A number in a query is text to the API; its caller may give either. */
function toQueryType({ schema }: Parameter): string {
  const type = toType(schema);
  return type === "string" ? "string | number | boolean" : type;
}

function membersOf(parameters: readonly Parameter[], typeOf: (parameter: Parameter) => string): string {
  if (parameters.length === 0) return "Readonly<Record<never, never>>";
  const members = parameters.map((one) => `readonly ${toMemberName(one.name)}${one.required ? "" : "?"}: ${typeOf(one)}`);
  return `{ ${members.join("; ")} }`;
}

const unionOf = (types: readonly string[]): string => (types.length === 0 ? "undefined" : [...new Set(types)].join(" | "));

function toType(schema: Schema): string {
  if (schema.$ref !== undefined) return toTypeName(schema.$ref.split("/").at(-1) ?? "unknown");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return unionOf(schema.enum.map((one) => JSON.stringify(one)));
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return unionOf(choices.map(toType));
  if (schema.allOf !== undefined) return schema.allOf.map((one) => `(${toType(one)})`).join(" & ");
  const { type } = schema;
  if (Array.isArray(type)) return unionOf(type.map((one: string) => toType({ ...schema, type: one })));
  if (type === "object" || schema.properties !== undefined) return toObject(schema);
  if (type === "array") return toList(schema);
  if (type === "integer" || type === "number") return "number";
  return type === "string" || type === "boolean" || type === "null" ? type : "unknown";
}

function toList({ items, prefixItems }: Schema): string {
  if (prefixItems !== undefined) return `readonly [${prefixItems.map(toType).join(", ")}]`;
  const type = items === undefined ? "unknown" : toType(items);
  return / [|&] /.test(type) ? `readonly (${type})[]` : `readonly ${type}[]`;
}

function toObject({ properties = {}, required = [], additionalProperties }: Schema): string {
  const others = typeof additionalProperties === "object" ? toType(additionalProperties) : "unknown";
  if (Object.keys(properties).length === 0) return `{ readonly [name: string]: ${others} }`;
  const members = Object.entries(properties).map(
    ([name, schema]) => `readonly ${toMemberName(name)}${required.includes(name) ? "" : "?"}: ${toType(schema)}`,
  );
  return `{ ${members.join("; ")} }`;
}
