/** Which partition a record goes to: with a key the one that the Java client would choose, without a key one partition after another, batch by batch. */
import type { OutgoingRecord } from "../records.js";

/** MurmurHash2 with the seed of Kafka's clients, as a signed 32-bit number. */
export function murmur2(bytes: Uint8Array): number {
  const mix = 0x5bd1e995;
  const length = bytes.length;
  let hash = 0x9747b28c ^ length;
  let at = 0;
  // The casts: `at` stays within the bytes.
  for (; at + 4 <= length; at += 4) {
    let word =
      (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
    word = Math.imul(word, mix);
    word ^= word >>> 24;
    hash = Math.imul(hash, mix) ^ Math.imul(word, mix);
  }
  const rest = length - at;
  if (rest === 3) hash ^= (bytes[at + 2] as number) << 16;
  if (rest >= 2) hash ^= (bytes[at + 1] as number) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ (bytes[at] as number), mix);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, mix);
  return hash ^ (hash >>> 15);
}

export function partitionOfKey(key: Uint8Array, partitionsCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionsCount;
}

/**
 * Records without a key stay together, so that they keep their order and share a batch. Those of one call go to one partition, and after so many bytes to the next. Calls
 * that come before a partition's batch leaves share that partition too: many small batches cost a broker more than a large one (KIP-480,
 * https://cwiki.apache.org/confluence/display/KAFKA/KIP-480%3A+Sticky+Partitioner).
 */
const stickyBytesMax = 64 * 1024;

/** What the partitioner asks about a topic. */
export interface PartitionStates {
  readonly count: number;
  readonly hasLeader: (partition: number) => boolean;
  /** Records wait for the partition's next batch, and no earlier batch holds them up. */
  readonly isGathering: (partition: number) => boolean;
}

/** Chooses for one topic. `turn`: where to begin, so that many environments do not all begin with partition 0. */
export class Partitioner {
  #turn: number;
  /** What calls have added to this partition since its turn began. */
  #bytes = 0;

  constructor(turn: number) {
    this.#turn = turn;
  }

  /** Chooses for the records of one call, in order. For records without a key, partitions that have a leader are preferred. */
  forCall(partitions: PartitionStates): (record: OutgoingRecord, recordBytes: number) => number {
    let callBytes = 0;
    return (record, recordBytes) => {
      if (record.partition !== undefined) return record.partition;
      if (record.key !== null) return partitionOfKey(record.key, partitions.count);
      if (callBytes === 0) this.#beginCall(partitions);
      else if (callBytes >= stickyBytesMax) {
        this.#next(partitions);
        callBytes = 0;
      }
      callBytes += recordBytes;
      this.#bytes += recordBytes;
      return this.#turn;
    };
  }

  /** A batch that waits for a leader is not shared: what is added to it waits, too. */
  #beginCall(partitions: PartitionStates): void {
    const { count, hasLeader, isGathering } = partitions;
    const isShared = this.#bytes < stickyBytesMax && this.#turn < count && hasLeader(this.#turn) && isGathering(this.#turn);
    if (!isShared) this.#next(partitions);
  }

  #next({ count, hasLeader }: PartitionStates): void {
    this.#bytes = 0;
    for (let tried = 0; tried < count; tried++) {
      this.#turn = (this.#turn + 1) % count;
      if (hasLeader(this.#turn)) break;
    }
  }
}
