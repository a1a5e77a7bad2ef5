/** A clock whose time passes only when nothing else can happen: minutes of retries in a moment, and always the same. */
import type { Clock } from "../relay/batch/clock.js";

/** Of a millisecond each. */
const realWaitsMax = 2_000;

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

export interface VirtualClock extends Clock {
  /** Runs until the promise is settled, jumping from timer to timer. Fails where nothing is left that could settle it. */
  readonly runUntil: <T>(promise: Promise<T>) => Promise<T>;
}

export function createVirtualClock(startMs = 1_700_000_000_000): VirtualClock {
  let nowMs = startMs;
  const timers = new Set<Timer>();
  return {
    now: () => nowMs,
    after: (delayMs, run) => {
      const timer = { atMs: nowMs + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    runUntil: async (promise) => {
      let isSettled = false;
      let realWaits = 0;
      const settle = () => {
        isSettled = true;
      };
      promise.then(settle, settle);
      for (let idleTurns = 0; !isSettled; ) {
        await new Promise((resolve) => setImmediate(resolve));
        if (isSettled) break;
        if (++idleTurns < 3) continue;
        idleTurns = 0;
        const next = [...timers].sort((left, right) => left.atMs - right.atMs)[0];
        if (next === undefined) {
          // Something waits for real time, such as the guard of a transform.
          if (++realWaits > realWaitsMax) throw new Error("Nothing is waiting for time, and yet it is not done.");
          await new Promise((resolve) => setTimeout(resolve, 1));
          continue;
        }
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
      }
      return promise;
    },
  };
}
