/** What a mapping is started with beside its rules: the cluster, the function, and who listens. */
import type { Kafka } from "../../../lib/kafka/port.js";
import type { Run } from "./poll/run.js";
import type { GivenUp, InvocationOutcome } from "./poll/settle.js";

/** Hands a batch to the function, as Lambda's event (`toEvent`) or as something that becomes one. A rejection is a function error. */
export type Invoke = (runs: readonly Run[]) => Promise<InvocationOutcome>;

export interface InvocationReport {
  readonly records: number;
  readonly partitions: number;
  readonly tookMs: number;
  readonly verdict: "succeeded" | "failed";
  readonly reason?: string;
}

export interface TriggerWorld {
  readonly kafka: Kafka;
  readonly invoke: Invoke;
  /** Sends records to the on-failure destination; absent: they are dropped with a warning, as on AWS. */
  readonly giveUp?: (given: GivenUp) => Promise<void>;
  readonly onInvocation?: (report: InvocationReport) => void;
  readonly say: (line: string) => void;
  readonly warn: (line: string) => void;
  readonly now?: () => number;
  readonly random?: () => number;
  /** For tests: how long group members may take to finish their batches when the group rebalances. */
  readonly rebalanceTimeoutMs?: number;
}
