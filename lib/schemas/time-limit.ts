/** Runs what a stranger's schema may make slow, for so long and no longer: V8 ends it, a regular expression that backtracks included. */
import { Script } from "node:vm";
import { RelayError } from "../errors.js";

/** The place where the constant script finds what it calls. */
const placeName = "__kafkaRelayTimeLimited";
const script = new Script(`globalThis.${placeName}()`);
/** V8's limit is one of the clock: on a busy machine the work may have had little of the processor by then, and is given more of the clock. */
const clockFactors = [1, 5, 25] as const;
/** Of the limit: with less of the processor, the work itself cannot be called slow. */
const processorShareMin = 0.6;

export class TimeLimitReached extends Error {
  override readonly name = "TimeLimitReached";
}

/**
 * Throws TimeLimitReached where the work takes more than `limitMs` of the processor, and `deadline-exceeded` where the machine has no time for it.
 * Costs about 0.1 ms: V8's watchdog is a thread.
 */
export function withinTime<Result>(limitMs: number, run: () => Result): Result {
  for (const factor of clockFactors) {
    const before = process.cpuUsage();
    const result = attempt(limitMs * factor, run);
    if (result.isDone) return result.value;
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1_000 >= limitMs * processorShareMin) throw new TimeLimitReached();
  }
  throw new RelayError("deadline-exceeded", "The machine is too busy to apply a schema.");
}

function attempt<Result>(
  clockMs: number,
  run: () => Result,
): { readonly isDone: true; readonly value: Result } | { readonly isDone: false } {
  const place = globalThis as Record<string, unknown>;
  place[placeName] = run;
  try {
    // https://nodejs.org/docs/latest/api/vm.html#scriptruninthiscontextoptions: a timeout ends the script, and whatever it has called.
    return { isDone: true, value: script.runInThisContext({ timeout: clockMs }) as Result };
  } catch (thrown) {
    if ((thrown as { readonly code?: unknown })?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return { isDone: false };
    throw thrown;
  } finally {
    delete place[placeName];
  }
}
