/** Who is to blame for a failed delivery, and how long to wait before the next attempt. Pure. */
import type { RelayError } from "../../errors.js";
import type { RetryPolicy } from "../route.js";

/**
 * Decides what a failure leads to. `record`: dead letter at once. `target`: another attempt later; this includes what would be the caller's fault over HTTP (a
 * missing topic, a missing permission), because somebody may fix it and the record is sound. `us`: give the record back.
 */
type Fault = "record" | "target" | "us";

export function faultOf({ code, failure }: RelayError): Fault {
  if (code === "deadline-exceeded") return "target";
  if (failure.blame === "record" || failure.blame === "us") return failure.blame;
  return "target";
}

/** A wait that the target asked for. It is cut to what the route allows, so that one response cannot stop a route for a day. */
interface AskedWait {
  readonly waitMs: number;
  readonly isCut: boolean;
}

/** Undefined: the target did not ask for a wait. */
export function askedWaitOf(error: RelayError, { retryAfterMaxMs }: RetryPolicy): AskedWait | undefined {
  const { retryAfterMs } = error.details;
  if (retryAfterMs === undefined) return undefined;
  const waitMs = retryAfterMs > 0 ? Math.min(retryAfterMs, retryAfterMaxMs) : 0;
  return { waitMs, isCut: retryAfterMs > waitMs };
}

/** Full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/): a random part of a wait that doubles with each failure. */
export function backoffMs(failures: number, { firstDelayMs, delayMaxMs }: RetryPolicy, random: () => number): number {
  return random() * Math.min(delayMaxMs, firstDelayMs * 2 ** Math.min(Math.max(1, failures) - 1, 30));
}
