/** Where an instance starts in partitions that it is given: at the group's committed offsets, or where `auto.offset.reset` says. */
import type { Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import { listOffsets } from "../kafka/list-offsets.js";
import type { OffsetsByTopic } from "../kafka/membership/membership-offsets.js";
import type { Kafka } from "../kafka/port.js";
import type { InstanceOptions } from "./options.js";
import { byTopicOf, type PartitionName, type Place } from "./places.js";

type AsksKafka = Pick<Kafka, "connection" | "metadata">;

/** An offset that was committed of a topic that has been deleted since counts as none. Topics that do not exist any more are left out. */
export async function startingPlaces(
  kafka: AsksKafka,
  names: readonly PartitionName[],
  committed: OffsetsByTopic,
  offsetReset: InstanceOptions["offsetReset"],
  deadline: Deadline,
): Promise<readonly Place[]> {
  const { topics } = await kafka.metadata.describe([...byTopicOf(names).keys()], deadline);
  const places: Place[] = [];
  const without: PartitionName[] = [];
  for (const { topic, partition } of names) {
    const described = topics.get(topic);
    if (described === undefined) continue;
    if (described instanceof RelayError) {
      if (described.code === "topic-not-found") continue;
      throw described;
    }
    const found = committed.get(topic)?.get(partition);
    const { topicId } = described;
    if (found === undefined || (found.topicId !== undefined && topicId !== undefined && found.topicId !== topicId)) {
      without.push({ topic, partition });
    } else {
      const { offset, leaderEpoch: lastEpoch } = found;
      places.push({ topic, partition, position: offset, topicId, lastEpoch, reached: undefined, committed: offset });
    }
  }
  return [...places, ...(await resetPlaces(kafka, without, offsetReset, deadline))];
}

/** The position of a partition that has none, because `auto.offset.reset` is `none`: it must be sought before it is read. */
export const noPosition = -1n;

/** At an end, or at a time in milliseconds: at the first record at or after it, and at the end if there is none. */
export async function resetPlaces(
  kafka: AsksKafka,
  names: readonly PartitionName[],
  to: InstanceOptions["offsetReset"] | bigint,
  deadline: Deadline,
): Promise<readonly Place[]> {
  if (names.length === 0) return [];
  const at = (name: PartitionName, position: bigint): Place => {
    const { topic, partition } = name;
    return { topic, partition, position, topicId: undefined, lastEpoch: undefined, reached: undefined, committed: undefined };
  };
  if (to === "none") return names.map((name) => at(name, noPosition));
  const points = names.map((name) => ({ ...name, at: to }));
  const ends = typeof to === "bigint" ? names.map((name) => ({ ...name, at: "latest" as const })) : [];
  const listed = await listOffsets(kafka, [...points, ...ends], deadline);
  return names.map((name, index) => {
    const found = listed[index];
    const end = listed[names.length + index];
    const error = found?.error ?? end?.error;
    if (error !== undefined) throw error;
    return at(name, found !== undefined && found.offset >= 0n ? found.offset : (end?.offset ?? 0n));
  });
}

export function withoutPosition({ topic, partition }: PartitionName): RelayError {
  return new RelayError(
    "offset-out-of-range",
    `The group has no valid committed offset in partition ${partition} of topic ${JSON.stringify(topic)}, and auto.offset.reset is none. Seek with positions, or create the instance with earliest or latest.`,
  );
}
