/** Topics and groups in numbers, for what must not grow with them. */
import { createDeadline } from "../../../lib/deadline.js";
import { commitForGroup } from "../../../lib/kafka/admin/group-offsets.js";
import { deleteGroups } from "../../../lib/kafka/admin/groups.js";
import { createTopics, deleteTopics } from "../../../lib/kafka/admin/topics.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { until } from "../broker/kafka.js";

const deadline = () => createDeadline(120_000);
const topicsAtOnce = 100;
const groupsAtOnce = 20;
const visibleWithinMs = 300_000;

export async function makeTopics(kafka: Kafka, names: readonly string[], partitionsCount: number): Promise<void> {
  for (let from = 0; from < names.length; from += topicsAtOnce) {
    const specs = names.slice(from, from + topicsAtOnce).map((name) => ({ name, partitionsCount, replicationFactor: 1 }));
    const refused = (await createTopics(kafka, specs, deadline())).find((result) => result instanceof Error);
    if (refused !== undefined) throw refused;
  }
  // A broker shows topics when it has made their logs, which for thousands of partitions takes longer than the answer.
  await until(async () => {
    const { topics } = await kafka.metadata.describe(names, deadline());
    return names.every((name) => {
      const topic = topics.get(name);
      return topic !== undefined && !(topic instanceof Error) && topic.partitions.every(({ leader }) => leader !== null);
    });
  }, visibleWithinMs);
}

export async function dropTopics(kafka: Kafka, names: readonly string[]): Promise<void> {
  for (let from = 0; from < names.length; from += topicsAtOnce)
    await deleteTopics(kafka, names.slice(from, from + topicsAtOnce), deadline());
}

/** Each group has committed offset 0 for every partition of the topic. */
export async function makeGroups(kafka: Kafka, ids: readonly string[], topic: string, partitionsCount: number): Promise<void> {
  const offsets = new Map([[topic, new Map(Array.from({ length: partitionsCount }, (_, partition) => [partition, 0n]))]]);
  for (let from = 0; from < ids.length; from += groupsAtOnce) {
    await Promise.all(ids.slice(from, from + groupsAtOnce).map((groupId) => commitForGroup(kafka, groupId, offsets, deadline())));
  }
}

export async function dropGroups(kafka: Kafka, ids: readonly string[]): Promise<void> {
  await deleteGroups(kafka, ids, deadline());
}

export const numbered = (start: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${start}-${index}`);
