/** Reads Lambda's Kafka event into records: the shape is checked at once, bytes are decoded on first touch. */
import { RelayError } from "../errors.js";
import type { KafkaRecord, RecordHeader } from "../kafka/records.js";
import { type KafkaEventHeader, type KafkaEventRecord, nameOfNullHeader, type PartitionRecords } from "./shape.js";

/** Throws `bad-request` naming the place where the event is not a Kafka event. */
export function readKafkaEvent(event: unknown): readonly PartitionRecords[] {
  if (!isObject(event) || !isObject(event.records)) {
    throw refuse(
      "event",
      'it must be a Kafka event of Lambda: { eventSource: "aws:kafka" | "SelfManagedKafka", records: { "<topic>-<partition>": [...] } }',
    );
  }
  return Object.entries(event.records).map(([id, list]) => {
    const place = `event.records[${JSON.stringify(id)}]`;
    if (!Array.isArray(list)) throw refuse(place, "it must be a list of records");
    return { id, records: list.map((record: unknown, index) => readRecord(record, `${place}[${index}]`)) };
  });
}

function readRecord(given: unknown, place: string): KafkaRecord {
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
  }
  if (headers !== undefined && headers !== null && !(Array.isArray(headers) && headers.every(isHeader)))
    throw refuse(`${place}.headers`, 'it must be a list of { "<name>": [bytes] }');
  return new LambdaRecord(given as unknown as KafkaEventRecord);
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
  #key: Buffer | null | undefined;
  #value: Buffer | null | undefined;
  #headers: readonly RecordHeader[] | undefined;

  constructor(record: KafkaEventRecord) {
    this.#record = record;
    this.topic = record.topic;
    this.partition = record.partition;
    this.offset = BigInt(record.offset);
    this.timestampMs = record.timestamp;
    this.timestampType = record.timestampType ?? "CREATE_TIME";
  }

  get key(): Buffer | null {
    this.#key ??= toBytes(this.#record.key);
    return this.#key;
  }

  get value(): Buffer | null {
    this.#value ??= toBytes(this.#record.value);
    return this.#value;
  }

  get headers(): readonly RecordHeader[] {
    this.#headers ??= (this.#record.headers ?? []).flatMap(toHeaders);
    return this.#headers;
  }
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
