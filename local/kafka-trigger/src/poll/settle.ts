/**
 * A batch until nothing of it is left to do: invoked, tried again, cut in two, sent again in part, given up - and never passed over. Which rule applies is decided
 * here; the clock, the handler and the destination are arguments.
 */
import type { FailureRules } from "../mapping.js";
import type { Run } from "./lane.js";
import { idOf, parsePartialResponse } from "./partial-response.js";
import type { WaitingRecord } from "./rows.js";

export type InvocationOutcome =
  | { readonly ok: true; readonly answer: unknown; readonly requestId: string }
  | { readonly ok: false; readonly reason: string; readonly requestId: string };

/** Why records are given up. */
export type GiveUpCondition = "retries" | "age" | "payload-size";

export interface GivenUp {
  readonly runs: readonly Run[];
  readonly condition: GiveUpCondition;
  /** How often they were with the function. */
  readonly attempts: number;
  /** Of the last invocation; absent where there was none. */
  readonly last?: { readonly requestId: string; readonly reason: string };
}

export interface SettleWorld {
  readonly topic: string;
  readonly invoke: (runs: readonly Run[]) => Promise<InvocationOutcome>;
  /** Tells the on-failure destination, or that there is none. Never rejects. */
  readonly giveUp: (given: GivenUp) => Promise<void>;
  /** Everything of the partition below this offset is settled. */
  readonly onSettled: (partition: number, nextOffset: number) => void;
  /** Waits before attempt `n` (the second is 1) of the same records. */
  readonly backOff: (n: number) => Promise<void>;
  /** True: finish what is with the handler and begin nothing; what is unsettled comes again elsewhere. */
  readonly isStopping: () => boolean;
  readonly now: () => number;
  readonly warn: (line: string) => void;
}

/** Records that share their history. */
interface Piece {
  readonly runs: readonly Run[];
  /** Invocations that count against the retries. */
  attempts: number;
  /** Failures in a row, for the backoff. */
  failures: number;
  last?: { readonly requestId: string; readonly reason: string };
}

/** Resolves when the batch is settled (true), or when it was left unsettled because the poller stops (false). */
export async function settle(batch: readonly Run[], rules: FailureRules, world: SettleWorld): Promise<boolean> {
  const pieces: Piece[] = [{ runs: batch, attempts: 0, failures: 0 }];
  const ends = new Map(batch.map(({ partition, nextOffset }) => [partition, nextOffset]));

  /** The lowest offset of each partition that is still open decides how far it is settled. */
  const tellSettled = () => {
    for (const [partition, nextOffset] of ends) {
      let lowest = nextOffset;
      for (const { runs } of pieces) {
        for (const run of runs) {
          const first = run.partition === partition ? run.records[0]?.offset : undefined;
          if (first !== undefined && first < lowest) lowest = first;
        }
      }
      world.onSettled(partition, lowest);
    }
  };

  while (pieces.length > 0) {
    const piece = pieces.shift() as Piece;
    const next = await advance(piece, rules, world);
    if (next === "stopped") return false;
    pieces.unshift(...next);
    tellSettled();
  }
  return true;
}

/** One step of a piece: what is left of it, in order. */
async function advance(piece: Piece, rules: FailureRules, world: SettleWorld): Promise<readonly Piece[] | "stopped"> {
  if (piece.failures > 0) await world.backOff(piece.failures);
  if (world.isStopping()) return "stopped";
  const runs = await withoutAged(piece, rules, world);
  if (countOf(runs) === 0) return [];
  const outcome = await world.invoke(runs);
  const { failed, reason } = judge(outcome, runs, rules, world);
  if (failed === undefined) return [];
  const { requestId } = outcome;
  const left: Piece = { runs: failed, attempts: piece.attempts, failures: piece.failures + 1, last: { requestId, reason } };
  // A part of the batch got through: what is left is a batch of its own, and waits like one that failed for the first time.
  const isWhole = countOf(failed) === countOf(runs);
  if (!isWhole) left.failures = 1;
  if (rules.isBisecting && isWhole && countOf(failed) > 1) return bisect(failed).map((half) => ({ ...left, runs: half }));
  left.attempts++;
  if (rules.retriesMax >= 0 && left.attempts > rules.retriesMax) {
    await world.giveUp({ runs: failed, condition: "retries", attempts: left.attempts, last: { requestId, reason } });
    return [];
  }
  return [left];
}

function judge(
  outcome: InvocationOutcome,
  runs: readonly Run[],
  rules: FailureRules,
  world: SettleWorld,
): { readonly failed?: readonly Run[]; readonly reason: string } {
  if (!outcome.ok) return { failed: runs, reason: outcome.reason };
  if (!rules.takesPartialResponses) return { reason: "" };
  const verdict = parsePartialResponse(outcome.answer, world.topic, runs);
  switch (verdict.kind) {
    case "succeeded":
      return { reason: "" };
    case "partial":
      return { failed: pick(runs, world.topic, verdict.failed), reason: `${verdict.failed.size} of ${countOf(runs)} reported as failed` };
    case "invalid":
      world.warn(`the whole batch comes again, as on AWS: ${verdict.why}`);
      return { failed: runs, reason: verdict.why };
  }
}

/** Age is judged record by record, by its own time, before each attempt. */
async function withoutAged(piece: Piece, { recordAgeMaxMs }: FailureRules, world: SettleWorld): Promise<readonly Run[]> {
  if (recordAgeMaxMs < 0) return piece.runs;
  const oldestMs = world.now() - recordAgeMaxMs;
  const isAged = ({ timestamp }: WaitingRecord) => timestamp < oldestMs;
  const aged = filterRuns(piece.runs, isAged);
  if (countOf(aged) > 0) {
    await world.giveUp({
      runs: aged,
      condition: "age",
      attempts: piece.attempts,
      ...(piece.last === undefined ? {} : { last: piece.last }),
    });
  }
  return countOf(aged) === 0 ? piece.runs : filterRuns(piece.runs, (waiting) => !isAged(waiting));
}

export function countOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { records }) => sum + records.length, 0);
}

function filterRuns(runs: readonly Run[], keep: (record: WaitingRecord, partition: number) => boolean): readonly Run[] {
  return runs
    .map((run) => ({ ...run, records: run.records.filter((record) => keep(record, run.partition)) }))
    .filter(({ records }) => records.length > 0);
}

function pick(runs: readonly Run[], topic: string, ids: ReadonlySet<string>): readonly Run[] {
  return filterRuns(runs, ({ offset }, partition) => ids.has(idOf(topic, partition, offset)));
}

/** Two halves in order; a partition is cut once at most. */
export function bisect(runs: readonly Run[]): readonly (readonly Run[])[] {
  const half = Math.ceil(countOf(runs) / 2);
  const first: Run[] = [];
  const second: Run[] = [];
  let taken = 0;
  for (const run of runs) {
    const fits = Math.max(0, Math.min(run.records.length, half - taken));
    taken += fits;
    if (fits > 0) first.push({ ...run, records: run.records.slice(0, fits) });
    if (fits < run.records.length) second.push({ ...run, records: run.records.slice(fits) });
  }
  return [first, second].filter(({ length }) => length > 0);
}
