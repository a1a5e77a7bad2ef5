/** Where partitions begin and end, and where a time lies in them: any number of topics in one request a leader. */
import type { Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import type { Kafka } from "../kafka.js";
import type { TopicMetadata } from "../metadata.js";
import { listOffsetsApi } from "../protocol/offsets.js";
import { toAdminError } from "./admin-failures.js";
import { ask, throughFailover } from "./admin-request.js";

export interface PartitionPoint {
  readonly topic: string;
  readonly partition: number;
  /** Milliseconds since the epoch: the first offset at or after it; or an end. */
  readonly at: "earliest" | "latest" | bigint;
}

export interface ListedOffset {
  readonly topic: string;
  readonly partition: number;
  /** Where no record is at or after the time asked for: -1n. */
  readonly offset: bigint;
  readonly error?: RelayError;
}

const earliestTimestamp = -2n;
const latestTimestamp = -1n;
const readCommitted = 1;
const clientReplica = -1;

const toTimestamp = (at: PartitionPoint["at"]): bigint => (at === "earliest" ? earliestTimestamp : at === "latest" ? latestTimestamp : at);

/**
 * One answer a point, in the order asked for. Ends are those a reader of committed records sees (the last stable offset).
 * Partitions whose leader moves or dies meanwhile are asked for again.
 *
 * Where no record is at or after a time, the ends asked for beside it are no later than the first such record that comes: a reader that takes the end instead
 * misses none.
 */
export async function listOffsets(
  kafka: Pick<Kafka, "connection" | "metadata">,
  points: readonly PartitionPoint[],
  deadline: Deadline,
): Promise<readonly ListedOffset[]> {
  const answers: (ListedOffset | undefined)[] = points.map(() => undefined);
  await settle(
    kafka,
    points,
    points.map((_, index) => index),
    answers,
    deadline,
  );
  if (points.some(({ at }) => at === "latest")) {
    // Time and end were asked for side by side: a record that came between the two answers is before that end. Now that the end is known, it is found.
    const notFound = points.flatMap(({ at }, index) => (typeof at === "bigint" && isNotFound(answers[index]) ? [index] : []));
    await settle(kafka, points, notFound, answers, deadline);
  }
  return points.map(
    ({ topic, partition }, index) => answers[index] ?? { topic, partition, offset: -1n, error: toAdminError(3, words(topic, partition)) },
  );
}

const isNotFound = (answer: ListedOffset | undefined): boolean => answer !== undefined && answer.error === undefined && answer.offset < 0n;

async function settle(
  kafka: Pick<Kafka, "connection" | "metadata">,
  points: readonly PartitionPoint[],
  indexes: readonly number[],
  answers: (ListedOffset | undefined)[],
  deadline: Deadline,
): Promise<void> {
  if (indexes.length === 0) return;
  let open = indexes;
  await throughFailover(deadline, async () => {
    await askLeaders(kafka, points, open, answers, deadline);
    open = open.filter((index) => answers[index]?.error?.failure.isRetriable === true);
    return open.length === 0 ? "settled" : "unsettled";
  });
}

const words = (topic: string, partition: number): string => `Partition ${partition} of topic ${JSON.stringify(topic)}`;

async function askLeaders(
  kafka: Pick<Kafka, "connection" | "metadata">,
  points: readonly PartitionPoint[],
  open: readonly number[],
  answers: (ListedOffset | undefined)[],
  deadline: Deadline,
): Promise<void> {
  const { topics } = await kafka.metadata.describe([...new Set(open.map((index) => points[index]?.topic ?? ""))], deadline);
  /** By leader, then by how often that partition was asked for already: a request may name a partition once. */
  const requests = new Map<string, { readonly nodeId: number; readonly indexes: number[] }>();
  const timesAsked = new Map<string, number>();
  for (const index of open) {
    const point = points[index];
    if (point === undefined) continue;
    const leader = leaderOf(topics.get(point.topic), point);
    if (leader instanceof RelayError) {
      answers[index] = { topic: point.topic, partition: point.partition, offset: -1n, error: leader };
      continue;
    }
    const place = `${point.topic}/${point.partition}`;
    const times = timesAsked.get(place) ?? 0;
    timesAsked.set(place, times + 1);
    const key = `${leader} ${times}`;
    const request = requests.get(key) ?? { nodeId: leader, indexes: [] };
    request.indexes.push(index);
    requests.set(key, request);
  }
  await Promise.all([...requests.values()].map(({ nodeId, indexes }) => askLeader(kafka, nodeId, points, indexes, answers, deadline)));
}

function leaderOf(topic: TopicMetadata | RelayError | undefined, { topic: name, partition }: PartitionPoint): number | RelayError {
  if (topic === undefined || topic instanceof RelayError) {
    return topic === undefined || topic.code === "topic-not-found" ? toAdminError(3, `Topic ${JSON.stringify(name)}`) : topic;
  }
  const found = topic.partitions.find((one) => one.partition === partition);
  if (found === undefined) return toAdminError(3, words(name, partition));
  return found.leader ?? toAdminError(5, words(name, partition));
}

async function askLeader(
  kafka: Pick<Kafka, "connection" | "metadata">,
  nodeId: number,
  points: readonly PartitionPoint[],
  indexes: readonly number[],
  answers: (ListedOffset | undefined)[],
  deadline: Deadline,
): Promise<void> {
  const byTopic = new Map<string, { partition: number; currentLeaderEpoch: number; timestamp: bigint }[]>();
  const indexOf = new Map<string, number>();
  for (const index of indexes) {
    const point = points[index];
    if (point === undefined) continue;
    const partitions = byTopic.get(point.topic) ?? [];
    partitions.push({ partition: point.partition, currentLeaderEpoch: -1, timestamp: toTimestamp(point.at) });
    byTopic.set(point.topic, partitions);
    indexOf.set(`${point.topic}/${point.partition}`, index);
  }
  const setError = (error: RelayError) => {
    for (const index of indexes) {
      const point = points[index];
      if (point !== undefined) answers[index] = { topic: point.topic, partition: point.partition, offset: -1n, error };
    }
  };
  try {
    const answer = await ask(
      kafka,
      listOffsetsApi,
      { replicaId: clientReplica, isolationLevel: readCommitted, topics: [...byTopic].map(([name, partitions]) => ({ name, partitions })) },
      { nodeId },
      deadline,
      { codes: () => [], isRepeatable: true },
    );
    for (const { name, partitions } of answer.topics) {
      for (const { partition, errorCode, offset } of partitions) {
        const index = indexOf.get(`${name}/${partition}`);
        if (index === undefined) continue;
        answers[index] = {
          topic: name,
          partition,
          offset,
          ...(errorCode === 0 ? {} : { error: toAdminError(errorCode, words(name, partition)) }),
        };
      }
    }
  } catch (error) {
    setError(toRelayError(error));
  }
}
