/** The well-known types that have a JSON form of their own, from bytes (https://protobuf.dev/programming-guides/json/). */
import type protobuf from "protobufjs";
import { toRfc3339 } from "../../calendar.js";
import { quote } from "../text.js";
import { decodeFields, decodeMessage, type TextSize } from "./decode.js";
import { typeNamed } from "./schema.js";
import { isWellKnown } from "./well-known-encode.js";
import { invalidProtobuf, WireReader } from "./wire-reader.js";

type Decode = (bytes: Buffer, type: protobuf.Type, size: TextSize, depth: number) => string;

/** The JSON of the one field of a wrapper, printed also where it is absent. */
const wrapped: Decode = (bytes, type, size, depth) => {
  const text = decodeFields(type, bytes, size, depth);
  return text.slice('{"value":'.length, -1);
};

export const wellKnownDecoders: Readonly<Record<string, Decode | undefined>> = {
  ".google.protobuf.Timestamp": decodeTimestamp,
  ".google.protobuf.Duration": decodeDuration,
  ".google.protobuf.FieldMask": decodeFieldMask,
  ".google.protobuf.Struct": (bytes, type, size, depth) => decodeFields(type, bytes, size, depth).slice('{"fields":'.length, -1),
  ".google.protobuf.ListValue": (bytes, type, size, depth) => decodeFields(type, bytes, size, depth).slice('{"values":'.length, -1),
  ".google.protobuf.Value": decodeValue,
  ".google.protobuf.Any": decodeAny,
  ".google.protobuf.DoubleValue": wrapped,
  ".google.protobuf.FloatValue": wrapped,
  ".google.protobuf.Int64Value": wrapped,
  ".google.protobuf.UInt64Value": wrapped,
  ".google.protobuf.Int32Value": wrapped,
  ".google.protobuf.UInt32Value": wrapped,
  ".google.protobuf.BoolValue": wrapped,
  ".google.protobuf.StringValue": wrapped,
  ".google.protobuf.BytesValue": wrapped,
};

/** One member, or none where the value was never set. */
function decodeValue(bytes: Buffer, type: protobuf.Type, size: TextSize, depth: number): string {
  const text = decodeFields(type, bytes, size, depth);
  const name = /^\{"\w+":/.exec(text)?.[0];
  if (name === undefined) throw invalidProtobuf("a google.protobuf.Value has no value");
  return text.slice(name.length, -1);
}

function secondsAndNanos(bytes: Buffer): { readonly seconds: bigint; readonly nanos: number } {
  const reader = new WireReader(bytes);
  let seconds = 0n;
  let nanos = 0;
  while (!reader.isAtEnd) {
    const { id, wireType } = reader.tag();
    if (id === 1 && wireType === 0) seconds = BigInt.asIntN(64, reader.varint());
    else if (id === 2 && wireType === 0) nanos = Number(BigInt.asIntN(32, reader.varint()));
    else reader.skip(id, wireType, 0);
  }
  return { seconds, nanos };
}

function decodeTimestamp(bytes: Buffer): string {
  const { seconds, nanos } = secondsAndNanos(bytes);
  const text = toRfc3339(Number(seconds) * 1_000);
  if (text === undefined || nanos < 0 || nanos > 999_999_999)
    throw invalidProtobuf(`a timestamp of ${seconds} seconds is not between the years 1 and 9999`);
  return `"${text.slice(0, 19)}${fractionText(nanos)}Z"`;
}

function decodeDuration(bytes: Buffer): string {
  const { seconds, nanos } = secondsAndNanos(bytes);
  const isSound = Math.abs(nanos) <= 999_999_999 && (seconds === 0n || nanos === 0 || seconds < 0n === nanos < 0);
  if (!isSound) throw invalidProtobuf(`a duration of ${seconds} seconds and ${nanos} nanoseconds`);
  const minus = seconds < 0n || nanos < 0 ? "-" : "";
  return `"${minus}${seconds < 0n ? -seconds : seconds}${fractionText(Math.abs(nanos))}s"`;
}

/** None, three, six or nine digits. */
function fractionText(nanos: number): string {
  if (nanos === 0) return "";
  const digits = String(nanos).padStart(9, "0");
  return `.${digits.endsWith("000000") ? digits.slice(0, 3) : digits.endsWith("000") ? digits.slice(0, 6) : digits}`;
}

function decodeFieldMask(bytes: Buffer): string {
  const reader = new WireReader(bytes);
  const paths: string[] = [];
  while (!reader.isAtEnd) {
    const { id, wireType } = reader.tag();
    if (id === 1 && wireType === 2) paths.push(reader.block().toString("utf8"));
    else reader.skip(id, wireType, 0);
  }
  return quote(paths.map((path) => path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())).join(","));
}

function decodeAny(bytes: Buffer, type: protobuf.Type, size: TextSize, depth: number): string {
  const reader = new WireReader(bytes);
  let url = "";
  let value: Buffer = Buffer.alloc(0);
  while (!reader.isAtEnd) {
    const { id, wireType } = reader.tag();
    if (id === 1 && wireType === 2) url = reader.block().toString("utf8");
    else if (id === 2 && wireType === 2) value = reader.block();
    else reader.skip(id, wireType, 0);
  }
  if (url === "" && value.length === 0) return "{}";
  const inner = typeNamed(type.root, url.slice(url.lastIndexOf("/") + 1));
  if (inner === undefined)
    throw invalidProtobuf(`the type ${JSON.stringify(url.slice(0, 200))} of an Any is not in the schema or its references`);
  const text = decodeMessage(inner, value, size, depth + 1);
  if (isWellKnown(inner)) return `{"@type":${quote(url)},"value":${text}}`;
  return text === "{}" ? `{"@type":${quote(url)}}` : `{"@type":${quote(url)},${text.slice(1)}`;
}
