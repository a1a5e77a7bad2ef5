/** Reads Lambda's Kafka event into records: the shape is checked at once, bytes are decoded on first touch. */
import { utf8Text } from "../cloudevents/event.js";
import { RelayError } from "../errors.js";
import { isJson } from "../json/read.js";
import type { KafkaRecord, RecordHeader } from "../kafka/records.js";
import {
  type EventRecordFormat,
  type KafkaEventHeader,
  type KafkaEventRecord,
  nameOfNullHeader,
  type PartitionRecords,
  type SchemaMetadata,
} from "./shape.js";

/**
 * Throws `bad-request` naming the place where the event is not a Kafka event. A mapping with a schema registry removes what names the schemas: where `recordFormat`
 * says so, or the values are not JSON, it is put back, so that keys and values are those of the topic. What the mapping has converted to JSON stays JSON.
 */
export function readKafkaEvent(event: unknown, recordFormat?: EventRecordFormat): readonly PartitionRecords[] {
  if (!isObject(event) || !isObject(event.records)) {
    throw refuse(
      "event",
      'it must be a Kafka event of Lambda: { eventSource: "aws:kafka" | "SelfManagedKafka", records: { "<topic>-<partition>": [...] } }',
    );
  }
  return Object.entries(event.records).map(([id, list]) => {
    const place = `event.records[${JSON.stringify(id)}]`;
    if (!Array.isArray(list)) throw refuse(place, "it must be a list of records");
    return { id, records: list.map((record: unknown, index) => readRecord(record, `${place}[${index}]`, recordFormat)) };
  });
}

function readRecord(given: unknown, place: string, recordFormat: EventRecordFormat | undefined): KafkaRecord {
  if (!isObject(given)) throw refuse(place, "it must be an object that describes a record");
  const { topic, partition, offset, timestamp, key, value, headers } = given;
  if (typeof topic !== "string" || topic === "") throw refuse(`${place}.topic`, "it is not a valid topic name");
  if (!isWhole(partition)) throw refuse(`${place}.partition`, "it must be a partition number, a whole number from 0");
  if (!isWhole(offset)) throw refuse(`${place}.offset`, "it must be an offset, a whole number from 0 to 9007199254740991");
  if (typeof timestamp !== "number") throw refuse(`${place}.timestamp`, "it must be a time in milliseconds");
  for (const [name, text] of [
    ["key", key],
    ["value", value],
  ] as const) {
    if (text !== undefined && text !== null && typeof text !== "string")
      throw refuse(`${place}.${name}`, "it must be base64 text; omit it for null");
    const metadata = given[`${name}SchemaMetadata`];
    if (metadata !== undefined && metadata !== null && !(isObject(metadata) && typeof metadata.schemaId === "string"))
      throw refuse(`${place}.${name}SchemaMetadata`, "it must be { schemaId, dataFormat }");
  }
  if (headers !== undefined && headers !== null && !(Array.isArray(headers) && headers.every(isHeader)))
    throw refuse(`${place}.headers`, 'it must be a list of { "<name>": [bytes] }');
  return new LambdaRecord(given as unknown as KafkaEventRecord, recordFormat);
}

function isHeader(header: unknown): boolean {
  return isObject(header) && Object.values(header).every((bytes) => bytes === null || Array.isArray(bytes));
}

class LambdaRecord implements KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly timestampType: KafkaRecord["timestampType"];
  readonly #record: KafkaEventRecord;
  readonly #recordFormat: EventRecordFormat | undefined;
  #key: Buffer | null | undefined;
  #value: Buffer | null | undefined;
  #headers: readonly RecordHeader[] | undefined;

  constructor(record: KafkaEventRecord, recordFormat: EventRecordFormat | undefined) {
    this.#record = record;
    this.#recordFormat = recordFormat;
    this.topic = record.topic;
    this.partition = record.partition;
    this.offset = BigInt(record.offset);
    this.timestampMs = record.timestamp;
    this.timestampType = record.timestampType ?? "CREATE_TIME";
  }

  get key(): Buffer | null {
    this.#key ??= this.#asInTopic(toBytes(this.#record.key), "key", this.#record.keySchemaMetadata);
    return this.#key;
  }

  get value(): Buffer | null {
    this.#value ??= this.#asInTopic(toBytes(this.#record.value), "value", this.#record.valueSchemaMetadata);
    return this.#value;
  }

  get headers(): readonly RecordHeader[] {
    this.#headers ??= (this.#record.headers ?? []).flatMap(toHeaders);
    return this.#headers;
  }

  #asInTopic(bytes: Buffer | null, part: "key" | "value", metadata: SchemaMetadata | null | undefined): Buffer | null {
    if (bytes === null || metadata === undefined || metadata === null) return bytes;
    // Its schema is named in a header, which is still there.
    if (this.headers.some(({ name }) => name === `__${part}_schema_id`)) return bytes;
    const isSource =
      this.#recordFormat === undefined ? metadata.dataFormat !== "JSON" && !isJsonText(bytes) : this.#recordFormat === "SOURCE";
    return isSource ? Buffer.concat([prefixOf(metadata), bytes]) : bytes;
  }
}

/** Confluent's, or that of AWS Glue without compression: what lib/schemas/framing.ts reads, for functions that never load it. */
function prefixOf({ schemaId }: SchemaMetadata): Buffer {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(schemaId))
    return Buffer.concat([Buffer.of(3, 0), Buffer.from(schemaId.replaceAll("-", ""), "hex")]);
  const prefix = Buffer.alloc(5);
  if (/^\d{1,10}$/.test(schemaId) && Number(schemaId) < 2 ** 32) prefix.writeUInt32BE(Number(schemaId), 1);
  return prefix;
}

function isJsonText(bytes: Buffer): boolean {
  const text = utf8Text(bytes);
  return text !== undefined && isJson(text);
}

/** `{}` is AWS's null header: its name is lost, so it is left out. An event that is built by hand can keep the name by writing null for the bytes. */
function toHeaders(header: KafkaEventHeader): readonly RecordHeader[] {
  const nullName = nameOfNullHeader(header);
  if (nullName !== undefined) return [{ name: nullName, value: null }];
  // Buffer.from takes the bytes modulo 256, which is what signed bytes need.
  return Object.entries(header).map(([name, bytes]: [string, readonly number[] | null]) => ({
    name,
    value: bytes === null ? null : Buffer.from(bytes),
  }));
}

function toBytes(base64: string | null | undefined): Buffer | null {
  return base64 === undefined || base64 === null ? null : Buffer.from(base64, "base64");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function refuse(place: string, what: string): RelayError {
  return new RelayError("bad-request", `${place}: ${what}.`);
}
