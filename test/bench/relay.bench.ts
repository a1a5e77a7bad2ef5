/** The relay: what it costs a record beside the target's own time, patterns, and topic to topic against a kafkajs consumer that sends each batch on. */
import { Kafka as KafkaJs, logLevel } from "kafkajs";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { createKafka, type Kafka, toKafkaOptions } from "../../lib/kafka/kafka.js";
import type { KafkaRecord, OutgoingRecord, TopicName } from "../../lib/kafka/records.js";
import { compilePattern } from "../../lib/patterns/compile.js";
import type { TargetDefinition } from "../../lib/relay/delivery.js";
import { relay } from "../../lib/relay/relay.js";
import { defineRoute, type RouteDefinition } from "../../lib/relay/route.js";
import { topic } from "../../lib/targets/topic.js";
import { createTelemetry } from "../../lib/telemetry.js";
import { createKafkaTrigger } from "../../local/kafka-trigger/src/library.js";
import { createTestTopic } from "../support/broker/kafka.js";
import { toEvent } from "../support/relay/relay-on-broker.js";
import { amountOf, type Bench, type BenchContext, type BenchRow } from "./bench.js";

const overheadUsMax = 25;
const matchesMin = 200_000;
const relayRatioMin = 1.5;
const partitions = 4;
const recordsCount = 40_000;
const batchRecords = 500;
const roundsMax = 4;
const slowTargetMs = 20;

interface Quake {
  readonly id: number;
  readonly magnitude: number;
  readonly place: string;
}

const outgoing: readonly OutgoingRecord[] = Array.from({ length: recordsCount }, (_, id) => ({
  key: Buffer.from(`key-${id % 1_000}`),
  value: Buffer.from(JSON.stringify({ id, magnitude: (id % 90) / 10, place: "somewhere", note: "x".repeat(120) })),
  headers: [{ name: "content-type", value: Buffer.from("application/json") }],
  timestampMs: 1_700_000_000_000 + id,
}));

export const bench: Bench = {
  name: "relay",
  run: async function* (context) {
    yield await overheadRow(context);
    yield* patternRows(context);
    yield* slowTargetRows(context);
    yield await topicToTopicRow(context);
  },
};

const silent = createTelemetry({ level: "error", metrics: "off" });

function quietRoute(target: TargetDefinition, own: Partial<RouteDefinition<Quake>> = {}, kafka?: Kafka) {
  const config = parseConfig({ KAFKA_BROKERS: "127.0.0.1:9092", RELAY_PARTIAL_RESPONSES: "true" });
  return relay(defineRoute<Quake>({ name: "bench", target, ...own }), {
    config,
    telemetry: silent,
    ...(kafka === undefined ? {} : { kafka }),
  });
}

/** Event in, base64 undone, JSON parsed, filtered, transformed, planned, answered: everything but a target. */
async function overheadRow({ secondsPerRow }: BenchContext): Promise<BenchRow> {
  const target: TargetDefinition = {
    kind: "bench",
    name: "nowhere",
    options: {},
    open: () => ({
      kind: "bench",
      name: "nowhere",
      deliveriesMax: 1_000,
      deliver: async (deliveries) => deliveries.map(() => ({ verdict: "delivered" })),
      close: async () => {},
    }),
  };
  const handler = quietRoute(target, {
    filter: { value: { magnitude: [{ numeric: [">=", 1] }] } },
    transform: ({ value }) => ({ key: String(value.id), value: { id: value.id, strong: value.magnitude > 5 } }),
  });
  const events = Array.from({ length: 20 }, (_, batch) =>
    JSON.stringify(
      toEvent(outgoing.slice(batch * batchRecords, (batch + 1) * batchRecords).map((record, index) => toRecord(record, index))),
    ),
  ).map((text) => JSON.parse(text) as unknown);
  for (const event of events) await handler(event);
  const startedMs = performance.now();
  let records = 0;
  while (performance.now() - startedMs < secondsPerRow * 1_000) {
    for (const event of events) await handler(event);
    records += events.length * batchRecords;
  }
  const ours = ((performance.now() - startedMs) * 1_000) / records;
  return {
    what: "relay overhead, 200-byte records filtered and transformed, batches of 500",
    ours,
    theirs: overheadUsMax,
    unit: "us per record",
    against: "the budget",
    ratio: ours / overheadUsMax,
    budget: `at most ${overheadUsMax} us`,
    withinBudget: ours <= overheadUsMax,
  };
}

function toRecord(record: OutgoingRecord, index: number): KafkaRecord {
  const { key, value, headers, timestampMs = 0 } = record;
  return { topic: "bench", partition: 0, offset: BigInt(index), timestampMs, timestampType: "CREATE_TIME", key, value, headers };
}

function patternRows({ secondsPerRow }: BenchContext): readonly BenchRow[] {
  const simple = compilePattern({ value: { magnitude: [{ numeric: [">=", 4] }], type: ["earthquake"] } });
  const rich = compilePattern({
    topic: [{ prefix: "earth" }],
    value: {
      place: [{ wildcard: "*Taiwan*" }, { "anything-but": { prefix: "near " } }],
      stations: { net: ["us", "ci"], ip: [{ cidr: "10.0.0.0/8" }] },
      $or: [{ magnitude: [{ numeric: [">", 4, "<=", 9] }] }, { alert: [{ exists: true }] }],
    },
  });
  const event = {
    topic: "earthquakes",
    value: {
      magnitude: 5.1,
      type: "earthquake",
      place: "Hualien, Taiwan",
      stations: [
        { net: "nc", ip: "10.0.0.1" },
        { net: "ci", ip: "10.2.3.4" },
      ],
    },
  };
  return [
    { what: "pattern with a range and a text", matches: simple },
    { what: "pattern with wildcard, anything-but, cidr, $or and an array of objects", matches: rich },
  ].map(({ what, matches }) => {
    if (!matches(event)) throw new Error(`The ${what} does not match its event.`);
    const ours = perSecond(secondsPerRow, () => matches(event));
    return {
      what,
      ours,
      theirs: matchesMin,
      unit: "matches/s",
      against: "the budget",
      ratio: ours / matchesMin,
      budget: `at least ${matchesMin.toLocaleString("en")}/s`,
      withinBudget: ours >= matchesMin,
    };
  });
}

function perSecond(seconds: number, once: () => unknown): number {
  for (let warmUp = 0; warmUp < 10_000; warmUp++) once();
  const startedMs = performance.now();
  let count = 0;
  while (performance.now() - startedMs < seconds * 1_000) for (let index = 0; index < 1_000; index++, count++) once();
  return count / ((performance.now() - startedMs) / 1_000);
}

/** A target that takes 20 ms an answer: what order allows to go side by side. */
async function* slowTargetRows({ secondsPerRow }: BenchContext): AsyncIterable<BenchRow> {
  const target: TargetDefinition = {
    kind: "bench",
    name: "slow",
    options: {},
    open: () => ({
      kind: "bench",
      name: "slow",
      deliveriesMax: 1,
      deliver: async (deliveries) => {
        await new Promise((resolve) => setTimeout(resolve, slowTargetMs));
        return deliveries.map(() => ({ verdict: "delivered" }));
      },
      close: async () => {},
    }),
  };
  for (const [order, floor] of [
    ["partition", 180],
    ["key", 2_500],
    ["none", 2_500],
  ] as const) {
    const handler = quietRoute(target, { order });
    const count = Math.round(floor * Math.min(secondsPerRow, 2));
    const event = toEvent(outgoing.slice(0, count).map((record, index) => ({ ...toRecord(record, index), partition: index % partitions })));
    const startedMs = performance.now();
    await handler(event);
    const ours = count / ((performance.now() - startedMs) / 1_000);
    yield {
      what: `target that takes ${slowTargetMs} ms, order by ${order}, ${partitions} partitions`,
      ours,
      theirs: floor,
      unit: "deliveries/s",
      against: "the budget",
      ratio: ours / floor,
      budget: `at least ${floor.toLocaleString("en")}/s`,
      withinBudget: ours >= floor,
    };
  }
}

async function topicToTopicRow(context: BenchContext): Promise<BenchRow> {
  const { brokers, log } = context;
  const recordsCount = amountOf(outgoing.length, context);
  const rounds = context.isShort ? 1 : roundsMax;
  const kafka = createKafka(toKafkaOptions(parseConfig({ KAFKA_BROKERS: brokers.join(",") })));
  try {
    const [source, ourTarget, theirTarget] = await Promise.all([0, 1, 2].map(() => createTestTopic(kafka, { partitions })));
    if (source === undefined || ourTarget === undefined || theirTarget === undefined) throw new Error("A topic is missing.");
    for (let from = 0; from < recordsCount; from += 5_000)
      await kafka.producer.produce(source, outgoing.slice(from, Math.min(from + 5_000, recordsCount)), createDeadline(60_000));
    // In turns, so that neither has the warm broker or the quiet moment to itself.
    let [oursSeconds, theirsSeconds] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      oursSeconds += await relayOurs(kafka, brokers, source, ourTarget, { round, recordsCount });
      theirsSeconds += await relayTheirs(brokers, source, theirTarget, { round, recordsCount });
    }
    const ours = (rounds * recordsCount) / oursSeconds;
    const theirs = (rounds * recordsCount) / theirsSeconds;
    log(`${recordsCount} records relayed ${rounds} times by both`);
    return {
      what: `topic to topic, ${recordsCount.toLocaleString("en")} records of 200 bytes over ${partitions} partitions`,
      ours,
      theirs,
      unit: "records/s",
      against: "a kafkajs consumer and sendBatch",
      ratio: ours / theirs,
      budget: `at least ${relayRatioMin}`,
      withinBudget: ours / theirs >= relayRatioMin,
    };
  } finally {
    await kafka.close();
  }
}

interface Round {
  readonly round: number;
  readonly recordsCount: number;
}

/** The trigger and the route in one process, as `relay run` has them; from the first batch on, so that joining the group is not counted; seconds. */
async function relayOurs(
  kafka: Kafka,
  brokers: readonly string[],
  source: TopicName,
  target: TopicName,
  { round, recordsCount }: Round,
): Promise<number> {
  const handler = quietRoute(topic({ topic: target }), {}, kafka);
  let startedMs = 0;
  let count = 0;
  let done: () => void = () => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const trigger = createKafkaTrigger(
    {
      brokers,
      topic: source,
      consumerGroupId: `bench-ours-${source}-${round}`,
      batchSize: 10_000,
      batchingWindowMs: 0,
      functionResponseTypes: ["ReportBatchItemFailures"],
    },
    async (event) => {
      startedMs ||= performance.now();
      const answer = await handler(event, { getRemainingTimeInMillis: () => 60_000 });
      if (answer.batchItemFailures.length > 0) throw new Error(`${answer.batchItemFailures.length} records were given back.`);
      for (const records of Object.values(event.records)) count += records.length;
      if (count >= recordsCount) done();
      return answer;
    },
  );
  try {
    await all;
    return (performance.now() - startedMs) / 1_000;
  } finally {
    await trigger.stop();
  }
}

/** From the first batch on, so that joining the group is not counted; seconds. */
async function relayTheirs(brokers: readonly string[], source: string, target: string, { round, recordsCount }: Round): Promise<number> {
  const client = new KafkaJs({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = client.producer();
  const consumer = client.consumer({ groupId: `bench-${source}-${round}` });
  await Promise.all([producer.connect(), consumer.connect()]);
  await consumer.subscribe({ topic: source, fromBeginning: true });
  let startedMs = 0;
  let count = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          partitionsConsumedConcurrently: partitions,
          eachBatch: async ({ batch }) => {
            startedMs ||= performance.now();
            const messages = batch.messages.map(({ key, value, headers, timestamp }) => ({
              key,
              value,
              timestamp,
              ...(headers === undefined ? {} : { headers }),
            }));
            await producer.sendBatch({ topicMessages: [{ topic: target, messages }] });
            count += messages.length;
            if (count >= recordsCount) resolve();
          },
        })
        .catch(reject);
    });
    return (performance.now() - startedMs) / 1_000;
  } finally {
    await consumer.disconnect();
    await producer.disconnect();
  }
}
