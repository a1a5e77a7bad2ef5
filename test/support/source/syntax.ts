/** The syntax tree of a source file, and a walk over it. */
import { parseAst } from "vitest/node";

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

/** Each text is parsed once, however many rules ask. */
const parsed = new Map<string, Node>();

export function parse(path: string, text: string): Node {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const tree = parseAst(text, { lang: path.endsWith(".tsx") ? "tsx" : /\.[cm]?ts$/.test(path) ? "ts" : "js" }, path) as unknown as Node;
  parsed.set(text, tree);
  return tree;
}

/** Calls `visit` on every node, outer ones first, with the node around it. */
export function walk(node: Node, visit: (node: Node, parent: Node | undefined) => void, parent?: Node): void {
  visit(node, parent);
  for (const member of Object.values(node)) {
    for (const inner of Array.isArray(member) ? member : [member]) if (isNode(inner)) walk(inner, visit, node);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

/** The name of an identifier or of a text ("default" import names may be either). */
export function nameOf(node: unknown): string {
  const { name, value } = (node ?? {}) as { readonly name?: unknown; readonly value?: unknown };
  if (typeof name === "string") return name;
  return typeof value === "string" ? value : "";
}
