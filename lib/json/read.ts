/** JSON read without rounding its numbers. */
import { RelayError } from "../errors.js";
import { endOfString, isTooDeep, jsonDepthMax } from "./depth.js";
import { NumberText, toExactNumber } from "./number-text.js";

/** A text that may hold a number which a double would change. */
const mayLoseDigits = /[\d.]{16,}|\d[eE][+-]?\d{3}/;

/**
 * Parses JSON. `exact`: a number that a double holds is a number, any other a NumberText. `text`: every number is a NumberText. Of equal names the last wins
 * and `__proto__` is a member like any other, as with JSON.parse. Throws a SyntaxError as JSON.parse does, and `record-undecodable` for text that is nested
 * deeper than `jsonDepthMax`.
 */
export function parseJson(text: string, numbers: "exact" | "text" = "exact"): unknown {
  const plain: unknown = JSON.parse(text);
  if (plain === null || typeof plain === "string" || typeof plain === "boolean") return plain;
  assertNotTooDeep(text);
  return numbers === "exact" && !mayLoseDigits.test(text) ? plain : new JsonReader(text, numbers).read();
}

/** The same as JavaScript's own values, for users' code: numbers are doubles, digits beyond those are rounded. */
export function parsePlainJson(text: string): unknown {
  const plain: unknown = JSON.parse(text);
  if (typeof plain === "object" && plain !== null) assertNotTooDeep(text);
  return plain;
}

/** Of any depth: nothing is looked into. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function assertNotTooDeep(text: string): void {
  if (isTooDeep(text)) throw new RelayError("record-undecodable", `The JSON is nested deeper than ${jsonDepthMax} levels.`);
}

const comma = 0x2c;
const closingBracket = 0x5d;
const closingBrace = 0x7d;

/** Reads a text that JSON.parse has already found sound and that is not too deep: it checks nothing. */
class JsonReader {
  readonly #text: string;
  readonly #toNumber: (text: string) => unknown;
  #at = 0;

  constructor(text: string, numbers: "exact" | "text") {
    this.#text = text;
    this.#toNumber = numbers === "exact" ? toExactNumber : (number) => new NumberText(number);
  }

  read(): unknown {
    switch (this.#nextSign()) {
      case 0x7b: // {
        return this.#object();
      case 0x5b: // [
        return this.#array();
      case 0x22: // "
        return this.#string();
      case 0x74: // true
        this.#at += 4;
        return true;
      case 0x66: // false
        this.#at += 5;
        return false;
      case 0x6e: // null
        this.#at += 4;
        return null;
      default:
        return this.#number();
    }
  }

  #object(): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#at++;
    while (!this.#ends(closingBrace)) {
      const name = this.#string();
      this.#nextSign();
      this.#at++; // the colon
      const value = this.read();
      if (name === "__proto__") Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
      else object[name] = value;
    }
    return object;
  }

  #array(): unknown[] {
    const array: unknown[] = [];
    this.#at++;
    while (!this.#ends(closingBracket)) array.push(this.read());
    return array;
  }

  /** Steps over space and a comma; true, and past it, where the closing sign stands. */
  #ends(sign: number): boolean {
    let code = this.#nextSign();
    if (code === comma) {
      this.#at++;
      code = this.#nextSign();
    }
    if (code !== sign) return false;
    this.#at++;
    return true;
  }

  #string(): string {
    const from = this.#at;
    const to = endOfString(this.#text, from);
    this.#at = to + 1;
    const inner = this.#text.slice(from + 1, to);
    return inner.includes("\\") ? (JSON.parse(this.#text.slice(from, to + 1)) as string) : inner;
  }

  #number(): unknown {
    const from = this.#at;
    let at = from + 1;
    // Digits, a point, an exponent and its sign: everything that may follow a number lies outside.
    for (let code = this.#text.charCodeAt(at); (code >= 0x2d && code <= 0x39) || code === 0x2b || (code | 0x20) === 0x65; )
      code = this.#text.charCodeAt(++at);
    this.#at = at;
    return this.#toNumber(this.#text.slice(from, at));
  }

  /** The sign behind any space. */
  #nextSign(): number {
    let code = this.#text.charCodeAt(this.#at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = this.#text.charCodeAt(++this.#at);
    return code;
  }
}
