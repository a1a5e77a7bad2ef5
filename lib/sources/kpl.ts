/**
 * Records that the Kinesis Producer Library has aggregated: a magic number, a Protobuf message with many records, and its MD5
 * (https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md). Pure.
 */
import { hash } from "node:crypto";

export interface UserRecord {
  readonly partitionKey: string;
  readonly data: Buffer;
}

const magic = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);
const digestLength = 16;
/** Of one record of a stream, which has at most 10 MiB. */
const recordsMax = 1_000_000;

/**
 * The records inside, in order; undefined: it is a record as it was written. Bytes that only look like an aggregated record are a record as they are, as the Kinesis
 * Client Library has it.
 */
export function takeApart(data: Buffer): readonly UserRecord[] | undefined {
  const end = data.length - digestLength;
  if (end < magic.length || !data.subarray(0, magic.length).equals(magic)) return undefined;
  const message = data.subarray(magic.length, end);
  if (!hash("md5", message, "buffer").equals(data.subarray(end))) return undefined;
  try {
    return recordsIn(message);
  } catch (thrown) {
    if (thrown instanceof NotAggregated) return undefined;
    throw thrown;
  }
}

class NotAggregated extends Error {}

/** AggregatedRecord: partition_key_table = 1, explicit_hash_key_table = 2, records = 3. */
function recordsIn(message: Buffer): readonly UserRecord[] {
  const keys: string[] = [];
  const records: { readonly keyIndex: number; readonly data: Buffer }[] = [];
  for (const { field, bytes } of fieldsOf(message)) {
    if (field === 1 && bytes !== undefined) keys.push(bytes.toString("utf8"));
    if (field === 3 && bytes !== undefined) records.push(toRecord(bytes));
    if (records.length > recordsMax) throw new NotAggregated();
  }
  return records.map(({ keyIndex, data }) => {
    const partitionKey = keys[keyIndex];
    if (partitionKey === undefined) throw new NotAggregated();
    return { partitionKey, data };
  });
}

/** Record: partition_key_index = 1, explicit_hash_key_index = 2, data = 3, tags = 4. */
function toRecord(message: Buffer): { readonly keyIndex: number; readonly data: Buffer } {
  let [keyIndex, data]: [number | undefined, Buffer | undefined] = [undefined, undefined];
  for (const { field, bytes, number } of fieldsOf(message)) {
    if (field === 1) keyIndex = number;
    if (field === 3) data = bytes;
  }
  if (keyIndex === undefined || data === undefined) throw new NotAggregated();
  return { keyIndex, data };
}

interface Field {
  readonly field: number;
  /** Of a varint. */
  readonly number?: number;
  /** Of a length-delimited field. */
  readonly bytes?: Buffer;
}

/** https://protobuf.dev/programming-guides/encoding/ */
function* fieldsOf(message: Buffer): Iterable<Field> {
  for (let at = 0; at < message.length; ) {
    const tag = varintAt(message, at);
    const field = Math.floor(tag.value / 8);
    const next = valueAt(message, tag.end, tag.value % 8);
    yield { field, ...next };
    at = next.end;
  }
}

function valueAt(message: Buffer, at: number, wireType: number): Omit<Field, "field"> & { readonly end: number } {
  switch (wireType) {
    case 0: {
      const { value, end } = varintAt(message, at);
      return { number: value, end };
    }
    case 1:
      return { end: within(message, at + 8) };
    case 2: {
      const { value: length, end: from } = varintAt(message, at);
      const end = within(message, from + length);
      return { bytes: message.subarray(from, end), end };
    }
    case 5:
      return { end: within(message, at + 4) };
    default:
      throw new NotAggregated();
  }
}

function varintAt(message: Buffer, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let length = 0; length < 10; length++) {
    const byte = message[at + length];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * length);
    if (byte < 0x80) return { value, end: at + length + 1 };
  }
  throw new NotAggregated();
}

function within(message: Buffer, end: number): number {
  if (end > message.length) throw new NotAggregated();
  return end;
}
