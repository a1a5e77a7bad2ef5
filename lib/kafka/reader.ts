/** Reading records without a group: offsets come from the caller, and nothing is committed. */
import type { Deadline } from "../deadline.js";
import type { RelayError } from "../errors.js";
import type { KafkaRecord } from "./records.js";

export interface ReadPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface ReadLimits {
  /** Of the records' bytes over all partitions; at least one record is given whatever its size. */
  readonly bytesMax: number;
  readonly recordsMax: number;
  /** How long the broker may hold the request while there is nothing new; 0 answers at once. */
  readonly waitMs: number;
}

export interface PartitionRead {
  readonly topic: string;
  readonly partition: number;
  /** In offset order, none below the position asked for; aborted records and control batches are not among them. */
  readonly records: readonly KafkaRecord[];
  /** Where to go on: after the last record, and past what is never shown. */
  readonly nextOffset: bigint;
  readonly highWatermark: bigint;
  readonly logStartOffset: bigint;
  /** Why this partition told nothing (`offset-out-of-range`, `partition-not-found`, a leader that moved...); the others are still told. */
  readonly error?: RelayError;
}

export interface PartitionOffsets {
  readonly partition: number;
  readonly beginning: bigint;
  readonly end: bigint;
}

export interface Reader {
  readonly read: (positions: readonly ReadPosition[], limits: ReadLimits, deadline: Deadline) => Promise<readonly PartitionRead[]>;
  /** First kept and next offset of the partitions named, or of all. */
  readonly offsets: (topic: string, partitions: readonly number[] | "all", deadline: Deadline) => Promise<readonly PartitionOffsets[]>;
  /** The first offset at or after a time (ms), the end where there is none. */
  readonly offsetsForTime: (
    topic: string,
    partitions: readonly number[] | "all",
    timestampMs: number,
    deadline: Deadline,
  ) => Promise<ReadonlyMap<number, bigint>>;
  readonly close: () => Promise<void>;
}
