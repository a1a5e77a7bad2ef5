/** The streams of one process: their limits, how many are open, and what they follow. */
import { createFollowers, type Followers } from "./followers.js";
import { createOpenStreams, type OpenStreams } from "./open-streams.js";
import { type StreamLimits, streamLimits } from "./stream-limits.js";

export interface Streams extends OpenStreams, Followers {
  readonly limits: StreamLimits;
}

/** `limits`: those that differ from `streamLimits`. */
export function createStreams(limits: Partial<StreamLimits> = {}): Streams {
  const all = { ...streamLimits, ...limits };
  return { limits: all, ...createOpenStreams(all), ...createFollowers(all) };
}
