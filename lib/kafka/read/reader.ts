/** Reading records without a group: offsets come from the caller, and nothing is committed. */
import type { Deadline } from "../../deadline.js";
import type { RelayError } from "../../errors.js";
import { type RecordView, type SetPlace, toKafkaRecord } from "../codec/record-view.js";
import type { AsksBrokers, OpensConnections } from "../connection.js";
import { listOffsets, type PartitionPoint } from "../list-offsets.js";
import { type KnowsTopics, partitionNotFound } from "../metadata.js";
import type { KafkaRecord } from "../records.js";
import { createPollConnections } from "./poll-connections.js";
import { readPartitions } from "./read-rounds.js";
import { createReadTopics, type ReadTopics } from "./read-topics.js";

export interface ReadPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** The topic that the offset belongs to; another one of its name is not read, but fails by `topic-recreated`. Absent: whichever has the name. */
  readonly topicId?: string | undefined;
  /** The leader epoch of the record before the offset, by which a replaced log is noticed. */
  readonly lastEpoch?: number | undefined;
}

export interface ReadLimits {
  /** Of the records' bytes (key, value, headers) over all partitions; at least one record is given whatever its size. */
  readonly bytesMax: number;
  readonly recordsMax: number;
  /** How long to wait while there is nothing new; 0 answers at once. */
  readonly waitMs: number;
}

/** How far a read came in one partition. */
export interface PartitionProgress {
  readonly topic: string;
  readonly partition: number;
  /** Where to go on: after the last record, and past what is never shown. */
  readonly nextOffset: bigint;
  /** -1 where the partition gave no answer. */
  readonly highWatermark: bigint;
  readonly logStartOffset: bigint;
  /** Of the topic that was read, where brokers have ids. */
  readonly topicId?: string;
  /** Of the record before `nextOffset`, where it is known. */
  readonly lastEpoch?: number;
  /** The log was replaced from here on after an unclean leader election, and the read went back to it. */
  readonly truncatedTo?: bigint;
  /** Why this partition gave no answer (`offset-out-of-range`, `partition-not-found`, a leader that moved...); the others still have theirs. */
  readonly error?: RelayError;
}

export interface PartitionRead extends PartitionProgress {
  /** In offset order, none below the position asked for; aborted records and control batches are not among them. */
  readonly records: readonly KafkaRecord[];
}

interface PartitionOffsets {
  readonly partition: number;
  readonly beginning: bigint;
  /** As readers of committed records see it: the last stable offset. */
  readonly end: bigint;
}

/** Receives one record within the response. False: it is not wanted, and the whole read ends before it. */
export type ReadVisitor = (place: SetPlace, record: RecordView) => boolean;

export interface Reader {
  /** One entry per position, in the order given, which is also the order in which partitions are served. */
  readonly read: (positions: readonly ReadPosition[], limits: ReadLimits, deadline: Deadline) => Promise<readonly PartitionRead[]>;
  /** The same without objects, for callers that build their own. The visitor can end the read, like a limit. */
  readonly visit: (
    positions: readonly ReadPosition[],
    limits: ReadLimits,
    deadline: Deadline,
    visitor: ReadVisitor,
  ) => Promise<readonly PartitionProgress[]>;
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

/** `pollsMax`: long polls at once; beyond them, polls wait for each other. */
export function createReader(kafka: AsksBrokers & KnowsTopics & OpensConnections, pollsMax?: number): Reader {
  const own = { ...kafka, pollConnections: createPollConnections(kafka.openConnection, pollsMax), topics: createReadTopics(kafka) };
  return {
    read: async (positions, limits, deadline) => {
      const records = new Map<string, KafkaRecord[]>();
      const nameOf = ({ topic, partition }: SetPlace): string => `${partition} ${topic}`;
      const progress = await readPartitions(own, positions, limits, deadline, (place, view) => {
        const name = nameOf(place);
        const ofPartition = records.get(name);
        if (ofPartition === undefined) records.set(name, [toKafkaRecord(view, place)]);
        else ofPartition.push(toKafkaRecord(view, place));
        return true;
      });
      return progress.map((one) => ({ ...one, records: records.get(nameOf(one)) ?? [] }));
    },

    visit: (positions, limits, deadline, visitor) => readPartitions(own, positions, limits, deadline, visitor),

    offsets: async (topic, asked, deadline) => {
      const partitions = await partitionsOf(own.topics, topic, asked, deadline);
      const beginnings = partitions.map((partition): PartitionPoint => ({ topic, partition, at: "earliest" }));
      const ends = partitions.map((partition): PartitionPoint => ({ topic, partition, at: "latest" }));
      const offsets = await offsetsAt(kafka, [...beginnings, ...ends], deadline);
      return partitions.map((partition, index) => ({
        partition,
        beginning: offsets[index] as bigint,
        end: offsets[partitions.length + index] as bigint,
      }));
    },

    offsetsForTime: async (topic, asked, timestampMs, deadline) => {
      const partitions = await partitionsOf(own.topics, topic, asked, deadline);
      const atTime = partitions.map((partition): PartitionPoint => ({ topic, partition, at: BigInt(timestampMs) }));
      const ends = partitions.map((partition): PartitionPoint => ({ topic, partition, at: "latest" }));
      const offsets = await offsetsAt(kafka, [...atTime, ...ends], deadline);
      return new Map(
        partitions.map((partition, index) => {
          const found = offsets[index] as bigint;
          return [partition, found >= 0n ? found : (offsets[partitions.length + index] as bigint)];
        }),
      );
    },

    close: async () => {},
  };
}

async function offsetsAt(
  kafka: AsksBrokers & KnowsTopics,
  points: readonly PartitionPoint[],
  deadline: Deadline,
): Promise<readonly bigint[]> {
  const listed = await listOffsets(kafka, points, deadline);
  return listed.map(({ offset, error }) => {
    if (error !== undefined) throw error;
    return offset;
  });
}

/** Checked against what the cluster says. */
async function partitionsOf(
  topics: ReadTopics,
  topic: string,
  asked: readonly number[] | "all",
  deadline: Deadline,
): Promise<readonly number[]> {
  const known = (await topics.topic(topic, asked, deadline)).partitions.map(({ partition }) => partition);
  if (asked === "all") return known;
  const missing = asked.find((partition) => !known.includes(partition));
  if (missing !== undefined) throw partitionNotFound(topic, missing, known.length);
  return asked;
}
