/** What Avro's logical types read as: decimals as numbers with all their digits, days and times as ISO 8601. Used only where a caller asks for it. */
import { toRfc3339 } from "../../calendar.js";
import { invalidAvro } from "./byte-reader.js";
import type { Logical } from "./schema.js";

const decimalBytesMax = 512;
const secondsOfDay = 86_400n;

/** Two's complement, the highest byte first, as a number of JSON. */
function decimalText(bytes: Buffer, scale: number): string {
  if (bytes.length > decimalBytesMax) throw invalidAvro(`a decimal has ${bytes.length} bytes, and at most ${decimalBytesMax} are accepted`);
  if (bytes.length === 0) return "0";
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString("hex")}`));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  const minus = unscaled < 0n ? "-" : "";
  return scale === 0 ? minus + digits : `${minus}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** A day, a time of day or a point in time as JSON; the number itself where four digits of a year cannot say it. */
function timeText(logical: Logical, value: number | bigint): string {
  if (logical.name === "date") {
    const text = toRfc3339(Number(value) * 86_400_000);
    return text === undefined ? String(value) : `"${text.slice(0, 10)}"`;
  }
  if (logical.name !== "time" && logical.name !== "timestamp" && logical.name !== "local-timestamp") return String(value);
  const unit = 10n ** BigInt(logical.fractionDigits);
  const fraction = (((BigInt(value) % unit) + unit) % unit).toString().padStart(logical.fractionDigits, "0");
  const seconds = (BigInt(value) - BigInt(fraction)) / unit;
  const text = toRfc3339(Number(seconds) * 1_000);
  if (text === undefined || (logical.name === "time" && (seconds < 0n || seconds >= secondsOfDay))) return String(value);
  if (logical.name === "time") return `"${text.slice(11, 19)}.${fraction}"`;
  return `"${text.slice(0, 19)}.${fraction}${logical.name === "timestamp" ? "Z" : ""}"`;
}

/** 16 bytes as 8-4-4-4-12 hexadecimal digits. */
function uuidText(bytes: Buffer): string {
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Months, days and milliseconds, each 32 bits without a sign, the lowest byte first. */
function durationText(bytes: Buffer): string {
  return `{"months":${bytes.readUInt32LE(0)},"days":${bytes.readUInt32LE(4)},"milliseconds":${bytes.readUInt32LE(8)}}`;
}

/** Handed to the decoder where it is asked for. */
export const logicalTexts = { decimalText, timeText, uuidText, durationText } as const;
export type LogicalTexts = typeof logicalTexts;
