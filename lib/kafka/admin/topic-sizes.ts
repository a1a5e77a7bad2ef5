/** How many bytes topics take on the disks of their leaders: each record once, compressed as it is stored. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { ask } from "../ask.js";
import type { AsksBrokers } from "../connection.js";
import type { TopicMetadata } from "../metadata.js";
import { describeLogDirsApi } from "../protocol/topics.js";

/** By name. A topic of which a leader does not say it, or may not be asked (it needs DESCRIBE on the cluster), is missing. */
export async function topicSizes(kafka: AsksBrokers, topics: readonly TopicMetadata[], deadline: Deadline): Promise<Map<string, bigint>> {
  const leaders = [...new Set(topics.flatMap(({ partitions }) => partitions.flatMap(({ leader }) => leader ?? [])))];
  const byLeader = new Map(
    await Promise.all(leaders.map(async (nodeId) => [nodeId, await sizesOn(kafka, nodeId, topics, deadline)] as const)),
  );
  const sizes = new Map<string, bigint>();
  for (const { name, partitions } of topics) {
    const parts = partitions.map(({ partition, leader }) => byLeader.get(leader ?? -1)?.get(`${name}/${partition}`));
    if (parts.every((part) => part !== undefined))
      sizes.set(
        name,
        parts.reduce((sum, part) => sum + part, 0n),
      );
  }
  return sizes;
}

async function sizesOn(kafka: AsksBrokers, nodeId: number, topics: readonly TopicMetadata[], deadline: Deadline) {
  const led = topics.flatMap(({ name, partitions }) => {
    const mine = partitions.flatMap(({ partition, leader }) => (leader === nodeId ? [partition] : []));
    return mine.length === 0 ? [] : [{ name, partitions: mine }];
  });
  const sizes = new Map<string, bigint>();
  try {
    const answer = await ask(kafka, describeLogDirsApi, { topics: led }, { nodeId }, deadline, { codes: () => [], isRepeatable: true });
    for (const { topics: held } of answer.folders)
      for (const { name, partitions } of held)
        for (const { partition, bytes, isFuture } of partitions) if (!isFuture) sizes.set(`${name}/${partition}`, bytes);
  } catch (error) {
    if (!(error instanceof RelayError) || error.code === "internal") throw error;
  }
  return sizes;
}
