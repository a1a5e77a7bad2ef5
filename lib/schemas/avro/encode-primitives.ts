/** Avro-JSON values of the primitive types to bytes. */
import { isNumber, NumberText, plainText } from "../../json/number-text.js";
import { Misfit, misfit } from "../misfit.js";
import type { ByteWriter } from "./byte-writer.js";
import type { PrimitiveType } from "./schema.js";

export type Write = (writer: ByteWriter, value: unknown) => void;

/** Such a text has no UTF-8. */
const loneSurrogate = /\p{Surrogate}/u;

export function writeText(writer: ByteWriter, value: unknown): void {
  if (typeof value !== "string") throw misfit("a text", value);
  if (loneSurrogate.test(value)) throw new Misfit("the text holds half of a surrogate pair, which UTF-8 cannot say");
  writer.text(value);
}

const int32 = { min: -0x8000_0000, max: 0x7fff_ffff };
const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const notFinite: readonly unknown[] = ["NaN", "Infinity", "-Infinity"];

function writeLong(writer: ByteWriter, value: unknown): void {
  if (Number.isSafeInteger(value)) {
    writer.long(value as number);
    return;
  }
  const digits = value instanceof NumberText ? plainText(value) : "";
  const whole = /^-?\d{1,19}$/.test(digits) ? BigInt(digits) : undefined;
  if (whole === undefined || whole < int64.min || whole > int64.max) throw misfit("a whole number of 64 bits", value);
  writer.bigLong(whole);
}

/** Java writes what is not a number as text. */
function toDouble(value: unknown, what: string): number {
  if (typeof value === "number") return value;
  const number = value instanceof NumberText || notFinite.includes(value) ? Number(String(value)) : undefined;
  if (number === undefined || (isNumber(value) && !Number.isFinite(number))) throw misfit(what, value);
  return number;
}

export const primitiveWriters: Readonly<Record<PrimitiveType["kind"], Write>> = {
  null: (_, value) => {
    if (value !== null) throw misfit("null", value);
  },
  boolean: (writer, value) => {
    if (typeof value !== "boolean") throw misfit("true or false", value);
    writer.byte(value ? 1 : 0);
  },
  int: (writer, value) => {
    const number = value instanceof NumberText ? Number(plainText(value)) : value;
    if (!Number.isInteger(number) || (number as number) < int32.min || (number as number) > int32.max || !isExact(value, number)) {
      throw misfit("a whole number of 32 bits", value);
    }
    writer.long(number as number);
  },
  long: writeLong,
  float: (writer, value) => {
    const number = toDouble(value, "a number of 32 bits");
    if (Number.isFinite(number) && !Number.isFinite(Math.fround(number))) throw misfit("a number of 32 bits", value);
    writer.float(number);
  },
  double: (writer, value) => writer.double(toDouble(value, "a number of 64 bits")),
  bytes: (writer, value) => {
    if (!isLatin1(value)) throw misfit("a text of the characters U+0000 to U+00FF for bytes", value);
    writer.long(value.length);
    writer.latin1(value);
  },
  string: writeText,
};

/** Digits that a double drops are a fraction. */
function isExact(value: unknown, number: unknown): boolean {
  return !(value instanceof NumberText) || plainText(value) === String(number);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a byte may be any of these.
const latin1 = /^[\u0000-\u00ff]*$/;

export function isLatin1(value: unknown): value is string {
  return typeof value === "string" && latin1.test(value);
}
