/** The event that Lambda's event source mapping hands to a function for Kafka (https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html). */
import type { KafkaRecord } from "../kafka/records.js";

export interface KafkaEventRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly timestampType: "CREATE_TIME" | "LOG_APPEND_TIME";
  /** Base64; absent for a null key. */
  readonly key?: string;
  /** Base64; absent for a tombstone. */
  readonly value?: string;
  /** In wire order, one name each; bytes are signed (-128 to 127). A header whose value is null is `{}`: its name is lost. */
  readonly headers: readonly KafkaEventHeader[];
  /** With a schema registry in the mapping: which schema the key, or the value, was written with. */
  readonly keySchemaMetadata?: SchemaMetadata;
  readonly valueSchemaMetadata?: SchemaMetadata;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-consume-kafka-events.html */
export interface SchemaMetadata {
  /** Of the record in its topic, also where the mapping has converted it to JSON. */
  readonly dataFormat: "AVRO" | "JSON" | "PROTOBUF";
  /** A number as text in a registry with Confluent's API, a UUID in AWS Glue. */
  readonly schemaId: string;
}

/** `JSON`: the mapping converts keys and values to JSON. `SOURCE`: it removes what names their schemas, and leaves the rest. */
export type EventRecordFormat = "JSON" | "SOURCE";

export interface KafkaEventHeader {
  readonly [name: string]: readonly number[];
}

export interface KafkaEvent {
  readonly eventSource: "aws:kafka" | "SelfManagedKafka";
  /** With `aws:kafka` only. */
  readonly eventSourceArn?: string;
  readonly bootstrapServers: string;
  /** By `<topic>-<partition>`; never an empty list, in offset order. */
  readonly records: { readonly [topicPartition: string]: readonly KafkaEventRecord[] };
}

/** The records of one partition, as `readKafkaEvent` returns them. */
export interface PartitionRecords {
  /** The key in the event, `<topic>-<partition>`, by which a partial failure names its partition. */
  readonly id: string;
  /** In offset order, as the event has them. */
  readonly records: readonly KafkaRecord[];
}

/** What a function answers where the mapping has ReportBatchItemFailures. */
export interface KafkaBatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: { readonly partition: string; readonly offset: number } }[];
}

const nullHeaderNames = new WeakMap<object, string>();

/** A header whose value is null, as AWS represents it: `{}`. Only inside this process, where no JSON lies between, `nameOfNullHeader` still knows its name. */
export function toNullHeader(name: string): KafkaEventHeader {
  const header: KafkaEventHeader = {};
  nullHeaderNames.set(header, name);
  return header;
}

/** Undefined for a header that came as JSON. */
export function nameOfNullHeader(header: object): string | undefined {
  return nullHeaderNames.get(header);
}
