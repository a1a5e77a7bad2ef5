/** JSON read without rounding its numbers. */
import { NumberText, toExactNumber } from "./number-text.js";

/** How deep arrays and objects may be inside one another. */
const depthMax = 1000;

/** A text that may hold a number which a double would change. */
const mayLoseDigits = /[\d.]{16,}|\d[eE][+-]?\d{3}/;

/**
 * Parses JSON. `exact`: a number that a double holds is a number, any other a NumberText. `text`: every number is a NumberText.
 * Throws a SyntaxError as JSON.parse does.
 */
export function parseJson(text: string, numbers: "exact" | "text" = "exact"): unknown {
  const plain: unknown = JSON.parse(text);
  if (plain === null || typeof plain === "string" || typeof plain === "boolean") return plain;
  return numbers === "exact" && !mayLoseDigits.test(text) ? plain : new JsonReader(text, numbers).read();
}

/** Reads a text that JSON.parse has already found sound: it checks nothing but the depth. */
class JsonReader {
  readonly #text: string;
  readonly #toNumber: (text: string) => unknown;
  #at = 0;

  constructor(text: string, numbers: "exact" | "text") {
    this.#text = text;
    this.#toNumber = numbers === "exact" ? toExactNumber : (number) => new NumberText(number);
  }

  read(depth = 0): unknown {
    if (depth > depthMax) throw new SyntaxError(`JSON nested deeper than ${depthMax} levels`);
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return this.#string();
      case "t":
        this.#at += 4;
        return true;
      case "f":
        this.#at += 5;
        return false;
      case "n":
        this.#at += 4;
        return null;
      default:
        return this.#number();
    }
  }

  #object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#at++;
    while (!this.#ends("}")) {
      const name = this.#string();
      this.#skipSpace();
      this.#at++; // the colon
      const value = this.read(depth + 1);
      if (name === "__proto__") Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
      else object[name] = value;
    }
    return object;
  }

  #array(depth: number): unknown[] {
    const array: unknown[] = [];
    this.#at++;
    while (!this.#ends("]")) array.push(this.read(depth + 1));
    return array;
  }

  /** Steps over space and a comma; true, and past it, where the closing sign stands. */
  #ends(sign: "}" | "]"): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] === ",") this.#at++;
    this.#skipSpace();
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #string(): string {
    const from = this.#at;
    let to = this.#text.indexOf('"', from + 1);
    while (isEscaped(this.#text, to)) to = this.#text.indexOf('"', to + 1);
    this.#at = to + 1;
    const inner = this.#text.slice(from + 1, to);
    return inner.includes("\\") ? (JSON.parse(this.#text.slice(from, to + 1)) as string) : inner;
  }

  #number(): unknown {
    const from = this.#at;
    while (this.#at < this.#text.length && !/[\s,\]}]/.test(this.#text[this.#at] ?? "")) this.#at++;
    return this.#toNumber(this.#text.slice(from, this.#at));
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }
}

/** Is the sign at `at` behind an odd run of backslashes? */
function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}
