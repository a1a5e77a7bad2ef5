/** Lambda's Kafka event, made of records: what the event source mapping gives to a function. */

import type { KafkaRecord } from "../kafka/records.js";
import { type KafkaEvent, type KafkaEventHeader, type KafkaEventRecord, toNullHeader } from "../kafka-event/shape.js";

export interface TestEventSource {
  /** Set: the event comes from Amazon MSK. Absent: from a self-managed cluster. */
  readonly eventSourceArn?: string;
  /** Default: "localhost:9092". */
  readonly bootstrapServers?: string;
}

/** Records of one partition are put in the order of their offsets. */
export function kafkaEvent(
  given: readonly KafkaRecord[],
  { eventSourceArn, bootstrapServers = "localhost:9092" }: TestEventSource = {},
): KafkaEvent {
  const partitions = new Map<string, KafkaRecord[]>();
  for (const one of given) {
    const id = `${one.topic}-${one.partition}`;
    partitions.set(id, [...(partitions.get(id) ?? []), one]);
  }
  const entries = [...partitions].map(([id, ofPartition]) => [id, ofPartition.sort(byOffset).map(toEventRecord)] as const);
  return {
    ...(eventSourceArn === undefined
      ? { eventSource: "SelfManagedKafka" as const }
      : { eventSource: "aws:kafka" as const, eventSourceArn }),
    bootstrapServers,
    records: Object.fromEntries(entries),
  };
}

const byOffset = (left: KafkaRecord, right: KafkaRecord): number => (left.offset < right.offset ? -1 : 1);

function toEventRecord({
  topic,
  partition,
  offset,
  timestampMs: timestamp,
  timestampType,
  key,
  value,
  headers,
}: KafkaRecord): KafkaEventRecord {
  return {
    topic,
    partition,
    offset: Number(offset),
    timestamp,
    timestampType,
    ...(key === null ? {} : { key: key.toString("base64") }),
    ...(value === null ? {} : { value: value.toString("base64") }),
    headers: headers.map(
      ({ name, value: bytes }): KafkaEventHeader => (bytes === null ? toNullHeader(name) : { [name]: [...new Int8Array(bytes)] }),
    ),
  };
}
