/** The produce handler, from the gateway's event to its answer, against a bare kafkajs `send` of the same records; both in turns on the same broker. */
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { Kafka as KafkaJs, type Producer as KafkaJsProducer, logLevel, Partitioners } from "kafkajs";
import { operations } from "../../functions/produce.js";
import { type HttpApiHandler, httpApi } from "../../lib/http/hosts/http-api.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { testConfig, toEvent } from "../support/api/api.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import type { Bench, BenchContext, BenchRow } from "./bench.js";

const partitions = 16;
const turns = 4;
const warmUpShare = 0.15;
const cpuMicrosecondsMax = 4;

const budgets = [
  { recordsPerCall: 100, ratio: 1.5 },
  { recordsPerCall: 1_000, ratio: 2 },
] as const;

interface Rivals {
  readonly ours: () => Promise<void>;
  readonly theirs: () => Promise<void>;
}

export const bench: Bench = {
  name: "produce-handler",
  run: async function* (context) {
    const kafka = testKafka({ brokers: context.brokers });
    const theirs = new KafkaJs({ brokers: [...context.brokers], logLevel: logLevel.NOTHING }).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
    await theirs.connect();
    const handler = httpApi(operations, { config: testConfig({ KAFKA_BROKERS: context.brokers.join(",") }), kafka });
    const topic = await createTestTopic(kafka, { partitions, configs: { "retention.bytes": "100000000" } });
    try {
      yield latencyRow(await medians(rivals(1, { kafka, theirs, handler, topic }), context));
      for (const { recordsPerCall, ratio } of budgets) {
        const both = rivals(recordsPerCall, { kafka, theirs, handler, topic });
        yield* await throughputRows(both, recordsPerCall, ratio, context);
      }
    } finally {
      await theirs.disconnect();
      await kafka.close();
    }
  },
};

interface Parties {
  readonly kafka: Kafka;
  readonly theirs: KafkaJsProducer;
  readonly handler: HttpApiHandler;
  readonly topic: string;
}

/** About 200 bytes a value. The event is made once, as the gateway makes it; the messages for kafkajs are made once too. */
function rivals(recordsPerCall: number, { theirs, handler, topic }: Parties): Rivals {
  const records = Array.from({ length: recordsPerCall }, (_, index) => ({
    value: { id: index, place: "somewhere", note: "x".repeat(150) },
    partition: index % partitions,
  }));
  const event = toEvent(
    `POST /topics/${topic}`,
    { body: { records }, contentType: "application/vnd.kafka.json.v2+json" },
    Object.keys(operations),
  ) as APIGatewayProxyEventV2;
  const messages = records.map(({ value, partition }) => ({ key: null, value: JSON.stringify(value), partition }));
  return {
    ours: async () => {
      const { statusCode, headers } = await handler(event, { getRemainingTimeInMillis: () => 29_000 });
      if (statusCode !== 200 || headers?.["relay-failed-records"] !== undefined) throw new Error("A record was not written.");
    },
    theirs: async () => {
      await theirs.send({ topic, acks: -1, messages });
    },
  };
}

/** p50 of a call in milliseconds. */
async function medians(
  { ours, theirs }: Rivals,
  { secondsPerRow }: BenchContext,
): Promise<{ readonly ours: number; readonly theirs: number }> {
  const times: { readonly ours: number[]; readonly theirs: number[] } = { ours: [], theirs: [] };
  for (let turn = 0; turn < turns; turn++) {
    times.ours.push(...(await timesOf(ours, secondsPerRow / turns)));
    times.theirs.push(...(await timesOf(theirs, secondsPerRow / turns)));
  }
  return { ours: median(times.ours), theirs: median(times.theirs) };
}

async function timesOf(call: () => Promise<void>, seconds: number): Promise<readonly number[]> {
  const times: number[] = [];
  const startMs = performance.now();
  const warmUntil = startMs + seconds * 1000 * warmUpShare;
  for (let from = startMs; from < startMs + seconds * 1000; from = performance.now()) {
    await call();
    if (from > warmUntil) times.push(performance.now() - from);
  }
  return times;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function latencyRow({ ours, theirs }: { readonly ours: number; readonly theirs: number }): BenchRow {
  const ratio = ours / theirs;
  return {
    what: "produce handler, 1 record of 200 B a call, p50",
    ours,
    theirs,
    unit: "ms",
    against: "kafkajs send",
    ratio,
    budget: "at most 1",
    withinBudget: ratio <= 1,
  };
}

async function throughputRows(
  { ours, theirs }: Rivals,
  recordsPerCall: number,
  budget: number,
  context: BenchContext,
): Promise<readonly BenchRow[]> {
  const sums = { ours: 0, theirs: 0, oursCpu: 0, theirsCpu: 0 };
  for (let turn = 0; turn < turns; turn++) {
    const one = await rate(ours, recordsPerCall, context.secondsPerRow / turns);
    const other = await rate(theirs, recordsPerCall, context.secondsPerRow / turns);
    sums.ours += one.perSecond / turns;
    sums.theirs += other.perSecond / turns;
    sums.oursCpu += one.cpuMicroseconds / turns;
    sums.theirsCpu += other.cpuMicroseconds / turns;
  }
  const conditions = `produce handler, ${recordsPerCall.toLocaleString("en")} records of 200 B over ${partitions} partitions a call`;
  const rows: BenchRow[] = [
    {
      what: conditions,
      ours: sums.ours,
      theirs: sums.theirs,
      unit: "records/s",
      against: "kafkajs send",
      ratio: sums.ours / sums.theirs,
      budget: `at least ${budget}`,
      withinBudget: sums.ours / sums.theirs >= budget,
    },
  ];
  if (recordsPerCall === 100) {
    rows.push({
      what: `${conditions}, CPU`,
      ours: sums.oursCpu,
      theirs: sums.theirsCpu,
      unit: "us CPU a record",
      against: "kafkajs send",
      ratio: sums.oursCpu / sums.theirsCpu,
      budget: `at most ${cpuMicrosecondsMax} us`,
      withinBudget: sums.oursCpu <= cpuMicrosecondsMax,
    });
  }
  return rows;
}

/** Records a second and the process's CPU time a record, one call in flight. */
async function rate(call: () => Promise<void>, recordsPerCall: number, seconds: number) {
  const warmUntil = performance.now() + seconds * 1000 * warmUpShare;
  while (performance.now() < warmUntil) await call();
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  let calls = 0;
  while (performance.now() - startMs < seconds * 1000) {
    await call();
    calls++;
  }
  const { user, system } = process.cpuUsage(cpu);
  const records = calls * recordsPerCall;
  return { perSecond: (records * 1000) / (performance.now() - startMs), cpuMicroseconds: (user + system) / records };
}
