/** When a batch is due and what goes into it (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html). Pure: time is an argument. */
import type { Lane, Run } from "./lane.js";

/** A synchronous invocation takes 6 MB of JSON (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
export const payloadBytesMax = 6_291_456;
/** The envelope around the records: sources, brokers and the keys of the partitions. */
export const envelopeBytesMax = 8_192;
const recordsBytesMax = payloadBytesMax - envelopeBytesMax;

export interface BatchRules {
  readonly batchSize: number;
  readonly windowMs: number;
  /** A batch holds one partition's records alone, so that no partition waits for another's. */
  readonly isOnePartitionABatch?: boolean;
  /** A partition's next batch waits until its last one is committed, so that a kill repeats one batch and not two. */
  readonly isCommittedFirst?: boolean;
}

function mayGo(lane: Lane, { isCommittedFirst }: BatchRules): boolean {
  return lane.isReady && (isCommittedFirst !== true || lane.uncommitted === 0);
}

/** A batch that is due: runs of the partitions that are not with the handler; undefined: none is yet. */
export function nextBatch(lanes: Iterable<Lane>, rules: BatchRules, nowMs: number): readonly Run[] | undefined {
  const { batchSize, windowMs, isOnePartitionABatch } = rules;
  const ready = [...lanes].filter((lane) => mayGo(lane, rules)).sort((one, other) => one.oldestAtMs - other.oldestAtMs);
  const [oldest] = ready;
  if (oldest === undefined) return undefined;
  const count = ready.reduce((sum, lane) => sum + lane.count, 0);
  const bytes = ready.reduce((sum, lane) => sum + lane.bytes, 0);
  if (count < batchSize && bytes < recordsBytesMax && nowMs - oldest.oldestAtMs < windowMs) return undefined;
  return fill(ready, batchSize, nowMs, isOnePartitionABatch === true);
}

/** A partition that fills a batch by itself makes one alone, so that partitions go side by side; the others share. */
function fill(ready: readonly Lane[], batchSize: number, nowMs: number, isOnePartition: boolean): readonly Run[] {
  const full = ready.find((lane) => lane.count >= batchSize || lane.bytes >= recordsBytesMax);
  const from = full !== undefined ? [full] : isOnePartition ? ready.slice(0, 1) : ready;
  const runs: Run[] = [];
  let countLeft = batchSize;
  let bytesLeft = recordsBytesMax;
  for (const lane of from) {
    if (countLeft === 0) break;
    if (lane.firstBytes > bytesLeft && runs.length > 0) continue;
    const run = lane.take(countLeft, Math.max(bytesLeft, 0), nowMs);
    // The first record alone is more than an invocation takes: it goes by itself, and is told as too large.
    const taken = run.records.length > 0 ? run : lane.take(1, Number.POSITIVE_INFINITY, nowMs);
    runs.push(taken);
    countLeft -= taken.records.length;
    bytesLeft -= taken.records.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0);
    if (bytesLeft <= 0) break;
  }
  return runs;
}

/** Does this run hold the one record that no invocation can take? */
export function isTooLarge(runs: readonly Run[]): boolean {
  return runs.some(({ records }) => records.length === 1 && (records[0]?.payloadBytes ?? 0) > recordsBytesMax);
}

/** How long until a batch may be due though nothing more arrives, or undefined where none waits. */
export function dueInMs(lanes: Iterable<Lane>, rules: BatchRules, nowMs: number): number | undefined {
  let due: number | undefined;
  for (const lane of lanes) {
    if (!mayGo(lane, rules)) continue;
    const inMs = Math.max(0, lane.oldestAtMs + rules.windowMs - nowMs);
    due = due === undefined ? inMs : Math.min(due, inMs);
  }
  return due;
}
