/** What a batch is relayed with: the route, its opened target, the dead letters, the breaker, and the time. */
import type { Deadline } from "../../deadline.js";
import type { RelayError } from "../../errors.js";
import type { KafkaRecord } from "../../kafka/records.js";
import type { RedriveMark } from "../dead-letters/redrive-mark.js";
import type { Target } from "../delivery.js";
import type { Route } from "../route.js";
import type { Breaker } from "./breaker.js";
import type { Clock } from "./clock.js";
import type { Conversions, Entry, Verdict } from "./entry.js";

export interface DeadLetters {
  /** One result per entry: undefined once the dead letter topic has acknowledged it, otherwise why it was not written. */
  readonly write: (entries: readonly Entry[], deadline: Deadline) => Promise<readonly (RelayError | undefined)[]>;
}

export interface BatchParts extends Pick<Conversions, "decode" | "encode"> {
  readonly route: Route;
  readonly target: Target;
  readonly deadLetters: DeadLetters;
  readonly breaker: Breaker;
  readonly clock: Clock;
  /** At least 0 and below 1. */
  readonly random: () => number;
  /** The end of the function's time, less the route's margin. */
  readonly deadline: Deadline;
  readonly namespace: string;
  /** The verdict that a record got when the same batch was here before; its work is not repeated. */
  readonly settled?: (record: KafkaRecord) => Verdict | undefined;
  /** Why a record cannot be relayed at all, where that is known beforehand. */
  readonly refusalOf?: (record: KafkaRecord) => RelayError | undefined;
  /** Whether the record's dead letter was refused when the same batch was here before. */
  readonly isHeld?: (record: KafkaRecord) => boolean;
  /** Present when the invocation is a redrive. */
  readonly redrive?: RedriveMark | undefined;
}
