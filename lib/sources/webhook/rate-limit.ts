/** A limit on calls: a bucket that refills steadily. One per source and process. */
import { RelayError } from "../../errors.js";

export interface RateLimit {
  /** Throws `too-many-requests`, with the time until the next call is possible. */
  readonly take: (nowMs: number) => void;
}

export function createRateLimit(rate: { readonly perSecond: number; readonly burst: number } | undefined): RateLimit {
  if (rate === undefined) return { take: () => undefined };
  const { perSecond, burst } = rate;
  let tokens = burst;
  let filledAtMs = Number.NEGATIVE_INFINITY;
  return {
    take: (nowMs) => {
      tokens = Math.min(burst, tokens + (Math.max(0, nowMs - filledAtMs) * perSecond) / 1_000);
      filledAtMs = nowMs;
      if (tokens < 1) {
        throw new RelayError("too-many-requests", `This source accepts ${perSecond} calls per second. Send the webhook again later.`, {
          retryAfterMs: ((1 - tokens) * 1_000) / perSecond,
        });
      }
      tokens -= 1;
    },
  };
}
