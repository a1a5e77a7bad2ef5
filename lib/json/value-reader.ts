/** Builds the values of a JSON text that is known to be valid and not too deep; what a number becomes is its caller's choice. */
import { endOfString } from "./string-end.js";

const comma = 0x2c;
const closingBracket = 0x5d;
const closingBrace = 0x7d;

/** Checks nothing. A member called `__proto__` is a member like any other; of equal names the last wins, as with JSON.parse, unless `onRepeated` throws. */
export class ValueReader {
  readonly #text: string;
  readonly #toNumber: (text: string, at: number) => unknown;
  readonly #onRepeated: ((name: string, at: number) => never) | undefined;
  #at = 0;

  constructor(text: string, toNumber: (text: string, at: number) => unknown, onRepeated?: (name: string, at: number) => never) {
    this.#text = text;
    this.#toNumber = toNumber;
    this.#onRepeated = onRepeated;
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
      const nameAt = this.#at;
      const name = this.#string();
      if (this.#onRepeated !== undefined && Object.hasOwn(object, name)) this.#onRepeated(name, nameAt);
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
    return this.#toNumber(this.#text.slice(from, at), from);
  }

  /** The sign behind any space. */
  #nextSign(): number {
    let code = this.#text.charCodeAt(this.#at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = this.#text.charCodeAt(++this.#at);
    return code;
  }
}
