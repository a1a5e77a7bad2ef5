/** Says a trouble once, and once more when it has been going on for a while; silence is not success, so its end is said too. */
import type { RelayError } from "../../../../lib/errors.js";

/** Who has a trouble: the mapping as a whole, its commits, or one partition. Each recovers by itself. */
export type Sufferer = "mapping" | "commits" | `partition ${number}`;

export interface Troubles {
  readonly told: (error: RelayError, sufferer?: Sufferer) => void;
  /** It works again. */
  readonly over: (sufferer?: Sufferer) => void;
}

interface Trouble {
  /** Who has it now: its end is said when nobody has it any more. */
  readonly sufferers: Set<Sufferer>;
  readonly beganMs: number;
  readonly lastMs: number;
  /** Undefined: it was not worth a line yet. */
  readonly saidMs: number | undefined;
}

const repeatAfterMs = 60_000;
/** What Kafka asks to try again: a broker that has just started looks for its coordinators, a partition elects a leader. What is over within seconds was no trouble. */
const quietCodes: ReadonlySet<string> = new Set(["kafka-retriable", "leader-not-available"]);
const quietMs = 3_000;
/** What was not told for so long has ended, though nobody said so. */
const endedAfterMs = 30_000;

export function createTroubles(warn: (line: string) => void, now: () => number = Date.now): Troubles {
  const troubles = new Map<string, Trouble>();
  return {
    told: ({ code, message }, sufferer = "mapping") => {
      const atMs = now();
      const known = troubles.get(message);
      const { beganMs, saidMs, sufferers } = known !== undefined && atMs - known.lastMs <= endedAfterMs ? known : newTrouble(atMs);
      sufferers.add(sufferer);
      const isQuiet = quietCodes.has(code) && atMs - beganMs < quietMs;
      const isNews = !isQuiet && (saidMs === undefined || atMs - saidMs >= repeatAfterMs);
      troubles.set(message, { sufferers, beganMs, lastMs: atMs, saidMs: isNews ? atMs : saidMs });
      if (isNews) warn(message);
    },
    over: (sufferer = "mapping") => {
      let wasSaid = false;
      for (const [message, { sufferers, saidMs }] of troubles) {
        if (!sufferers.delete(sufferer) || sufferers.size > 0) continue;
        troubles.delete(message);
        wasSaid ||= saidMs !== undefined;
      }
      if (wasSaid) warn(sufferer.startsWith("partition") ? `${sufferer}: that is over, it goes on` : "that is over: it goes on");
    },
  };
}

const newTrouble = (atMs: number): Trouble => ({ sufferers: new Set(), beganMs: atMs, lastMs: atMs, saidMs: undefined });
