/** What a topic holds at given places, read back from the broker. */
import { createDeadline } from "../../../lib/deadline.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import type { KafkaRecord } from "../../../lib/kafka/records.js";

export interface RecordPlace {
  readonly partition: number;
  readonly offset: number | bigint;
}

/** The records at `places`, in that order; throws where one is not there. */
export async function recordsAt(kafka: Kafka, topic: string, places: readonly RecordPlace[]): Promise<readonly KafkaRecord[]> {
  const firsts = new Map<number, bigint>();
  for (const { partition, offset } of places) {
    const first = firsts.get(partition);
    if (first === undefined || BigInt(offset) < first) firsts.set(partition, BigInt(offset));
  }
  const positions = [...firsts].map(([partition, offset]) => ({ topic, partition, offset }));
  const limits = { bytesMax: 50_000_000, recordsMax: 100_000, waitMs: 0 };
  const reads = await kafka.reader.read(positions, limits, createDeadline(15_000));
  const found = new Map(reads.flatMap(({ records }) => records).map((record) => [`${record.partition}/${record.offset}`, record]));
  return places.map(({ partition, offset }) => {
    const record = found.get(`${partition}/${offset}`);
    if (record === undefined) throw new Error(`${topic} holds nothing at partition ${partition}, offset ${offset}.`);
    return record;
  });
}

/** Everything that a topic holds now, partition by partition. */
export async function readAll(kafka: Kafka, topic: string): Promise<readonly KafkaRecord[]> {
  const { partitions } = await kafka.metadata.topic(topic, createDeadline(15_000));
  const next = new Map<number, bigint>(partitions.map(({ partition }) => [partition, 0n]));
  const all: KafkaRecord[] = [];
  for (;;) {
    const positions = [...next].map(([partition, offset]) => ({ topic, partition, offset }));
    const limits = { bytesMax: 50_000_000, recordsMax: 1_000_000, waitMs: 0 };
    const reads = await kafka.reader.read(positions, limits, createDeadline(30_000));
    const records = reads.flatMap((read) => read.records);
    if (records.length === 0) return all.sort((one, other) => one.partition - other.partition);
    for (const record of records) {
      all.push(record);
      if (record.offset >= (next.get(record.partition) ?? 0n)) next.set(record.partition, record.offset + 1n);
    }
  }
}
