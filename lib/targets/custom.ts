/** A target of your own: one file with one function. `export const toLedger = defineTarget({ name: "ledger", deliver: async (delivery) => { ... } })`. */
import * as v from "valibot";
import { createDeadline, type Deadline, within } from "../deadline.js";
import { RelayError } from "../errors.js";
import { text } from "../option-values.js";
import type { Delivery, DeliveryOutcome, TargetContext, TargetDefinition } from "../relay/delivery.js";
import { checkOptions, made, slowTimeoutMsDefault, timeoutMs } from "./options.js";
import { delivered, failed, failedBy } from "./outcome.js";

export interface CustomDelivery {
  /** Aborted when the time is up. */
  readonly signal: AbortSignal;
  readonly deadline: Deadline;
  readonly secret: TargetContext["secret"];
}

export interface CustomTarget {
  /** Where it leads, for logs, metrics, dead letters and the breaker. */
  readonly name: string;
  /**
   * Delivers one record: returning is an acknowledgement. Throw `refuse(...)` for a record that will never do (it is dead-lettered), `comeBack(...)` for a
   * target that cannot now (it is retried); anything else is a bug, and the record is given back.
   */
  readonly deliver: (delivery: Delivery, context: CustomDelivery) => void | Promise<void>;
  /** Of one delivery; 15,000 where absent, and never past the time the function has left. */
  readonly timeoutMs?: number;
  readonly close?: () => void | Promise<void>;
}

const optionEntries = {
  name: text,
  deliver: made,
  timeoutMs: v.optional(timeoutMs),
  close: v.optional(made),
};

export function defineTarget(custom: CustomTarget): TargetDefinition {
  checkOptions("custom", custom, optionEntries);
  const { name } = custom;
  return {
    kind: "custom",
    name,
    options: { name, timeoutMs: custom.timeoutMs ?? slowTimeoutMsDefault },
    open: (context) => ({
      kind: "custom",
      name,
      deliveriesMax: 1,
      deliver: async (deliveries, deadline) => {
        const outcomes: DeliveryOutcome[] = [];
        for (const delivery of deliveries) outcomes.push(await attempt(custom, delivery, deadline, context));
        return outcomes;
      },
      close: async () => custom.close?.(),
    }),
  };
}

/** For a record that will never do, whenever it is sent. */
export function refuse(why: string): RelayError {
  return new RelayError("record-refused", why);
}

/** For a target that cannot take it now; not before `retryAfterMs` where that is known. */
export function comeBack(why: string, retryAfterMs?: number): RelayError {
  return new RelayError("target-failed", why, retryAfterMs === undefined ? {} : { retryAfterMs });
}

async function attempt(custom: CustomTarget, delivery: Delivery, deadline: Deadline, { secret }: TargetContext): Promise<DeliveryOutcome> {
  const timeoutMs = Math.max(1, Math.min(custom.timeoutMs ?? slowTimeoutMsDefault, deadline.leftMs()));
  const abort = new AbortController();
  const done = (async () => {
    try {
      await custom.deliver(delivery, { signal: abort.signal, deadline, secret });
      return delivered;
    } catch (thrown) {
      return failedBy(thrown);
    }
  })();
  return within(createDeadline(timeoutMs), done, () => {
    abort.abort();
    return failed("target-timeout", `${custom.name} did not finish within ${Math.round(timeoutMs)} ms.`);
  });
}
