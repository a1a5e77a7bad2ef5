/** The replies of the deliveries of a window, by their ids, in the memory of this process. A delivery that failed is not among them: its repeat is written. */
import type { Reply } from "../../http/operation.js";

export interface RecentReplies {
  /** The reply of the same id, where there is or will be one; otherwise what `make` returns. */
  readonly once: (id: string, nowMs: number, make: () => Promise<Reply>) => Promise<Reply>;
}

interface Kept {
  readonly reply: Promise<Reply>;
  readonly untilMs: number;
}

export function createRecentReplies(windowMs: number, idsMax: number): RecentReplies {
  // In the order of arrival, so the oldest come first.
  const kept = new Map<string, Kept>();
  return {
    once: (id, nowMs, make) => {
      for (const [old, { untilMs }] of kept) {
        if (untilMs > nowMs && kept.size < idsMax) break;
        kept.delete(old);
      }
      const known = kept.get(id);
      if (known !== undefined) return known.reply;
      const reply = make();
      const mine: Kept = { reply, untilMs: nowMs + windowMs };
      kept.set(id, mine);
      reply.catch(() => {
        if (kept.get(id) === mine) kept.delete(id);
      });
      return reply;
    },
  };
}
