/** The local mapping beside a bare kafkajs consumer: records/s into a function that does nothing, in process and in a worker; and the time from append to invocation. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Kafka as KafkaJs, logLevel } from "kafkajs";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { createTopics, deleteTopics } from "../../lib/kafka/admin/topics.js";
import { createKafka, type Kafka, toKafkaOptions } from "../../lib/kafka/kafka.js";
import { parseTopicName } from "../../lib/kafka/topic-name.js";
import { packEvent } from "../../local/kafka-trigger/src/handlers/packed.js";
import { createHandlerPool } from "../../local/kafka-trigger/src/handlers/pool.js";
import { createKafkaTrigger } from "../../local/kafka-trigger/src/library.js";
import type { Mapping } from "../../local/kafka-trigger/src/mapping.js";
import { toEvent } from "../../local/kafka-trigger/src/poll/event.js";
import { countOf } from "../../local/kafka-trigger/src/poll/run.js";
import { startTrigger } from "../../local/kafka-trigger/src/trigger.js";
import type { Invoke } from "../../local/kafka-trigger/src/trigger-world.js";
import { amountOf, type Bench, type BenchRow } from "./bench.js";

const partitions = 4;
const fullCount = 1_000_000;
const valueBytes = 200;
const batchSize = 5_000;
const limitMs = 120_000;

export const bench: Bench = {
  name: "trigger",
  run: async function* (context) {
    const { brokers, log } = context;
    const recordsCount = amountOf(fullCount, context);
    const kafka = createKafka(toKafkaOptions(parseConfig({ KAFKA_BROKERS: brokers.join(",") })));
    const topic = parseTopicName(`bench-trigger-${randomUUID().slice(0, 8)}`);
    await createTopics(kafka, [{ name: topic, partitionsCount: partitions, replicationFactor: 1, configs: [] }], createDeadline(limitMs));
    try {
      log(`writing ${recordsCount} records of ${valueBytes} bytes`);
      await fill(kafka, topic, recordsCount);
      const theirs = await kafkajsConsumer(brokers, topic, recordsCount);
      log(`kafkajs consumer: ${Math.round(theirs)} records/s`);
      const what = `${recordsCount} records of ${valueBytes} B on ${partitions} partitions, batches of ${batchSize}`;
      const inProcess = await throughTrigger(brokers, topic, recordsCount, inThisProcess);
      yield row(`${what}, in process`, inProcess, theirs, 1.5);
      const inWorker = await throughWorker(brokers, topic, recordsCount);
      yield row(`${what}, into a worker`, inWorker, theirs, 0.8);
      const latencyMs = await appendToInvoke(kafka, brokers, topic);
      yield {
        what: "append to invocation, window 0, median of 50",
        ours: latencyMs,
        theirs: 20,
        unit: "ms",
        against: "the limit",
        ratio: latencyMs / 20,
        budget: "at most 20 ms",
        withinBudget: latencyMs <= 20,
      };
    } finally {
      await deleteTopics(kafka, [topic], createDeadline(limitMs));
      await kafka.close();
    }
  },
};

const row = (what: string, ours: number, theirs: number, atLeast: number): BenchRow => ({
  what,
  ours,
  theirs,
  unit: "records/s",
  against: "kafkajs consumer, eachBatch",
  ratio: ours / theirs,
  budget: `at least ${atLeast}`,
  withinBudget: ours / theirs >= atLeast,
});

async function fill(kafka: Kafka, topic: ReturnType<typeof parseTopicName>, recordsCount: number): Promise<void> {
  const value = Buffer.alloc(valueBytes, "x");
  for (let at = 0; at < recordsCount; at += 20_000) {
    const records = Array.from({ length: 20_000 }, (_, index) => ({ key: null, value, headers: [], partition: index % partitions }));
    const outcomes = await kafka.producer.produce(topic, records, createDeadline(limitMs));
    if (outcomes.some(({ outcome }) => outcome !== "written")) throw new Error("The bench's topic could not be filled.");
  }
}

/** Timed from the first record to the last, so that joining the group does not count for anybody. */
function rate(recordsCount: number): { readonly seen: (count: number) => void; readonly done: Promise<number> } {
  let total = 0;
  let startedMs: number | undefined;
  let resolve: (perSecond: number) => void = () => {};
  const done = new Promise<number>((settle) => {
    resolve = settle;
  });
  return {
    seen: (count) => {
      startedMs ??= performance.now();
      total += count;
      if (total >= recordsCount) resolve((recordsCount / (performance.now() - startedMs)) * 1000);
    },
    done,
  };
}

async function kafkajsConsumer(brokers: readonly string[], topic: string, recordsCount: number): Promise<number> {
  const consumer = new KafkaJs({ brokers: [...brokers], logLevel: logLevel.NOTHING }).consumer({
    groupId: `bench-${randomUUID()}`,
    maxBytesPerPartition: 4_000_000,
    maxBytes: 16_000_000,
  });
  const { seen, done } = rate(recordsCount);
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachBatch: async ({ batch }) => {
      for (const { value } of batch.messages) value?.toString("base64");
      seen(batch.messages.length);
    },
  });
  const perSecond = await done;
  await consumer.disconnect();
  return perSecond;
}

async function throughTrigger(
  brokers: readonly string[],
  topic: string,
  recordsCount: number,
  invokeWith: (mapping: Mapping) => Invoke,
): Promise<number> {
  const { seen, done } = rate(recordsCount);
  const mapping: Mapping = {
    name: "bench",
    kind: "kafka",
    bootstrapServers: brokers.join(","),
    topic,
    consumerGroupId: `bench-${randomUUID()}`,
    batchSize,
    windowMs: 0,
    startingPosition: { kind: "TRIM_HORIZON" },
    failure: { retriesMax: -1, recordAgeMaxMs: -1, isBisecting: false, takesPartialResponses: false },
    backoff: { firstMs: 200, maxMs: 4_000 },
  };
  const kafka = createKafka(toKafkaOptions(parseConfig({ KAFKA_BROKERS: brokers.join(",") })));
  const invoke = invokeWith(mapping);
  const trigger = startTrigger(mapping, {
    kafka,
    invoke: async (runs) => {
      const outcome = await invoke(runs);
      if (outcome.ok) seen(countOf(runs));
      return outcome;
    },
    say: () => {},
    warn: console.error,
  });
  const perSecond = await done;
  await trigger.stop(limitMs);
  await kafka.close();
  return perSecond;
}

/** A function in this process that does nothing with its event. */
const inThisProcess =
  (mapping: Mapping): Invoke =>
  async (runs) => {
    toEvent(mapping, runs);
    return { ok: true, answer: {}, requestId: "" };
  };

async function throughWorker(brokers: readonly string[], topic: string, recordsCount: number): Promise<number> {
  const serviceFolder = mkdtempSync(join(tmpdir(), "kafka-relay-bench-"));
  writeFileSync(join(serviceFolder, "handler.cjs"), "exports.handler = async () => ({});\n");
  const pool = createHandlerPool(
    {
      serviceFolder,
      handler: "handler.handler",
      tsxFrom: [],
      functionName: "bench",
      functionArn: "arn:aws:lambda:eu-central-1:000000000000:function:bench",
      timeoutMs: limitMs,
      memoryMb: 1024,
      environment: {},
    },
    console.error,
    fileURLToPath(new URL("../../local/kafka-trigger/dist/worker.cjs", import.meta.url)),
  );
  try {
    return await throughTrigger(brokers, topic, recordsCount, (mapping) => (runs) => pool.invoke(packEvent(mapping, runs)));
  } finally {
    await pool.close();
    rmSync(serviceFolder, { recursive: true });
  }
}

async function appendToInvoke(kafka: Kafka, brokers: readonly string[], filled: string): Promise<number> {
  const topic = parseTopicName(`${filled}-latency`);
  await createTopics(kafka, [{ name: topic, partitionsCount: 1, replicationFactor: 1, configs: [] }], createDeadline(limitMs));
  let arrived = (): void => {};
  const trigger = createKafkaTrigger({ brokers, topic, consumerGroupId: `bench-${randomUUID()}`, batchingWindowMs: 0 }, async () =>
    arrived(),
  );
  const took: number[] = [];
  for (let round = 0; round < 52; round++) {
    const invoked = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const record = { key: null, value: Buffer.from(String(round)), headers: [] };
    await kafka.producer.produce(topic, [record], createDeadline(limitMs));
    const acknowledgedMs = performance.now();
    await invoked;
    took.push(performance.now() - acknowledgedMs);
  }
  await trigger.stop();
  await deleteTopics(kafka, [topic], createDeadline(limitMs));
  return took.slice(2).sort((one, other) => one - other)[25] ?? Number.NaN;
}
