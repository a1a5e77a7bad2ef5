/**
 * The producer id, epoch and sequence under which a partition's batches are sent, so that brokers recognize a batch that is sent again. The sequence moves only
 * when a batch is acknowledged. Pure: every change makes a new value.
 */
import type { BatchProducer } from "../codec/record-batch-encoder.js";
import type { ProducerIdentity } from "./producer-ids.js";

export interface Sequence {
  /** Undefined: a producer id is needed before anything can be sent. */
  readonly identity: ProducerIdentity | undefined;
  /** It has never had an identity: the first one is the id that all partitions share. */
  readonly isNew: boolean;
  readonly next: number;
}

const sequencesCount = 0x8000_0000; // 0 follows 2^31 - 1
const epochLast = 32_766; // of 16 bits, without the last one, which Kafka keeps for itself

export const unidentified: Sequence = { identity: undefined, isNew: true, next: 0 };

export const identified = (identity: ProducerIdentity): Sequence => ({ identity, isNew: false, next: 0 });

/** Another producer id is needed. */
export const withoutIdentity = (sequence: Sequence): Sequence => ({ ...sequence, identity: undefined });

/** Written out, not spread, like `batchProducer`: both run for every batch, and a spread takes several times as long. */
export const advanced = ({ identity, isNew, next }: Sequence, recordsCount: number): Sequence => ({
  identity,
  isNew,
  next: (next + recordsCount) % sequencesCount,
});

/**
 * What may still be on its way must not be written after newer records: the leader refuses an epoch below the last one that it saw of a producer id, which it
 * could not do under another id (https://cwiki.apache.org/confluence/display/KAFKA/KIP-360%3A+Improve+reliability+of+idempotent%2Ftransactional+producer).
 * After the last epoch another producer id is needed.
 */
export function atNextEpoch({ identity, isNew }: Sequence): Sequence {
  const hasNext = identity !== undefined && identity.producerId >= 0n && identity.producerEpoch < epochLast;
  return { identity: hasNext ? { ...identity, producerEpoch: identity.producerEpoch + 1 } : undefined, isNew, next: 0 };
}

/** The values for the next batch; undefined without an identity. */
export function batchProducer({ identity, next }: Sequence): BatchProducer | undefined {
  if (identity === undefined) return undefined;
  const { producerId, producerEpoch } = identity;
  return { producerId, producerEpoch, baseSequence: producerId < 0n ? -1 : next };
}
