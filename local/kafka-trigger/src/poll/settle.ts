/**
 * Keeps a batch until nothing of it is left to do: invokes the function, retries, bisects, sends parts again, gives up - and never skips a record. The rules are
 * decided here; the clock, the function and the destination are arguments.
 */
import type { FailureRules } from "../mapping.js";
import { idOf, parsePartialResponse } from "./partial-response.js";
import type { WaitingRecord } from "./rows.js";
import { bisect, countOf, filterRuns, type Run } from "./run.js";

export type InvocationOutcome =
  | { readonly ok: true; readonly answer: unknown; readonly requestId: string }
  | { readonly ok: false; readonly reason: string; readonly requestId: string };

/** Why records are given up. */
export type GiveUpCondition = "retries" | "age" | "payload-size" | "schema-not-found" | "deserialization-error";

export interface GivenUp {
  readonly runs: readonly Run[];
  readonly condition: GiveUpCondition;
  /** How often the function was invoked with them. */
  readonly attempts: number;
  /** The last invocation; absent where there was none. */
  readonly last?: LastFailure;
}

interface LastFailure {
  readonly requestId: string;
  readonly reason: string;
}

interface SettleWorld {
  readonly topic: string;
  readonly invoke: (runs: readonly Run[]) => Promise<InvocationOutcome>;
  /** Sends records to the on-failure destination, or reports that there is none. Never rejects. */
  readonly giveUp: (given: GivenUp) => Promise<void>;
  /** Everything of the partition below this offset is settled. */
  readonly onSettled: (partition: number, nextOffset: number) => void;
  /** Waits before attempt `n` (the second is 1) of the same records. */
  readonly backOff: (n: number) => Promise<void>;
  /** True: finish what is with the function and begin nothing; what is unsettled is delivered again later. */
  readonly isStopping: () => boolean;
  readonly now: () => number;
  readonly warn: (line: string) => void;
}

/** Records that share their history. */
interface Piece {
  readonly runs: readonly Run[];
  /** Invocations that count against the retries. */
  readonly attempts: number;
  /** Failures in a row, for the backoff. */
  readonly failures: number;
  readonly last?: LastFailure;
}

/** Resolves to true when the batch is settled, or to false when it was left unsettled because the poller stops. */
export async function settle(batch: readonly Run[], rules: FailureRules, world: SettleWorld): Promise<boolean> {
  const pieces: Piece[] = [{ runs: batch, attempts: 0, failures: 0 }];
  for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
    const left = await advance(piece, rules, world);
    if (left === "stopped") return false;
    pieces.unshift(...left);
    for (const [partition, nextOffset] of settledOffsets(batch, pieces)) world.onSettled(partition, nextOffset);
  }
  return true;
}

/** How far each partition of the batch is settled: up to its lowest offset that is still open. */
function settledOffsets(batch: readonly Run[], open: readonly Piece[]): ReadonlyMap<number, number> {
  const settled = new Map(batch.map(({ partition, nextOffset }) => [partition, nextOffset]));
  for (const { partition, records } of open.flatMap(({ runs }) => runs)) {
    const first = records[0]?.offset;
    if (first !== undefined) settled.set(partition, Math.min(first, settled.get(partition) ?? first));
  }
  return settled;
}

/** One attempt at a piece: what is left of it, in order. */
async function advance(piece: Piece, rules: FailureRules, world: SettleWorld): Promise<readonly Piece[] | "stopped"> {
  if (piece.failures > 0) await world.backOff(piece.failures);
  if (world.isStopping()) return "stopped";
  const runs = await withoutAged(piece, rules, world);
  if (countOf(runs) === 0) return [];
  const outcome = await world.invoke(runs);
  const { failed, reason } = failedRuns(outcome, runs, rules, world);
  if (failed === undefined) return [];
  const left = { ...afterFailure(piece, runs, failed), last: { requestId: outcome.requestId, reason } };
  const isWhole = countOf(failed) === countOf(runs);
  if (rules.isBisecting && isWhole && countOf(failed) > 1) return bisect(failed).map((half) => ({ ...left, runs: half }));
  const attempts = piece.attempts + 1;
  if (rules.retriesMax < 0 || attempts <= rules.retriesMax) return [{ ...left, attempts }];
  await world.giveUp({ runs: failed, condition: "retries", attempts, last: left.last });
  return [];
}

/** What is left after part of the batch succeeded is a batch of its own, which waits like one that failed for the first time. */
function afterFailure({ attempts, failures }: Piece, sent: readonly Run[], failed: readonly Run[]): Piece {
  return { runs: failed, attempts, failures: countOf(failed) === countOf(sent) ? failures + 1 : 1 };
}

/** The records that are to be sent again; undefined: the batch succeeded. */
function failedRuns(
  outcome: InvocationOutcome,
  runs: readonly Run[],
  rules: FailureRules,
  { topic, warn }: SettleWorld,
): { readonly failed?: readonly Run[]; readonly reason: string } {
  if (!outcome.ok) return { failed: runs, reason: outcome.reason };
  if (!rules.takesPartialResponses) return { reason: "" };
  const verdict = parsePartialResponse(outcome.answer, topic, runs);
  switch (verdict.kind) {
    case "succeeded":
      return { reason: "" };
    case "partial": {
      const failed = filterRuns(runs, ({ offset }, partition) => verdict.failed.has(idOf(topic, partition, offset)));
      return { failed, reason: `the function reported ${verdict.failed.size} of ${countOf(runs)} records as failed` };
    }
    case "invalid":
      warn(`the whole batch is sent again, as on AWS: ${verdict.why}`);
      return { failed: runs, reason: verdict.why };
  }
}

/** Each record is judged by its own timestamp, before each attempt. */
async function withoutAged({ runs, attempts, last }: Piece, { recordAgeMaxMs }: FailureRules, world: SettleWorld): Promise<readonly Run[]> {
  if (recordAgeMaxMs < 0) return runs;
  const oldestMs = world.now() - recordAgeMaxMs;
  const isAged = ({ timestamp }: WaitingRecord) => timestamp < oldestMs;
  const aged = filterRuns(runs, isAged);
  if (countOf(aged) === 0) return runs;
  await world.giveUp({ runs: aged, condition: "age", attempts, ...(last === undefined ? {} : { last }) });
  return filterRuns(runs, (record) => !isAged(record));
}

export function whyGivenUp({ condition, attempts, last }: GivenUp): string {
  switch (condition) {
    case "retries":
      return `the function failed ${attempts} time(s), the last time with: ${last?.reason ?? "?"}`;
    case "age":
      return "they are older than maximumRecordAgeInSeconds";
    case "payload-size":
      return "one record alone exceeds the 6 MB that an invocation accepts";
    case "schema-not-found":
      return "the schema registry does not have their schema";
    case "deserialization-error":
      return "they name no schema, or do not fit it";
  }
}
