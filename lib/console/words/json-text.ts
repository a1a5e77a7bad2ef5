/** JSON as a tree that keeps every digit: numbers stay the text that they are in the record. Pure. */

export type JsonNode =
  | { readonly kind: "object"; readonly members: readonly (readonly [name: string, node: JsonNode])[] }
  | { readonly kind: "array"; readonly items: readonly JsonNode[] }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "number" | "word"; readonly text: string };

/** Deeper ones are shown as text: no screen shows them as a tree. */
const depthMax = 200;
const token = /[\s]*(?:([[\]{},:])|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/y;

/** Undefined for text that is not JSON. */
export function parseJsonTree(text: string): JsonNode | undefined {
  if (!/^\s*["[{\d\-tfn]/.test(text)) return undefined;
  try {
    const reader = new TreeReader(text);
    const node = reader.value(0);
    return reader.isDone() ? node : undefined;
  } catch {
    return undefined;
  }
}

class TreeReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  isDone(): boolean {
    return /^\s*$/.test(this.#text.slice(this.#at));
  }

  value(depth: number): JsonNode {
    if (depth > depthMax) throw new Error("The JSON is too deep for a tree.");
    const [, mark, text, number, word] = this.#next();
    if (text !== undefined) return { kind: "string", text: JSON.parse(text) as string };
    if (number !== undefined) return { kind: "number", text: number };
    if (word !== undefined) return { kind: "word", text: word };
    return mark === "{" ? this.#members(depth) : mark === "[" ? this.#items(depth) : fail();
  }

  #members(depth: number): JsonNode {
    const members: (readonly [string, JsonNode])[] = [];
    if (this.#skips("}")) return { kind: "object", members };
    do {
      const name = this.#next()[2] ?? fail();
      if (!this.#skips(":")) fail();
      members.push([JSON.parse(name) as string, this.value(depth + 1)]);
    } while (this.#skips(","));
    return this.#skips("}") ? { kind: "object", members } : fail();
  }

  #items(depth: number): JsonNode {
    const items: JsonNode[] = [];
    if (this.#skips("]")) return { kind: "array", items };
    do items.push(this.value(depth + 1));
    while (this.#skips(","));
    return this.#skips("]") ? { kind: "array", items } : fail();
  }

  #next(): RegExpExecArray {
    token.lastIndex = this.#at;
    const found = token.exec(this.#text) ?? fail();
    this.#at = token.lastIndex;
    return found;
  }

  #skips(mark: string): boolean {
    token.lastIndex = this.#at;
    if (token.exec(this.#text)?.[1] !== mark) return false;
    this.#at = token.lastIndex;
    return true;
  }
}

function fail(): never {
  throw new Error("The text is not JSON.");
}

/** With two spaces of indentation, and every digit. */
export function toIndentedText(node: JsonNode, margin = ""): string {
  const deeper = `${margin}  `;
  if (node.kind === "object") {
    if (node.members.length === 0) return "{}";
    const lines = node.members.map(([name, inner]) => `${deeper}${JSON.stringify(name)}: ${toIndentedText(inner, deeper)}`);
    return `{\n${lines.join(",\n")}\n${margin}}`;
  }
  if (node.kind === "array") {
    if (node.items.length === 0) return "[]";
    return `[\n${node.items.map((inner) => deeper + toIndentedText(inner, deeper)).join(",\n")}\n${margin}]`;
  }
  return node.kind === "string" ? JSON.stringify(node.text) : node.text;
}
