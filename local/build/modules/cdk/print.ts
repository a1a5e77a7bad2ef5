/** Expressions as TypeScript. Pure. */
import { type Atom, type Expression, type Members, neededBy } from "../expression.js";

/** What is below these members is not CloudFormation's: it keeps its names. */
const opaque = ["AssumeRolePolicyDocument", "PolicyDocument", "Variables", "EventPattern"];

export const quoted = (text: string): string => JSON.stringify(text);

/** "ProduceLambdaFunction" is produceLambdaFunction. */
export const constantOf = (id: string): string => id.charAt(0).toLowerCase() + id.slice(1);

/** "FunctionName" is functionName, "OKActions" okActions, "URI" uri: the rule of the CDK's generator. */
function toCamel(name: string): string {
  const [capitals = ""] = /^[A-Z]+(?=[A-Z][a-z]|$)/.exec(name) ?? [name.charAt(0)];
  return capitals.toLowerCase() + name.slice(capitals.length);
}

export function printMembers(members: Members, depth: number, keepsNames = false): string {
  const pad = " ".repeat(depth);
  return members
    .map(([name, value]) => {
      const key = keepsNames ? name : toCamel(name);
      const isName = /^[A-Za-z_]\w*$/.test(key);
      const printed = `${isName ? key : quoted(key)}: ${printValue(value, depth, keepsNames || opaque.includes(name))}`;
      // A map has no members without a value.
      const [needed] = keepsNames && value.kind === "variable" ? neededBy(value) : [];
      return `${pad}${needed === undefined ? printed : `...(${needed.name} === undefined ? {} : { ${printed} })`},`;
    })
    .join("\n");
}

export function printValue(expression: Expression, depth: number, keepsNames = false): string {
  const pad = " ".repeat(depth);
  switch (expression.kind) {
    case "literal":
      return printLiteral(expression.value);
    case "text":
      return printText(expression.parts);
    case "tags":
      return expression.form === "list" ? "tagList" : "tags";
    case "object":
      return `{\n${printMembers(expression.members, depth + 2, keepsNames)}\n${pad}}`;
    case "each":
      return `...${expression.variable.name}.map((${expression.variable.name}) => (${printValue(expression.item, depth, keepsNames)}))`;
    case "list":
      return printList(expression.items, depth, keepsNames);
    case "variable":
      return expression.variable.type === "list" ? `[...${expression.variable.name}]` : printAtom(expression);
    default:
      return printAtom(expression);
  }
}

function printLiteral(value: string | number | boolean | null): string {
  const [, id, name] = /^asset:([^/]+)\/(.+)$/.exec(String(value)) ?? [];
  return id === undefined ? JSON.stringify(value) : `zip(this, ${quoted(id)}, ${JSON.stringify(name)})`;
}

/** What needs an optional variable is there only with it; a list of nothing else is absent. */
function printList(items: readonly Expression[], depth: number, keepsNames: boolean): string {
  const [only] = items;
  if (items.length === 1 && only?.kind === "variable" && only.variable.isOptional === true)
    return `${only.variable.name} === undefined ? undefined : [${only.variable.name}]`;
  const pad = " ".repeat(depth + 2);
  const lines = items.map((item) => {
    const printed = printValue(item, depth + 2, keepsNames);
    const [needed] = item.kind === "object" ? neededBy(item) : [];
    return `${pad}${needed === undefined ? printed : `...(${needed.name} === undefined ? [] : [${printed}])`},`;
  });
  return `[\n${lines.join("\n")}\n${" ".repeat(depth)}]`;
}

function printText(parts: readonly (string | Atom)[]): string {
  const printed = parts.map((part) => {
    if (typeof part === "string")
      return JSON.stringify(part)
        .slice(1, -1)
        .replace(/\\"/g, '"')
        .replace(/`|\$\{/g, "\\$&");
    return `\${${printAtom(part, true)}}`;
  });
  return `\`${printed.join("")}\``;
}

const pseudos = {
  Partition: "PARTITION",
  Region: "REGION",
  AccountId: "ACCOUNT_ID",
  URLSuffix: "URL_SUFFIX",
  StackName: "STACK_NAME",
} as const;

function printAtom(atom: Atom, isInText = false): string {
  switch (atom.kind) {
    case "variable": {
      const { name, type, isOptional } = atom.variable;
      if (!isInText) return name;
      if (type === "list") return `[${name}].flat().join(",")`;
      return isOptional === true ? `${name} ?? ""` : name;
    }
    case "clusterPart":
      return `cluster${atom.part.charAt(0).toUpperCase()}${atom.part.slice(1)}`;
    case "item":
      return atom.block;
    case "pseudo":
      return `Aws.${pseudos[atom.name]}`;
    case "reference":
      return `${constantOf(atom.id)}.${atom.attribute === undefined ? "ref" : `attr${atom.attribute.replaceAll(".", "")}`}`;
  }
}
