/** Where each partition of an assignment continues: at the committed offset, otherwise at the starting position. */
import { createDeadline } from "../../../../lib/deadline.js";
import type { RelayError } from "../../../../lib/errors.js";
import { listOffsets } from "../../../../lib/kafka/list-offsets.js";
import type { Assignment } from "../../../../lib/kafka/membership/membership.js";
import type { Kafka } from "../../../../lib/kafka/port.js";
import type { Mapping, StartingPosition } from "../mapping.js";

export interface StartingPlace {
  readonly partition: number;
  /** The next offset to read. */
  readonly offset: number;
  readonly committed: number | undefined;
  readonly end: number;
  /** The topic that the offset is of, where brokers have ids. */
  readonly topicId: string | undefined;
  /** Of the record before the offset. */
  readonly lastEpoch: number | undefined;
  /** The group has an offset of a topic of this name that was deleted: this one is read from its first record. */
  readonly isRecreated?: true;
  readonly error?: never;
}

/** A partition whose place the broker does not report. */
export interface UnknownPlace {
  readonly partition: number;
  readonly error: RelayError;
}

const questionTimeoutMs = 10_000;

/** The place of each wanted partition, or why it is unknown. Throws where the group's offsets cannot be read. */
export async function findPlaces(
  kafka: Kafka,
  { topic, startingPosition }: Mapping,
  assignment: Assignment,
  wanted: readonly number[],
): Promise<readonly (StartingPlace | UnknownPlace)[]> {
  const { topicId } = await kafka.metadata.topic(topic, createDeadline(questionTimeoutMs), { ageMaxMs: 0 });
  const known = await assignment.committed(createDeadline(questionTimeoutMs));
  const isOfAnother = (partition: number) => {
    const before = known.get(partition)?.topicId;
    return before !== undefined && topicId !== undefined && before !== topicId;
  };
  const at = (partition: number, at: "earliest" | "latest" | bigint) => ({ topic, partition, at });
  const points = wanted.flatMap((partition) => [
    at(partition, "latest"),
    ...(isOfAnother(partition) ? [at(partition, "earliest")] : known.has(partition) ? [] : [at(partition, toPoint(startingPosition))]),
  ]);
  const found = await listOffsets(kafka, points, createDeadline(questionTimeoutMs));
  return wanted.map((partition) => {
    const own = found.filter((one) => one.partition === partition);
    const error = own.find((one) => one.error !== undefined)?.error;
    if (error !== undefined) return { partition, error };
    const [latest, start] = own;
    const end = Number(latest?.offset ?? 0n);
    const committed = known.get(partition);
    if (committed !== undefined && !isOfAnother(partition)) {
      const offset = Number(committed.offset);
      return { partition, offset, committed: offset, end, topicId, lastEpoch: committed.leaderEpoch };
    }
    // No record is that recent: the next one to arrive is the first.
    const offset = start === undefined || start.offset < 0n ? end : Number(start.offset);
    const place = { partition, offset, committed: undefined, end, topicId, lastEpoch: undefined };
    return isOfAnother(partition) ? { ...place, isRecreated: true } : place;
  });
}

function toPoint(position: StartingPosition): "earliest" | "latest" | bigint {
  switch (position.kind) {
    case "TRIM_HORIZON":
      return "earliest";
    case "LATEST":
      return "latest";
    case "AT_TIMESTAMP":
      return BigInt(position.timestampMs);
  }
}
