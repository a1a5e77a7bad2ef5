/** The system's clock until somebody is in a hurry: then all time a batch had left is over, so that what waits for a sick target is given back at once. */
import { type Clock, systemClock } from "../../lib/relay/batch/clock.js";

export interface HurriedClock extends Clock {
  /** From now on it is `aheadMs` later, and everything that was waiting for a time is called. */
  readonly hurry: () => void;
}

/** More than any batch may take. */
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
