/** What a lane does next, decided by its first entry without a verdict. Pure: the time, the limits and the randomness are arguments. */
import type { RelayError } from "../../errors.js";
import type { RetryPolicy, Route } from "../route.js";
import type { Entry } from "./entry.js";
import { askedWaitOf, backoffMs, faultOf } from "./retry.js";

export type NextStep =
  /** Take another call as soon as one is free: nothing was attempted. */
  | { readonly step: "queue" }
  | { readonly step: "retry"; readonly atMs: number }
  /** The retry policy is used up; the route decides what becomes of the record. */
  | { readonly step: "exhaust" }
  | { readonly step: "give-back" };

export interface TimeLimits {
  readonly nowMs: number;
  /** When the function has to stop. */
  readonly endMs: number;
  /** When the retry policy of the entry ends. */
  readonly policyEndMs: number;
}

const queue: NextStep = { step: "queue" };
const exhaust: NextStep = { step: "exhaust" };
const giveBack: NextStep = { step: "give-back" };

type Failed = Pick<Entry, "error" | "failures">;

/** After a call that did not settle the entry. No error: an earlier entry of another lane ended the call before this one was attempted. */
export function stepAfterCall({ error, failures }: Failed, limits: TimeLimits, retry: RetryPolicy, random: () => number): NextStep {
  if (error === undefined) return queue;
  if (faultOf(error) !== "target") return giveBack;
  const askedMs = askedWaitOf(error, retry)?.waitMs ?? 0;
  const atMs = limits.nowMs + Math.max(askedMs, backoffMs(failures, retry, random));
  if (atMs >= limits.endMs) return giveBack;
  return failures >= retry.attemptsMax || atMs >= limits.policyEndMs ? exhaust : { step: "retry", atMs };
}

interface ClosedBreaker {
  /** When it lets the next attempt pass. */
  readonly nextMs: number;
  /** Waiting does not help: see `Breaker.isSuspicious`. */
  readonly isSuspicious: boolean;
}

/** Where no attempt could start in time. */
export function stepWithoutCall({ nextMs, isSuspicious }: ClosedBreaker, { nowMs, endMs, policyEndMs }: TimeLimits): NextStep {
  const atMs = Math.max(nowMs, nextMs);
  if (isSuspicious || atMs >= endMs) return giveBack;
  return atMs >= policyEndMs ? exhaust : queue;
}

/** Whether the route dead-letters an entry whose policy is used up. One that was never attempted, or that the target asked to send later, is always given back. */
export function isDeadLetteredAfterRetries(error: RelayError | undefined, { afterRetries }: Pick<Route, "afterRetries">): boolean {
  return afterRetries === "dead-letter" && error !== undefined && error.details.retryAfterMs === undefined;
}
