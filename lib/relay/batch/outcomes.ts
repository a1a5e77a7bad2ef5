/** What records ask for next: which of a lane go into a call, and what the outcomes of the call say of each. */
import type { Delivery, DeliveryOutcome } from "../delivery.js";
import type { Entry } from "./entry.js";
import { faultOf } from "./retry.js";

const undelivered = Symbol("not attempted");
type Attempted = DeliveryOutcome | typeof undelivered;

/** Its transform or its document failed: nothing of it reached the target, and nothing will. */
export function hasFailedBefore({ pending, error }: Entry): boolean {
  return pending === undefined && error !== undefined;
}

/**
 * What of a lane's records goes next: those that failed before any delivery, or those in front of the first such record. What is behind a record that will be a dead
 * letter is not delivered before the dead letter is acknowledged; where that is already known of a record that the target refuses, a call ends with it.
 */
export function headOf(entries: readonly Entry[]): readonly Entry[] {
  const [first] = entries;
  if (first === undefined) return entries;
  const end = entries.findIndex((entry) => hasFailedBefore(entry) !== hasFailedBefore(first));
  const held = entries.findIndex(({ isHeld }) => isHeld);
  return entries.slice(0, Math.min(end < 0 ? entries.length : end, held < 0 ? entries.length : held + 1));
}

/** What reached the target although an earlier record of its lane did not: it comes again behind that one, so that the last of a key is the newest. True: the target took it. */
export function deliverAgain(entry: Entry, outcomes: ReadonlyMap<Delivery, DeliveryOutcome>): boolean {
  const attempted = (entry.pending ?? []).map((delivery) => outcomes.get(delivery) ?? undelivered);
  if (attempted.some((outcome) => outcome !== undelivered)) entry.attempts++;
  return attempted.some(isDelivered);
}

/**
 * What the outcomes of its deliveries say of a record: delivered when all are, else the weightiest failure. Its messages follow each other: those behind one that
 * was not delivered come again, unless each `countsAlone`.
 */
export function judge(entry: Entry, outcomes: ReadonlyMap<Delivery, DeliveryOutcome>, countsAlone: boolean): void {
  const pending = entry.pending ?? [];
  const attempted = pending.map((delivery) => outcomes.get(delivery) ?? undelivered);
  if (attempted.some((outcome) => outcome !== undelivered)) entry.attempts++;
  const first = attempted.findIndex((outcome) => !isDelivered(outcome));
  const left = countsAlone ? pending.filter((_, index) => !isDelivered(attempted[index])) : first < 0 ? [] : pending.slice(first);
  const errors = attempted.flatMap((outcome) => (outcome !== undelivered && outcome.verdict === "failed" ? [outcome.error] : []));
  entry.pending = left;
  entry.error = errors.find((error) => faultOf(error) === "record") ?? errors.find((error) => faultOf(error) === "us") ?? errors[0];
  if (left.length === 0) entry.verdict = "delivered";
}

function isDelivered(outcome: Attempted | undefined): boolean {
  return outcome !== undefined && outcome !== undelivered && outcome.verdict === "delivered";
}
