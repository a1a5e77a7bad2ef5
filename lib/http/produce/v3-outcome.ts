/** How the records of a v3 request ended. */
import type { RelayError } from "../../errors.js";
import type { ProduceOutcome } from "../../kafka/produce/outcome.js";
import type { V3Fault, V3Record } from "./v3-body.js";

/** How one entry ended: the producer's outcome for its record, or the fault that kept it from the producer. */
export type V3Outcome = { readonly entry: V3Record; readonly outcome: ProduceOutcome } | { readonly entry: V3Fault };

/** The error of a failed entry; undefined for a written one. */
export function errorOf(outcome: V3Outcome): RelayError | undefined {
  if ("error" in outcome.entry) return outcome.entry.error;
  return "outcome" in outcome && outcome.outcome.outcome === "failed" ? outcome.outcome.error : undefined;
}
