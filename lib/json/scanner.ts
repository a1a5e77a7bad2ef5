/** Reads JSON from its bytes as slices: the grammar is checked in full, values are never built, so no digit is lost and no time is spent on them. */
import { RelayError } from "../errors.js";
import { compactJson } from "./compact.js";
import { closeBrace, closeBracket, comma, JsonWalk, openBrace, openBracket, quoteCode } from "./walk.js";

const loneSurrogate = /\p{Surrogate}/u;

type ValueKind = "object" | "array" | "string" | "number" | "boolean" | "null";

export class JsonScanner extends JsonWalk {
  #from = 0;
  #nameFrom = 0;
  #nameTo = 0;
  #escapedName: string | undefined;

  /** Where the value read last began; it ends at `at`, until something else is read. */
  get from(): number {
    return this.#from;
  }

  /** What the next value will be, by its first byte; throws `malformed-json` where no value begins here. */
  nextKind(): ValueKind {
    this.skipSpace();
    return this.#kindOf(this.peek());
  }

  #kindOf(byte: number | undefined): ValueKind {
    switch (byte) {
      case openBrace:
        return "object";
      case openBracket:
        return "array";
      case quoteCode:
        return "string";
      case 0x74:
      case 0x66:
        return "boolean";
      case 0x6e:
        return "null";
      default:
        if (byte === 0x2d || (byte !== undefined && byte >= 0x30 && byte <= 0x39)) return "number";
        throw this.malformed(this.at < this.bytes.length ? "a value was expected" : "a value was expected, and the text ends");
    }
  }

  /** Reads one value of any kind to its end and checks it; `text`, `compact` and `kind` then describe it. */
  readValue(): void {
    this.skipSpace();
    this.#from = this.at;
    this.hasSpace = false;
    this.hasEscape = false;
    if (!this.walkValue()) throw this.malformed(this.fault);
  }

  get kind(): ValueKind {
    return this.#kindOf(this.bytes[this.#from]);
  }

  isNull(): boolean {
    return this.bytes[this.#from] === 0x6e;
  }

  /** The value read last, as JSON without white space and needless escapes. */
  compact(): Buffer {
    return this.hasSpace || this.hasEscape ? compactJson(this.bytes, this.#from, this.at) : this.slice();
  }

  /** The value read last, byte for byte. */
  slice(): Buffer {
    return this.bytes.subarray(this.#from, this.at);
  }

  /** The characters of the string read last. A surrogate without its other half stays in it. */
  text(): string {
    return this.hasEscape
      ? JSON.parse(this.bytes.toString("utf8", this.#from, this.at))
      : this.bytes.toString("utf8", this.#from + 1, this.at - 1);
  }

  /** The UTF-8 bytes of the string read last, or undefined where it holds half of a surrogate pair, which UTF-8 cannot express. */
  utf8(): Buffer | undefined {
    if (!this.hasEscape) return this.bytes.subarray(this.#from + 1, this.at - 1);
    const text = this.text();
    return loneSurrogate.test(text) ? undefined : Buffer.from(text, "utf8");
  }

  /** The whole number read last, or undefined where the value is something else, or is beyond what a double holds. */
  integer(): number | undefined {
    const length = this.at - this.#from;
    if (length > 17 || this.kind !== "number") return undefined;
    const text = this.bytes.toString("latin1", this.#from, this.at);
    const value = Number(text);
    return /^-?\d+$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
  }

  /** Enters an object or array and returns whether it holds anything. Go on with `readName` or values, and `hasMore` after each. */
  enter(kind: "object" | "array"): boolean {
    const isObject = kind === "object";
    if (!this.take(isObject ? openBrace : openBracket))
      throw this.malformed(isObject ? "an opening brace was expected" : "an opening bracket was expected");
    return !this.take(isObject ? closeBrace : closeBracket);
  }

  /** Passes a comma, or the end of the object or array. */
  hasMore(kind: "object" | "array"): boolean {
    const isObject = kind === "object";
    if (this.take(comma)) return true;
    if (this.take(isObject ? closeBrace : closeBracket)) return false;
    throw this.malformed(isObject ? "a comma or a closing brace was expected" : "a comma or a closing bracket was expected");
  }

  /** Reads a member's name and the colon after it; `nameIs` then compares it. */
  readName(): void {
    this.skipSpace();
    this.hasEscape = false;
    const from = this.at;
    if (!this.walkName()) throw this.malformed(this.fault);
    this.#nameFrom = from + 1;
    this.#nameTo = this.at - 1;
    this.#escapedName = this.hasEscape ? (JSON.parse(this.bytes.toString("utf8", from, this.at)) as string) : undefined;
    if (!this.walkColon()) throw this.malformed(this.fault);
  }

  nameIs(name: string): boolean {
    if (this.#escapedName !== undefined) return this.#escapedName === name;
    const { bytes } = this;
    const length = name.length;
    if (this.#nameTo - this.#nameFrom !== length) return false;
    for (let index = 0; index < length; index++) if (bytes[this.#nameFrom + index] !== name.charCodeAt(index)) return false;
    return true;
  }

  name(): string {
    return this.#escapedName ?? this.bytes.toString("utf8", this.#nameFrom, this.#nameTo);
  }

  /** The failure for what is wrong at the next byte to read. */
  malformed(what: string): RelayError {
    return malformedJson(this.at, what);
  }
}

/** Says where and what, and repeats nothing of the text. */
export function malformedJson(at: number, what: string): RelayError {
  return new RelayError("malformed-json", `The JSON is not valid: at byte ${at}, ${what}.`);
}
