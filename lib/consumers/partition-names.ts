/** Partitions as a client names them: whether they exist, and their order in answers. */
import type { Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import type { Kafka } from "../kafka/port.js";
import { byTopicOf, type PartitionName } from "./places.js";

export const byName = (one: PartitionName, other: PartitionName): number =>
  one.topic === other.topic ? one.partition - other.partition : one.topic < other.topic ? -1 : 1;

/** Throws `topic-not-found` or `partition-not-found`. */
export async function assertPartitions({ metadata }: Kafka, names: readonly PartitionName[], deadline: Deadline): Promise<void> {
  const { topics } = await metadata.describe([...byTopicOf(names).keys()], deadline);
  for (const { topic, partition } of names) {
    const described = topics.get(topic);
    if (described instanceof RelayError) throw described;
    if (described?.partitions.some((one) => one.partition === partition) !== true) {
      throw new RelayError(
        "partition-not-found",
        `Topic ${JSON.stringify(topic)} has ${described?.partitions.length ?? 0} partition(s), so it has no partition ${partition}.`,
      );
    }
  }
}
