/**
 * What became of a batch of a route, as plain data for programs that show the state of routes. It is published on a channel of this thread, and made only if
 * somebody listens (https://nodejs.org/api/diagnostics_channel.html).
 */
import { channel } from "node:diagnostics_channel";
import type { RelayError } from "../../errors.js";
import type { PartitionRecords } from "../../kafka-event/shape.js";
import type { Breaker, BreakerState } from "../batch/breaker.js";
import type { Entry, Verdict } from "../batch/entry.js";

/** The local trigger listens to the same name in its workers. */
export const batchChannelName = "kafka-relay.batch";

export interface VerdictCounts {
  readonly records: number;
  readonly delivered: number;
  readonly filtered: number;
  readonly deadLettered: number;
  readonly givenBack: number;
}

export interface RecordFailure {
  readonly verdict: "dead-lettered" | "given-back";
  readonly code: string;
  readonly message: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly timeMs: number;
}

export interface BatchSummary {
  readonly route: string;
  readonly timeMs: number;
  readonly counts: VerdictCounts;
  /** At most `failuresMax`: the counts include all of them. */
  readonly failures: readonly RecordFailure[];
  readonly breaker: BreakerState;
  /** Every partition of the batch, with the record that holds it. */
  readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly held: RecordFailure | null }[];
}

const failuresMax = 20;
const messageLengthMax = 1_000;
const batches = channel(batchChannelName);

export function publishBatch(route: string, entries: readonly Entry[], breaker: Breaker, nowMs: number): void {
  if (batches.hasSubscribers) batches.publish(toBatchSummary(route, entries, breaker, nowMs));
}

/** The batch failed before its records were looked at: all of them are delivered again. */
export function publishFailedBatch(
  route: string,
  partitions: readonly PartitionRecords[],
  error: RelayError,
  breaker: Breaker,
  nowMs: number,
): void {
  if (!batches.hasSubscribers) return;
  const held = partitions.flatMap(({ records: [first] }) =>
    first === undefined ? [] : [toFailure("given-back", error.code, error.message, first, nowMs)],
  );
  const records = partitions.reduce((sum, one) => sum + one.records.length, 0);
  batches.publish({
    route,
    timeMs: nowMs,
    counts: { records, delivered: 0, filtered: 0, deadLettered: 0, givenBack: records },
    failures: held.slice(0, failuresMax),
    breaker: breaker.stateAt(nowMs),
    partitions: held.map((failure) => ({ topic: failure.topic, partition: failure.partition, held: failure })),
  } satisfies BatchSummary);
}

function toBatchSummary(route: string, all: readonly Entry[], breaker: Breaker, nowMs: number): BatchSummary {
  // Records that were settled in an earlier delivery of the batch were counted then.
  const entries = all.filter(({ isSettledBefore, verdict }) => !isSettledBefore || verdict === "given-back");
  const count = (verdict: Verdict): number => entries.reduce((sum, entry) => sum + (entry.verdict === verdict ? 1 : 0), 0);
  return {
    route,
    timeMs: nowMs,
    counts: {
      records: entries.length,
      delivered: count("delivered"),
      filtered: count("filtered"),
      deadLettered: count("dead-lettered"),
      givenBack: count("given-back"),
    },
    failures: failuresOf(entries, nowMs),
    breaker: breaker.stateAt(nowMs),
    partitions: partitionsOf(all, nowMs),
  };
}

/** Every dead letter, and of what is given back the records that hold the others: those share an error. */
function failuresOf(entries: readonly Entry[], nowMs: number): readonly RecordFailure[] {
  const errors = new Set<RelayError>();
  const failures: RecordFailure[] = [];
  for (const { verdict, error, arrived } of entries) {
    if (failures.length >= failuresMax) break;
    if (error === undefined || (verdict !== "dead-lettered" && verdict !== "given-back")) continue;
    if (verdict === "given-back" && errors.has(error)) continue;
    errors.add(error);
    failures.push(toFailure(verdict, error.code, error.message, arrived, nowMs));
  }
  return failures;
}

function partitionsOf(entries: readonly Entry[], nowMs: number): BatchSummary["partitions"] {
  const partitions = new Map<string, BatchSummary["partitions"][number]>();
  for (const { verdict, error, arrived } of entries) {
    const { topic, partition } = arrived;
    const name = `${topic}/${partition}`;
    if (partitions.get(name)?.held) continue;
    const held =
      verdict === "given-back"
        ? toFailure("given-back", error?.code ?? "internal", error?.message ?? "The reason is unknown.", arrived, nowMs)
        : null;
    partitions.set(name, { topic, partition, held });
  }
  return [...partitions.values()];
}

function toFailure(
  verdict: RecordFailure["verdict"],
  code: string,
  message: string,
  { topic, partition, offset }: Pick<Entry["arrived"], "topic" | "partition" | "offset">,
  timeMs: number,
): RecordFailure {
  return { verdict, code, message: message.slice(0, messageLengthMax), topic, partition, offset: String(offset), timeMs };
}
