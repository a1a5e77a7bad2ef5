/** The system clock, until `hurry` is called: then every batch's time is up, so records that wait for a failing target are returned at once. */
import { type Clock, systemClock } from "../../../lib/relay/batch/clock.js";

interface HurriedClock extends Clock {
  /** Moves the clock ahead by `aheadMs` and fires every pending timer. */
  readonly hurry: () => void;
}

/** Longer than any batch may take. */
const aheadMs = 600_000;

export function createHurriedClock(): HurriedClock {
  const waiting = new Set<() => void>();
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    after: (delayMs, run) => {
      let takeBack: () => void = () => {};
      const once = () => {
        waiting.delete(once);
        takeBack();
        run();
      };
      waiting.add(once);
      takeBack = systemClock.after(ahead > 0 ? 0 : delayMs, once);
      return () => {
        waiting.delete(once);
        takeBack();
      };
    },
    hurry: () => {
      ahead = aheadMs;
      for (const once of [...waiting]) once();
    },
  };
}
