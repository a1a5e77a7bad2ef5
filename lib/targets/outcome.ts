/** Words every target answers with: delivered, failed, and the search by halves for the delivery that spoils a batch. */
import { type FailureCode, RelayError, type RelayErrorDetails, reasonOf, toRelayError } from "../errors.js";
import type { Delivery, DeliveryOutcome } from "../relay/delivery.js";

export const delivered: DeliveryOutcome = { verdict: "delivered" };

export function failed(code: FailureCode, message: string, details?: RelayErrorDetails): DeliveryOutcome {
  return { verdict: "failed", error: new RelayError(code, message, details) };
}

export function failedBy(thrown: unknown): DeliveryOutcome {
  return { verdict: "failed", error: toRelayError(thrown) };
}

/**
 * For whatever is thrown while something is built out of one record, by us or by the route's own function: the record is what cannot be delivered, and held
 * back as a fault of ours it would block its partition for good. What blames somebody already, such as a wrong path in the route, keeps its blame.
 */
export function failedByRecord(thrown: unknown): DeliveryOutcome {
  return { verdict: "failed", error: toRecordFault(thrown) };
}

export function toRecordFault(thrown: unknown): RelayError {
  if (thrown instanceof RelayError) return thrown;
  return new RelayError("record-not-for-target", `The record could not be converted for this target: ${reasonOf(thrown)}.`, {
    cause: thrown,
  });
}

export function isRecordFault(outcome: DeliveryOutcome): boolean {
  return outcome.verdict === "failed" && outcome.error.failure.blame === "record";
}

/** A failure that is not the record's own: nothing behind it is sent, so that order is kept and a target in trouble is left alone. */
export function endsCall(outcome: DeliveryOutcome): boolean {
  return outcome.verdict === "failed" && !isRecordFault(outcome);
}

/**
 * Delivers a batch that is answered as one. Where the answer blames the batch's content, its halves are tried, first half first, until the invalid delivery
 * stands alone: it fails alone and the others go on. A failure that is not the content's holds everything after it, untried, so that order is kept.
 * Costs 2 log2(n) attempts per invalid delivery.
 */
export async function deliverByHalves(
  deliveries: readonly Delivery[],
  attempt: (deliveries: readonly Delivery[]) => Promise<DeliveryOutcome>,
): Promise<readonly DeliveryOutcome[]> {
  if (deliveries.length === 0) return [];
  const outcome = await attempt(deliveries);
  if (deliveries.length === 1 || !isRecordFault(outcome)) return deliveries.map(() => outcome);
  const middle = deliveries.length >> 1;
  const firstHalf = await deliverByHalves(deliveries.slice(0, middle), attempt);
  const stopped = firstHalf.find(endsCall);
  if (stopped !== undefined) return [...firstHalf, ...deliveries.slice(middle).map(() => stopped)];
  return [...firstHalf, ...(await deliverByHalves(deliveries.slice(middle), attempt))];
}
