/** A record within a fetched buffer: positions instead of objects, for callers that build their own objects. */
import { RelayError } from "../../errors.js";
import type { KafkaRecord, RecordHeader } from "../records.js";
import { VarintCursor } from "./varint.js";

/** Lengths of -1 are Kafka's null. Numbers are exact: offsets and milliseconds stay below 2^53. */
export interface RecordView {
  bytes: Buffer;
  offset: number;
  timestampMs: number;
  timestampType: KafkaRecord["timestampType"];
  /** Of the leader that wrote its batch; -1, or absent, where that is unknown. */
  leaderEpoch?: number;
  keyAt: number;
  keyBytes: number;
  valueAt: number;
  valueBytes: number;
  headersAt: number;
  headerCount: number;
  /** Of key, value and headers as they stand here. */
  contentBytes: number;
}

/** The partition that the records belong to, for messages. */
export interface SetPlace {
  readonly topic: string;
  readonly partition: number;
}

/** Calls with the positions of each header in wire order; a value of -1 bytes is null. */
export function forEachHeader(
  view: RecordView,
  visit: (nameAt: number, nameBytes: number, valueAt: number, valueBytes: number) => void,
): void {
  const cursor = new VarintCursor(view.bytes, view.headersAt);
  for (let index = 0; index < view.headerCount; index++) {
    const nameBytes = cursor.varint();
    const nameAt = cursor.at;
    cursor.at += nameBytes;
    const valueBytes = cursor.varint();
    const valueAt = cursor.at;
    if (valueBytes > 0) cursor.at += valueBytes;
    visit(nameAt, nameBytes, valueAt, valueBytes);
  }
}

/** The record as an object. Key, value and headers share the fetched buffer. */
export function toKafkaRecord(view: RecordView, { topic, partition }: SetPlace): KafkaRecord {
  const { bytes, keyAt, keyBytes, valueAt, valueBytes } = view;
  return {
    topic,
    partition,
    offset: BigInt(view.offset),
    timestampMs: view.timestampMs,
    timestampType: view.timestampType,
    key: keyBytes < 0 ? null : bytes.subarray(keyAt, keyAt + keyBytes),
    value: valueBytes < 0 ? null : bytes.subarray(valueAt, valueAt + valueBytes),
    headers: view.headerCount === 0 ? noHeaders : toHeaders(view),
  };
}

const noHeaders: readonly RecordHeader[] = Object.freeze([]);

function toHeaders(view: RecordView): readonly RecordHeader[] {
  const headers: RecordHeader[] = [];
  forEachHeader(view, (nameAt, nameBytes, valueAt, valueBytes) => {
    headers.push({
      name: headerName(view.bytes, nameAt, nameBytes, headers.length),
      value: valueBytes < 0 ? null : view.bytes.subarray(valueAt, valueAt + valueBytes),
    });
  });
  return headers;
}

/** The names decoded last, by their place in a record: most records of a topic have the same ones, and comparing is cheaper than decoding. */
const recentNames: { readonly raw: Buffer; readonly name: string }[] = [];
const recentNamesMax = 16;

function headerName(bytes: Buffer, at: number, count: number, place: number): string {
  const recent = recentNames[place];
  if (recent !== undefined && isSame(recent.raw, bytes, at, count)) return recent.name;
  const name = bytes.toString("utf8", at, at + count);
  if (place < recentNamesMax) recentNames[place] = { raw: Buffer.from(bytes.subarray(at, at + count)), name };
  return name;
}

function isSame(raw: Buffer, bytes: Buffer, at: number, count: number): boolean {
  if (raw.length !== count) return false;
  for (let index = 0; index < count; index++) if (raw[index] !== bytes[at + index]) return false;
  return true;
}

/** An int64 as a number: exact for every offset and time that Kafka can hold in practice (2^53). */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}

/** "partition 0 of orders at offset 17" */
export function placeOf({ topic, partition }: SetPlace, offset: number): string {
  return `partition ${partition} of ${topic} at offset ${offset}`;
}

export function unreadable(place: SetPlace, offset: number, why: string): RelayError {
  return new RelayError("batch-unreadable", `The batch in ${placeOf(place, offset)} ${why}.`);
}
