/** JSON of requests, where nothing may be ambiguous: every name once, every digit of a whole number kept, and a fault reported with its place. */
import { JsonScanner, malformedJson } from "./scanner.js";
import { ValueReader } from "./value-reader.js";

/**
 * Whole numbers that a double cannot hold are read as bigints. A repeated name, nesting beyond `jsonDepthMax`, a number beyond the range of a double and
 * anything after the value are refused as `malformed-json`; the message never repeats a value of the text.
 */
export function parseStrictJson(text: string): unknown {
  const scanner = new JsonScanner(Buffer.from(text));
  scanner.readValue();
  if (!scanner.isAtEnd()) throw scanner.malformed("a single value was expected, and more text follows it");
  return new ValueReader(
    text,
    (digits, at) => toNumber(digits) ?? refuse(text, at, "a number is out of range"),
    (name, at) => refuse(text, at, `the member ${JSON.stringify(name.slice(0, 80))} is given twice`),
  ).read();
}

function toNumber(digits: string): number | bigint | undefined {
  const value = Number(digits);
  if (!Number.isFinite(value)) return undefined;
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(digits) ? BigInt(digits) : value;
}

function refuse(text: string, at: number, what: string): never {
  throw malformedJson(Buffer.byteLength(text.slice(0, at)), what);
}
