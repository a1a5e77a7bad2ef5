/** Says a trouble once, and once more when it has been going on for a while; silence is not success, so its end is said too. */
import type { RelayError } from "../../../../lib/errors.js";

export interface Troubles {
  readonly told: (error: RelayError) => void;
  /** It works again. */
  readonly over: () => void;
}

const repeatAfterMs = 60_000;

export function createTroubles(warn: (line: string) => void, now: () => number = Date.now): Troubles {
  const saidAtMs = new Map<string, number>();
  return {
    told: ({ message }) => {
      const last = saidAtMs.get(message);
      if (last !== undefined && now() - last < repeatAfterMs) return;
      saidAtMs.set(message, now());
      warn(message);
    },
    over: () => {
      if (saidAtMs.size === 0) return;
      saidAtMs.clear();
      warn("that is over: it goes on");
    },
  };
}
