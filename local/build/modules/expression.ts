/** What a template says, with its stand-ins and CloudFormation's functions turned into variables, references and text: the form that both modules are written from. Pure. */
import { type ModuleVariable, standInCluster, standInTag } from "./variables.js";

/** What a cluster's ARN consists of: everything before ":cluster/", its name and id, and its name. */
type ArnPart = "prefix" | "path" | "name";
type Pseudo = "Partition" | "Region" | "AccountId" | "URLSuffix" | "StackName";

export type Atom =
  | { readonly kind: "variable"; readonly variable: ModuleVariable }
  | { readonly kind: "clusterPart"; readonly part: ArnPart }
  | { readonly kind: "reference"; readonly id: string; readonly attribute?: string }
  | { readonly kind: "pseudo"; readonly name: Pseudo }
  /** The value that a repeated block is there for. */
  | { readonly kind: "item"; readonly block: string };

export type Expression =
  | Atom
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "text"; readonly parts: readonly (string | Atom)[] }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "object"; readonly members: Members }
  /** One item for each value of a list: where the item has the variable, it has that value. */
  | { readonly kind: "each"; readonly variable: ModuleVariable; readonly item: Expression }
  | { readonly kind: "tags"; readonly form: "list" | "map" };
export type Members = readonly (readonly [string, Expression])[];

type ToExpression = (value: unknown, name?: string) => Expression;

/** For a template that was written with the stand-ins of these variables. */
export function expressionsOf(variables: readonly ModuleVariable[]): ToExpression {
  const split = splitterOf(variables);
  const toExpression: ToExpression = (value, name) => {
    if (name === "Tags") return tagsOf(value);
    if (typeof value === "string") return toText(split(value));
    if (typeof value === "number") return numberOf(value, variables);
    if (typeof value !== "object" || value === null) return { kind: "literal", value: value as boolean | null };
    if (Array.isArray(value)) return listOf(value.map((item) => toExpression(item)));
    return functionOf(value, split) ?? membersOf(value as Record<string, unknown>, toExpression);
  };
  return toExpression;
}

/** The tags of the deployment, and no other ones. */
function tagsOf(value: unknown): Expression {
  const isList = Array.isArray(value);
  const keys = isList ? value.map(({ Key }: { readonly Key: string }) => Key) : Object.keys(value as object);
  const others = keys.filter((key) => key !== standInTag.key);
  if (others.length > 0) throw new Error(`A resource has tags of its own (${others.join(", ")}), which a module cannot express.`);
  return { kind: "tags", form: isList ? "list" : "map" };
}

const membersOf = (value: Record<string, unknown>, toExpression: ToExpression): Expression => ({
  kind: "object",
  members: Object.entries(value).map(([name, member]) => [name, toExpression(member, name)]),
});

type Split = (text: string) => readonly (string | Atom)[];

/** Longer stand-ins first, because an ARN contains the parts of it. */
function splitterOf(variables: readonly ModuleVariable[]): Split {
  const { prefix, name, id } = standInCluster;
  const atoms = new Map<string, Atom>([
    ...variables
      .filter(({ type }) => type !== "number" && type !== "map")
      .map((variable) => [variable.standIn, { kind: "variable", variable }] as const),
    [prefix, { kind: "clusterPart", part: "prefix" }],
    [`${name}/${id}`, { kind: "clusterPart", part: "path" }],
    [name, { kind: "clusterPart", part: "name" }],
  ]);
  const standIns = [...atoms.keys()]
    .sort((left, right) => right.length - left.length)
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(${standIns.join("|")})`);
  return (text) => text.split(pattern).map((part) => atoms.get(part) ?? part);
}

function toText(parts: readonly (string | Atom)[]): Expression {
  const joined: (string | Atom)[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === "string" && typeof last === "string") joined[joined.length - 1] = last + part;
    else if (part !== "") joined.push(part);
  }
  const [only] = joined;
  if (joined.length === 0) return { kind: "literal", value: "" };
  // The values of a list make one text; only in a list they stay several.
  if (joined.length > 1 || only === undefined || isListVariable(only)) return { kind: "text", parts: joined };
  return typeof only === "string" ? { kind: "literal", value: only } : only;
}

const isListVariable = (part: string | Atom | undefined): part is Extract<Atom, { readonly kind: "variable" }> =>
  typeof part === "object" && part.kind === "variable" && part.variable.type === "list";

function numberOf(value: number, variables: readonly ModuleVariable[]): Expression {
  const variable = variables.find(({ type, standIn }) => type === "number" && standIn === String(value));
  return variable === undefined ? { kind: "literal", value } : { kind: "variable", variable };
}

/** A list with a list variable alone is the variable; an item with one inside is there for each of its values. */
function listOf(items: readonly Expression[]): Expression {
  const [only] = items;
  if (items.length === 1 && only?.kind === "text" && only.parts.length === 1 && isListVariable(only.parts[0])) return only.parts[0];
  return {
    kind: "list",
    items: items.map((item) => {
      const variable = item.kind === "object" ? listVariableIn(item) : undefined;
      return variable === undefined ? item : { kind: "each", variable, item };
    }),
  };
}

/** In a member that is a text of its own; a list that is a member's whole value stays one. */
function listVariableIn({ members }: { readonly members: Members }): ModuleVariable | undefined {
  for (const [, value] of members) {
    if (value.kind !== "text") continue;
    for (const part of value.parts) if (isListVariable(part)) return part.variable;
  }
  return undefined;
}

function functionOf(value: object, split: Split): Expression | undefined {
  const [[name, argument] = ["", undefined], ...others] = Object.entries(value) as [string, unknown][];
  if (others.length > 0 || !(name === "Ref" || name.startsWith("Fn::"))) return undefined;
  if (name === "Ref") return referenceTo(String(argument));
  if (name === "Fn::GetAtt") {
    const [id, attribute] = (Array.isArray(argument) ? argument : String(argument).split(".")) as [string, string];
    return { kind: "reference", id: withoutStandIns(id), attribute };
  }
  if (name === "Fn::Sub" && typeof argument === "string") return toText(substituted(argument, split));
  if (name === "Fn::Join") return joined(argument as [string, unknown[]], split);
  throw new Error(`The template uses ${name}, which a module cannot express.`);
}

function referenceTo(id: string): Atom {
  return id.startsWith("AWS::")
    ? { kind: "pseudo", name: id.slice("AWS::".length) as Pseudo }
    : { kind: "reference", id: withoutStandIns(id) };
}

const placeholder = /\$\{([^}!][^}]*)\}/;

function substituted(text: string, split: Split): readonly (string | Atom)[] {
  return text.split(placeholder).flatMap((part, index): readonly (string | Atom)[] => {
    if (index % 2 === 0) return split(part);
    const [id = "", attribute] = part.split(".");
    return [attribute === undefined ? referenceTo(id) : { kind: "reference", id: withoutStandIns(id), attribute }];
  });
}

function joined([separator, items]: [string, unknown[]], split: Split): Expression {
  const parts = items.flatMap((item, index): readonly (string | Atom)[] => {
    const expression = typeof item === "string" ? toText(split(item)) : functionOf(item as object, split);
    const own = partsOf(expression);
    return index === 0 || separator === "" ? own : [separator, ...own];
  });
  return toText(parts);
}

function partsOf(expression: Expression | undefined): readonly (string | Atom)[] {
  if (expression === undefined) throw new Error("Fn::Join has an item that is neither text nor a reference.");
  if (expression.kind === "text") return expression.parts;
  if (expression.kind === "literal") return [String(expression.value)];
  return [expression as Atom];
}

/** The optional variables without which an expression makes no sense: those that are the whole value of something in it. */
export function neededBy(expression: Expression): readonly ModuleVariable[] {
  switch (expression.kind) {
    case "variable":
      return expression.variable.isOptional === true ? [expression.variable] : [];
    case "list":
      // An object in a list is left out by itself.
      return expression.items.filter(({ kind }) => kind === "variable").flatMap(neededBy);
    case "object":
      return expression.members.flatMap(([, value]) => neededBy(value));
    default:
      return [];
  }
}

/** Logical ids contain the cluster's name, capitalised as the framework does it. */
export const withoutStandIns = (id: string): string => id.replace(/Relaystandin/g, "");
