/**
 * Records that neither their target nor their dead letter topic accepted, so that all later records wait. A target that accepts many records per call may accept
 * the later records of the same call. When the batch is delivered again, a call therefore ends with the held record, so that later records are not sent
 * again with every attempt.
 */
import type { KafkaRecord } from "../../kafka/records.js";
import type { Entry } from "./entry.js";

const recordsMax = 10_000;

interface HeldRecords {
  readonly has: (record: KafkaRecord) => boolean;
  /** What the dead letter topic refused is held until the record is settled. */
  readonly learn: (entries: readonly Entry[]) => void;
}

/** Of one environment. A name too many, of a topic that was created again, costs one call more and nothing else. */
export function createHeldRecords(): HeldRecords {
  const held = new Set<string>();
  return {
    has: (record) => held.size > 0 && held.has(nameOf(record)),
    learn: (entries) => {
      for (const entry of entries) {
        if (!entry.isHeld) continue;
        if (held.size >= recordsMax) held.clear();
        if (entry.verdict === "given-back") held.add(nameOf(entry.arrived));
        else held.delete(nameOf(entry.arrived));
      }
    },
  };
}

const nameOf = ({ topic, partition, offset }: KafkaRecord): string => `${topic}/${partition}/${offset}`;
