/** The mapping without serverless: for tests, for a separate process, or for anything else that stands in for Lambda. */
import { createKafka } from "../../../lib/kafka/kafka.js";
import type { KafkaEvent } from "../../../lib/kafka-event/shape.js";
import { checkTriggerOptions, type KafkaTriggerOptions, toMapping } from "./options.js";
import { toEvent } from "./poll/event.js";
import { startTrigger } from "./trigger.js";
import type { TriggerStatus } from "./trigger-status.js";

export type { KafkaTriggerOptions } from "./options.js";

export interface KafkaTrigger {
  readonly status: () => TriggerStatus;
  /** Lets what is with the function end, commits and leaves the group, within the time (10 s where absent). */
  readonly stop: (options?: { readonly limitMs?: number }) => Promise<void>;
}

const drainDefaultMs = 10_000;
const connectTimeoutMs = 5_000;
const requestTimeoutMs = 30_000;

/**
 * Starts to poll. `invoke` is the function: the value it resolves to is its response, a rejection is a function error. Throws a TypeError that names every wrong
 * option.
 */
export function createKafkaTrigger(options: KafkaTriggerOptions, invoke: (event: KafkaEvent) => Promise<unknown>): KafkaTrigger {
  checkTriggerOptions(options);
  const mapping = toMapping(options);
  const kafka = createKafka({
    brokers: options.brokers,
    clientId: "kafka-trigger",
    connectTimeoutMs,
    requestTimeoutMs,
    idempotence: true,
    compression: "none",
    autoCreateTopics: false,
  });
  const trigger = startTrigger(mapping, {
    kafka,
    invoke: async (runs) => {
      try {
        return { ok: true, answer: await invoke(toEvent(mapping, runs)), requestId: "" };
      } catch (thrown) {
        return { ok: false, reason: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown), requestId: "" };
      }
    },
    say: options.say ?? (() => {}),
    warn: options.warn ?? (() => {}),
    ...(options.onInvocation === undefined ? {} : { onInvocation: options.onInvocation }),
  });
  return {
    status: trigger.status,
    stop: async ({ limitMs = drainDefaultMs } = {}) => {
      await trigger.stop(limitMs);
      await kafka.close();
    },
  };
}
