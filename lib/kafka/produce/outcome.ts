/** What became of one record, and the one failure that all records of a call may share. */
import type { RelayError } from "../../errors.js";

export type ProduceOutcome =
  /** The offset is -1n only if a broker recognized a batch as written before and no longer knew where. */
  | { readonly outcome: "written"; readonly partition: number; readonly offset: bigint; readonly timestampMs: number }
  | { readonly outcome: "failed"; readonly error: RelayError };

const concernsAll: ReadonlySet<RelayError["code"]> = new Set([
  "topic-not-found",
  "kafka-unreachable",
  "kafka-forbidden",
  "kafka-unauthenticated",
  "too-many-requests",
  "unsupported-by-broker",
]);

/** The failure that all records share, if none of them is in Kafka. */
export function commonFailure(outcomes: readonly ProduceOutcome[]): RelayError | undefined {
  const [first] = outcomes;
  if (first?.outcome !== "failed" || !concernsAll.has(first.error.code)) return undefined;
  const isCommon = outcomes.every(
    (one) => one.outcome === "failed" && one.error.code === first.error.code && one.error.failure.written === "no",
  );
  return isCommon ? first.error : undefined;
}
