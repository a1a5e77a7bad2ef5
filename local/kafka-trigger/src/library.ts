/** The mapping without serverless: for tests, for a process of one's own, for whatever stands in for Lambda. */
import { createKafka } from "../../../lib/kafka/kafka.js";
import type { KafkaEvent } from "../../../lib/kafka-event/shape.js";
import { compileFilter } from "./filter.js";
import type { Mapping, StartingPosition } from "./mapping.js";
import { backoffDefault } from "./plugin/settings.js";
import { toEvent } from "./poll/event.js";
import { type InvocationReport, startTrigger, type TriggerStatus } from "./trigger.js";

export interface KafkaTriggerOptions {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly consumerGroupId: string;
  /** 1 to 10,000; 100 where absent. */
  readonly batchSize?: number;
  /** From the first record of a batch; 500 ms where absent, 0 sends what is there. */
  readonly batchingWindowMs?: number;
  /** TRIM_HORIZON where absent; asked only where the group has no offsets. */
  readonly startingPosition?: StartingPosition;
  /** Lambda's patterns, joined by or; what AWS would refuse throws. */
  readonly filterPatterns?: readonly unknown[];
  readonly functionResponseTypes?: readonly "ReportBatchItemFailures"[];
  readonly maximumRetryAttempts?: number;
  readonly maximumRecordAgeInSeconds?: number;
  readonly bisectBatchOnFunctionError?: boolean;
  /** Between attempts. */
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
  /** Given in every event; the brokers where absent. */
  readonly bootstrapServers?: string;
  /** Where present, events are Amazon MSK's. */
  readonly eventSourceArn?: string;
  readonly onInvocation?: (report: InvocationReport) => void;
  /** One line for what happens; silent where absent. */
  readonly say?: (line: string) => void;
  readonly warn?: (line: string) => void;
}

export interface KafkaTrigger {
  readonly status: () => TriggerStatus;
  /** Lets what is with the function end, commits and leaves the group, within the time (10 s where absent). */
  readonly stop: (options?: { readonly limitMs?: number }) => Promise<void>;
}

const drainDefaultMs = 10_000;
const connectTimeoutMs = 5_000;
const requestTimeoutMs = 30_000;

/** Begins to poll. `invoke` is the function: what it resolves to is its answer, a rejection is a function error. */
export function createKafkaTrigger(options: KafkaTriggerOptions, invoke: (event: KafkaEvent) => Promise<unknown>): KafkaTrigger {
  const kafka = createKafka({
    brokers: options.brokers,
    clientId: "kafka-trigger",
    connectTimeoutMs,
    requestTimeoutMs,
    idempotence: true,
    compression: "none",
    autoCreateTopics: false,
  });
  const mapping = toMapping(options);
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

function toMapping(options: KafkaTriggerOptions): Mapping {
  const { topic, consumerGroupId, eventSourceArn } = options;
  return {
    name: topic,
    kind: eventSourceArn === undefined ? "kafka" : "msk",
    ...(eventSourceArn === undefined ? {} : { eventSourceArn }),
    bootstrapServers: options.bootstrapServers ?? options.brokers.join(","),
    topic,
    consumerGroupId,
    batchSize: options.batchSize ?? 100,
    windowMs: options.batchingWindowMs ?? 500,
    startingPosition: options.startingPosition ?? { kind: "TRIM_HORIZON" },
    ...(options.filterPatterns === undefined ? {} : { filter: compileFilter(options.filterPatterns) }),
    failure: {
      retriesMax: options.maximumRetryAttempts ?? -1,
      recordAgeMaxMs: options.maximumRecordAgeInSeconds === undefined ? -1 : options.maximumRecordAgeInSeconds * 1000,
      isBisecting: options.bisectBatchOnFunctionError ?? false,
      takesPartialResponses: options.functionResponseTypes?.includes("ReportBatchItemFailures") ?? false,
    },
    backoff: options.backoff ?? backoffDefault,
  };
}
