/** Records for tests: what a test does not say has a plain default. */
import { toJsonText } from "../json/write.js";
import type { KafkaRecord, RecordHeader } from "../kafka/records.js";

/** Text, bytes, null, or anything that JSON can write. */
export type TestContent = string | Uint8Array | null | object | number | boolean;

export interface TestRecord {
  /** Default: "test". */
  readonly topic?: string;
  /** Default: 0. */
  readonly partition?: number;
  /** Default: 0; `records()` counts up from there. */
  readonly offset?: number | bigint;
  /** Default: null. */
  readonly key?: TestContent;
  /** Default: null, a tombstone. Text and bytes are kept as they are; anything else is written as JSON. */
  readonly value?: TestContent;
  /** By name, or as pairs where a name repeats. */
  readonly headers?: Readonly<Record<string, string | null>> | readonly (readonly [name: string, value: string | Uint8Array | null])[];
  /** Milliseconds since the epoch. Default: 0. */
  readonly timestampMs?: number;
}

/** One record, as a route receives it. */
export function record({
  topic = "test",
  partition = 0,
  offset = 0,
  key = null,
  value = null,
  headers = {},
  timestampMs = 0,
}: TestRecord = {}): KafkaRecord {
  return {
    topic,
    partition,
    offset: BigInt(offset),
    timestampMs,
    timestampType: "CREATE_TIME",
    key: toBytes(key),
    value: toBytes(value),
    headers: toHeaders(headers),
  };
}

/** Records of one partition, with offsets that count up from the first one's. */
export function records(...given: readonly TestRecord[]): readonly KafkaRecord[] {
  const first = BigInt(given[0]?.offset ?? 0);
  return given.map((one, index) => record({ ...one, offset: one.offset ?? first + BigInt(index) }));
}

function toBytes(content: TestContent): Buffer | null {
  if (content === null) return null;
  if (content instanceof Uint8Array) return Buffer.from(content);
  return Buffer.from(typeof content === "string" ? content : (toJsonText(content) ?? "null"));
}

function toHeaders(headers: NonNullable<TestRecord["headers"]>): readonly RecordHeader[] {
  const pairs = Array.isArray(headers) ? (headers as readonly (readonly [string, string | Uint8Array | null])[]) : Object.entries(headers);
  return pairs.map(([name, value]) => ({ name, value: value === null ? null : Buffer.from(value as string) }));
}
