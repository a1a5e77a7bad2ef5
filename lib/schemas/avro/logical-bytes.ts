/** What Avro's logical types are written as, from decimal numbers and ISO 8601. Used only where a caller asks for it. */
import { isCalendarDay } from "../../calendar.js";
import { decimalOf, isNumber, NumberText } from "../../json/number-text.js";
import { Misfit } from "../misfit.js";
import { logicalTexts } from "./logical-text.js";
import { isWholeBetween } from "./logical-types.js";
import type { Logical } from "./schema.js";

const secondsOfDay = 86_400n;
const dayPattern = /^(\d{4})-(\d\d)-(\d\d)$/;
const timePattern = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?$/;

/** The bytes of a decimal, as few as it takes or exactly `size`. */
function decimalBytes(value: unknown, { scale, precision }: Extract<Logical, { name: "decimal" }>, size?: number): Buffer {
  const number = typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? new NumberText(value) : value;
  if (!isNumber(number)) throw new Misfit("a decimal number is expected");
  const { sign, digits, exponent } = decimalOf(number);
  if (sign !== 0 && exponent + scale > precision)
    throw new Misfit(`a decimal has at most ${precision} digits, ${scale} of them after the point`);
  const zeros = exponent - digits.length + scale;
  if (sign !== 0 && zeros < 0) throw new Misfit(`a decimal has at most ${scale} digits after the point`);
  const unscaled = sign === 0 ? 0n : BigInt(digits + "0".repeat(zeros)) * BigInt(sign);
  const count = size ?? bytesOf(unscaled);
  const hex = BigInt.asUintN(count * 8, unscaled)
    .toString(16)
    .padStart(count * 2, "0");
  if (bytesOf(unscaled) > count) throw new Misfit(`the decimal does not fit ${count} bytes`);
  return Buffer.from(hex, "hex");
}

function bytesOf(value: bigint): number {
  const magnitude = value < 0n ? -value - 1n : value;
  return Math.floor(magnitude === 0n ? 0 : magnitude.toString(2).length / 8) + 1;
}

/** The number that a day, a time of day or a point in time stands for. */
function timeNumber(logical: Logical, text: string): bigint {
  if (logical.name === "date") return dayNumber(text);
  if (logical.name !== "time" && logical.name !== "timestamp" && logical.name !== "local-timestamp")
    throw new Misfit("a number is expected");
  const isTime = logical.name === "time";
  const [day, time = ""] = isTime ? ["1970-01-01", text] : text.split("T", 2);
  const [, hours, minutes, seconds, fraction = "", zone] = timePattern.exec(time) ?? [];
  const [hour, minute, second] = [Number(hours), Number(minutes), Number(seconds)];
  const hasZone = zone !== undefined;
  const isSound = hour <= 23 && minute <= 59 && second <= 59 && hasZone === (logical.name === "timestamp");
  if (!isSound) throw new Misfit(`a ${logical.name} is expected, such as ${logicalTexts.timeText(logical, 0).replaceAll('"', "")}`);
  if (/[^0]/.test(fraction.slice(logical.fractionDigits)))
    throw new Misfit(`a ${logical.name} has at most ${logical.fractionDigits} digits after the point`);
  const inDay = BigInt(hour * 3_600 + minute * 60 + second - offsetSeconds(zone));
  const inUnit = BigInt(fraction.slice(0, logical.fractionDigits).padEnd(logical.fractionDigits, "0"));
  return (dayNumber(day ?? "") * secondsOfDay + inDay) * 10n ** BigInt(logical.fractionDigits) + inUnit;
}

function dayNumber(text: string): bigint {
  const [, year, month, day] = dayPattern.exec(text) ?? [];
  if (!isCalendarDay(Number(year), Number(month), Number(day))) throw new Misfit("a day is expected, such as 2026-11-28");
  return BigInt(Date.parse(`${text}T00:00:00Z`) / 86_400_000);
}

function offsetSeconds(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const seconds = Number(zone.slice(1, 3)) * 3_600 + Number(zone.slice(4, 6)) * 60;
  return zone.startsWith("-") ? -seconds : seconds;
}

function uuidBytes(text: string): Buffer {
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) throw new Misfit("a UUID is expected");
  return Buffer.from(text.replaceAll("-", ""), "hex");
}

function durationBytes(value: unknown): Buffer {
  const { months, days, milliseconds } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const parts = [months, days, milliseconds];
  if (!parts.every((part) => isWholeBetween(part, 0, 0xffff_ffff)))
    throw new Misfit("a duration is expected: months, days and milliseconds");
  const bytes = Buffer.alloc(12);
  for (const [index, part] of parts.entries()) bytes.writeUInt32LE(part as number, index * 4);
  return bytes;
}

/** Handed to the encoder where it is asked for. */
export const logicalBytes = { decimalBytes, timeNumber, uuidBytes, durationBytes } as const;
export type LogicalBytes = typeof logicalBytes;
