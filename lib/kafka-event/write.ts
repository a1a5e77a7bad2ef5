/** From a fetched record to its place in Lambda's Kafka event, straight from the bytes; and how many bytes of JSON it takes there. */
import { forEachHeader, type RecordView } from "../kafka/codec/record-view.js";
import { type KafkaEventHeader, type KafkaEventRecord, type SchemaMetadata, toNullHeader } from "./shape.js";

/** Null keys and values are left out, header bytes are signed, a header whose value is null is `{}`. */
export function toEventRecord(view: RecordView, topic: string, partition: number): KafkaEventRecord {
  const { bytes, offset, timestampMs: timestamp, timestampType, keyAt, keyBytes, valueAt, valueBytes } = view;
  const headers = view.headerCount === 0 ? [] : toHeaders(view);
  // Members in AWS's order, each shape written out: spreading one into the other costs as much as all the rest.
  if (valueBytes < 0) {
    if (keyBytes < 0) return { topic, partition, offset, timestamp, timestampType, headers };
    return { topic, partition, offset, timestamp, timestampType, key: bytes.toString("base64", keyAt, keyAt + keyBytes), headers };
  }
  const value = bytes.toString("base64", valueAt, valueAt + valueBytes);
  if (keyBytes < 0) return { topic, partition, offset, timestamp, timestampType, value, headers };
  return { topic, partition, offset, timestamp, timestampType, key: bytes.toString("base64", keyAt, keyAt + keyBytes), value, headers };
}

export interface SchemasOfRecord {
  readonly key?: SchemaMetadata;
  readonly value?: SchemaMetadata;
}

/** The record with the schemas that a mapping found for it. */
export function withSchemaMetadata(record: KafkaEventRecord, { key, value }: SchemasOfRecord): KafkaEventRecord {
  return {
    ...record,
    ...(key === undefined ? {} : { keySchemaMetadata: key }),
    ...(value === undefined ? {} : { valueSchemaMetadata: value }),
  };
}

/** Of JSON: what the schemas of a record add to its payload. */
export function schemaMetadataBytesOf({ key, value }: SchemasOfRecord): number {
  const bytesOf = (name: string, metadata: SchemaMetadata | undefined) =>
    metadata === undefined ? 0 : Buffer.byteLength(`"${name}":${JSON.stringify(metadata)},`);
  return bytesOf("keySchemaMetadata", key) + bytesOf("valueSchemaMetadata", value);
}

/** Of its JSON text in UTF-8: what it adds to an invocation's payload, with the comma behind it. */
export function payloadBytesOf(view: RecordView, topic: string, partition: number): number {
  const { keyBytes, valueBytes } = view;
  return (
    frameBytes +
    topic.length +
    digits(partition) +
    digits(view.offset) +
    digits(view.timestampMs) +
    view.timestampType.length +
    (keyBytes < 0 ? 0 : keyFrameBytes + base64Bytes(keyBytes)) +
    (valueBytes < 0 ? 0 : valueFrameBytes + base64Bytes(valueBytes)) +
    (view.headerCount === 0 ? 2 : Buffer.byteLength(JSON.stringify(toHeaders(view))))
  );
}

/** Everything of a record's JSON but what varies, and the comma behind it. */
const frameBytes = '{"topic":"","partition":,"offset":,"timestamp":,"timestampType":"","headers":},'.length;
const keyFrameBytes = '"key":"",'.length;
const valueFrameBytes = '"value":"",'.length;

function base64Bytes(bytes: number): number {
  return 4 * Math.ceil(bytes / 3);
}

function digits(number: number): number {
  if (number < 0) return String(number).length;
  let count = 1;
  for (let limit = 10; limit <= number; limit *= 10) count++;
  return count;
}

function toHeaders(view: RecordView): KafkaEventRecord["headers"] {
  const headers: KafkaEventHeader[] = [];
  forEachHeader(view, (nameAt, nameBytes, valueAt, valueBytes) => {
    const name = view.bytes.toString("utf8", nameAt, nameAt + nameBytes);
    if (valueBytes < 0) {
      headers.push(toNullHeader(name));
      return;
    }
    const value: number[] = [];
    for (let at = valueAt; at < valueAt + valueBytes; at++) value.push(view.bytes.readInt8(at));
    // A computed key defines an own member also where the name is "__proto__".
    headers.push({ [name]: value });
  });
  return headers;
}
