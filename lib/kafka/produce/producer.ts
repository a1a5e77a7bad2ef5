/**
 * Writing records: every record gets its own outcome, and what is acknowledged is in Kafka, once. Each partition has one batch under way at a time, under a
 * producer id and a sequence by which brokers know it again; what became of a batch is judged in `produce-verdict.ts`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createDeadline, type Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import type { ClusterIdentity } from "../cluster-identity.js";
import type { Connection } from "../connection.js";
import type { Metadata } from "../metadata.js";
import { type PartitionAnswer, type ProduceAnswer, type ProduceRequest, produceApi } from "../protocol/produce.js";
import type { OutgoingRecord, TopicName } from "../records.js";
import type { PartitionQueue } from "./partition-queue.js";
import type { Batch } from "./produce-batch.js";
import { ProduceCall } from "./produce-call.js";
import { judge } from "./produce-verdict.js";
import { createProducerIds } from "./producer-ids.js";
import { createTopicLines } from "./producer-topics.js";

export type ProduceOutcome =
  /** The offset is -1n only where a broker knew a batch again and did not tell its place any more. */
  | { readonly outcome: "written"; readonly partition: number; readonly offset: bigint; readonly timestampMs: number }
  | { readonly outcome: "failed"; readonly error: RelayError };

export interface Producer {
  /** Asks for a producer id ahead of the first records, beside what their sender must know before. A failure is told by `produce`. */
  readonly prepare: (deadline: Deadline) => void;
  /**
   * One outcome a record, in the order given. Rejects only for what concerns all of them, none of which is in Kafka then
   * (`topic-not-found`, `kafka-unreachable`, `kafka-forbidden`, `too-many-requests`...); everything else is an outcome.
   * A failed outcome says by `error.failure.written` whether the record may be in Kafka. Records of one partition keep their order.
   */
  readonly produce: (topic: TopicName, records: readonly OutgoingRecord[], deadline: Deadline) => Promise<readonly ProduceOutcome[]>;
  readonly close: () => Promise<void>;
}

export interface ProducerOptions {
  readonly idempotence: boolean;
  readonly compression: "none" | "gzip";
  /** How long a leader waits for its replicas: less than we wait for the leader. */
  readonly ackTimeoutMs: number;
  /** Creates a topic that does not exist; absent: producing to it fails. */
  readonly createTopic?: (topic: TopicName, deadline: Deadline) => Promise<void>;
}

/** Of all batches in one request; a batch that is larger goes alone. */
const requestBytesMax = 16_000_000;
/** A broker works through the requests of a connection one after the other: the second is there when the first is done, and more wait to be sent together. */
const requestsInFlightMax = 2;
/** Before a batch goes again: the first time almost at once, as leaders have mostly moved already when we hear of it. */
const firstPauseMs = 5;
const pauseMaxMs = 250;
/** A request ends a little before the calls whose records it carries, so that they can still be told what it came to. */
const answerMarginMs = 25;
/** How often a batch may begin anew under another producer id, or be refused as damaged or out of order, before that is its answer. */
const repeatsMax = 3;

/** Requests to one leader. */
interface LeaderLine {
  readonly nodeId: number;
  readonly ready: Set<PartitionQueue>;
  inFlight: number;
}

export function createProducer(
  { connection, metadata, identity }: { readonly connection: Connection; readonly metadata: Metadata; readonly identity?: ClusterIdentity },
  options: ProducerOptions,
): Producer {
  const { compression, ackTimeoutMs } = options;
  const ids = createProducerIds(connection, options.idempotence);
  const topics = createTopicLines(connection, metadata, options.createTopic, followLeader);
  const leaders = new Map<number, LeaderLine>();
  let isClosed = false;
  identity?.onChange(() => {
    ids.forget();
    for (const queue of topics.queues()) queue.clusterChanged();
  });

  async function produce(topic: TopicName, records: readonly OutgoingRecord[], deadline: Deadline): Promise<readonly ProduceOutcome[]> {
    if (isClosed) throw closed();
    if (records.length === 0) return [];
    const [line] = await Promise.all([topics.line(topic, records, deadline), ids.known() ?? ids.shared(deadline)]);
    const call = new ProduceCall(records.length, deadline);
    const queues = line.enlist(call, records);
    for (const queue of queues) makeReady(queue);
    for (const queue of queues) if (queue.leader !== null) pump(leaderLine(queue.leader));
    const outcomes = await call.ended;
    const common = commonFailure(outcomes);
    if (common !== undefined) throw common;
    return outcomes;
  }

  function leaderLine(nodeId: number): LeaderLine {
    const known = leaders.get(nodeId);
    if (known !== undefined) return known;
    const line: LeaderLine = { nodeId, ready: new Set(), inFlight: 0 };
    leaders.set(nodeId, line);
    return line;
  }

  /** A queue with work and nothing under way joins its leader's next request; what it lacks for that is got first. */
  function makeReady(queue: PartitionQueue): void {
    if (queue.isBusy || !queue.hasWork) return;
    if (queue.identity === undefined) {
      const known = queue.isNew ? ids.known() : undefined;
      if (known === undefined) {
        void identify(queue);
        return;
      }
      queue.identify(known);
    }
    if (queue.leader === null) void goAgain(queue);
    else leaderLine(queue.leader).ready.add(queue);
  }

  /** What waits for the old leader's next request waits for the new one's instead: the old one may not answer any more. */
  function followLeader(queue: PartitionQueue): void {
    for (const line of leaders.values()) line.ready.delete(queue);
    makeReady(queue);
    if (queue.leader !== null) pump(leaderLine(queue.leader));
  }

  function goOn(queue: PartitionQueue): void {
    queue.isBusy = false;
    makeReady(queue);
    if (queue.leader !== null) pump(leaderLine(queue.leader));
  }

  function pump(line: LeaderLine): void {
    while (line.inFlight < requestsInFlightMax && line.ready.size > 0) {
      const queues: PartitionQueue[] = [];
      let bytes = 0;
      for (const queue of line.ready) {
        line.ready.delete(queue);
        if (queue.isBusy) continue;
        const batch = queue.take(topics.of(queue.topic).batchBytesMax, Date.now());
        if (batch === undefined) continue;
        if (queue.identity === undefined) {
          makeReady(queue);
          continue;
        }
        queue.seal(batch, compression);
        queue.isBusy = true;
        queues.push(queue);
        bytes += batch.byteLength;
        if (bytes >= requestBytesMax) break;
      }
      if (queues.length > 0) void send(line, queues);
    }
  }

  async function send(line: LeaderLine, queues: readonly PartitionQueue[]): Promise<void> {
    line.inFlight++;
    const leftMs = queues.reduce((longest, { batch }) => Math.max(longest, batch?.leftMs ?? 0), 0);
    for (const { batch } of queues) batch?.leave();
    const deadline = createDeadline(Math.max(0, leftMs - answerMarginMs));
    const timeoutMs = Math.max(1, Math.trunc(Math.min(ackTimeoutMs, leftMs)));
    const answer = await connection
      .request(produceApi, { timeoutMs, topics: byTopic(queues) }, { nodeId: line.nodeId }, deadline)
      .catch(toSendFailure);
    line.inFlight--;
    for (const queue of queues) tell(queue, answer instanceof RelayError ? answer : partitionOf(answer, queue));
    pump(line);
  }

  function tell(queue: PartitionQueue, told: PartitionAnswer | RelayError): void {
    const { batch } = queue;
    if (batch === undefined) return;
    batch.isInFlight = false;
    if (told instanceof RelayError) unanswered(queue, batch, told);
    else answered(queue, batch, told);
  }

  function answered(queue: PartitionQueue, batch: Batch, answer: PartitionAnswer): void {
    const { topic, partition } = queue;
    const verdict = judge(answer, { topic, partition, recordsCount: batch.records.length, isMaybeWritten: batch.isMaybeWritten });
    switch (verdict.verdict) {
      case "written":
        queue.written(batch, answer);
        break;
      case "records-refused":
        batch.visit((call, index, at) => {
          const error = verdict.refused.get(at);
          if (error !== undefined) call.failed(index, error);
        });
        queue.putBack(batch.without(verdict.refused));
        break;
      case "too-large":
        void makeSmaller(queue, batch);
        return;
      case "halve":
        queue.recordsMax = Math.ceil(batch.records.length / 2);
        queue.putBack(batch.parts);
        break;
      case "refused":
        queue.refused(verdict.error);
        break;
      case "new-producer-id":
        if (++queue.failuresInRow > repeatsMax) queue.refused(verdict.error);
        else queue.putBack(batch.parts);
        queue.identity = undefined;
        break;
      case "again":
        if (verdict.isMaybe) batch.doubt(isDisowned(answer.errorCode));
        queue.trouble = verdict.error;
        if (!isHopeless(answer.errorCode) || batch.attempts <= repeatsMax) {
          void goAgain(queue);
          return;
        }
        giveUp(queue, batch, verdict.error);
        break;
      case "unknown":
        queue.unresolved(verdict.error);
    }
    goOn(queue);
  }

  /** The request was not answered: it was not sent, or it may have been heard. */
  function unanswered(queue: PartitionQueue, batch: Batch, error: RelayError): void {
    if (error.failure.written === "maybe") batch.doubt(false);
    queue.trouble = error;
    if (worthAnother.has(error.code)) {
      void goAgain(queue);
      return;
    }
    giveUp(queue, batch, error);
    goOn(queue);
  }

  function giveUp(queue: PartitionQueue, batch: Batch, error: RelayError): void {
    if (batch.isMaybeWritten) queue.unresolved(error);
    else queue.refused(error);
  }

  /** Fresh metadata, a pause that grows, and the same bytes again, for as long as somebody waits for them. */
  async function goAgain(queue: PartitionQueue): Promise<void> {
    if (isClosed) {
      queue.failAll(closed());
      return;
    }
    queue.isBusy = true;
    queue.leaveStranded();
    queue.failuresInRow++;
    const line = topics.of(queue.topic);
    line.suspect();
    await sleep(Math.min(pauseMaxMs, firstPauseMs * 2 ** (queue.failuresInRow - 1)));
    const waitsMs = queue.waitsMs;
    if (waitsMs > 0) {
      try {
        await line.refresh(createDeadline(waitsMs));
        if (!line.has(queue.partition)) queue.failAll(line.partitionMissing(queue.partition), true);
        else if (queue.leader === null) queue.trouble = leaderMissing(queue);
      } catch (thrown) {
        const error = toRelayError(thrown);
        const isGone = error.code === "topic-not-found";
        if (isGone || !worthAnother.has(error.code)) queue.failAll(error, isGone);
        else if (queue.batch?.isMaybeWritten !== true) queue.trouble = error;
      }
    } else queue.abandonUnwanted();
    goOn(queue);
  }

  async function identify(queue: PartitionQueue): Promise<void> {
    queue.isBusy = true;
    const deadline = createDeadline(queue.waitsMs);
    const changes = identity?.changes();
    try {
      const own = await (queue.isNew ? ids.shared(deadline) : ids.fresh(deadline));
      if (changes === identity?.changes()) queue.identify(own); // else it is asked for again, of the cluster that answers now
    } catch (thrown) {
      queue.failAll(toRelayError(thrown));
    }
    goOn(queue);
  }

  /** Several records: in smaller batches, now that we ask what the topic takes. One alone is what is too large. */
  async function makeSmaller(queue: PartitionQueue, batch: Batch): Promise<void> {
    const line = topics.of(queue.topic);
    await line.learnLimit(batch.byteLength, createDeadline(batch.leftMs));
    if (batch.records.length === 1) queue.refused(line.recordTooLarge(batch.byteLength));
    else queue.putBack(batch.parts);
    goOn(queue);
  }

  return {
    prepare: (deadline) => {
      if (!isClosed && ids.known() === undefined) ids.shared(deadline).catch(() => undefined);
    },
    produce,
    close: async () => {
      isClosed = true;
    },
  };
}

const leaderMissing = ({ topic, partition }: PartitionQueue): RelayError =>
  new RelayError("leader-not-available", `Partition ${partition} of topic ${JSON.stringify(topic)} has no leader at the moment.`);

const closed = (): RelayError => new RelayError("kafka-unreachable", "The producer has been closed.");

/** A failure that nobody understands may have happened after the request had left. */
function toSendFailure(thrown: unknown): RelayError {
  if (thrown instanceof RelayError) return thrown;
  return new RelayError("internal", "An unexpected error, which is a bug of ours.", { cause: thrown, written: "maybe" });
}

function partitionOf(answer: ProduceAnswer, { topic, partition }: PartitionQueue): PartitionAnswer | RelayError {
  const told = answer.topics.find(({ name }) => name === topic)?.partitions.find((one) => one.partition === partition);
  return told ?? new RelayError("maybe-written", `Kafka did not tell of partition ${partition} of topic ${JSON.stringify(topic)}.`);
}

/** Nothing was sent, or something may have been: either way the same bytes may go again. */
const worthAnother: ReadonlySet<RelayError["code"]> = new Set([
  "maybe-written",
  "kafka-unreachable",
  "broker-not-available",
  "leader-not-available",
  "deadline-exceeded",
]);

const isDisowned = (kafkaCode: number): boolean => kafkaCode === 3;

/** Damaged, or out of order when it comes again: time does not heal it. */
const isHopeless = (kafkaCode: number): boolean => kafkaCode === 2 || kafkaCode === 45 || kafkaCode === 47 || kafkaCode === 59;

function byTopic(queues: readonly PartitionQueue[]): ProduceRequest["topics"] {
  const topics = new Map<string, { partition: number; batch: Batch }[]>();
  for (const { topic, partition, batch } of queues) {
    if (batch === undefined) continue;
    const partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, [{ partition, batch }]);
    else partitions.push({ partition, batch });
  }
  return Array.from(topics, ([name, partitions]) => ({ name, partitions }));
}

const concernsAll: ReadonlySet<RelayError["code"]> = new Set([
  "topic-not-found",
  "kafka-unreachable",
  "kafka-forbidden",
  "kafka-unauthenticated",
  "too-many-requests",
  "unsupported-by-broker",
]);

/** The one failure of every record, none of which is in Kafka. */
function commonFailure(outcomes: readonly ProduceOutcome[]): RelayError | undefined {
  const [first] = outcomes;
  if (first?.outcome !== "failed" || !concernsAll.has(first.error.code)) return undefined;
  const isCommon = outcomes.every(
    ({ outcome, ...rest }) =>
      outcome === "failed" && "error" in rest && rest.error.code === first.error.code && rest.error.failure.written === "no",
  );
  return isCommon ? first.error : undefined;
}
