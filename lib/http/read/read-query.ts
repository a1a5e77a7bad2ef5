/** The query of a read: where it starts, how much it may return, and in which formats. Pure. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { negotiate } from "../media-type.js";
import { timestampForm, toTimestampMsInUtc } from "../timestamp.js";
import { parseCursor, type RecordCursor } from "./record-cursor.js";
import { schemaFormats } from "./record-decoding.js";
import type { RecordFormats } from "./record-json.js";
import { recordFormats } from "./record-words.js";

/** Below API Gateway's 30 seconds, with time left to write the answer. */
const waitMsMax = 25_000;
export const recordsDefault = 500;
const recordsMax = 100_000;
export const bytesDefault = 1_048_576;
/** A larger answer would not come through anyway: Lambda returns at most 6 MB. */
export const bytesMax = 5_242_880;

const whole = (max: number, min = 0) =>
  v.pipe(
    v.string("must be given only once"),
    v.regex(/^\d{1,16}$/, "must be a whole number"),
    v.transform(Number),
    v.minValue(min),
    v.maxValue(max),
  );
const once = v.string("must be given only once");

const timestampInQuery = v.pipe(once, v.transform(parseTimestampMs));
export const offsetInQuery = v.pipe(
  once,
  v.regex(/^\d{1,19}$/, "must be an offset: a whole number of 0 or more"),
  v.transform((text) => BigInt(text)),
  v.maxValue(2n ** 63n - 1n, "must be an offset of Kafka: at most 9223372036854775807"),
);

/** How many records one filtered read looks at, whether they match or not, so that the answer comes in time. */
export const scannedDefault = 50_000;
const scannedMax = 100_000;
/** And their bytes (keys, values, headers), which are decoded in memory. */
export const scannedBytesMax = 16_777_216;

const shared = {
  /** An event pattern, as JSON. */
  filter: v.optional(once),
  /** Text that the key, the value or a header contains, in any case. */
  contains: v.optional(once),
  scan_max: v.optional(whole(scannedMax, 1)),
  from: v.optional(v.picklist(["beginning", "end"], "must be beginning or end")),
  timestamp: v.optional(timestampInQuery),
  offset: v.optional(offsetInQuery),
  cursor: v.optional(once),
  limit: v.optional(whole(recordsMax, 1)),
  bytes_max: v.optional(whole(2 ** 31 - 1, 1)),
  wait_ms: v.optional(whole(waitMsMax)),
};

const formats = [...recordFormats, ...schemaFormats] as const;
const format = v.optional(v.picklist(formats, `must be one of ${formats.join(", ")}`));
const formatsQuery = {
  key_format: format,
  value_format: format,
  header_format: v.optional(v.picklist(["base64", "string"], "must be base64 or string")),
  /** Avro's decimals, days and times as such. */
  logical: v.optional(v.picklist(["true", "false"], "must be true or false")),
};

/** A misspelt parameter would otherwise be ignored, and the read would return something else. */
const nothingElse = v.never("is not a parameter of this operation");
export const partitionReadQuery = v.objectWithRest({ ...shared, ...formatsQuery }, nothingElse);
export const topicReadQuery = v.objectWithRest({ ...shared, ...formatsQuery, partition: v.optional(whole(2 ** 31 - 1)) }, nothingElse);
export const recordQuery = v.objectWithRest(formatsQuery, nothingElse);

type Of<Entries extends v.ObjectEntries> = v.InferOutput<v.ObjectSchema<Entries, undefined>>;
export type ReadQuery = Of<typeof topicReadQuery.entries>;

export type Start =
  | { readonly at: "beginning" | "end" }
  | { readonly at: "offset"; readonly offset: bigint }
  | { readonly at: "timestamp"; readonly timestampMs: number }
  | { readonly at: "cursor"; readonly cursor: RecordCursor };

/** Whether records are passed over. Such a read is bounded by how many it looks at. */
export const isFiltered = ({ filter, contains }: Pick<ReadQuery, "filter" | "contains">): boolean =>
  filter !== undefined || contains !== undefined;

/** Where the read starts: one of `from`, `timestamp`, `offset` and `cursor`, or else the beginning. */
export function startOf(query: ReadQuery, topic: string): Start {
  const given = (["from", "timestamp", "offset", "cursor"] as const).filter((name) => query[name] !== undefined);
  if (given.length > 1) {
    throw new RelayError("bad-request", `query: ${given.join(" and ")} each set the start of the read. Give only one of them.`);
  }
  if (query.cursor !== undefined) return { at: "cursor", cursor: parseCursor(query.cursor, topic) };
  if (query.timestamp !== undefined) return { at: "timestamp", timestampMs: query.timestamp };
  if (query.offset !== undefined) return { at: "offset", offset: query.offset };
  return { at: query.from ?? "beginning" };
}

/** As in v2, the Accept header chooses the format of keys and values. The query can choose more precisely. */
export const recordMediaTypes = [
  "application/json",
  "application/vnd.kafka.json.v2+json",
  "application/vnd.kafka.binary.v2+json",
  "application/vnd.kafka.avro.v2+json",
  "application/vnd.kafka.jsonschema.v2+json",
  "application/vnd.kafka.protobuf.v2+json",
  "application/vnd.kafka.v2+json",
] as const;

const formatOfMediaType: Readonly<Record<string, RecordFormats["key"]>> = {
  json: "json",
  binary: "base64",
  avro: "avro",
  jsonschema: "jsonschema",
  protobuf: "protobuf",
};

interface NegotiatedForm {
  readonly contentType: string;
  readonly formats: RecordFormats;
}

export function formOf(
  { key_format, value_format, header_format }: Pick<ReadQuery, "key_format" | "value_format" | "header_format">,
  accept: string | undefined,
): NegotiatedForm {
  const contentType = negotiate(accept, recordMediaTypes) ?? recordMediaTypes[0];
  const byType = formatOfMediaType[/\.kafka\.(\w+)\.v2/.exec(contentType)?.[1] ?? ""] ?? "auto";
  return {
    contentType,
    formats: { key: key_format ?? byType, value: value_format ?? byType, headers: header_format ?? "base64" },
  };
}

/** Milliseconds since the epoch, or ISO-8601; without a zone it is UTC, and a date is its midnight. `bad-request` for anything else. */
export function parseTimestampMs(text: string): number {
  const timestampMs = toTimestampMsInUtc(text.replace(/(?<=:[\d:.]+) (?=\d{2}:?\d{2}$)/, "+")); // in a query, an unescaped plus has become a space
  if (timestampMs !== undefined) return timestampMs;
  throw new RelayError("bad-request", `query: timestamp must be a time: ${timestampForm}.`);
}
