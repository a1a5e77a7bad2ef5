/**
 * Records -> a RecordBatch version 2 (https://kafka.apache.org/documentation/#recordbatch). Measured first, then written once, into a buffer
 * of its own or into a Produce request that holds several. Pure.
 */
import { gzipSync } from "node:zlib";
import type { OutgoingRecord, RecordHeader } from "../records.js";
import { crc32c } from "./crc32c.js";
import { varintBytes, varlongBytes, writeVarint, writeVarlong } from "./varint.js";

/** The bytes of a batch before its records. */
export const batchHeaderBytes = 61;

/** The idempotent producer's part of a batch. A producer without an id: `withoutProducerId`. */
export interface BatchProducer {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** The sequence of the first record. */
  readonly baseSequence: number;
}

export const withoutProducerId: BatchProducer = { producerId: -1n, producerEpoch: -1, baseSequence: -1 };

export interface EncodeOptions extends BatchProducer {
  /** The timestamp of records without one, in milliseconds. */
  readonly nowMs: number;
  readonly compression?: "none" | "gzip";
}

/** A batch whose size is known before it is written. */
export interface MeasuredBatch {
  readonly records: readonly OutgoingRecord[];
  /** Of the whole batch as it is written, uncompressed. */
  readonly bytes: number;
  readonly nowMs: number;
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  /** Of each record, its own length prefix not counted. */
  readonly recordBytes: Uint32Array;
}

/** Measures one to 2^31 records as one batch. */
export function measureRecordBatch(records: readonly OutgoingRecord[], nowMs: number): MeasuredBatch {
  const baseTimestampMs = records[0]?.timestampMs ?? nowMs;
  const recordBytes = new Uint32Array(records.length);
  let maxTimestampMs = baseTimestampMs;
  let bytes = batchHeaderBytes;
  for (let index = 0; index < records.length; index++) {
    const record = records[index] as OutgoingRecord;
    const timestampMs = record.timestampMs ?? nowMs;
    if (timestampMs > maxTimestampMs) maxTimestampMs = timestampMs;
    const own = 1 + varlongBytes(timestampMs - baseTimestampMs) + varintBytes(index) + contentBytes(record);
    recordBytes[index] = own;
    bytes += varintBytes(own) + own;
  }
  return { records, bytes, nowMs, baseTimestampMs, maxTimestampMs, recordBytes };
}

/** Records as one batch in a buffer of its own. */
export function encodeRecordBatch(records: readonly OutgoingRecord[], options: EncodeOptions): Buffer {
  const measured = measureRecordBatch(records, options.nowMs);
  const batch = Buffer.allocUnsafe(measured.bytes);
  if (options.compression !== "gzip") {
    writeRecordBatch(measured, batch, 0, options);
    return batch;
  }
  writeRecords(measured, batch, batchHeaderBytes);
  const zipped = gzipSync(batch.subarray(batchHeaderBytes));
  const zippedBatch = Buffer.allocUnsafe(batchHeaderBytes + zipped.length);
  zippedBatch.set(zipped, batchHeaderBytes);
  writeBatchHeader(measured, zippedBatch, 0, zippedBatch.length, options, gzipAttribute);
  return zippedBatch;
}

/** Writes a measured batch, uncompressed, at `at`, where `measured.bytes` are free, and returns where it ends. */
export function writeRecordBatch(measured: MeasuredBatch, target: Buffer, at: number, producer: BatchProducer): number {
  const end = writeRecords(measured, target, at + batchHeaderBytes);
  writeBatchHeader(measured, target, at, end, producer, 0);
  return end;
}

const gzipAttribute = 1;
const crcFrom = 21; // the checksum covers everything after itself

function writeBatchHeader(
  measured: MeasuredBatch,
  target: Buffer,
  at: number,
  end: number,
  { producerId, producerEpoch, baseSequence }: BatchProducer,
  attributes: number,
): void {
  writeInt64(target, at, 0); // base offset: the broker's
  target.writeInt32BE(end - at - 12, at + 8);
  target.writeInt32BE(-1, at + 12); // leader epoch: the broker's
  target[at + 16] = 2; // magic
  target.writeInt16BE(attributes, at + 21);
  target.writeInt32BE(measured.records.length - 1, at + 23);
  writeInt64(target, at + 27, measured.baseTimestampMs);
  writeInt64(target, at + 35, measured.maxTimestampMs);
  target.writeBigInt64BE(producerId, at + 43);
  target.writeInt16BE(producerEpoch, at + 51);
  target.writeInt32BE(baseSequence, at + 53);
  target.writeInt32BE(measured.records.length, at + 57);
  target.writeInt32BE(crc32c(target, at + crcFrom, end), at + 17);
}

function writeRecords({ records, nowMs, baseTimestampMs, recordBytes }: MeasuredBatch, target: Buffer, from: number): number {
  let at = from;
  for (let index = 0; index < records.length; index++) {
    const { key, value, headers, timestampMs } = records[index] as OutgoingRecord;
    at = writeVarint(target, at, recordBytes[index] as number);
    target[at++] = 0; // attributes: none are defined
    at = writeVarlong(target, at, (timestampMs ?? nowMs) - baseTimestampMs);
    at = writeVarint(target, at, index);
    at = writeBytes(target, at, key);
    at = writeBytes(target, at, value);
    at = writeVarint(target, at, headers.length);
    for (let header = 0; header < headers.length; header++) at = writeHeader(target, at, headers[header] as RecordHeader);
  }
  return at;
}

/** Below this many bytes a loop is faster than a call into the runtime. */
const loopBytesMax = 24;

function writeBytes(target: Buffer, from: number, bytes: Buffer | null): number {
  if (bytes === null) return writeVarint(target, from, -1);
  const length = bytes.length;
  const at = writeVarint(target, from, length);
  if (length > loopBytesMax) target.set(bytes, at);
  else for (let index = 0; index < length; index++) target[at + index] = bytes[index] as number;
  return at + length;
}

function writeHeader(target: Buffer, from: number, { name, value }: RecordHeader): number {
  const nameBytes = utf8Bytes(name);
  const at = writeVarint(target, from, nameBytes);
  if (nameBytes === name.length) for (let index = 0; index < nameBytes; index++) target[at + index] = name.charCodeAt(index);
  else target.write(name, at, "utf8");
  return writeBytes(target, at + nameBytes, value);
}

/** Key, value and headers with their lengths. */
function contentBytes({ key, value, headers }: OutgoingRecord): number {
  let bytes = bytesWithLength(key) + bytesWithLength(value) + varintBytes(headers.length);
  for (let index = 0; index < headers.length; index++) {
    const { name, value: headerValue } = headers[index] as RecordHeader;
    const nameBytes = utf8Bytes(name);
    bytes += varintBytes(nameBytes) + nameBytes + bytesWithLength(headerValue);
  }
  return bytes;
}

function bytesWithLength(bytes: Buffer | null): number {
  return bytes === null ? 1 : varintBytes(bytes.length) + bytes.length;
}

/** Header names are short and mostly ASCII, where counting here is faster than asking the runtime. */
function utf8Bytes(text: string): number {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) >= 0x80) return Buffer.byteLength(text, "utf8");
  return text.length;
}

function writeInt64(target: Buffer, at: number, whole: number): void {
  target.writeInt32BE(Math.floor(whole / 0x1_0000_0000), at);
  target.writeUInt32BE(whole >>> 0, at + 4);
}
