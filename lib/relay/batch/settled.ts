/**
 * What was settled of a batch that had to be thrown back as a whole. The mapping then brings all of it again, usually to the same environment, and without this
 * memory every record before the one that is stuck would be delivered again with each try. It holds for the same batch alone: a group that is set back to
 * replay a topic gets everything.
 */

import { createHash } from "node:crypto";
import type { KafkaRecord } from "../../kafka/records.js";
import type { PartitionRecords } from "../../kafka-event/shape.js";
import type { Entry, Verdict } from "./entry.js";

/** After a longer time, it is not a repeat after a throw, but a deliberate one. */
const ageMaxMs = 15 * 60_000;
const partitionsMax = 1_000;

interface SettledBatch {
  readonly atMs: number;
  readonly firstOffset: bigint;
  readonly verdicts: ReadonlyMap<string, Verdict>;
}

interface SettledMemory {
  /** The verdict a record has already, where its partition begins with the same record as when it was thrown back. */
  readonly recall: (partitions: readonly PartitionRecords[], cluster: string) => (record: KafkaRecord) => Verdict | undefined;
  /** The batch is thrown back: what is settled need not be done again. */
  readonly keep: (partitions: readonly PartitionRecords[], cluster: string, entries: readonly Entry[]) => void;
  /** The batch is done with. */
  readonly forget: (partitions: readonly PartitionRecords[], cluster: string) => void;
}

export function createSettledMemory(now: () => number): SettledMemory {
  const batches = new Map<string, SettledBatch>();
  return {
    recall: (partitions, cluster) => {
      const known = new Map<string, SettledBatch>();
      for (const { id, records } of partitions) {
        const batch = batches.get(batchNameOf(cluster, id));
        if (batch !== undefined && batch.firstOffset === records[0]?.offset && now() - batch.atMs <= ageMaxMs) known.set(id, batch);
      }
      if (known.size === 0) return () => undefined;
      return (record) => known.get(`${record.topic}-${record.partition}`)?.verdicts.get(identityOf(record));
    },
    keep: (partitions, cluster, entries) => {
      if (batches.size > partitionsMax) batches.clear();
      for (const { id, records } of partitions) {
        const [first] = records;
        if (first === undefined) continue;
        const own = entries.filter(({ arrived }) => arrived.topic === first.topic && arrived.partition === first.partition);
        const verdicts = new Map<string, Verdict>();
        for (const { arrived, verdict } of own)
          if (verdict !== undefined && verdict !== "given-back") verdicts.set(identityOf(arrived), verdict);
        batches.set(batchNameOf(cluster, id), { atMs: now(), firstOffset: first.offset, verdicts });
      }
    },
    forget: (partitions, cluster) => {
      for (const { id } of partitions) batches.delete(batchNameOf(cluster, id));
    },
  };
}

/** One function may be the target of mappings of several clusters. */
const batchNameOf = (cluster: string, id: string): string => `${cluster} ${id}`;

/** Time and content tell a record from another one at its place, after the topic was deleted and created again. */
function identityOf({ offset, timestampMs, key, value }: KafkaRecord): string {
  const digest = createHash("sha256")
    .update(key === null ? "null" : `key ${key.length} `)
    .update(key ?? "")
    .update(value === null ? "null" : "value ")
    .update(value ?? "");
  return `${offset}/${timestampMs}/${digest.digest("base64url")}`;
}
