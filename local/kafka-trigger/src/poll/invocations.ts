/** The function as a batch sees it: invoked, waited for, counted, reported; and what becomes of records that are given up. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Mapping } from "../mapping.js";
import type { InvocationReport, TriggerWorld } from "../trigger-world.js";
import { countOf, type Run } from "./run.js";
import { type GivenUp, type InvocationOutcome, whyGivenUp } from "./settle.js";

export interface Invocations {
  /** Never rejects: a rejection of the function is a function error. */
  readonly invoke: (runs: readonly Run[]) => Promise<InvocationOutcome>;
  /** Sends records to the on-failure destination; without one they are dropped with a warning, as on AWS. */
  readonly giveUp: (given: GivenUp) => Promise<void>;
  /** Waits before attempt `n` (the second is 1): doubled each time, at a random point of its second half. Ends early when `isEnding` says so. */
  readonly backOff: (n: number, isEnding: () => boolean) => Promise<void>;
}

/** What a mapping has done since it was started. */
export interface Counts {
  polled: number;
  filteredOut: number;
  invoked: number;
  invocations: number;
  failedInvocations: number;
  committed: number;
  dropped: number;
}

export const noCounts: Readonly<Counts> = {
  polled: 0,
  filteredOut: 0,
  invoked: 0,
  invocations: 0,
  failedInvocations: 0,
  committed: 0,
  dropped: 0,
};

/** How often a wait looks whether the poller ends. */
const lookEveryMs = 50;

export function createInvocations({ backoff }: Mapping, world: TriggerWorld, counts: Counts): Invocations {
  const { warn, now = Date.now, random = Math.random } = world;
  return {
    invoke: async (runs) => {
      const startedMs = now();
      const outcome = await world.invoke(runs).catch((thrown): InvocationOutcome => ({ ok: false, reason: String(thrown), requestId: "" }));
      counts.invocations++;
      counts.invoked += countOf(runs);
      if (!outcome.ok) counts.failedInvocations++;
      report(world, toReport(runs, outcome, now() - startedMs));
      return outcome;
    },
    giveUp: async (given) => {
      counts.dropped += countOf(given.runs);
      if (world.giveUp === undefined) warn(`${countOf(given.runs)} record(s) are dropped, as on AWS: ${whyGivenUp(given)}`);
      else await world.giveUp(given);
    },
    backOff: async (n, isEnding) => {
      const fullMs = Math.min(backoff.maxMs, backoff.firstMs * 2 ** (n - 1));
      const untilMs = now() + fullMs * (0.5 + random() / 2);
      while (now() < untilMs && !isEnding()) await sleep(Math.min(lookEveryMs, Math.max(1, untilMs - now())));
    },
  };
}

function toReport(runs: readonly Run[], outcome: InvocationOutcome, tookMs: number): InvocationReport {
  const partitions = new Set(runs.map(({ partition }) => partition)).size;
  const base = { records: countOf(runs), partitions, tookMs };
  return outcome.ok ? { ...base, verdict: "succeeded" } : { ...base, verdict: "failed", reason: outcome.reason };
}

/** A listener that fails does not fail the batch. */
function report({ onInvocation, warn }: TriggerWorld, invocation: InvocationReport): void {
  try {
    onInvocation?.(invocation);
  } catch (thrown) {
    warn(`onInvocation threw: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}
