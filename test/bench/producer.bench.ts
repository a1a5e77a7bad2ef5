/** The producer against kafkajs's and other clients' `send`, one call in flight, acks all, 100-byte values, on the same broker and in turns. */
import { createDeadline } from "../../lib/deadline.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import type { OutgoingRecord, TopicName } from "../../lib/kafka/records.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import type { Bench, BenchContext, ComparedRow } from "./bench.js";
import type { BenchClient } from "./clients/client.js";
import { openKafkajs } from "./clients/kafkajs.js";
import { withOtherClients } from "./clients/others.js";

const partitions = 16;
const value = Buffer.alloc(100, "x");
/** Ours and theirs take turns, so that neither has the quieter half of the run. */
const turns = 12;
const warmUpShare = 0.1;
const callTimeoutMs = 20_000;

const budgets = [
  { recordsPerCall: 1, ratio: 1.2 },
  { recordsPerCall: 100, ratio: 2.5 },
  { recordsPerCall: 1_000, ratio: 5 },
] as const;

export const bench: Bench = {
  name: "producer",
  run: async function* (context) {
    const kafka = testKafka({ brokers: context.brokers });
    const kafkajs = await openKafkajs(context.brokers);
    try {
      for (const { recordsPerCall, ratio } of budgets) {
        const row = await measure(kafka, kafkajs, recordsPerCall, context);
        yield { ...row, budget: `at least ${ratio}`, withinBudget: row.ratio >= ratio };
      }
      yield* withOtherClients("producer", context, async function* (client) {
        for (const { recordsPerCall } of budgets) yield await measure(kafka, client, recordsPerCall, context);
      });
    } finally {
      await kafkajs.close();
      await kafka.close();
    }
  },
};

async function measure(kafka: Kafka, client: BenchClient, recordsPerCall: number, context: BenchContext): Promise<ComparedRow> {
  const topic = await createTestTopic(kafka, { partitions, configs: { "retention.bytes": "100000000" } });
  const ourCall = () => produceOurs(kafka, topic, recordsPerCall);
  const theirCall = () => client.send(topic, value, recordsPerCall, partitions);
  let ours = 0;
  let others = 0;
  for (let turn = 0; turn < turns; turn++) {
    ours += await recordsPerSecond(ourCall, recordsPerCall, context.secondsPerRow / turns);
    others += await recordsPerSecond(theirCall, recordsPerCall, context.secondsPerRow / turns);
  }
  const against = `${client.name} send`;
  context.log(`${recordsPerCall} per call: ${Math.round(ours / turns)} against ${Math.round(others / turns)} records/s of ${against}`);
  return {
    what: `producer, ${recordsPerCall} record${recordsPerCall === 1 ? "" : "s"} per call over ${partitions} partitions, acks all`,
    ours: ours / turns,
    theirs: others / turns,
    unit: "records/s",
    against,
    ratio: ours / others,
  };
}

/** The measurement includes what a caller does: the records are created for every call. */
async function produceOurs(kafka: Kafka, topic: TopicName, count: number): Promise<void> {
  const records: OutgoingRecord[] = Array.from({ length: count }, (_, index) => ({
    key: null,
    value,
    headers: [],
    partition: index % partitions,
  }));
  const outcomes = await kafka.producer.produce(topic, records, createDeadline(callTimeoutMs));
  if (!outcomes.every(({ outcome }) => outcome === "written")) throw new Error("A record was not written.");
}

async function recordsPerSecond(call: () => Promise<void>, recordsPerCall: number, seconds: number): Promise<number> {
  const warmUntil = performance.now() + seconds * 1000 * warmUpShare;
  while (performance.now() < warmUntil) await call();
  const startMs = performance.now();
  let calls = 0;
  while (performance.now() - startMs < seconds * 1000) {
    await call();
    calls++;
  }
  return (calls * recordsPerCall * 1000) / (performance.now() - startMs);
}
