/** Which failures are tried again, how often and after how long. Pure, apart from the wait. */
import type { ApiError } from "./api-error.js";

export interface RetryRules {
  /** Attempts in all, the first one included. */
  readonly attemptsMax: number;
  readonly firstPauseMs: number;
  /** The longest pause. A call whose API asks for a longer one fails at once. */
  readonly pauseMaxMs: number;
}

export const retryDefaults: RetryRules = { attemptsMax: 4, firstPauseMs: 200, pauseMaxMs: 5_000 };

/** How long to wait before attempt `attempt + 1`; undefined: the failure is final. A call that may have taken effect is never sent again. */
export function pauseBefore(error: ApiError, attempt: number, rules: RetryRules, random: () => number): number | undefined {
  if (attempt >= rules.attemptsMax || !error.retriable || error.maybeWritten) return undefined;
  if (error.retryAfterMs !== undefined) return error.retryAfterMs <= rules.pauseMaxMs ? error.retryAfterMs : undefined;
  const pauseMs = Math.min(rules.pauseMaxMs, rules.firstPauseMs * 2 ** (attempt - 1));
  return pauseMs * (0.5 + random() / 2);
}

/** Rejects with the signal's reason as soon as it is aborted. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
