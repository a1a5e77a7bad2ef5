/** Numbers that stand for Kafka's error codes in a source file. */
import { type Node, nameOf, parse, walk } from "./syntax.js";

const comparisons: readonly unknown[] = ["===", "!==", "==", "!="];
const isCodeName = (name: string): boolean => /^(code|(.+)?(error|kafka)code)$/i.test(name);
const isListName = (name: string): boolean => /codes$/i.test(name);
const isMaker = (name: string): boolean => /^(is|to).*(Kafka|Change|Commit)Error$/.test(name);

/** The places, as they are written. Zero means success, and stays. */
export function kafkaCodesIn(path: string, text: string): readonly string[] {
  const found: Node[] = [];
  walk(parse(path, text), (node) => {
    if (node.type === "BinaryExpression" && comparisons.includes(node.operator)) {
      const sides = [node.left as Node, node.right as Node];
      if (sides.some(isCode) && sides.some((side) => isCodeName(lastName(side)))) found.push(node);
    }
    if (node.type === "Property" && isCodeName(nameOf(node.key)) && isCode(node.value as Node)) found.push(node);
    if (node.type === "VariableDeclarator" && isListName(nameOf(node.id)) && holdsCodes(node.init as Node | null)) found.push(node);
    if (node.type === "CallExpression" && isMaker(nameOf(node.callee)) && (node.arguments as readonly Node[]).some(isCode))
      found.push(node);
  });
  return found.map(({ start, end }) => text.slice(start, end).split("\n")[0] ?? "");
}

/** A number other than 0, also below it. */
function isCode(node: Node): boolean {
  if (node.type === "UnaryExpression") return isCode(node.argument as Node);
  return node.type === "Literal" && typeof node.value === "number" && node.value !== 0;
}

function holdsCodes(node: Node | null): boolean {
  if (node === null) return false;
  if (node.type === "NewExpression") return (node.arguments as readonly Node[]).some(holdsCodes);
  return node.type === "ArrayExpression" && (node.elements as readonly Node[]).some(isCode);
}

function lastName(node: Node): string {
  return node.type === "MemberExpression" ? nameOf(node.property) : nameOf(node);
}
