/** The well-known types that have a JSON form of their own, to bytes (https://protobuf.dev/programming-guides/json/). */
import type protobuf from "protobufjs";
import { isCalendarDay } from "../../calendar.js";
import { isNumber } from "../../json/number-text.js";
import { inside, Misfit, misfit } from "../misfit.js";
import { encodeMembers, encodeMessage, isMembers, messageDepthMax } from "./encode.js";
import type { Scalar } from "./message-plan.js";
import { isDefault, toText, writeScalar } from "./scalars.js";
import { typeNamed } from "./schema.js";
import { WireWriter } from "./wire-writer.js";

type Encode = (value: unknown, type: protobuf.Type, depth: number) => Buffer;

const wrapper =
  (kind: Scalar): Encode =>
  (value) => {
    const own = new WireWriter();
    const wireType = kind === "double" ? 1 : kind === "float" ? 5 : kind === "string" || kind === "bytes" ? 2 : 0;
    own.tag(1, wireType);
    writeScalar[kind](own, value);
    return isDefault(kind, value) ? Buffer.alloc(0) : own.written();
  };

export const wellKnownEncoders: Readonly<Record<string, Encode | undefined>> = {
  ".google.protobuf.Timestamp": encodeTimestamp,
  ".google.protobuf.Duration": encodeDuration,
  ".google.protobuf.FieldMask": encodeFieldMask,
  ".google.protobuf.Struct": (value, _, depth) => encodeStruct(value, depth),
  ".google.protobuf.ListValue": (value, _, depth) => encodeList(value, depth),
  ".google.protobuf.Value": (value, _, depth) => encodeValue(value, depth),
  ".google.protobuf.Any": encodeAny,
  ".google.protobuf.DoubleValue": wrapper("double"),
  ".google.protobuf.FloatValue": wrapper("float"),
  ".google.protobuf.Int64Value": wrapper("int64"),
  ".google.protobuf.UInt64Value": wrapper("uint64"),
  ".google.protobuf.Int32Value": wrapper("int32"),
  ".google.protobuf.UInt32Value": wrapper("uint32"),
  ".google.protobuf.BoolValue": wrapper("bool"),
  ".google.protobuf.StringValue": wrapper("string"),
  ".google.protobuf.BytesValue": wrapper("bytes"),
};

/** Has this type a JSON form that is not an object of its fields? Any nests it in `value`. */
export function isWellKnown(type: protobuf.Type): boolean {
  return wellKnownEncoders[type.fullName] !== undefined || type.fullName === ".google.protobuf.Empty";
}

const timestampPattern = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i;

function encodeTimestamp(value: unknown): Buffer {
  const [, day = "", hour, minute, second, fraction = "", zone = ""] = timestampPattern.exec(typeof value === "string" ? value : "") ?? [];
  const [year, month, date] = day.split("-").map(Number);
  const isSound =
    isCalendarDay(year ?? Number.NaN, month ?? 0, date ?? 0) && Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 59;
  if (!isSound || year === 0) throw misfit("a time such as 2026-11-28T08:30:00.123Z", value);
  const [zoneHours = 0, zoneMinutes = 0] = /\d/.test(zone) ? zone.slice(1).split(":").map(Number) : [];
  const offset = (zone.startsWith("-") ? -1 : 1) * (zoneHours * 3_600 + zoneMinutes * 60);
  const seconds = Date.parse(`${day}T${hour}:${minute}:${second}Z`) / 1_000 - offset;
  return secondsAndNanos(BigInt(seconds), Number(fraction.padEnd(9, "0")));
}

const durationSecondsMax = 315_576_000_000n;

function encodeDuration(value: unknown): Buffer {
  const [, minus, whole = "", fraction = ""] = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(typeof value === "string" ? value : "") ?? [];
  if (whole === "" || BigInt(whole) > durationSecondsMax) throw misfit("a duration such as 1.5s", value);
  const sign = minus === "-" ? -1 : 1;
  return secondsAndNanos(BigInt(sign) * BigInt(whole), sign * Number(fraction.padEnd(9, "0")));
}

function secondsAndNanos(seconds: bigint, nanos: number): Buffer {
  const writer = new WireWriter();
  if (seconds !== 0n) {
    writer.tag(1, 0);
    writer.varint(seconds);
  }
  if (nanos !== 0) {
    writer.tag(2, 0);
    writer.varint(BigInt(nanos));
  }
  return writer.written();
}

function encodeFieldMask(value: unknown): Buffer {
  if (typeof value !== "string" || /_/.test(value)) throw misfit("names in lowerCamelCase, separated by commas", value);
  const writer = new WireWriter();
  for (const path of value === "" ? [] : value.split(",")) {
    writer.tag(1, 2);
    writer.block(Buffer.from(path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)));
  }
  return writer.written();
}

function encodeStruct(value: unknown, depth: number): Buffer {
  if (!isMembers(value)) throw misfit("an object", value);
  const writer = new WireWriter();
  for (const [name, member] of Object.entries(value)) {
    const entry = new WireWriter();
    entry.tag(1, 2);
    entry.block(Buffer.from(toText(name)));
    entry.tag(2, 2);
    try {
      entry.block(encodeValue(member, depth + 1));
    } catch (thrown) {
      throw inside(`.${name.slice(0, 100)}`, thrown);
    }
    writer.tag(1, 2);
    writer.block(entry.written());
  }
  return writer.written();
}

function encodeList(value: unknown, depth: number): Buffer {
  if (!Array.isArray(value)) throw misfit("an array", value);
  const writer = new WireWriter();
  for (const element of value) {
    writer.tag(1, 2);
    writer.block(encodeValue(element, depth + 1));
  }
  return writer.written();
}

function encodeValue(value: unknown, depth: number): Buffer {
  if (depth > messageDepthMax) throw new Misfit(`messages are nested deeper than ${messageDepthMax} levels`);
  const writer = new WireWriter();
  if (value === null) {
    writer.tag(1, 0);
    writer.varint(0n);
  } else if (isNumber(value)) {
    writer.tag(2, 1);
    writeScalar.double(writer, value);
  } else if (typeof value === "string") {
    writer.tag(3, 2);
    writeScalar.string(writer, value);
  } else if (typeof value === "boolean") {
    writer.tag(4, 0);
    writeScalar.bool(writer, value);
  } else {
    const isArray = Array.isArray(value);
    writer.tag(isArray ? 6 : 5, 2);
    writer.block(isArray ? encodeList(value, depth + 1) : encodeStruct(value, depth + 1));
  }
  return writer.written();
}

function encodeAny(value: unknown, type: protobuf.Type, depth: number): Buffer {
  if (!isMembers(value)) throw misfit('an object with "@type"', value);
  if (Object.keys(value).length === 0) return Buffer.alloc(0);
  const url = value["@type"];
  if (typeof url !== "string" || !url.includes("/"))
    throw new Misfit('an Any needs "@type", such as "type.googleapis.com/com.example.Message"');
  const inner = typeNamed(type.root, url.slice(url.lastIndexOf("/") + 1));
  if (inner === undefined)
    throw new Misfit(`the type ${JSON.stringify(url.slice(0, 200))} of an Any is not in the schema or its references`);
  const members = Object.entries(value).filter(([name]) => name !== "@type");
  const bytes = isWellKnown(inner) ? encodeMessage(inner, value.value, depth + 1) : encodeMembers(inner, members, depth + 1);
  const writer = new WireWriter();
  writer.tag(1, 2);
  writer.block(Buffer.from(url));
  if (bytes.length > 0) {
    writer.tag(2, 2);
    writer.block(bytes);
  }
  return writer.written();
}
