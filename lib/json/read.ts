/** JSON read without rounding its numbers. */
import { RelayError } from "../errors.js";
import { isTooDeep, jsonDepthMax } from "./depth.js";
import { NumberText, toExactNumber } from "./number-text.js";
import { ValueReader } from "./value-reader.js";

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
  if (numbers === "text") return new ValueReader(text, toNumberText).read();
  return mayLoseDigits.test(text) ? new ValueReader(text, toExactNumber).read() : plain;
}

function toNumberText(number: string): NumberText {
  return new NumberText(number);
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
