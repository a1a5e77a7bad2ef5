/** Where partitions begin and end, and where a time lies in them: any number of topics in one request per leader. */
import type { Deadline } from "../deadline.js";
import { type RelayError, toRelayError } from "../errors.js";
import { ask, throughFailover } from "./ask.js";
import type { AsksBrokers } from "./connection.js";
import { byTopic, groupBy, groupByLeader, type PartitionPlace } from "./grouping.js";
import type { KnowsTopics, TopicMetadata } from "./metadata.js";
import { kafkaErrors } from "./protocol/error-codes.js";
import { notAnswered, partitionWords, toKafkaError, toLeaderError, topicWords } from "./protocol/kafka-error.js";
import { listOffsetsApi } from "./protocol/offsets.js";

export interface PartitionPoint extends PartitionPlace {
  /** Milliseconds since the epoch: the first offset at or after it; or an end. */
  readonly at: "earliest" | "latest" | bigint;
}

export interface ListedOffset extends PartitionPlace {
  /** Where no record is at or after the time asked for: -1n. */
  readonly offset: bigint;
  readonly error?: RelayError;
}

const earliestTimestamp = -2n;
const latestTimestamp = -1n;
const readCommitted = 1;
const clientReplica = -1;

const toTimestamp = (at: PartitionPoint["at"]): bigint => (at === "earliest" ? earliestTimestamp : at === "latest" ? latestTimestamp : at);

type Answers = Map<PartitionPoint, ListedOffset>;

/**
 * One answer per point, in the order asked for. Ends are those that a reader of committed records sees (the last stable offset).
 * Partitions whose leader moves or dies meanwhile are asked for again.
 *
 * Where no record is at or after a time, the ends asked for beside it are no later than the first such record that comes: a reader that starts at the end instead
 * misses none.
 */
export async function listOffsets(
  kafka: AsksBrokers & KnowsTopics,
  points: readonly PartitionPoint[],
  deadline: Deadline,
): Promise<readonly ListedOffset[]> {
  const own = points.map((point) => ({ ...point })); // one object per question, also where the caller asks the same twice
  const answers: Answers = new Map();
  await settle(kafka, own, answers, deadline);
  if (own.some(({ at }) => at === "latest")) {
    // Time and end were asked for side by side: a record that came between the two answers is before that end. Now that the end is known, it is found.
    const notFound = own.filter((point) => typeof point.at === "bigint" && isNotFound(answers.get(point)));
    await settle(kafka, notFound, answers, deadline);
  }
  return own.map((point) => answers.get(point) ?? failed(point, notAnswered(partitionWords(point.topic, point.partition))));
}

const isNotFound = (answer: ListedOffset | undefined): boolean => answer !== undefined && answer.error === undefined && answer.offset < 0n;

const failed = ({ topic, partition }: PartitionPlace, error: RelayError): ListedOffset => ({ topic, partition, offset: -1n, error });

async function settle(
  kafka: AsksBrokers & KnowsTopics,
  points: readonly PartitionPoint[],
  answers: Answers,
  deadline: Deadline,
): Promise<void> {
  if (points.length === 0) return;
  let open = points;
  await throughFailover(deadline, async () => {
    await askLeaders(kafka, open, answers, deadline);
    open = open.filter((point) => answers.get(point)?.error?.failure.isRetriable === true);
    return open.length === 0 ? "settled" : "unsettled";
  });
}

async function askLeaders(
  kafka: AsksBrokers & KnowsTopics,
  open: readonly PartitionPoint[],
  answers: Answers,
  deadline: Deadline,
): Promise<void> {
  const { topics } = await kafka.metadata.describe([...new Set(open.map(({ topic }) => topic))], deadline);
  const requests: Promise<void>[] = [];
  for (const round of inRounds(open)) {
    const { byLeader, failed: without } = groupByLeader(round, topics, missing);
    for (const [point, error] of without) answers.set(point, failed(point, asV3(error, point)));
    for (const [nodeId, ofLeader] of byLeader) requests.push(askLeader(kafka, nodeId, ofLeader, answers, deadline));
  }
  await Promise.all(requests);
}

/** A request may name a partition once: the second question about it goes into a request of its own. */
function inRounds(points: readonly PartitionPoint[]): Iterable<readonly PartitionPoint[]> {
  const timesAsked = new Map<string, number>();
  const rounds = groupBy(points, ({ topic, partition }) => {
    const place = `${topic}/${partition}`;
    const times = timesAsked.get(place) ?? 0;
    timesAsked.set(place, times + 1);
    return times;
  });
  return rounds.values();
}

const notThere = kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION.code;

const missing = ({ topic, partition }: PartitionPlace, described: TopicMetadata | undefined): RelayError =>
  toKafkaError(notThere, described === undefined ? topicWords(topic) : partitionWords(topic, partition));

/** v3 has one code for an unknown topic and an unknown partition. */
const asV3 = (error: RelayError, { topic }: PartitionPlace): RelayError =>
  error.code === "topic-not-found" ? toKafkaError(notThere, topicWords(topic)) : error;

async function askLeader(
  kafka: AsksBrokers,
  nodeId: number,
  points: readonly PartitionPoint[],
  answers: Answers,
  deadline: Deadline,
): Promise<void> {
  const topics = byTopic(points, ({ partition, at }) => ({ partition, currentLeaderEpoch: -1, timestamp: toTimestamp(at) }));
  const pointOf = new Map(points.map((point) => [`${point.topic}/${point.partition}`, point]));
  try {
    const args = { replicaId: clientReplica, isolationLevel: readCommitted, topics };
    const answer = await ask(kafka, listOffsetsApi, args, { nodeId }, deadline, { codes: () => [], isRepeatable: true });
    for (const { name, partitions } of answer.topics) {
      for (const { partition, errorCode, offset } of partitions) {
        const point = pointOf.get(`${name}/${partition}`);
        if (point === undefined) continue;
        const error = errorCode === 0 ? {} : { error: toLeaderError(errorCode, name, partition) };
        answers.set(point, { topic: name, partition, offset, ...error });
      }
    }
  } catch (thrown) {
    const error = toRelayError(thrown);
    for (const point of points) answers.set(point, failed(point, error));
  }
}
