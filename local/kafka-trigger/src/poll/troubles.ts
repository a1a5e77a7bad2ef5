/** Logs a trouble once, again while it lasts, and its end: silence would not say that it is over. */
import type { RelayError } from "../../../../lib/errors.js";

/** Who has a trouble: the mapping as a whole, its commits, or one partition. Each recovers by itself. */
type Sufferer = "mapping" | "commits" | `partition ${number}`;

export interface Troubles {
  readonly began: (error: RelayError, sufferer?: Sufferer) => void;
  /** It works again. */
  readonly ended: (sufferer?: Sufferer) => void;
}

interface Trouble {
  /** Who has it now: its end is logged when nobody has it any more. */
  readonly sufferers: Set<Sufferer>;
  readonly beganMs: number;
  readonly lastMs: number;
  /** When it was last logged; undefined: it was not worth a line yet. */
  readonly loggedMs: number | undefined;
}

const repeatAfterMs = 60_000;
/** A broker that has just started looks for its coordinators, a partition elects a leader: what ends within seconds is not logged. */
const quietCodes: ReadonlySet<string> = new Set(["kafka-retriable", "leader-not-available"]);
const quietMs = 3_000;
/** A trouble that was not reported for so long has ended, although nobody reported that. */
const endedAfterMs = 30_000;

export function createTroubles(warn: (line: string) => void, now: () => number = Date.now): Troubles {
  const troubles = new Map<string, Trouble>();
  return {
    began: ({ code, message }, sufferer = "mapping") => {
      const atMs = now();
      const known = troubles.get(message);
      const { beganMs, loggedMs, sufferers } = known !== undefined && atMs - known.lastMs <= endedAfterMs ? known : newTrouble(atMs);
      sufferers.add(sufferer);
      const isQuiet = quietCodes.has(code) && atMs - beganMs < quietMs;
      const isNews = !isQuiet && (loggedMs === undefined || atMs - loggedMs >= repeatAfterMs);
      troubles.set(message, { sufferers, beganMs, lastMs: atMs, loggedMs: isNews ? atMs : loggedMs });
      if (isNews) warn(message);
    },
    ended: (sufferer = "mapping") => {
      let wasLogged = false;
      for (const [message, { sufferers, loggedMs }] of troubles) {
        if (!sufferers.delete(sufferer) || sufferers.size > 0) continue;
        troubles.delete(message);
        wasLogged ||= loggedMs !== undefined;
      }
      if (wasLogged) warn(sufferer.startsWith("partition") ? `${sufferer} recovered` : "recovered");
    },
  };
}

const newTrouble = (atMs: number): Trouble => ({ sufferers: new Set(), beganMs: atMs, lastMs: atMs, loggedMs: undefined });
