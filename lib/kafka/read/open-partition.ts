/** One partition while it is read: where it stands, which topic it belongs to, and why it ended. */
import { RelayError } from "../../errors.js";
import type { TopicMetadata } from "../metadata.js";
import { kafkaErrors } from "../protocol/error-codes.js";
import { topicWords } from "../protocol/kafka-error.js";
import type { RawPartition } from "./fetch.js";
import type { PartitionProgress, ReadPosition } from "./reader.js";

export interface OpenPartition {
  readonly topic: string;
  readonly partition: number;
  /** Must it be this very topic? Else it is the one that answers first. */
  readonly isBound: boolean;
  topicId: string | undefined;
  leaderEpoch: number | undefined;
  lastEpoch: number | undefined;
  truncatedTo: bigint | undefined;
  nextOffset: bigint;
  highWatermark: bigint;
  lastStableOffset: bigint;
  logStartOffset: bigint;
  /** Looks for its leader that came to nothing, in a row. */
  misses: number;
  error: RelayError | undefined;
}

/** Nothing is known of it yet, or there is more than was read. */
export function hasMore({ error, highWatermark, nextOffset, lastStableOffset }: OpenPartition): boolean {
  return error === undefined && (highWatermark < 0n || nextOffset < lastStableOffset);
}

export const toOpenPartition = ({ topic, partition, offset, topicId, lastEpoch }: ReadPosition): OpenPartition => ({
  topic,
  partition,
  isBound: topicId !== undefined,
  topicId,
  leaderEpoch: undefined,
  lastEpoch,
  truncatedTo: undefined,
  nextOffset: offset,
  highWatermark: -1n,
  lastStableOffset: -1n,
  logStartOffset: -1n,
  misses: 0,
  error: undefined,
});

export const toProgress = ({ topic, partition, nextOffset, highWatermark, logStartOffset, ...open }: OpenPartition): PartitionProgress => ({
  topic,
  partition,
  nextOffset,
  highWatermark,
  logStartOffset,
  ...(open.topicId === undefined ? {} : { topicId: open.topicId }),
  ...(open.lastEpoch === undefined ? {} : { lastEpoch: open.lastEpoch }),
  ...(open.truncatedTo === undefined ? {} : { truncatedTo: open.truncatedTo }),
  ...(open.error === undefined ? {} : { error: open.error }),
});

/** Binds a partition to its topic, and to what is known of its leader. False: the topic is another one of the same name, or metadata is late. */
export function isMeant(open: OpenPartition, { topicId, partitions }: TopicMetadata): boolean {
  const isStarted = open.isBound || open.highWatermark >= 0n;
  if (isStarted && topicId !== undefined && open.topicId !== undefined && topicId !== open.topicId) return false;
  if (!isStarted || open.topicId === undefined) open.topicId = topicId;
  open.leaderEpoch = partitions.find(({ partition }) => partition === open.partition)?.leaderEpoch;
  return true;
}

/** After an unclean election other records stand where some were read: they are read from the last offset on that both logs have. */
export function goBack(open: OpenPartition, { epoch, endOffset }: NonNullable<RawPartition["diverging"]>): void {
  open.nextOffset = endOffset < open.nextOffset ? endOffset : open.nextOffset;
  open.truncatedTo = open.nextOffset;
  open.lastEpoch = epoch < 0 ? undefined : epoch;
  open.highWatermark = -1n;
}

export function offsetOutOfRange({ topic, partition, nextOffset }: OpenPartition, beginning: bigint, end: bigint): RelayError {
  return new RelayError(
    "offset-out-of-range",
    `Offset ${nextOffset} is not in partition ${partition} of topic ${JSON.stringify(topic)}, which goes from ${beginning} to ${end}.`,
    { kafkaCode: kafkaErrors.OFFSET_OUT_OF_RANGE.code },
  );
}

export function topicRecreated(topic: string): RelayError {
  return new RelayError(
    "topic-recreated",
    `${topicWords(topic)} was deleted and created again, so offsets of the old topic are not valid in the new one.`,
  );
}
