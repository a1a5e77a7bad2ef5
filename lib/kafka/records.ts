/** Our words for what a topic holds. Bytes stay bytes; null is Kafka's null, and never the empty value. */

/** A topic name that has been checked: 1 to 249 of letters, digits, `.`, `_`, `-`, and neither `.` nor `..`. */
export type TopicName = string & { readonly brand: "TopicName" };

/** One header, in wire order; a name may repeat, a value may be null. */
export interface RecordHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

/** A record on its way into Kafka. */
export interface OutgoingRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
  /** Milliseconds since the epoch; absent: the time of producing. */
  readonly timestampMs?: number;
  /** Absent: chosen by the producer from the key (murmur2, as the Java client does), sticky or round robin without one. */
  readonly partition?: number;
}

/** A record as Kafka holds it. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly timestampType: "CREATE_TIME" | "LOG_APPEND_TIME";
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}
