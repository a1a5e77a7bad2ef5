/** How long a stream goes on without its records: a leader may move, and brokers may be away for a while. */
import { setTimeout as sleep } from "node:timers/promises";
import type { RelayError } from "../../errors.js";

/** A topic that cannot be read for so long ends its streams; their clients come back later. */
const troubleMsMax = 60_000;
const pauseMs = 500;

interface Patience {
  /** Pauses after a trouble. Throws it when there has been one for too long. */
  readonly after: (trouble: RelayError | undefined) => Promise<void>;
}

export function createPatience(now: () => number = Date.now): Patience {
  let sinceMs: number | undefined;
  return {
    after: async (trouble) => {
      if (trouble === undefined) {
        sinceMs = undefined;
        return;
      }
      sinceMs ??= now();
      if (now() - sinceMs > troubleMsMax) throw trouble;
      await sleep(pauseMs);
    },
  };
}
