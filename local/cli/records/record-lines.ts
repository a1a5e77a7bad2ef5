/** A record as a line of `kafka-relay consume`: the parts that --print names, or JSON. */
import { isInDateRange, toIsoText } from "../../../lib/calendar.js";
import { toJsonText } from "../../../lib/json/write.js";
import type { KafkaRecord } from "../../../lib/kafka/records.js";
import { type CliContext, usageError } from "../cli.js";
import { printable } from "../output.js";
import type { DecodedLine } from "./consume-decoding.js";

/** The printable parts of a record: text, or the unchanged bytes. */
const parts: Readonly<Record<string, (record: KafkaRecord) => string | Buffer>> = {
  partition: (record) => String(record.partition),
  offset: (record) => String(record.offset),
  timestamp: (record) => toTimeText(record.timestampMs),
  key: (record) => record.key ?? "null",
  headers: (record) => record.headers.map(({ name, value }) => `${name}:${value?.toString("utf8") ?? "null"}`).join(","),
  value: (record) => record.value ?? "null",
};

export type LineOf = (shown: DecodedLine) => Buffer;

const tab = Buffer.from("\t");

export function formatter(context: CliContext, print: string): LineOf {
  if (context.isJson) return (shown) => Buffer.from(toJsonLine(shown));
  const names = print.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !(name in parts));
  if (unknown !== undefined) throw usageError(`--print has an unknown part "${unknown}". The parts are ${Object.keys(parts).join(",")}.`);
  const shown = names.flatMap((name) => parts[name] ?? []);
  // Control characters from a record must not reach a terminal. A pipe gets the record byte for byte.
  if (context.world.stdout.isTTY === true)
    return ({ record }) => Buffer.from(shown.map((part) => printable(String(part(record)))).join("\t"));
  return ({ record }) => {
    const pieces = shown.flatMap((part, index) => (index === 0 ? [toBytes(part(record))] : [tab, toBytes(part(record))]));
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  };
}

const toBytes = (piece: string | Buffer): Buffer => (typeof piece === "string" ? Buffer.from(piece) : piece);

/** A timestamp outside the range of dates, such as one in nanoseconds, is shown as a number. */
function toTimeText(timestampMs: number): string {
  return isInDateRange(timestampMs) ? toIsoText(timestampMs) : String(timestampMs);
}

/** What was decoded names its schema. UTF-8 bytes as text, other bytes as base64 with a flag. */
function toJsonLine({ record, keySchema, valueSchema }: DecodedLine): string {
  const key = decoded(record.key);
  const value = decoded(record.value);
  const line = {
    partition_id: record.partition,
    offset: record.offset,
    timestamp: toTimeText(record.timestampMs),
    key: key.data,
    ...(key.isBase64 ? { key_encoding: "base64" } : {}),
    ...(keySchema === undefined ? {} : { key_schema: keySchema }),
    headers: record.headers.map((header) => {
      const { data, isBase64 } = decoded(header.value);
      return { name: header.name, value: data, ...(isBase64 ? { encoding: "base64" } : {}) };
    }),
    value: value.data,
    ...(value.isBase64 ? { value_encoding: "base64" } : {}),
    ...(valueSchema === undefined ? {} : { value_schema: valueSchema }),
  };
  return toJsonText(line) ?? "null";
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decoded(bytes: Buffer | null): { readonly data: string | null; readonly isBase64: boolean } {
  if (bytes === null) return { data: null, isBase64: false };
  try {
    return { data: utf8.decode(bytes), isBase64: false };
  } catch {
    return { data: bytes.toString("base64"), isBase64: true };
  }
}
