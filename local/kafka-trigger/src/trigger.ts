/**
 * An event source mapping on this machine: a member of a consumer group that hands batches of a topic to a function, by the rules of AWS Lambda, and commits what is
 * settled. Knows neither serverless nor workers: `invoke` is an argument.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createDeadline, type Deadline } from "../../../lib/deadline.js";
import { type RelayError, toRelayError } from "../../../lib/errors.js";
import { type Assignment, type EndOfAssignment, joinGroup, type Membership } from "../../../lib/kafka/membership/membership.js";
import type { Kafka } from "../../../lib/kafka/port.js";
import type { Mapping } from "./mapping.js";
import { dueInMs, isTooLarge, nextBatch } from "./poll/batcher.js";
import { type Commits, createCommits } from "./poll/commits.js";
import { createFetcher, type Fetcher } from "./poll/fetcher.js";
import { Lane, type Run } from "./poll/lane.js";
import { within } from "./poll/patience.js";
import { findPlaces, type Place } from "./poll/places.js";
import { countOf, type GivenUp, type InvocationOutcome, settle } from "./poll/settle.js";
import { createTroubles } from "./poll/troubles.js";
import { type TriggerState, type TriggerStatus, toPartitionStatuses, type Unplaced } from "./trigger-status.js";

/** Hands a batch to the function, as Lambda's event (`toEvent`) or on its way to one. A rejection is a function error. */
export type Invoke = (runs: readonly Run[]) => Promise<InvocationOutcome>;

export interface InvocationReport {
  readonly records: number;
  readonly partitions: number;
  readonly tookMs: number;
  readonly verdict: "succeeded" | "failed";
  readonly reason?: string;
}

export interface TriggerWorld {
  readonly kafka: Kafka;
  readonly invoke: Invoke;
  /** Tells the on-failure destination; absent: what is given up is told in a line and dropped, as on AWS. */
  readonly giveUp?: (given: GivenUp) => Promise<void>;
  readonly onInvocation?: (report: InvocationReport) => void;
  readonly say: (line: string) => void;
  readonly warn: (line: string) => void;
  readonly now?: () => number;
  readonly random?: () => number;
  /** Of the membership, for tests: how long members may take to finish what they hold when the group rebalances. */
  readonly rebalanceTimeoutMs?: number;
}

export interface Trigger {
  readonly status: () => TriggerStatus;
  /** Lets what is with the function end, commits, and leaves the group, within the time. */
  readonly stop: (limitMs: number) => Promise<void>;
}

/** AWS's pollers notice a topic or partition that was added within such a time. */
const topicCheckMs = 1_000;
/** The least that brokers take by default: after a kill the group waits so long before the partitions are given to the next start. */
const sessionTimeoutMs = 6_000;

export function startTrigger(mapping: Mapping, world: TriggerWorld): Trigger {
  const { kafka, say, warn, now = Date.now, random = Math.random } = world;
  const { topic } = mapping;
  const troubles = createTroubles(warn);
  const counts = { polled: 0, filteredOut: 0, invoked: 0, invocations: 0, failedInvocations: 0, committed: 0, dropped: 0 };
  const stopping = new AbortController();
  let state: TriggerState = "waiting for the topic";
  let membership: Membership | undefined;
  let holding: Holding | undefined;
  /** The batch of each partition that is with the function. It outlives its assignment: no other batch of the partition begins before it returns. */
  const handed = new Map<number, Promise<void>>();

  const onTrouble = (error: RelayError): void => troubles.told(error);

  async function live(): Promise<void> {
    if (!(await topicExists())) return;
    state = "joining";
    membership = joinGroup(kafka, {
      groupId: mapping.consumerGroupId,
      topic,
      sessionTimeoutMs,
      ...(world.rebalanceTimeoutMs === undefined ? {} : { rebalanceTimeoutMs: world.rebalanceTimeoutMs }),
      onAssigned: (assignment) => void assigned(assignment),
      onRevoked: revoked,
      onTrouble,
    });
  }

  async function topicExists(): Promise<boolean> {
    while (!stopping.signal.aborted) {
      try {
        await kafka.metadata.topic(topic, createDeadline(sessionTimeoutMs), { ageMaxMs: 0 });
        troubles.over();
        return true;
      } catch (thrown) {
        onTrouble(toRelayError(thrown));
      }
      await sleep(topicCheckMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
    return false;
  }

  async function assigned(assignment: Assignment): Promise<void> {
    const own: Holding = { assignment, lanes: new Map(), unplaced: new Map(), inHand: new Set(), isEnding: false, timer: undefined };
    holding = own;
    const commits = createCommits(
      assignment,
      (partition, offset) => own.lanes.get(partition)?.originOf(offset) ?? {},
      (partition, offset) => committed(own, partition, offset),
      (error) => troubles.told(error, "commits"),
    );
    own.commits = commits;
    for (let missing = assignment.partitions; ; ) {
      const known = assignment.partitions.length - missing.length;
      missing = await position(own, assignment, missing);
      if (!assignment.isCurrent() || own.isEnding) return;
      if (missing.length === 0 || assignment.partitions.length - missing.length > known) begin(own, assignment);
      if (missing.length === 0) return;
      await sleep(topicCheckMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  /** Polls what is known; a partition whose place is found later joins the others. */
  function begin(own: Holding, assignment: Assignment): void {
    own.fetcher ??= fetcherOf(own, assignment);
    if (state !== "polling" && assignment.partitions.length > 0)
      say(`polls ${describePartitions(assignment.partitions)} as group ${mapping.consumerGroupId}`);
    state = "polling";
    own.fetcher.poll();
  }

  function fetcherOf(own: Holding, assignment: Assignment): Fetcher {
    return createFetcher({
      kafka,
      mapping,
      lanes: own.lanes,
      isCurrent: () => assignment.isCurrent() && !own.isEnding,
      onRecords: (lane, { polled, filteredOut }) => {
        counts.polled += polled;
        counts.filteredOut += filteredOut;
        troubles.over();
        passFiltered(own, lane);
        pump(own);
      },
      onFailed: ({ partition }, error) => troubles.told(error, `partition ${partition}`),
      onRecreated: (lane) => recreated(own, lane),
      onHealed: ({ partition }) => troubles.over(`partition ${partition}`),
      warn,
    });
  }

  /** Makes a lane of each partition whose place is known, and answers those that are not known yet. */
  async function position(own: Holding, assignment: Assignment, wanted: readonly number[]): Promise<readonly number[]> {
    try {
      const places = await findPlaces(kafka, mapping, assignment, wanted);
      for (const place of places) {
        if (place.error === undefined) found(own, place);
        else {
          own.unplaced.set(place.partition, { error: place.error, sinceMs: own.unplaced.get(place.partition)?.sinceMs ?? now() });
          troubles.told(place.error, `partition ${place.partition}`);
        }
      }
      return places.filter(({ error }) => error !== undefined).map(({ partition }) => partition);
    } catch (thrown) {
      onTrouble(toRelayError(thrown));
      return wanted;
    }
  }

  function found(own: Holding, place: Place): void {
    const lane = new Lane(place.partition, place.offset, place.committed);
    lane.highWatermark = place.end;
    lane.topicId = place.topicId;
    if (place.lastEpoch !== undefined) lane.epochs.note(place.offset - 1, place.lastEpoch);
    if (place.isRecreated) sayRecreated(lane);
    own.lanes.set(place.partition, lane);
    if (own.unplaced.delete(place.partition)) troubles.over(`partition ${place.partition}`);
    waitForEarlierBatch(own, lane);
    // The place is chosen once: after a restart the records that came meanwhile are not "before the latest".
    if (place.committed === undefined && mapping.startingPosition.kind !== "TRIM_HORIZON") own.commits?.note(place.partition, place.offset);
  }

  /** A handler may run for longer than a rebalance waits: its partition stays busy until it returns, whoever asked for the batch. */
  function waitForEarlierBatch(own: Holding, lane: Lane): void {
    const earlier = handed.get(lane.partition);
    if (earlier === undefined) return;
    lane.isBusy = true;
    void earlier.then(() => {
      lane.isBusy = false;
      if (holding !== own) return;
      passFiltered(own, lane);
      pump(own);
    });
  }

  /** What is with the function is finished; what was settled of the old topic is not committed for the new one. */
  function recreated(own: Holding, lane: Lane): void {
    own.commits?.drop(lane.partition);
    sayRecreated(lane);
  }

  function sayRecreated({ partition, fetchOffset }: Lane): void {
    warn(`topic ${topic} was deleted and created again: partition ${partition} is read from its first record, at offset ${fetchOffset}`);
  }

  function committed(own: Holding, partition: number, offset: number): void {
    troubles.over("commits");
    const lane = own.lanes.get(partition);
    if (lane === undefined) return;
    counts.committed += Math.max(0, offset - (lane.committed ?? offset));
    lane.committed = offset;
    lane.uncommitted = offset >= lane.settled ? 0 : 1;
    pump(own);
  }

  /** Where all that was polled of a partition is filtered out, its offset moves on without an invocation. */
  function passFiltered(own: Holding, lane: Lane): void {
    if (lane.isBusy || lane.count > 0 || lane.fetchOffset <= lane.settled) return;
    lane.settled = lane.fetchOffset;
    own.commits?.note(lane.partition, lane.settled);
  }

  function pump(own: Holding): void {
    clearTimeout(own.timer);
    if (own.isEnding || !own.assignment.isCurrent()) return;
    for (;;) {
      const batch = nextBatch(own.lanes.values(), mapping, now());
      if (batch === undefined) break;
      hand(own, batch);
    }
    const due = dueInMs(own.lanes.values(), mapping, now());
    if (due !== undefined) own.timer = setTimeout(() => pump(own), due);
    own.fetcher?.poll();
  }

  function hand(own: Holding, batch: readonly Run[]): void {
    const lanes = batch.map(({ partition }) => own.lanes.get(partition)).filter((lane) => lane !== undefined);
    for (const lane of lanes) lane.isBusy = true;
    const isEnding = () => own.isEnding || !own.assignment.isCurrent();
    const work = settleBatch(own, batch, isEnding)
      .catch((thrown: unknown) => {
        onTrouble(toRelayError(thrown));
        for (const lane of lanes) lane.rewind();
        return false;
      })
      .then((isSettled) => {
        own.inHand.delete(work);
        for (const { partition } of batch) if (handed.get(partition) === work) handed.delete(partition);
        // What was left unsettled because the poller ends is begun again by whoever has the partition next; here it must not be passed.
        for (const lane of isSettled ? lanes : []) {
          lane.isBusy = false;
          passFiltered(own, lane);
        }
        pump(own);
      });
    own.inHand.add(work);
    for (const { partition } of batch) handed.set(partition, work);
  }

  async function settleBatch(own: Holding, batch: readonly Run[], isEnding: () => boolean): Promise<boolean> {
    const histories = new Map([...own.lanes].map(([partition, lane]) => [partition, lane.history]));
    const onSettled = (partition: number, nextOffset: number) => {
      const lane = own.lanes.get(partition);
      // Offsets of a history that has ended meanwhile say nothing of the present one.
      if (lane === undefined || lane.history !== histories.get(partition) || nextOffset <= lane.settled) return;
      lane.settled = nextOffset;
      lane.uncommitted++;
      own.commits?.note(partition, nextOffset);
      if (holding !== own) handOn(lane, nextOffset);
    };
    const giveUp = async (given: GivenUp) => {
      counts.dropped += countOf(given.runs);
      if (world.giveUp === undefined) warn(`${countOf(given.runs)} record(s) are dropped: ${whyGivenUp(given)}`);
      else await world.giveUp(given);
    };
    if (mapping.takesAnySize !== true && isTooLarge(batch)) {
      await giveUp({ runs: batch, condition: "payload-size", attempts: 0 });
      for (const { partition, nextOffset } of batch) onSettled(partition, nextOffset);
      return true;
    }
    return settle(batch, mapping.failure, {
      topic,
      invoke: (runs) => call(runs),
      giveUp,
      onSettled,
      backOff: (n) => backOff(n, isEnding),
      isStopping: isEnding,
      now,
      warn,
    });
  }

  /** The assignment that asked for the batch has ended; where the partition is ours again, its present lane goes on behind what was settled. */
  function handOn(before: Lane, nextOffset: number): void {
    const lane = holding?.lanes.get(before.partition);
    if (lane === undefined || lane.topicId !== before.topicId || lane.history > 0 || nextOffset <= lane.settled) return;
    // The group's offsets never go back by themselves: somebody has set them, or the topic was made anew.
    if ((lane.committed ?? -1) < (before.committed ?? -1)) return;
    lane.skipTo(nextOffset);
    lane.settled = nextOffset;
    lane.uncommitted++;
    holding?.commits?.note(lane.partition, nextOffset);
  }

  async function call(runs: readonly Run[]): Promise<InvocationOutcome> {
    const records = countOf(runs);
    const startedMs = now();
    const outcome = await world
      .invoke(runs)
      .catch((thrown: unknown): InvocationOutcome => ({ ok: false, reason: String(thrown), requestId: "" }));
    counts.invocations++;
    counts.invoked += records;
    if (!outcome.ok) counts.failedInvocations++;
    report({
      records,
      partitions: new Set(runs.map(({ partition }) => partition)).size,
      tookMs: now() - startedMs,
      verdict: outcome.ok ? "succeeded" : "failed",
      ...(outcome.ok ? {} : { reason: outcome.reason }),
    });
    return outcome;
  }

  /** Whoever listens may fail; the batch has not. */
  function report(invocation: InvocationReport): void {
    try {
      world.onInvocation?.(invocation);
    } catch (thrown) {
      warn(`onInvocation threw: ${thrown instanceof Error ? thrown.message : thrown}`);
    }
  }

  /** Doubled each time, between half of it and all of it; ends early when the poller does. */
  async function backOff(n: number, isEnding: () => boolean): Promise<void> {
    const { firstMs, maxMs } = mapping.backoff;
    const fullMs = Math.min(maxMs, firstMs * 2 ** (n - 1));
    const untilMs = now() + fullMs * (0.5 + random() / 2);
    while (now() < untilMs && !isEnding()) await sleep(Math.min(50, Math.max(1, untilMs - now())));
  }

  async function revoked(assignment: Assignment, why: EndOfAssignment, deadline: Deadline): Promise<void> {
    const own = holding;
    if (own === undefined || own.assignment !== assignment) return;
    own.isEnding = true;
    clearTimeout(own.timer);
    own.fetcher?.close();
    if (why === "lost") own.commits?.close();
    await within(deadline, Promise.all(own.inHand));
    if (why !== "lost") await within(deadline, own.commits?.flush(deadline) ?? Promise.resolve());
    own.commits?.close();
    if (holding === own) holding = undefined;
    if (state === "polling") state = "joining";
  }

  const life = live().catch((thrown: unknown) => onTrouble(toRelayError(thrown)));

  return {
    status: () => ({
      state,
      topic,
      consumerGroupId: mapping.consumerGroupId,
      partitions: holding === undefined ? [] : toPartitionStatuses(holding.lanes.values(), holding.unplaced),
      counts: { ...counts },
    }),
    stop: async (limitMs) => {
      const deadline = createDeadline(limitMs);
      state = "stopping";
      stopping.abort();
      await within(deadline, life);
      if (membership !== undefined) await within(deadline, membership.leave(deadline));
      state = "stopped";
    },
  };
}

/** One assignment and everything that lives as long as it does. */
interface Holding {
  readonly assignment: Assignment;
  readonly lanes: Map<number, Lane>;
  /** Partitions of which the broker does not say yet where they go on. */
  readonly unplaced: Map<number, Unplaced>;
  readonly inHand: Set<Promise<void>>;
  commits?: Commits;
  fetcher?: Fetcher;
  isEnding: boolean;
  timer: NodeJS.Timeout | undefined;
}

function describePartitions(partitions: readonly number[]): string {
  return partitions.length === 1 ? `partition ${partitions[0]}` : `${partitions.length} partitions (${partitions.join(", ")})`;
}

export function whyGivenUp({ condition, attempts, last }: GivenUp): string {
  switch (condition) {
    case "retries":
      return `the function failed ${attempts} time(s), the last time with: ${last?.reason ?? "?"}`;
    case "age":
      return "they are older than maximumRecordAgeInSeconds";
    case "payload-size":
      return "one record alone is more than the 6 MB that an invocation takes";
  }
}
