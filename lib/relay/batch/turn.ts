/** Waiting until the breaker lets an attempt pass. */
import type { Breaker } from "./breaker.js";
import type { Clock } from "./clock.js";

/** Begins an attempt and returns true; false where it could not begin before `limitMs`, or where waiting does not help. */
export async function waitForTurn(breaker: Breaker, clock: Clock, limitMs: number): Promise<boolean> {
  for (;;) {
    const nowMs = clock.now();
    if (nowMs >= limitMs) return false;
    const nextMs = breaker.nextAttemptMs(nowMs);
    if (nextMs !== undefined && nextMs <= nowMs) {
      breaker.begin();
      return true;
    }
    if (breaker.isSuspicious || (nextMs !== undefined && nextMs >= limitMs)) return false;
    await eitherOf(clock, (nextMs ?? limitMs) - nowMs, breaker.change());
  }
}

async function eitherOf(clock: Clock, delayMs: number, change: Promise<void>): Promise<void> {
  let cancel: (() => void) | undefined;
  const time = new Promise<void>((resolve) => {
    cancel = clock.after(delayMs, resolve);
  });
  await Promise.race([time, change]);
  cancel?.();
}
