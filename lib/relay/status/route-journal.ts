/** What a route has done since its process started, from the summaries of its batches: counts, rates, recent failures, what is held. Pure, apart from its memory. */
import type { BreakerState } from "../batch/breaker.js";
import type { BatchSummary, RecordFailure, VerdictCounts } from "./batch-summary.js";

export interface HeldPartition extends RecordFailure {
  /** Since when this record holds its partition. */
  readonly sinceMs: number;
}

export interface RouteActivity {
  readonly sinceMs: number;
  readonly lastBatchMs: number | null;
  readonly batches: number;
  readonly counts: VerdictCounts;
  /** Per second, over the last `rateWindowMs`. */
  readonly rates: VerdictCounts;
  /** The newest first. */
  readonly failures: readonly RecordFailure[];
  readonly held: readonly HeldPartition[];
  /** Null: there was no batch yet. */
  readonly breaker: BreakerState | null;
}

export interface RouteJournal {
  readonly note: (summary: BatchSummary) => void;
  readonly activity: () => RouteActivity;
}

export const rateWindowMs = 60_000;
export const failuresKeptMax = 50;
const bucketMs = 1_000;

const noneYet: VerdictCounts = { records: 0, delivered: 0, filtered: 0, deadLettered: 0, givenBack: 0 };

export function createRouteJournal(now: () => number = Date.now): RouteJournal {
  const sinceMs = now();
  const held = new Map<string, HeldPartition>();
  let recent: { readonly atMs: number; counts: VerdictCounts }[] = [];
  let counts = noneYet;
  let batches = 0;
  let lastBatchMs: number | null = null;
  let failures: readonly RecordFailure[] = [];
  let breaker: BreakerState | null = null;
  return {
    note: (summary) => {
      batches++;
      lastBatchMs = summary.timeMs;
      counts = sumOf(counts, summary.counts);
      breaker = summary.breaker;
      failures = [...summary.failures].reverse().concat(failures).slice(0, failuresKeptMax);
      for (const { topic, partition, held: failure } of summary.partitions) {
        const name = `${topic}/${partition}`;
        if (failure === null) held.delete(name);
        else held.set(name, { ...failure, sinceMs: sinceOf(held.get(name), failure) });
      }
      const nowMs = now();
      const last = recent.at(-1);
      recent = recent.filter(({ atMs }) => atMs > nowMs - rateWindowMs);
      if (last !== undefined && nowMs - last.atMs < bucketMs) last.counts = sumOf(last.counts, summary.counts);
      else recent.push({ atMs: nowMs, counts: summary.counts });
    },
    activity: () => {
      const nowMs = now();
      const inWindow = recent.filter(({ atMs }) => atMs > nowMs - rateWindowMs);
      const total = inWindow.reduce((sum, one) => sumOf(sum, one.counts), noneYet);
      const seconds = Math.max(1, Math.min(rateWindowMs, nowMs - sinceMs) / 1_000);
      return { sinceMs, lastBatchMs, batches, counts, rates: dividedBy(total, seconds), failures, held: [...held.values()], breaker };
    },
  };
}

/** The same record at the same place: it has been held since it was given back first. */
function sinceOf(before: HeldPartition | undefined, { offset, timeMs }: RecordFailure): number {
  return before !== undefined && before.offset === offset ? before.sinceMs : timeMs;
}

/** What several processes have done, as one. */
export function mergeActivities(all: readonly RouteActivity[]): RouteActivity | undefined {
  const [first, ...others] = all;
  if (first === undefined) return undefined;
  return others.reduce(
    (sum, one) => ({
      sinceMs: Math.min(sum.sinceMs, one.sinceMs),
      lastBatchMs: sum.lastBatchMs === null ? one.lastBatchMs : Math.max(sum.lastBatchMs, one.lastBatchMs ?? 0),
      batches: sum.batches + one.batches,
      counts: sumOf(sum.counts, one.counts),
      rates: sumOf(sum.rates, one.rates),
      failures: [...sum.failures, ...one.failures].sort((a, b) => b.timeMs - a.timeMs).slice(0, failuresKeptMax),
      held: [...sum.held, ...one.held],
      breaker: worse(sum.breaker, one.breaker),
    }),
    first,
  );
}

function worse(one: BreakerState | null, other: BreakerState | null): BreakerState | null {
  if (one === null || other === null) return one ?? other;
  return one.state === "closed" ? other : one;
}

function sumOf(one: VerdictCounts, other: VerdictCounts): VerdictCounts {
  return {
    records: one.records + other.records,
    delivered: one.delivered + other.delivered,
    filtered: one.filtered + other.filtered,
    deadLettered: one.deadLettered + other.deadLettered,
    givenBack: one.givenBack + other.givenBack,
  };
}

function dividedBy(counts: VerdictCounts, seconds: number): VerdictCounts {
  const rounded = (count: number): number => Math.round((count / seconds) * 100) / 100;
  return {
    records: rounded(counts.records),
    delivered: rounded(counts.delivered),
    filtered: rounded(counts.filtered),
    deadLettered: rounded(counts.deadLettered),
    givenBack: rounded(counts.givenBack),
  };
}
