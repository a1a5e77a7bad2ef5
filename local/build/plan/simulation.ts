/** Calls that arrive at random, one by one, at a function that has no environment yet: how many it starts, how fast, and what the brokers see of it. Pure. */
import type { Load } from "./plan.js";

interface Simulated {
  readonly calls: number;
  /** Started in all; each connects to every broker once. */
  readonly environments: number;
  readonly coldStartsPerSecond: number;
  /** Refused because the function may have no more environments. */
  readonly throttled: number;
  /** In progress at once, at most, after the first seconds. */
  readonly warmEnvironments: number;
}

/** Seconds after which all environments of the beginning are ready. */
const settledAfterSeconds = 10;

/** `random` gives numbers from 0 to 1. */
export function simulate(load: Load, seconds: number, random: () => number): Simulated {
  const { rps, peakFactor, callMs, coldMs, environmentsMax } = load;
  const perMs = (rps * peakFactor) / 1000;
  /** When each environment is free again. */
  const freeAtMs: number[] = [];
  const startedIn = new Map<number, number>();
  let [calls, throttled, warmEnvironments] = [0, 0, 0];
  for (let atMs = nextAfter(0, perMs, random); atMs < seconds * 1000; atMs = nextAfter(atMs, perMs, random)) {
    calls++;
    const free = freeAtMs.findIndex((ms) => ms <= atMs);
    if (free >= 0) freeAtMs[free] = atMs + callMs;
    else if (freeAtMs.length >= environmentsMax) throttled++;
    else {
      freeAtMs.push(atMs + coldMs + callMs);
      const second = Math.floor(atMs / 1000);
      startedIn.set(second, (startedIn.get(second) ?? 0) + 1);
    }
    if (atMs >= settledAfterSeconds * 1000) warmEnvironments = Math.max(warmEnvironments, freeAtMs.filter((ms) => ms > atMs).length);
  }
  return { calls, environments: freeAtMs.length, coldStartsPerSecond: Math.max(0, ...startedIn.values()), throttled, warmEnvironments };
}

/** Times between independent arrivals are distributed exponentially. */
const nextAfter = (atMs: number, perMs: number, random: () => number): number => atMs - Math.log(1 - random()) / perMs;
