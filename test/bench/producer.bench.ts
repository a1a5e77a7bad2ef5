/** The producer against a bare kafkajs `send`, one call in flight, acks all, 100-byte values, on the same broker and in turns. */
import { Kafka as KafkaJs, type Producer as KafkaJsProducer, logLevel, Partitioners } from "kafkajs";
import { createDeadline } from "../../lib/deadline.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import type { OutgoingRecord, TopicName } from "../../lib/kafka/records.js";
import { createTestTopic, testKafka } from "../support/kafka.js";
import type { Bench, BenchContext, BenchRow } from "./bench.js";

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
  run: async (context) => {
    const kafka = testKafka({ brokers: context.brokers });
    const theirs = new KafkaJs({ brokers: [...context.brokers], logLevel: logLevel.NOTHING }).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
    await theirs.connect();
    try {
      const rows: BenchRow[] = [];
      for (const { recordsPerCall, ratio } of budgets) rows.push(await measure(kafka, theirs, recordsPerCall, ratio, context));
      return rows;
    } finally {
      await theirs.disconnect();
      await kafka.close();
    }
  },
};

async function measure(
  kafka: Kafka,
  theirs: KafkaJsProducer,
  recordsPerCall: number,
  budget: number,
  context: BenchContext,
): Promise<BenchRow> {
  const topic = await createTestTopic(kafka, { partitions, configs: { "retention.bytes": "100000000" } });
  const ourCall = () => produceOurs(kafka, topic, recordsPerCall);
  const theirCall = () => sendTheirs(theirs, topic, recordsPerCall);
  let ours = 0;
  let others = 0;
  for (let turn = 0; turn < turns; turn++) {
    ours += await recordsPerSecond(ourCall, recordsPerCall, context.secondsPerRow / turns);
    others += await recordsPerSecond(theirCall, recordsPerCall, context.secondsPerRow / turns);
  }
  const ratio = ours / others;
  context.log(`${recordsPerCall} a call: ${Math.round(ours / turns)} against ${Math.round(others / turns)} records/s`);
  return {
    what: `producer, ${recordsPerCall} record${recordsPerCall === 1 ? "" : "s"} a call over ${partitions} partitions, acks all`,
    ours: ours / turns,
    theirs: others / turns,
    unit: "records/s",
    against: "kafkajs send",
    ratio,
    budget: `at least ${budget}`,
    withinBudget: ratio >= budget,
  };
}

/** What a caller does is in it: the records are made anew for every call. */
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

async function sendTheirs(producer: KafkaJsProducer, topic: string, count: number): Promise<void> {
  await producer.send({
    topic,
    acks: -1,
    messages: Array.from({ length: count }, (_, index) => ({ key: null, value, partition: index % partitions })),
  });
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
