/** Protobuf's scalars between JSON and wire: every digit kept, nothing rounded, nothing cut (https://protobuf.dev/programming-guides/json/). */
import { isUtf8 } from "node:buffer";
import { NumberText, plainText } from "../../json/number-text.js";
import { Misfit, misfit } from "../misfit.js";
import { doubleText, floatText, quote } from "../text.js";
import type { Scalar } from "./message-plan.js";
import { invalidProtobuf, type WireReader } from "./wire-reader.js";
import type { WireWriter } from "./wire-writer.js";

const limits = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;
type Range = keyof typeof limits;

type WriteValue = (writer: WireWriter, value: unknown) => void;

const varint =
  (range: Range): WriteValue =>
  (writer, value) =>
    writer.varint(toWhole(value, range));
const zigZag =
  (range: Range): WriteValue =>
  (writer, value) => {
    const whole = toWhole(value, range);
    writer.varint(whole < 0n ? -2n * whole - 1n : 2n * whole);
  };

/** A value without its tag; what does not fit throws a Misfit. */
export const writeScalar: Readonly<Record<Scalar, WriteValue>> = {
  double: (writer, value) => writer.double(toDouble(value)),
  float: (writer, value) => writer.float(toFloat(value)),
  int32: varint("int32"),
  int64: varint("int64"),
  uint32: varint("uint32"),
  uint64: varint("uint64"),
  sint32: zigZag("int32"),
  sint64: zigZag("int64"),
  fixed32: (writer, value) => writer.fixed32(toWhole(value, "uint32")),
  sfixed32: (writer, value) => writer.fixed32(toWhole(value, "int32")),
  fixed64: (writer, value) => writer.fixed64(toWhole(value, "uint64")),
  sfixed64: (writer, value) => writer.fixed64(toWhole(value, "int64")),
  bool: (writer, value) => {
    if (typeof value !== "boolean") throw misfit("true or false", value);
    writer.varint(value ? 1n : 0n);
  },
  string: (writer, value) => writer.block(Buffer.from(toText(value), "utf8")),
  bytes: (writer, value) => writer.block(toBytes(value)),
};

/** Is it what an absent field means? The value has been written already, so it fits. */
export function isDefault(kind: Scalar, value: unknown): boolean {
  if (kind === "bool") return value === false;
  if (kind === "string" || kind === "bytes") return value === "";
  return Object.is(typeof value === "number" ? value : Number(String(value)), 0);
}

/** As JSON: 64 bits in quotes. */
export function readScalar(reader: WireReader, kind: Scalar): string {
  switch (kind) {
    case "double":
      return doubleText(reader.take(8).readDoubleLE());
    case "float":
      return floatText(reader.take(4).readFloatLE());
    case "bool":
      return reader.varint() === 0n ? "false" : "true";
    case "string":
      return readText(reader);
    case "bytes":
      return `"${reader.block().toString("base64")}"`;
    case "int32":
      return String(BigInt.asIntN(32, reader.varint()));
    case "uint32":
      return String(BigInt.asUintN(32, reader.varint()));
    case "int64":
      return `"${BigInt.asIntN(64, reader.varint())}"`;
    case "uint64":
      return `"${reader.varint()}"`;
    case "sint32":
      return String(BigInt.asIntN(32, unZigZag(BigInt.asUintN(32, reader.varint()))));
    case "sint64":
      return `"${unZigZag(reader.varint())}"`;
    case "fixed32":
      return String(reader.take(4).readUInt32LE());
    case "sfixed32":
      return String(reader.take(4).readInt32LE());
    case "fixed64":
      return `"${reader.take(8).readBigUInt64LE()}"`;
    case "sfixed64":
      return `"${reader.take(8).readBigInt64LE()}"`;
  }
}

/** The JSON of a field that is absent. */
export function defaultText(kind: Scalar): string {
  if (kind === "bool") return "false";
  if (kind === "string" || kind === "bytes") return '""';
  return kind.endsWith("64") ? '"0"' : "0";
}

function unZigZag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n);
}

function readText(reader: WireReader): string {
  const bytes = reader.block();
  const text = bytes.toString("utf8");
  if (text.includes("\ufffd") && !isUtf8(bytes)) throw invalidProtobuf(`the text before byte ${reader.at} is not valid UTF-8`);
  return quote(text);
}

/** A number, or a text of one; a fraction of zeros is none. */
export function toWhole(value: unknown, range: Range): bigint {
  const [min, max] = limits[range];
  const digits =
    typeof value === "number" || value instanceof NumberText || isNumberText(value) ? plainText(new NumberText(String(value))) : "";
  const whole = /^-?\d{1,20}$/.test(digits) ? BigInt(digits) : undefined;
  if (whole === undefined || whole < min || whole > max) throw misfit(`a whole number from ${min} to ${max}`, value);
  return whole;
}

function isNumberText(value: unknown): value is string {
  return typeof value === "string" && value.length <= 100 && /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/.test(value);
}

const notFinite: readonly unknown[] = ["NaN", "Infinity", "-Infinity"];

function toDouble(value: unknown): number {
  if (notFinite.includes(value)) return Number(value);
  const isNumeric = typeof value === "number" || value instanceof NumberText || isNumberText(value);
  const number = isNumeric ? Number(String(value)) : Number.NaN;
  if (!Number.isFinite(number)) throw misfit("a number of 64 bits", value);
  return number;
}

function toFloat(value: unknown): number {
  const number = toDouble(value);
  if (Number.isFinite(number) && !Number.isFinite(Math.fround(number))) throw misfit("a number of 32 bits", value);
  return number;
}

/** Such a text has no UTF-8. */
const loneSurrogate = /\p{Surrogate}/u;

export function toText(value: unknown): string {
  if (typeof value !== "string") throw misfit("a text", value);
  if (loneSurrogate.test(value)) throw new Misfit("the text holds half of a surrogate pair, which UTF-8 cannot say");
  return value;
}

/** Base64 in either alphabet, with or without its padding. */
function toBytes(value: unknown): Buffer {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value) || value.replace(/=+$/, "").length % 4 === 1) {
    throw misfit("a text of base64", value);
  }
  return Buffer.from(value, "base64");
}
