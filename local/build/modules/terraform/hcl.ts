/** Expressions as HCL, the language of Terraform. Pure. */
import { type Atom, type Expression, type Members, neededBy } from "../expression.js";
import { isRequired, type ModuleVariable, toSnake } from "../variables.js";

type Print = (expression: Expression) => string;

/** How the resources of a module are named, and what a reference to one is. */
export type PrintReference = (id: string, attribute: string | undefined) => string;

export const hclText = (text: string): string => JSON.stringify(text).replace(/([$%])\{/g, "$1$1{");
const variableOf = ({ name }: ModuleVariable): string => `var.${toSnake(name)}`;
const indent = (text: string): string => text.replace(/\n(?=.)/g, "\n  ");

export function createPrinter(reference: PrintReference) {
  const atom = (one: Atom): string => {
    switch (one.kind) {
      case "variable":
        // A standard with the stage in it is a local value.
        return String(one.variable.standard).includes("{") ? `local.${toSnake(one.variable.name)}` : variableOf(one.variable);
      case "clusterPart":
        return `local.cluster_${one.part}`;
      case "reference":
        return reference(one.id, one.attribute);
      case "item":
        return `${one.block}.value`;
      case "pseudo":
        return pseudos[one.name];
    }
  };

  const inText = (one: Atom): string => {
    if (one.kind !== "variable") return atom(one);
    if (one.variable.type === "list") return `join(",", ${atom(one)})`;
    return one.variable.isOptional === true ? `${atom(one)} == null ? "" : ${atom(one)}` : atom(one);
  };

  const print = (expression: Expression): string => {
    switch (expression.kind) {
      case "literal":
        return typeof expression.value === "string" ? hclText(expression.value) : String(expression.value);
      case "text":
        return `"${expression.parts.map((part) => (typeof part === "string" ? hclText(part).slice(1, -1) : `\${${inText(part)}}`)).join("")}"`;
      case "list":
        return printHclList(expression.items, print);
      case "object":
        return printHclObject(expression.members, print);
      case "tags":
        return "var.tags";
      case "each":
        throw new Error("A list of objects is a block in Terraform.");
      default:
        return atom(expression);
    }
  };

  return print;
}

function printHclList(items: readonly Expression[], print: Print): string {
  const [only] = items;
  if (items.length === 0) return "[]";
  if (items.length === 1 && only !== undefined && only.kind !== "object") {
    const [needed] = only.kind === "variable" ? neededBy(only) : [];
    return needed === undefined ? `[${print(only)}]` : `${variableOf(needed)} == null ? null : [${print(only)}]`;
  }
  const needs = items.map((item) => (item.kind === "object" ? neededBy(item)[0] : undefined));
  const printed = items.map((item, index) => {
    const needed = needs[index];
    return `  ${indent(needed === undefined ? print(item) : `${variableOf(needed)} == null ? null : ${print(item)}`)},`;
  });
  const all = `[\n${printed.join("\n")}\n]`;
  return needs.some((needed) => needed !== undefined) ? `[for one in ${all} : one if one != null]` : all;
}

function printHclObject(members: Members, print: Print): string {
  const printed = `{\n${members.map(([name, value]) => `  ${/^[A-Za-z_]\w*$/.test(name) ? name : hclText(name)} = ${indent(print(value))}`).join("\n")}\n}`;
  const isPartial = members.some(([, value]) => value.kind === "variable" && neededBy(value).length > 0);
  return isPartial ? `{ for name, value in ${printed} : name => value if value != null }` : printed;
}

const pseudos = {
  Partition: "data.aws_partition.current.partition",
  Region: "data.aws_region.current.region",
  AccountId: "data.aws_caller_identity.current.account_id",
  URLSuffix: "data.aws_partition.current.dns_suffix",
  StackName: "local.stack_name",
} as const;

const types = { text: "string", number: "number", list: "list(string)", map: "map(string)" } as const;

export function printVariable(variable: ModuleVariable): string {
  const { name, type, meaning, standard } = variable;
  const value = standard === undefined || String(standard).includes("{") ? (type === "map" ? "{}" : "null") : JSON.stringify(standard);
  const lines = [
    `  description = ${hclText(meaning)}`,
    `  type        = ${types[type]}`,
    ...(isRequired(variable) ? [] : [`  default     = ${value}`]),
  ];
  return `variable "${toSnake(name)}" {\n${lines.join("\n")}\n}\n`;
}
