/** The streams of one process: their limits, and how many are open. */
import { createOpenStreams, type OpenStreams } from "./open-streams.js";
import { type StreamLimits, streamLimits } from "./stream-limits.js";

export interface Streams extends OpenStreams {
  readonly limits: StreamLimits;
}

/** `limits`: those that differ from `streamLimits`. */
export function createStreams(limits: Partial<StreamLimits> = {}): Streams {
  const all = { ...streamLimits, ...limits };
  return { limits: all, ...createOpenStreams(all) };
}
