/** The grammar of JSON (RFC 8259) over bytes: the one walk that checks it. It builds no values and throws nothing. */
import { jsonDepthMax } from "./depth.js";

const backslash = 0x5c;

export const quoteCode = 0x22;
export const comma = 0x2c;
const colon = 0x3a;
export const openBracket = 0x5b;
export const closeBracket = 0x5d;
export const openBrace = 0x7b;
export const closeBrace = 0x7d;

/** `"`, `\`, `/`, `b`, `f`, `n`, `r` and `t`: what may follow a backslash alone. */
const escapable: readonly boolean[] = Array.from({ length: 256 }, (_, byte) => '"\\/bfnrt'.includes(String.fromCharCode(byte)));

/** Every step moves `at` past what it names and returns true; or it stops `at` the fault, says in `fault` what was expected there, and returns false. */
export class JsonWalk {
  /** UTF-8, which the caller has checked. */
  readonly bytes: Buffer;
  /** Nothing from here on is read. */
  readonly end: number;
  /** The next byte to read. */
  at: number;
  fault = "";
  /** Was there white space between the signs, or an escape in a string, since these were last cleared? */
  hasSpace = false;
  hasEscape = false;
  #depth = 0;
  readonly #depthMax: number;

  constructor(bytes: Buffer, at = 0, end = bytes.length, depthMax = jsonDepthMax) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.#depthMax = depthMax;
  }

  /** The byte at `at`, or -1 at the end. */
  peek(): number {
    return this.at < this.end ? (this.bytes[this.at] as number) : -1;
  }

  /** Is there nothing left but white space? */
  isAtEnd(): boolean {
    this.skipSpace();
    return this.at >= this.end;
  }

  skipSpace(): void {
    const { bytes, end } = this;
    let { at } = this;
    while (at < end && isSpace(bytes[at] as number)) at++;
    if (at === this.at) return;
    this.hasSpace = true;
    this.at = at;
  }

  /** Passes this byte, if it comes next. */
  take(byte: number): boolean {
    this.skipSpace();
    if (this.peek() !== byte) return false;
    this.at++;
    return true;
  }

  walkValue(): boolean {
    this.skipSpace();
    switch (this.peek()) {
      case quoteCode:
        return this.#string();
      case openBrace:
        return this.#object();
      case openBracket:
        return this.#array();
      case 0x74:
        return this.#word("true");
      case 0x66:
        return this.#word("false");
      case 0x6e:
        return this.#word("null");
      default:
        return this.#number();
    }
  }

  /** A member's name, without the colon after it. */
  walkName(): boolean {
    this.skipSpace();
    return this.peek() === quoteCode ? this.#string() : this.refuse("a member name in double quotes was expected");
  }

  walkColon(): boolean {
    return this.take(colon) || this.refuse("a colon was expected");
  }

  refuse(what: string): false {
    this.fault = what;
    return false;
  }

  #object(): boolean {
    if (++this.#depth > this.#depthMax) return this.#refuseDepth();
    this.at++;
    if (!this.take(closeBrace)) {
      do {
        if (!this.walkName() || !this.walkColon() || !this.walkValue()) return false;
      } while (this.take(comma));
      if (!this.take(closeBrace)) return this.refuse("a comma or a closing brace was expected");
    }
    this.#depth--;
    return true;
  }

  #array(): boolean {
    if (++this.#depth > this.#depthMax) return this.#refuseDepth();
    this.at++;
    if (!this.take(closeBracket)) {
      do {
        if (!this.walkValue()) return false;
      } while (this.take(comma));
      if (!this.take(closeBracket)) return this.refuse("a comma or a closing bracket was expected");
    }
    this.#depth--;
    return true;
  }

  #refuseDepth(): false {
    return this.refuse(`arrays and objects are nested more than ${this.#depthMax} levels deep`);
  }

  /** A loop over local variables: strings are most of what JSON is. */
  #string(): boolean {
    const { bytes, end } = this;
    for (let at = this.at + 1; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === quoteCode) {
        this.at = at + 1;
        return true;
      }
      if (byte === backslash) {
        this.at = at;
        if (!this.#escape()) return false;
        at = this.at - 1;
      } else if (byte < 0x20) {
        this.at = at;
        return this.refuse("a string holds a control character, which must be escaped");
      }
    }
    this.at = end;
    return this.refuse("a string is not closed");
  }

  #escape(): boolean {
    this.hasEscape = true;
    const next = this.at + 1 < this.end ? (this.bytes[this.at + 1] as number) : -1;
    if (next === 0x75) {
      if (!this.#hasHexDigits(this.at + 2)) return this.refuse("four hexadecimal digits were expected after \\u");
      this.at += 6;
      return true;
    }
    if (escapable[next] !== true) return this.refuse("a string holds an unknown escape");
    this.at += 2;
    return true;
  }

  #hasHexDigits(from: number): boolean {
    return from + 4 <= this.end && /^[0-9a-fA-F]{4}$/.test(this.bytes.toString("latin1", from, from + 4));
  }

  #word(word: string): boolean {
    for (let index = 0; index < word.length; index++) {
      if (this.peek() !== word.charCodeAt(index)) return this.refuse(`${word} was expected`);
      this.at++;
    }
    return true;
  }

  #number(): boolean {
    if (this.peek() === 0x2d) this.at++;
    if (this.peek() === 0x30) this.at++;
    else if (!this.#digits()) return this.refuse(this.at < this.end ? "a value was expected" : "a value was expected, and the text ends");
    if (this.peek() === 0x2e) {
      this.at++;
      if (!this.#digits()) return this.refuse("a digit was expected after the decimal point");
    }
    if ((this.peek() | 0x20) === 0x65) {
      this.at++;
      if (this.peek() === 0x2b || this.peek() === 0x2d) this.at++;
      if (!this.#digits()) return this.refuse("a digit was expected in the exponent");
    }
    return true;
  }

  /** At least one. */
  #digits(): boolean {
    const from = this.at;
    let byte = this.peek();
    while (byte >= 0x30 && byte <= 0x39) {
      this.at++;
      byte = this.peek();
    }
    return this.at > from;
  }
}

function isSpace(byte: number): boolean {
  return byte <= 0x20 && (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
}

/** Are these bytes one JSON value, nested no deeper than `depthMax`? */
export function isJsonBytes(bytes: Buffer, from = 0, to = bytes.length, depthMax = jsonDepthMax): boolean {
  const walk = new JsonWalk(bytes, from, to, depthMax);
  return walk.walkValue() && walk.isAtEnd();
}
