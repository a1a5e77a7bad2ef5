/** One read, as the rounds of Fetch requests it takes: drain what is there up to the limits, else wait for what comes; moved leaders are followed. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Deadline, sooner } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import { type AskPolicy, isWorthAnother, pauseMs } from "../ask.js";
import { epochBefore } from "../codec/leader-epochs.js";
import { walkRecordSet } from "../codec/record-set.js";
import type { AsksBrokers } from "../connection.js";
import { groupBy, groupByLeader, noLeader } from "../grouping.js";
import { listOffsets } from "../list-offsets.js";
import { type KnowsTopics, partitionNotFound, type TopicMetadata } from "../metadata.js";
import { isKafkaError } from "../protocol/error-codes.js";
import { toLeaderError } from "../protocol/kafka-error.js";
import { type Budget, createBudget } from "./budget.js";
import { type FetchLimits, fetchRaw, type RawPartition } from "./fetch.js";
import {
  goBack,
  hasMore,
  isMeant,
  type OpenPartition,
  offsetOutOfRange,
  toOpenPartition,
  toProgress,
  topicRecreated,
} from "./open-partition.js";
import type { PollConnections } from "./poll-connections.js";
import type { ReadTopics } from "./read-topics.js";
import type { PartitionProgress, ReadLimits, ReadPosition, ReadVisitor } from "./reader.js";

/** How long a broker may hold one request of a long poll: one that has died meanwhile is noticed soon after. */
const holdMsMax = 2_000;
/** With several leaders one may hold its request while another has news already. */
const holdOfManyMs = 250;
/** Beyond what it was asked to hold a request, a broker that keeps silent is considered lost. */
const silenceMsMax = 4_000;
const pollPauseMs = 20;
/** Rounds that one read may take to fill its limits. */
const drainRoundsMax = 64;
/** A leader that moved, died or is being elected is looked for five times in a row. A topic of another id may be what a late broker still believes in. */
const looksMax = 5;
const looks: AskPolicy = {
  firstMs: 200,
  maxMs: 1_600,
  withinMs: Number.POSITIVE_INFINITY,
  attempts: {
    "leader-not-available": looksMax,
    "kafka-retriable": looksMax,
    "kafka-unreachable": looksMax,
    "broker-not-available": looksMax,
    "maybe-written": looksMax,
    "topic-recreated": looksMax,
  },
};
interface Brokers extends AsksBrokers, KnowsTopics {
  readonly pollConnections: PollConnections;
  readonly topics: ReadTopics;
}

export async function readPartitions(
  kafka: Brokers,
  positions: readonly ReadPosition[],
  limits: ReadLimits,
  deadline: Deadline,
  visitor: ReadVisitor,
): Promise<readonly PartitionProgress[]> {
  const partitions = positions.map(toOpenPartition);
  const budget = createBudget(limits, visitor);
  const patience = sooner(deadline, limits.waitMs);

  for (let round = 0; round < drainRoundsMax; round++) {
    const wanted = partitions.filter(hasMore);
    if (wanted.length === 0 || budget.isSpent()) break;
    await fetchRound(kafka, wanted, budget, 0, deadline);
  }
  while (budget.isUntouched() && patience.leftMs() > 0) {
    const waiting = partitions.filter(({ error }) => error === undefined);
    if (waiting.length === 0) break;
    const beforeMs = patience.leftMs();
    await fetchRound(kafka, waiting, budget, Math.min(holdMsMax, beforeMs), deadline);
    // A broker that does not hold the request, though it has nothing, must not be asked as fast as it answers.
    if (budget.isUntouched() && beforeMs - patience.leftMs() < pollPauseMs) await sleep(pollPauseMs);
  }
  return partitions.map(toProgress);
}

/** Asks each leader once, side by side, and hands what came to the budget, in the order of the partitions. */
async function fetchRound(
  kafka: Brokers,
  wanted: readonly OpenPartition[],
  budget: Budget,
  holdMs: number,
  deadline: Deadline,
): Promise<void> {
  const byLeader = await leadersOf(kafka, wanted, deadline);
  const bytesMax = Math.ceil(budget.bytesWanted() / Math.max(1, byLeader.size));
  const limits: FetchLimits = {
    maxWaitMs: Math.ceil(byLeader.size > 1 ? Math.min(holdMs, holdOfManyMs) : holdMs),
    bytesMin: 1,
    bytesMax,
    partitionBytesMax: bytesMax,
  };
  const answers = await Promise.all([...byLeader].map(([nodeId, ofLeader]) => askLeader(kafka, nodeId, ofLeader, limits, deadline)));
  for (const [partition, raw] of answers.flat()) {
    await take(kafka, partition, raw, budget, deadline).catch((thrown: unknown) => {
      // A failure of one partition is reported for that partition, and the records of the others are returned. A bug of ours ends the read.
      if (!(thrown instanceof RelayError)) throw thrown;
      partition.error = thrown;
    });
  }
  const missesMax = Math.max(0, ...wanted.filter(({ error }) => error === undefined).map(({ misses }) => misses));
  if (missesMax > 0) await sleep(Math.min(pauseMs(missesMax, looks), deadline.leftMs()));
}

async function leadersOf(
  kafka: Brokers,
  wanted: readonly OpenPartition[],
  deadline: Deadline,
): Promise<ReadonlyMap<number, readonly OpenPartition[]>> {
  const topics = new Map<string, TopicMetadata | RelayError>();
  for (const [name, ofTopic] of groupBy(wanted, ({ topic }) => topic)) {
    const partitions = ofTopic.map(({ partition }) => partition);
    topics.set(name, await kafka.topics.topic(name, partitions, deadline).catch(toRelayError));
  }
  const meant = wanted.filter((open) => {
    const topic = topics.get(open.topic);
    if (topic === undefined || topic instanceof RelayError || isMeant(open, topic)) return true;
    fail(kafka, open, topicRecreated(open.topic));
    return false;
  });
  const { byLeader, failed } = groupByLeader(meant, topics, ({ topic, partition }, described) =>
    partitionNotFound(topic, partition, described?.partitions.length ?? 0),
  );
  for (const [open, error] of failed) {
    if (topics.get(open.topic) === error) open.error = error;
    else fail(kafka, open, error);
  }
  return byLeader;
}

/** Another look at the metadata, and another attempt, where the failure is worth it; else it is the partition's answer. */
function fail(kafka: Brokers, open: OpenPartition, error: RelayError): void {
  open.misses++;
  if (isWorthAnother(error.code, open.misses, looks)) kafka.metadata.forget(open.topic);
  else open.error = error;
}

type Answered = readonly [partition: OpenPartition, raw: RawPartition];

async function askLeader(
  kafka: Brokers,
  nodeId: number,
  partitions: readonly OpenPartition[],
  limits: FetchLimits,
  deadline: Deadline,
): Promise<readonly Answered[]> {
  try {
    const positions = partitions.map(({ nextOffset, ...open }) => ({ ...open, offset: nextOffset }));
    const answers =
      limits.maxWaitMs === 0
        ? await fetchRaw(kafka.connection, nodeId, positions, limits, deadline)
        : await kafka.pollConnections.use((connection) =>
            fetchRaw(connection, nodeId, positions, limits, sooner(deadline, limits.maxWaitMs + silenceMsMax)),
          );
    return partitions.flatMap((open): readonly Answered[] => {
      const raw = answers.find(({ topic, partition }) => topic === open.topic && partition === open.partition);
      if (raw !== undefined) return [[open, raw]];
      fail(kafka, open, noLeader(open));
      return [];
    });
  } catch (thrown) {
    const error = toRelayError(thrown);
    for (const open of partitions) fail(kafka, open, error);
    return [];
  }
}

async function take(kafka: Brokers, open: OpenPartition, raw: RawPartition, budget: Budget, deadline: Deadline): Promise<void> {
  const { topic, partition } = open;
  if (isKafkaError(raw.errorCode, "OFFSET_OUT_OF_RANGE")) return explainRange(kafka, open, deadline);
  if (raw.errorCode !== 0) return fail(kafka, open, toLeaderError(raw.errorCode, topic, partition));
  open.misses = 0;
  if (raw.diverging !== null) return goBack(open, raw.diverging);
  open.highWatermark = raw.highWatermark;
  open.lastStableOffset = raw.lastStableOffset < 0n ? raw.highWatermark : raw.lastStableOffset;
  open.logStartOffset = raw.logStartOffset;
  let takenOffset = -1;
  try {
    open.nextOffset = await walkRecordSet(
      { topic, partition, bytes: raw.records, fromOffset: open.nextOffset, abortedTransactions: raw.abortedTransactions },
      (view) => {
        const isTaken = budget.visit(open, view);
        if (isTaken) takenOffset = view.offset;
        return isTaken;
      },
    );
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    open.error = error;
    // What stood before the batch that cannot be read has been given, and is not given again.
    if (takenOffset >= 0) open.nextOffset = BigInt(takenOffset) + 1n;
  }
  open.lastEpoch = epochBefore(raw.records, Number(open.nextOffset), open.lastEpoch);
}

/** The broker says only that it does not have the offset: which it has, it is asked. */
async function explainRange(kafka: Brokers, open: OpenPartition, deadline: Deadline): Promise<void> {
  const { topic, partition } = open;
  const [beginning, end] = await listOffsets(
    kafka,
    [
      { topic, partition, at: "earliest" },
      { topic, partition, at: "latest" },
    ],
    deadline,
  );
  open.error = beginning?.error ?? end?.error ?? offsetOutOfRange(open, beginning?.offset ?? -1n, end?.offset ?? -1n);
  open.logStartOffset = beginning?.offset ?? -1n;
  open.highWatermark = end?.offset ?? -1n;
}
