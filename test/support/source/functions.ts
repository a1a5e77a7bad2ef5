/** How long the functions of a source file are. */
import { type Node, nameOf, parse, walk } from "./syntax.js";

interface MeasuredFunction {
  readonly name: string;
  /** From its first line to its last, functions inside it included. */
  readonly lines: number;
}

const kinds: readonly string[] = ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"];

export function functionsOf(path: string, text: string): readonly MeasuredFunction[] {
  const found: MeasuredFunction[] = [];
  walk(parse(path, text), (node, parent) => {
    if (!kinds.includes(node.type) || isGroupOfTests(parent)) return;
    found.push({ name: nameOf(node.id) || nameAround(parent), lines: text.slice(node.start, node.end).split("\n").length });
  });
  return found;
}

/** `describe` holds tests as a file holds functions. */
function isGroupOfTests(parent: Node | undefined): boolean {
  if (parent?.type !== "CallExpression") return false;
  let callee = parent.callee as Node;
  while (callee.type !== "Identifier") {
    const inner = (callee.object ?? callee.callee) as Node | undefined;
    if (inner === undefined) return false;
    callee = inner;
  }
  return nameOf(callee) === "describe";
}

function nameAround(parent: Node | undefined): string {
  if (parent === undefined) return "";
  return nameOf(parent.key) || nameOf(parent.id) || nameOf(parent.left) || nameOf(parent.callee) || "(function)";
}
