/** Says a trouble once, and once more when it has been going on for a while; silence is not success, so its end is said too. */
import type { RelayError } from "../../../../lib/errors.js";

export interface Troubles {
  readonly told: (error: RelayError) => void;
  /** It works again. */
  readonly over: () => void;
}

interface Trouble {
  readonly beganMs: number;
  readonly lastMs: number;
  /** Undefined: it was not worth a line yet. */
  readonly saidMs: number | undefined;
}

const repeatAfterMs = 60_000;
/** A broker that has just started asks to try again until it has found its coordinators; what is over by then was none. */
const quietMs = 3_000;
/** What was not told for so long has ended, though nobody said so. */
const endedAfterMs = 30_000;

export function createTroubles(warn: (line: string) => void, now: () => number = Date.now): Troubles {
  const troubles = new Map<string, Trouble>();
  return {
    told: ({ code, message }) => {
      const atMs = now();
      const known = troubles.get(message);
      const { beganMs, saidMs } = known !== undefined && atMs - known.lastMs <= endedAfterMs ? known : newTrouble(atMs);
      const isQuiet = code === "kafka-retriable" && atMs - beganMs < quietMs;
      const isNews = !isQuiet && (saidMs === undefined || atMs - saidMs >= repeatAfterMs);
      troubles.set(message, { beganMs, lastMs: atMs, saidMs: isNews ? atMs : saidMs });
      if (isNews) warn(message);
    },
    over: () => {
      const wasSaid = [...troubles.values()].some(({ saidMs }) => saidMs !== undefined);
      troubles.clear();
      if (wasSaid) warn("that is over: it goes on");
    },
  };
}

const newTrouble = (atMs: number): Trouble => ({ beganMs: atMs, lastMs: atMs, saidMs: undefined });
