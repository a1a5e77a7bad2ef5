/** Writing records: every record gets its own outcome, and what is acknowledged is in Kafka, once. */
import type { Deadline } from "../deadline.js";
import type { RelayError } from "../errors.js";
import type { OutgoingRecord, TopicName } from "./records.js";

export type ProduceOutcome =
  | { readonly outcome: "written"; readonly partition: number; readonly offset: bigint; readonly timestampMs: number }
  | { readonly outcome: "failed"; readonly error: RelayError };

export interface Producer {
  /**
   * One outcome a record, in the order given. Rejects only for what concerns all of them and before anything was sent
   * (`topic-not-found`, `kafka-unreachable`, `kafka-forbidden`, `too-many-requests`); everything else is an outcome.
   * A failed outcome says by `error.failure.written` whether the record may be in Kafka. Records of one partition keep their order.
   */
  readonly produce: (topic: TopicName, records: readonly OutgoingRecord[], deadline: Deadline) => Promise<readonly ProduceOutcome[]>;
  readonly close: () => Promise<void>;
}
