/** Whose fault a failed delivery is, and when it may be tried again. Pure. */
import type { RelayError } from "../../errors.js";
import type { RetryPolicy } from "../route.js";

/**
 * What a failure asks for. The record's own: dead letter at once. The target's: again later, also what would be a caller's fault over HTTP (a topic that is
 * missing, a permission): it may be mended and the record is fine. Ours: give back.
 */
export type Fault = "record" | "target" | "us";

export function faultOf({ code, failure }: RelayError): Fault {
  if (code === "deadline-exceeded") return "target";
  if (failure.blame === "record" || failure.blame === "us") return failure.blame;
  return "target";
}

/** How long a wait that the target asked for is kept: no longer than the route allows, so that one answer cannot stall it for a day. */
export function toWaitMs(askedMs: number, { retryAfterMaxMs }: RetryPolicy): number {
  return askedMs > 0 ? Math.min(askedMs, retryAfterMaxMs) : 0;
}

/** Full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/): a random part of a wait that doubles. */
export function backoffMs(attempts: number, { firstDelayMs, delayMaxMs }: RetryPolicy, random: () => number): number {
  return random() * Math.min(delayMaxMs, firstDelayMs * 2 ** Math.min(attempts - 1, 30));
}
