/** The event that Lambda's event source mapping hands to a function for Kafka (https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html). */

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
  /** In wire order, one name each; bytes are signed (-128 to 127). */
  readonly headers: readonly { readonly [name: string]: readonly number[] }[];
}

export interface KafkaEvent {
  readonly eventSource: "aws:kafka" | "SelfManagedKafka";
  /** With `aws:kafka` only. */
  readonly eventSourceArn?: string;
  readonly bootstrapServers: string;
  /** By `<topic>-<partition>`; never an empty list, in offset order. */
  readonly records: { readonly [topicPartition: string]: readonly KafkaEventRecord[] };
}

/** What a function answers where the mapping has ReportBatchItemFailures. */
export interface KafkaBatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: { readonly partition: string; readonly offset: number } }[];
}

/**
 * The bytes of a header whose value is null. Lambda's event has no word for null, so in JSON it is as empty as an empty value; inside one process it is told apart by
 * being this very list.
 */
export const nullHeaderBytes: readonly number[] = Object.freeze([]);
