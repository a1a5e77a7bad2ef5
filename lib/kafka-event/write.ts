/** From a fetched record to its place in Lambda's Kafka event, straight from the bytes; and how many bytes of JSON it takes there. */
import { forEachHeader, type RecordView } from "../kafka/record-view.js";
import { type KafkaEventRecord, nullHeaderBytes } from "./shape.js";

export interface WrittenRecord {
  readonly record: KafkaEventRecord;
  /** Of its JSON text in UTF-8: what it adds to an invocation's payload, with the comma behind it. */
  readonly payloadBytes: number;
}

/** Null keys and values are left out, header bytes are signed, a header without a value has no bytes. */
export function writeEventRecord(view: RecordView, topic: string, partition: number): WrittenRecord {
  const { bytes, offset, timestampMs, timestampType, keyAt, keyBytes, valueAt, valueBytes } = view;
  const headers = view.headerCount === 0 ? noHeaders : writeHeaders(view);
  const start = { topic, partition, offset, timestamp: timestampMs, timestampType };
  const key = keyBytes < 0 ? undefined : bytes.toString("base64", keyAt, keyAt + keyBytes);
  const value = valueBytes < 0 ? undefined : bytes.toString("base64", valueAt, valueAt + valueBytes);
  // Members in AWS's order; what is null has none.
  const record: KafkaEventRecord =
    value === undefined
      ? key === undefined
        ? { ...start, headers }
        : { ...start, key, headers }
      : key === undefined
        ? { ...start, value, headers }
        : { ...start, key, value, headers };
  const payloadBytes =
    frameBytes +
    topic.length +
    digits(partition) +
    digits(offset) +
    digits(timestampMs) +
    timestampType.length +
    (keyBytes < 0 ? 0 : keyFrameBytes + base64Bytes(keyBytes)) +
    (valueBytes < 0 ? 0 : valueFrameBytes + base64Bytes(valueBytes)) +
    (headers.length === 0 ? 2 : Buffer.byteLength(JSON.stringify(headers)));
  return { record, payloadBytes };
}

const noHeaders: KafkaEventRecord["headers"] = Object.freeze([]);
/** Everything of a record's JSON but what varies, and the comma behind it. */
const frameBytes = '{"topic":"","partition":,"offset":,"timestamp":,"timestampType":"","headers":},'.length;
const keyFrameBytes = '"key":"",'.length;
const valueFrameBytes = '"value":"",'.length;

function base64Bytes(bytes: number): number {
  return 4 * Math.ceil(bytes / 3);
}

function digits(number: number): number {
  return number < 10 && number >= 0 ? 1 : String(number).length;
}

function writeHeaders(view: RecordView): KafkaEventRecord["headers"] {
  const headers: { [name: string]: readonly number[] }[] = [];
  forEachHeader(view, (nameAt, nameBytes, valueAt, valueBytes) => {
    const name = view.bytes.toString("utf8", nameAt, nameAt + nameBytes);
    const value: number[] = [];
    for (let at = valueAt; at < valueAt + valueBytes; at++) value.push(view.bytes.readInt8(at));
    // A computed key defines an own member also where the name is "__proto__".
    headers.push({ [name]: valueBytes < 0 ? nullHeaderBytes : value });
  });
  return headers;
}
