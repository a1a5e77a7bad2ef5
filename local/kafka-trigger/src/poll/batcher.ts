/** When a batch is due and what goes into it (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html). Pure: time is an argument. */
import type { Run } from "./run.js";

/** A synchronous invocation accepts 6 MB of JSON (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
export const payloadBytesMax = 6_291_456;
/** The envelope around the records: sources, brokers and the keys of the partitions. */
export const envelopeBytesMax = 8_192;
const recordsBytesMax = payloadBytesMax - envelopeBytesMax;

interface BatchRules {
  readonly batchSize: number;
  readonly windowMs: number;
  /** A batch holds the records of one partition only, so that no partition waits for another. */
  readonly isOnePartitionABatch?: boolean;
  /** A partition's next batch waits until its last one is committed, so that a kill repeats one batch and not two. */
  readonly isCommittedFirst?: boolean;
}

/** A partition whose records wait for the function. */
export interface BatchSource {
  /** Records wait, and a batch may begin. */
  readonly isReady: boolean;
  /** Batches that are settled but whose commit is not acknowledged. */
  readonly uncommitted: number;
  /** Records that wait. */
  readonly count: number;
  /** Of the records that wait, as the payload counts them. */
  readonly bytes: number;
  /** When the batching window began: the first of these records arrived, or the batch before them was taken. */
  readonly oldestAtMs: number;
  /** The payload of the record that is taken next. */
  readonly firstBytes: number;
  /** Takes records from the front, within both limits. The window of the rest begins now. */
  readonly take: (countMax: number, bytesMax: number, nowMs: number) => Run;
}

function mayGo(source: BatchSource, { isCommittedFirst }: BatchRules): boolean {
  return source.isReady && (isCommittedFirst !== true || source.uncommitted === 0);
}

/** The batch that is due, or undefined where none is. */
export function nextBatch(sources: Iterable<BatchSource>, rules: BatchRules, nowMs: number): readonly Run[] | undefined {
  const { batchSize, windowMs, isOnePartitionABatch } = rules;
  const ready = [...sources].filter((source) => mayGo(source, rules)).sort((one, other) => one.oldestAtMs - other.oldestAtMs);
  const [oldest] = ready;
  if (oldest === undefined) return undefined;
  const count = ready.reduce((sum, source) => sum + source.count, 0);
  const bytes = ready.reduce((sum, source) => sum + source.bytes, 0);
  if (count < batchSize && bytes < recordsBytesMax && nowMs - oldest.oldestAtMs < windowMs) return undefined;
  return fill(ready, batchSize, nowMs, isOnePartitionABatch === true);
}

/** A partition that fills a batch by itself gets its own, so that partitions proceed side by side; the others share. */
function fill(ready: readonly BatchSource[], batchSize: number, nowMs: number, isOnePartition: boolean): readonly Run[] {
  const full = ready.find((source) => source.count >= batchSize || source.bytes >= recordsBytesMax);
  const from = full !== undefined ? [full] : isOnePartition ? ready.slice(0, 1) : ready;
  const runs: Run[] = [];
  let countLeft = batchSize;
  let bytesLeft = recordsBytesMax;
  for (const source of from) {
    if (countLeft === 0) break;
    if (source.firstBytes > bytesLeft && runs.length > 0) continue;
    const run = source.take(countLeft, Math.max(bytesLeft, 0), nowMs);
    // One record that exceeds an invocation's payload goes alone and is then recognised by `isTooLarge`.
    const taken = run.records.length > 0 ? run : source.take(1, Number.POSITIVE_INFINITY, nowMs);
    runs.push(taken);
    countLeft -= taken.records.length;
    bytesLeft -= taken.records.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0);
    if (bytesLeft <= 0) break;
  }
  return runs;
}

/** Does the batch consist of one record that exceeds an invocation's payload? */
export function isTooLarge(runs: readonly Run[]): boolean {
  return runs.some(({ records }) => records.length === 1 && (records[0]?.payloadBytes ?? 0) > recordsBytesMax);
}

/** How long until a batch may be due even if nothing more arrives; undefined where nothing waits. */
export function dueInMs(sources: Iterable<BatchSource>, rules: BatchRules, nowMs: number): number | undefined {
  let due: number | undefined;
  for (const source of sources) {
    if (!mayGo(source, rules)) continue;
    const inMs = Math.max(0, source.oldestAtMs + rules.windowMs - nowMs);
    due = due === undefined ? inMs : Math.min(due, inMs);
  }
  return due;
}
