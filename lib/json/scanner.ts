/** Walks JSON in its bytes and yields slices: grammar is checked in full, values are never built, so no digit is lost and no time is spent on them. */
import { RelayError } from "../errors.js";
import { compactJson } from "./compact.js";

/** How deep a value may be nested: as deep as the parsers of other proxies go. */
export const valueDepthMax = 1_000;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

const loneSurrogate = /\p{Surrogate}/u;

export type ValueKind = "object" | "array" | "string" | "number" | "boolean" | "null";

export class JsonScanner {
  /** UTF-8, which the caller has checked. */
  readonly bytes: Buffer;
  /** The next byte to read. */
  at: number;
  /** Where the value read last began; it ends at `at`, until something else is read. */
  from = 0;
  #hasSpace = false;
  #hasEscape = false;
  #depth = 0;
  #nameFrom = 0;
  #nameTo = 0;
  #escapedName: string | undefined;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** Is there nothing left but white space? */
  isAtEnd(): boolean {
    this.#skipSpace();
    return this.at >= this.bytes.length;
  }

  /** What the next value will be, by its first byte; `malformed-json` where none begins here. */
  nextKind(): ValueKind {
    this.#skipSpace();
    return this.#kindOf(this.bytes[this.at]);
  }

  #kindOf(byte: number | undefined): ValueKind {
    switch (byte) {
      case openBrace:
        return "object";
      case openBracket:
        return "array";
      case quote:
        return "string";
      case 0x74:
      case 0x66:
        return "boolean";
      case 0x6e:
        return "null";
      default:
        if (byte === 0x2d || (byte !== undefined && byte >= 0x30 && byte <= 0x39)) return "number";
        throw this.malformed(byte === undefined ? "a value was expected, and the body ends" : "a value was expected");
    }
  }

  /** Reads one value of any kind to its end, checking it; `text`, `compact` and `kind` then tell of it. */
  readValue(): void {
    this.#skipSpace();
    this.from = this.at;
    this.#hasSpace = false;
    this.#hasEscape = false;
    this.#value();
  }

  get kind(): ValueKind {
    return this.#kindOf(this.bytes[this.from]);
  }

  isNull(): boolean {
    return this.bytes[this.from] === 0x6e;
  }

  /** The value read last, as JSON without white space and needless escapes. */
  compact(): Buffer {
    return this.#hasSpace || this.#hasEscape ? compactJson(this.bytes, this.from, this.at) : this.bytes.subarray(this.from, this.at);
  }

  /** The value read last, byte for byte. */
  slice(): Buffer {
    return this.bytes.subarray(this.from, this.at);
  }

  /** The characters of the string read last. A surrogate without its other half stays in it. */
  text(): string {
    return this.#hasEscape
      ? JSON.parse(this.bytes.toString("utf8", this.from, this.at))
      : this.bytes.toString("utf8", this.from + 1, this.at - 1);
  }

  /** The UTF-8 bytes of the string read last, or undefined where it holds half of a surrogate pair, which no UTF-8 can say. */
  utf8(): Buffer | undefined {
    if (!this.#hasEscape) return this.bytes.subarray(this.from + 1, this.at - 1);
    const text = this.text();
    return loneSurrogate.test(text) ? undefined : Buffer.from(text, "utf8");
  }

  /** The whole number read last, or undefined where the value is none, or beyond what a double holds. */
  integer(): number | undefined {
    const length = this.at - this.from;
    if (length > 17 || this.kind !== "number") return undefined;
    const text = this.bytes.toString("latin1", this.from, this.at);
    const value = Number(text);
    return /^-?\d+$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
  }

  /**
   * Enters an object or array and says whether there is anything in it. Go on with `readName` or values, and `hasMore` after each.
   */
  enter(kind: "object" | "array"): boolean {
    this.#skipSpace();
    this.#expect(
      kind === "object" ? openBrace : openBracket,
      kind === "object" ? "an opening brace was expected" : "an opening bracket was expected",
    );
    return !this.#take(kind === "object" ? closeBrace : closeBracket);
  }

  /** Passes a comma, or the end of the object or array. */
  hasMore(kind: "object" | "array"): boolean {
    if (this.#take(comma)) return true;
    if (kind === "object") this.#expect(closeBrace, "a comma or a closing brace was expected");
    else this.#expect(closeBracket, "a comma or a closing bracket was expected");
    return false;
  }

  /** Reads a member's name and the colon behind it; `nameIs` then compares it. */
  readName(): void {
    this.#skipSpace();
    if (this.bytes[this.at] !== quote) throw this.malformed("a member's name in double quotes was expected");
    this.#hasEscape = false;
    this.#nameFrom = this.at + 1;
    this.#string();
    this.#nameTo = this.at - 1;
    this.#escapedName = this.#hasEscape ? (JSON.parse(this.bytes.toString("utf8", this.#nameFrom - 1, this.at)) as string) : undefined;
    this.#skipSpace();
    this.#expect(colon, "a colon was expected");
  }

  nameIs(name: string): boolean {
    if (this.#escapedName !== undefined) return this.#escapedName === name;
    const length = name.length;
    if (this.#nameTo - this.#nameFrom !== length) return false;
    for (let index = 0; index < length; index++) if (this.bytes[this.#nameFrom + index] !== name.charCodeAt(index)) return false;
    return true;
  }

  name(): string {
    return this.#escapedName ?? this.bytes.toString("utf8", this.#nameFrom, this.#nameTo);
  }

  malformed(what: string): RelayError {
    return new RelayError("malformed-json", `The body is no valid JSON: at byte ${this.at}, ${what}.`);
  }

  #take(byte: number): boolean {
    this.#skipSpace();
    if (this.bytes[this.at] !== byte) return false;
    this.at++;
    return true;
  }

  #expect(byte: number, what: string): void {
    this.#skipSpace();
    if (this.bytes[this.at] !== byte) throw this.malformed(what);
    this.at++;
  }

  #skipSpace(): void {
    const { bytes } = this;
    let byte = bytes[this.at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.#hasSpace = true;
      byte = bytes[++this.at];
    }
  }

  #value(): void {
    const byte = this.bytes[this.at];
    if (byte === quote) this.#string();
    else if (byte === openBrace) this.#object();
    else if (byte === openBracket) this.#array();
    else if (byte === 0x74) this.#word("true");
    else if (byte === 0x66) this.#word("false");
    else if (byte === 0x6e) this.#word("null");
    else this.#number();
  }

  #object(): void {
    this.#deeper();
    this.at++;
    if (!this.#take(closeBrace)) {
      do {
        this.#skipSpace();
        if (this.bytes[this.at] !== quote) throw this.malformed("a member's name in double quotes was expected");
        this.#string();
        this.#expect(colon, "a colon was expected");
        this.#skipSpace();
        this.#value();
      } while (this.hasMore("object"));
    }
    this.#depth--;
  }

  #array(): void {
    this.#deeper();
    this.at++;
    if (!this.#take(closeBracket)) {
      do {
        this.#skipSpace();
        this.#value();
      } while (this.hasMore("array"));
    }
    this.#depth--;
  }

  #deeper(): void {
    if (++this.#depth > valueDepthMax) throw this.malformed(`a value is nested more than ${valueDepthMax} levels deep`);
  }

  /** A loop of its own, for strings are most of what a body is. */
  #string(): void {
    const { bytes } = this;
    const end = bytes.length;
    let at = this.at + 1;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === quote) {
        this.at = at + 1;
        return;
      }
      if (byte === backslash) {
        this.at = at;
        at = this.#escape() - 1;
      } else if (byte < 0x20) {
        this.at = at;
        throw this.malformed("a string holds a control character, which must be escaped");
      }
    }
    throw this.malformed("a string is not closed");
  }

  /** Behind the escape that begins here. */
  #escape(): number {
    this.#hasEscape = true;
    const next = this.bytes[this.at + 1];
    if (next === 0x75) {
      for (let digit = 2; digit < 6; digit++)
        if (!isHexDigit(this.bytes[this.at + digit])) throw this.malformed("an escape is no \\u and four hexadecimal digits");
      return this.at + 6;
    }
    // " \ / b f n r t
    if (
      next === quote ||
      next === backslash ||
      next === 0x2f ||
      next === 0x62 ||
      next === 0x66 ||
      next === 0x6e ||
      next === 0x72 ||
      next === 0x74
    ) {
      return this.at + 2;
    }
    throw this.malformed("a string holds an unknown escape");
  }

  #word(word: string): void {
    for (let index = 0; index < word.length; index++) {
      if (this.bytes[this.at + index] !== word.charCodeAt(index)) throw this.malformed("a value was expected");
    }
    this.at += word.length;
  }

  #number(): void {
    const { bytes } = this;
    if (bytes[this.at] === 0x2d) this.at++;
    if (bytes[this.at] === 0x30) this.at++;
    else this.#digits(bytes.length > this.at ? "a value was expected" : "a value was expected, and the body ends");
    if (bytes[this.at] === 0x2e) {
      this.at++;
      this.#digits("a digit was expected behind the decimal point");
    }
    if (bytes[this.at] === 0x65 || bytes[this.at] === 0x45) {
      this.at++;
      if (bytes[this.at] === 0x2b || bytes[this.at] === 0x2d) this.at++;
      this.#digits("a digit was expected in the exponent");
    }
  }

  #digits(what: string): void {
    const { bytes } = this;
    const from = this.at;
    let byte = bytes[this.at];
    while (byte !== undefined && byte >= 0x30 && byte <= 0x39) byte = bytes[++this.at];
    if (this.at === from) throw this.malformed(what);
  }
}

function isHexDigit(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66));
}
