/** The trigger on the real broker: a mapping with a function of the test's own, and what that function was called with. */
import { afterEach, beforeEach } from "vitest";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import type { KafkaEvent, KafkaEventRecord } from "../../../lib/kafka-event/shape.js";
import type { Mapping } from "../../../local/kafka-trigger/src/mapping.js";
import { toEvent } from "../../../local/kafka-trigger/src/poll/event.js";
import type { GivenUp, InvocationOutcome } from "../../../local/kafka-trigger/src/poll/settle.js";
import { startTrigger, type Trigger } from "../../../local/kafka-trigger/src/trigger.js";
import type { TriggerWorld } from "../../../local/kafka-trigger/src/trigger-world.js";
import { testKafka, until } from "../broker/kafka.js";
import { uniqueName } from "../broker/unique-names.js";

export interface MappingRun extends Trigger {
  /** Every event, in the order of the calls. */
  readonly events: readonly KafkaEvent[];
  readonly givenUp: readonly GivenUp[];
  readonly warnings: readonly string[];
  /** Waits until the mapping has said that it polls. */
  readonly isPolling: () => Promise<void>;
}

interface MappingsOfEachTest {
  /** The test's own connection to the broker. */
  readonly kafka: Kafka;
  /** Runs a mapping until the test ends. */
  readonly start: (
    topic: string,
    run?: TestFunction,
    given?: Parameters<typeof runMapping>[3],
    world?: Partial<TriggerWorld>,
  ) => MappingRun;
}

const stopLimitMs = 5_000;

/** For a file of tests: each has a connection of its own, and what it started is stopped behind it. */
export function mappingsOfEachTest(): MappingsOfEachTest {
  let kafka: Kafka;
  let runs: MappingRun[];
  beforeEach(() => {
    kafka = testKafka();
    runs = [];
  });
  afterEach(async () => {
    await Promise.all(runs.map((run) => run.stop(stopLimitMs)));
    await kafka.close();
  });
  return {
    get kafka() {
      return kafka;
    },
    start: (topic, run, given, world) => {
      const mapping = runMapping(kafka, topic, run, given, world);
      runs.push(mapping);
      return mapping;
    },
  };
}

/** What a function does with its event: it returns an answer or throws. */
type TestFunction = (event: KafkaEvent) => unknown;

export function runMapping(
  kafka: Kafka,
  topic: string,
  run: TestFunction = () => undefined,
  { failure, ...given }: Partial<Omit<Mapping, "failure">> & { readonly failure?: Partial<Mapping["failure"]> } = {},
  world: Partial<TriggerWorld> = {},
): MappingRun {
  const events: KafkaEvent[] = [];
  const givenUp: GivenUp[] = [];
  const warnings: string[] = [];
  const mapping: Mapping = {
    name: `test (kafka, topic ${topic})`,
    kind: "kafka",
    bootstrapServers: "b-1:9092,b-2:9092",
    topic,
    consumerGroupId: uniqueName("group"),
    batchSize: 100,
    windowMs: 50,
    startingPosition: { kind: "TRIM_HORIZON" },
    failure: { retriesMax: -1, recordAgeMaxMs: -1, isBisecting: false, takesPartialResponses: false, ...failure },
    backoff: { firstMs: 10, maxMs: 20 },
    ...given,
  };
  const trigger = startTrigger(mapping, {
    kafka,
    invoke: async (runs): Promise<InvocationOutcome> => {
      const event = toEvent(mapping, runs);
      events.push(event);
      try {
        return { ok: true, answer: await run(event), requestId: "request" };
      } catch (thrown) {
        return { ok: false, reason: String(thrown), requestId: "request" };
      }
    },
    giveUp: async (given) => void givenUp.push(given),
    say: () => {},
    warn: (line) => void warnings.push(line),
    ...world,
  });
  return { ...trigger, events, givenUp, warnings, isPolling: () => until(() => trigger.status().state === "polling") };
}

export const recordsOf = (event: KafkaEvent): readonly KafkaEventRecord[] => Object.values(event.records).flat();

export const valuesOf = (event: KafkaEvent): readonly string[] =>
  recordsOf(event).map(({ value = "" }) => Buffer.from(value, "base64").toString());
