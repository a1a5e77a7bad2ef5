/**
 * Filter criteria as Lambda applies them to Kafka (https://docs.aws.amazon.com/lambda/latest/dg/kafka-filtering.html): patterns are joined by or; a data pattern
 * of another kind than the message is ignored, so that the record passes on its metadata.
 */

import { NumberText } from "../../../lib/json/number-text.js";
import { parseJson } from "../../../lib/json/read.js";
import type { RecordView } from "../../../lib/kafka/codec/record-view.js";
import { compilePattern, type EventMatcher } from "../../../lib/patterns/compile.js";
import type { EventPattern } from "../../../lib/patterns/event-pattern.js";
import type { FilterOfRecords, FilterRecord } from "./mapping.js";

/** AWS accepts more only with a raised quota. */
export const filtersDefaultQuota = 5;
export const patternCharactersMax = 4096;

const dataFields = ["value", "key"] as const;
type DataField = (typeof dataFields)[number];
export const metadataFields = ["topic", "partition", "offset", "timestamp", "timestampType"] as const;

type Data =
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "json"; readonly value: unknown }
  /** Not UTF-8, or null. */
  | { readonly kind: "opaque" };

/** The record with each part decoded once, when a pattern first asks. */
interface Decoded {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly data: (field: DataField) => Data;
}

type Matcher = (record: Decoded) => boolean;

/** Throws `bad-configuration` with the place in a pattern that AWS would refuse. */
export function compileFilter(patterns: readonly unknown[], place = "filterPatterns"): FilterOfRecords {
  const matchers = patterns.map((pattern, index) => {
    // The whole pattern first, so that a fault is reported with its place in it.
    compile(pattern, `${place}[${index}]`);
    return toMatcher(pattern as EventPattern, `${place}[${index}]`);
  });
  return (record) => {
    const decoded = decode(record);
    return matchers.some((matches) => matches(decoded));
  };
}

function compile(pattern: unknown, place: string): EventMatcher {
  return compilePattern(JSON.stringify(pattern) ?? "null", { place, numbers: "text", operators: "lambda" });
}

/** All of: the metadata fields, each data field, one branch of `$or`. */
function toMatcher(pattern: EventPattern, place: string): Matcher {
  const { $or, ...fields } = pattern as Readonly<Record<string, unknown>> & { readonly $or?: readonly EventPattern[] };
  const metadata = Object.fromEntries(Object.entries(fields).filter(([name]) => !isDataField(name)));
  const all: Matcher[] = [];
  if (Object.keys(metadata).length > 0) {
    const matches = compile(metadata, place);
    all.push((record) => matches(record.metadata));
  }
  for (const field of dataFields) if (fields[field] !== undefined) all.push(dataMatcher(field, fields[field], place));
  if ($or !== undefined) {
    const branches = $or.map((branch, index) => toMatcher(branch, `${place}.$or[${index}]`));
    all.push((record) => branches.some((matches) => matches(record)));
  }
  return (record) => all.every((matches) => matches(record));
}

/** An array is a pattern for plain text, an object one for JSON. */
function dataMatcher(field: DataField, pattern: unknown, place: string): Matcher {
  const kind: Data["kind"] = Array.isArray(pattern) ? "text" : "json";
  const matches = compile({ [field]: pattern }, place);
  return (record) => {
    const data = record.data(field);
    return data.kind === "opaque" || data.kind !== kind || matches({ [field]: data.value });
  };
}

function isDataField(name: string): boolean {
  return dataFields.some((field) => field === name);
}

function decode(record: FilterRecord): Decoded {
  const { topic, partition, offset, timestamp, timestampType } = record;
  const kept = new Map<DataField, Data>();
  return {
    metadata: {
      topic,
      partition: new NumberText(String(partition)),
      offset: new NumberText(String(offset)),
      timestamp: new NumberText(String(timestamp)),
      timestampType,
    },
    data: (field) => {
      const known = kept.get(field) ?? toData(record[field]);
      kept.set(field, known);
      return known;
    },
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Only objects and arrays count as JSON: a message that is `42` or `"abc"` is plain text. */
function toData(bytes: Buffer | null): Data {
  if (bytes === null) return { kind: "opaque" };
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { kind: "opaque" };
  }
  if (/^\s*[{[]/.test(text)) {
    try {
      return { kind: "json", value: parseJson(text, "text") };
    } catch {
      // Not JSON after all.
    }
  }
  return { kind: "text", value: text };
}

/** A record of a fetch as a filter sees it: key and value are cut out only when a pattern asks for them. */
export function toFilterRecord(view: RecordView, topic: string, partition: number): FilterRecord {
  const { bytes, keyAt, keyBytes, valueAt, valueBytes } = view;
  return {
    topic,
    partition,
    offset: view.offset,
    timestamp: view.timestampMs,
    timestampType: view.timestampType,
    get key() {
      return keyBytes < 0 ? null : bytes.subarray(keyAt, keyAt + keyBytes);
    },
    get value() {
      return valueBytes < 0 ? null : bytes.subarray(valueAt, valueAt + valueBytes);
    },
  };
}
