/** The streams that are open in this process: at most so many, and so many of one caller. */
import type { Caller } from "../../access.js";
import { RelayError } from "../../errors.js";
import type { Lifetime } from "../message.js";
import type { StreamLimits } from "./stream-limits.js";

export interface OpenStreams {
  /** Counts a stream until `lifetime.gone`. Throws `too-many-requests` at a limit. */
  readonly open: (caller: Caller, lifetime: Lifetime) => void;
  readonly count: () => number;
}

const retryAfterMs = 5_000;

export function createOpenStreams({ streamsMax, perCallerMax }: Pick<StreamLimits, "streamsMax" | "perCallerMax">): OpenStreams {
  const ofCaller = new Map<string, number>();
  let count = 0;
  return {
    count: () => count,
    open: ({ kind, name }, { gone }) => {
      const key = `${kind} ${name}`;
      const own = ofCaller.get(key) ?? 0;
      if (count >= streamsMax) throw tooMany(`This server already has ${count} open streams, which is its limit (RELAY_STREAMS_MAX).`);
      if (own >= perCallerMax)
        throw tooMany(`${name} already has ${own} open streams, which is the limit per caller (RELAY_STREAMS_PER_CALLER_MAX).`);
      if (gone.aborted) return;
      count++;
      ofCaller.set(key, own + 1);
      gone.addEventListener("abort", () => {
        count--;
        const left = (ofCaller.get(key) ?? 1) - 1;
        if (left > 0) ofCaller.set(key, left);
        else ofCaller.delete(key);
      });
    },
  };
}

function tooMany(message: string): RelayError {
  return new RelayError("too-many-requests", `${message} Close one, or try again later.`, { retryAfterMs });
}
