/** How a column holds what a record had: `pg` writes these as they are, and the column's type decides what a text means. */
import { isInDateRange } from "../../calendar.js";
import { RelayError } from "../../errors.js";
import { NumberText, plainText } from "../../json/number-text.js";
import { toJsonText } from "../../json/write.js";

type SqlValue = string | number | boolean | bigint | Date | Buffer | null;

/** Nothing is null; a number that a double does not hold is the text of its digits; objects and arrays become JSON text, which json and jsonb columns take. */
export function toSqlValue(value: unknown, column: string): SqlValue {
  switch (typeof value) {
    case "undefined":
      return null;
    case "string":
      return storable(value, column);
    case "number":
    case "boolean":
    case "bigint":
      return value;
    case "object":
      return value === null ? null : fromObject(value, column);
    default:
      throw refuse(column, `a ${typeof value} cannot be the value of a column`);
  }
}

function fromObject(value: object, column: string): SqlValue {
  if (value instanceof NumberText) return plainText(value);
  if (value instanceof Uint8Array) return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof Date) {
    if (isInDateRange(value.getTime())) return value;
    throw refuse(column, "it is not a valid date");
  }
  return toJsonText(value) ?? null;
}

const loneSurrogate = /\p{Surrogate}/u;

/** PostgreSQL's text holds every character but NUL, and half of a surrogate pair is none: written as UTF-8, different halves would become one. */
function storable(text: string, column: string): string {
  if (text.includes("\u0000")) throw refuse(column, "PostgreSQL's text cannot hold the character NUL (\\u0000)");
  if (loneSurrogate.test(text)) throw refuse(column, "the text holds half of a surrogate pair, which UTF-8 cannot represent");
  return text;
}

function refuse(column: string, why: string): RelayError {
  return new RelayError("record-not-for-target", `The column ${column} cannot store the record's value: ${why}.`);
}
