/** Which entries of a lane may share a call, and what the outcomes of a call mean for each entry. Pure. */
import type { RelayError } from "../../errors.js";
import type { Delivery, DeliveryOutcome } from "../delivery.js";
import type { Entry } from "./entry.js";
import { faultOf } from "./retry.js";

/** What one call brought. A delivery without an outcome was not attempted. */
export type Outcomes = ReadonlyMap<Delivery, DeliveryOutcome>;

/** Its transform or its decoding failed: nothing of it was sent, and nothing will be. */
export function hasFailedBefore({ pending, error }: Pick<Entry, "pending" | "error">): boolean {
  return pending === undefined && error !== undefined;
}

/**
 * The first entries without a verdict of a lane that may go together: those that failed before any delivery, or those in front of the first such entry. Nothing after a record that
 * will become a dead letter is delivered before its dead letter is acknowledged. For the same reason a call ends with an entry that is known to be held.
 */
export function headOf(all: readonly Entry[]): readonly Entry[] {
  if (all.length === 1 && all[0]?.verdict === undefined) return all;
  const entries = all.filter(({ verdict }) => verdict === undefined);
  const [first] = entries;
  if (first === undefined) return entries;
  const end = entries.findIndex((entry) => hasFailedBefore(entry) !== hasFailedBefore(first));
  const held = entries.findIndex(({ isHeld }) => isHeld);
  return entries.slice(0, Math.min(end < 0 ? entries.length : end, held < 0 ? entries.length : held + 1));
}

interface EntryResult {
  readonly wasAttempted: boolean;
  readonly someDelivered: boolean;
  /** What is still to be delivered; nothing: the entry is delivered. */
  readonly pending: readonly Delivery[];
  /** Of several failures the one that decides: the record's own, then ours, then the target's. */
  readonly error: RelayError | undefined;
}

const deliveredWhole: EntryResult = { wasAttempted: true, someDelivered: true, pending: [], error: undefined };

/**
 * Reads the outcomes of one entry's deliveries. The messages of a record follow each other: after the first one that was not delivered all are sent again, unless
 * each `countsAlone`.
 */
export function resultOf(pending: readonly Delivery[], outcomes: Outcomes, countsAlone: boolean): EntryResult {
  const [only] = pending;
  if (pending.length === 1 && only !== undefined && outcomes.get(only)?.verdict === "delivered") return deliveredWhole;
  const isDelivered = (delivery: Delivery): boolean => outcomes.get(delivery)?.verdict === "delivered";
  const firstLeft = pending.findIndex((delivery) => !isDelivered(delivery));
  const followers = firstLeft < 0 ? [] : pending.slice(firstLeft);
  return {
    wasAttempted: pending.some((delivery) => outcomes.has(delivery)),
    someDelivered: pending.some(isDelivered),
    pending: countsAlone ? followers.filter((delivery) => !isDelivered(delivery)) : followers,
    error: decidingError(pending, outcomes),
  };
}

function decidingError(pending: readonly Delivery[], outcomes: Outcomes): RelayError | undefined {
  const errors = pending.flatMap((delivery) => {
    const outcome = outcomes.get(delivery);
    return outcome?.verdict === "failed" ? [outcome.error] : [];
  });
  return errors.find((error) => faultOf(error) === "record") ?? errors.find((error) => faultOf(error) === "us") ?? errors[0];
}
