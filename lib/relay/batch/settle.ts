/** Goes through what one call brought a lane, in order, up to the first entry that has to be tried again or given back. */
import type { Breaker } from "./breaker.js";
import type { Entry } from "./entry.js";
import { hasFailedBefore, type Outcomes, resultOf } from "./outcomes.js";
import { faultOf } from "./retry.js";

interface SettleRules {
  readonly breaker: Breaker;
  readonly nowMs: number;
  /** See `Target.keepsOrder`. */
  readonly keepsOrder: boolean;
  /** The messages of one record need not follow each other. */
  readonly countsAlone: boolean;
}

export interface Settled {
  /** To be dead-lettered, in order. */
  readonly refused: readonly Entry[];
  /** The first entry that is neither delivered nor refused; the lane stops there. */
  readonly stopped: Entry | undefined;
}

export function settleInOrder(entries: readonly Entry[], outcomes: Outcomes, rules: SettleRules): Settled {
  let refused: readonly Entry[] = [];
  let stopped: Entry | undefined;
  for (const entry of entries) {
    if (stopped !== undefined && !rules.keepsOrder) {
      countRepeated(entry, outcomes, rules.breaker);
      continue;
    }
    const became = settleEntry(entry, outcomes, rules);
    if (became === "delivered") continue;
    if (became === "refused" && stopped === undefined && rules.breaker.mayDeadLetter(rules.nowMs, !hasFailedBefore(entry)))
      refused = [...refused, entry];
    else stopped ??= entry;
  }
  return { refused, stopped };
}

function settleEntry(entry: Entry, outcomes: Outcomes, { breaker, nowMs, countsAlone }: SettleRules): "delivered" | "refused" | "open" {
  if (entry.pending !== undefined) {
    const result = resultOf(entry.pending, outcomes, countsAlone);
    if (result.wasAttempted) entry.attempts++;
    entry.pending = result.pending;
    entry.error = result.error;
    if (result.pending.length === 0) {
      entry.verdict = "delivered";
      entry.deliveredMs = nowMs;
      breaker.succeed();
      return "delivered";
    }
  }
  return entry.error !== undefined && faultOf(entry.error) === "record" ? "refused" : "open";
}

/** Delivered although an earlier record of its lane was not: it is sent again after that one, so that the newest record of a key comes last. */
function countRepeated(entry: Entry, outcomes: Outcomes, breaker: Breaker): void {
  const { wasAttempted, someDelivered } = resultOf(entry.pending ?? [], outcomes, false);
  if (wasAttempted) entry.attempts++;
  if (someDelivered) breaker.succeed();
}
