/**
 * Sources in process, beside the loop that is written by hand in their place: kafkajs with its idempotent producer, one send per batch. The loop checks the event's kind,
 * and writes the same keys, values, times, attributes and delivery ids. Records per second and CPU per record.
 */
import { createHmac, randomUUID } from "node:crypto";
import { Kafka as KafkaJs, logLevel, Partitioners, type Producer } from "kafkajs";
import pg from "pg";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { createTopics, deleteTopics } from "../../lib/kafka/admin/topics.js";
import { createKafka, type Kafka, toKafkaOptions } from "../../lib/kafka/kafka.js";
import { defineSource } from "../../lib/sources/define-source.js";
import type { SourceOrigin } from "../../lib/sources/origin.js";
import { outbox } from "../../lib/sources/outbox.js";
import { source } from "../../lib/sources/source.js";
import { sqsQueue } from "../../lib/sources/sqs.js";
import { kinesisStream } from "../../lib/sources/streams.js";
import { github } from "../../lib/sources/webhook/schemes.js";
import { webhooks } from "../../lib/sources/webhook.js";
import { startSql } from "../../local/sql/server.js";
import { amountOf, type Bench, type BenchContext, type BenchRow } from "./bench.js";

const partitionsCount = 16;
const value = "x".repeat(200);
const invocation = { getRemainingTimeInMillis: () => 60_000 };

interface World {
  readonly context: BenchContext;
  readonly kafka: Kafka;
  readonly kafkajs: Producer;
  readonly topic: string;
}

type Work = () => Promise<unknown>;

export const bench: Bench = {
  name: "sources",
  run: async function* (context) {
    const kafka = createKafka(toKafkaOptions(configOf(context)));
    const topic = `bench-sources-${randomUUID().slice(0, 8)}`;
    await createTopics(kafka, [{ name: topic, partitionsCount, replicationFactor: 1, configs: [] }], createDeadline(20_000));
    const client = new KafkaJs({ brokers: [...context.brokers], logLevel: logLevel.NOTHING });
    // As ours: acknowledged by all replicas, and none written twice when a request is repeated.
    const kafkajs = client.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true, maxInFlightRequests: 1 });
    await kafkajs.connect();
    const world = { context, kafka, kafkajs, topic };
    try {
      yield* queue(world);
      yield* stream(world);
      yield await call(world);
      yield* table(world);
    } finally {
      await kafkajs.disconnect();
      await deleteTopics(kafka, [topic], createDeadline(20_000));
      await kafka.close();
    }
  },
};

const configOf = ({ brokers }: BenchContext) =>
  parseConfig({ KAFKA_BROKERS: brokers.join(","), RELAY_METRICS: "off", RELAY_LOG_LEVEL: "error", RELAY_PARTIAL_RESPONSES: "true" });

const handlerOf = ({ context, kafka, topic }: World, from: SourceOrigin) =>
  source(defineSource({ name: "bench", from, to: { topic } }), { config: configOf(context), kafka });

function queue(world: World): AsyncIterable<BenchRow> {
  const arn = "arn:aws:sqs:eu-central-1:123456789012:bench";
  const Records = Array.from({ length: 100 }, (_, index) => ({
    messageId: `m${index}`,
    body: value,
    attributes: { SentTimestamp: String(Date.now()) },
    messageAttributes: {},
    eventSource: "aws:sqs",
    eventSourceARN: arn,
  }));
  const handler = handlerOf(world, sqsQueue());
  const loop = async () => {
    await world.kafkajs.send({
      topic: world.topic,
      messages: Records.map(({ messageId, body, attributes, messageAttributes, eventSource }) => {
        if (eventSource !== "aws:sqs") throw new Error(`not a message of a queue: ${eventSource}`);
        const texts = Object.entries<{ stringValue: string }>(messageAttributes).map(([name, { stringValue }]) => [name, stringValue]);
        const headers = { ...Object.fromEntries(texts), "relay.delivery-id": `${arn}/${messageId}` };
        return { value: body, timestamp: attributes.SentTimestamp, headers };
      }),
    });
    return { batchItemFailures: [] };
  };
  return compared(world, "sqs, batches of 100 messages of 200 B", Records.length, () => handler({ Records }, invocation), loop);
}

function stream(world: World): AsyncIterable<BenchRow> {
  const arn = "arn:aws:kinesis:eu-central-1:123456789012:stream/bench";
  const Records = Array.from({ length: 500 }, (_, index) => ({
    kinesis: {
      partitionKey: `k${index % 97}`,
      sequenceNumber: String(index),
      data: Buffer.from(value).toString("base64"),
      approximateArrivalTimestamp: Date.now() / 1_000,
    },
    eventID: `shardId-000000000000:${index}`,
    eventSource: "aws:kinesis",
    eventSourceARN: arn,
  }));
  const handler = handlerOf(world, kinesisStream());
  const loop = async () => {
    await world.kafkajs.send({
      topic: world.topic,
      messages: Records.map(({ kinesis, eventID, eventSource }) => {
        if (eventSource !== "aws:kinesis") throw new Error(`not a record of a stream: ${eventSource}`);
        return {
          key: kinesis.partitionKey,
          value: Buffer.from(kinesis.data, "base64"),
          timestamp: String(Math.round(kinesis.approximateArrivalTimestamp * 1_000)),
          headers: { "relay.delivery-id": `${arn}/${eventID}` },
        };
      }),
    });
    return { batchItemFailures: [] };
  };
  return compared(world, "kinesis, batches of 500 records of 200 B", Records.length, () => handler({ Records }, invocation), loop);
}

async function call(world: World): Promise<BenchRow> {
  const secret = "bench";
  const handler = handlerOf(world, webhooks({ verify: github({ secrets: [secret] }) }));
  const path = "/sources/bench";
  const signature = `sha256=${createHmac("sha256", secret).update(value).digest("hex")}`;
  const headers = { "content-type": "text/plain", "x-hub-signature-256": signature, "x-github-delivery": "1" };
  const requestContext = { http: { method: "POST", path }, requestId: "1" };
  const event = { version: "2.0", routeKey: `POST ${path}`, rawPath: path, rawQueryString: "", headers, requestContext, body: value };
  const [ours, theirs] = await inTurns(
    world,
    () => handler(event, invocation),
    () => world.kafkajs.send({ topic: world.topic, messages: [{ value }] }),
  );
  return {
    what: "webhook, one signed call of 200 B, p50",
    ours: ours.p50Ms,
    theirs: theirs.p50Ms,
    unit: "ms",
    against: "a bare kafkajs send",
    ratio: ours.p50Ms / theirs.p50Ms,
    budget: "at most 1.25",
    withinBudget: ours.p50Ms <= theirs.p50Ms * 1.25,
  };
}

async function* table(world: World): AsyncIterable<BenchRow> {
  const server = await startSql({ port: 0 });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query("create table outbox (id bigserial primary key, key text, payload text)");
    const count = amountOf(10_000, world.context);
    const fill = () =>
      client.query(`insert into outbox (key, payload) select 'k' || n % 97, $1 from generate_series(1, ${count}) as n`, [value]);
    const handler = handlerOf(world, outbox({ database: server.url, table: "outbox", order: "id", key: "key", value: "payload" }));
    const drain: Work = async () => {
      for (let left = count; left > 0; ) {
        await client.query("begin");
        const { rows } = await client.query("select id, key, payload from outbox order by id limit 1000 for update skip locked");
        await world.kafkajs.send({
          topic: world.topic,
          messages: rows.map(({ id, key, payload }) => ({ key, value: payload, headers: { "relay.delivery-id": `bench/${id}` } })),
        });
        await client.query("delete from outbox where id = any($1)", [rows.map(({ id }) => id)]);
        await client.query("commit");
        left -= rows.length;
      }
    };
    await fill();
    await handler({}, invocation);
    await fill();
    await drain();
    await fill();
    const ours = await timed(() => handler({}, invocation));
    await fill();
    const theirs = await timed(drain);
    await handler.close();
    yield rateRow(`outbox, ${count.toLocaleString("en")} rows of 200 B in PGlite`, count / ours.seconds, count / theirs.seconds, 1);
    yield cpuRow(ours.cpuUs / count, theirs.cpuUs / count);
  } finally {
    await client.end();
    await server.stop();
  }
}

async function* compared(world: World, what: string, recordsCount: number, ours: Work, theirs: Work): AsyncIterable<BenchRow> {
  const [mine, other] = await inTurns(world, ours, theirs);
  yield rateRow(what, (mine.calls * recordsCount) / mine.seconds, (other.calls * recordsCount) / other.seconds, 1.5);
  yield cpuRow(mine.cpuUs / (mine.calls * recordsCount), other.cpuUs / (other.calls * recordsCount));
}

function rateRow(what: string, ours: number, theirs: number, atLeast: number): BenchRow {
  const ratio = ours / theirs;
  return {
    what,
    ours,
    theirs,
    unit: "records/s",
    against: "the same loop on kafkajs",
    ratio,
    budget: `at least ${atLeast}`,
    withinBudget: ratio >= atLeast,
  };
}

function cpuRow(ours: number, theirs: number): BenchRow {
  const ratio = ours / theirs;
  return {
    what: "the same",
    ours,
    theirs,
    unit: "us CPU per record",
    against: "the same loop on kafkajs",
    ratio,
    budget: "at most 1",
    withinBudget: ratio <= 1,
  };
}

interface Timed {
  readonly calls: number;
  readonly seconds: number;
  readonly cpuUs: number;
  readonly p50Ms: number;
}

/** Slices of both in turn, so that what else the machine does meets both. */
async function inTurns({ context }: World, ours: Work, theirs: Work): Promise<readonly [Timed, Timed]> {
  const slices = 6;
  const sliceMs = (context.secondsPerRow * 1_000) / slices / 2;
  // Both compiled before the first slice counts.
  await repeated(ours, sliceMs);
  await repeated(theirs, sliceMs);
  const [mine, other]: [Timed[], Timed[]] = [[], []];
  for (let slice = 0; slice < slices; slice++) {
    mine.push(await repeated(ours, sliceMs));
    other.push(await repeated(theirs, sliceMs));
  }
  return [summed(mine), summed(other)];
}

async function repeated(work: Work, forMs: number): Promise<Timed> {
  const [startMs, cpu] = [performance.now(), process.cpuUsage()];
  const tookMs: number[] = [];
  while (performance.now() - startMs < forMs || tookMs.length === 0) {
    const beganMs = performance.now();
    await work();
    tookMs.push(performance.now() - beganMs);
  }
  const { user, system } = process.cpuUsage(cpu);
  const p50Ms = tookMs.sort((one, other) => one - other)[Math.floor(tookMs.length / 2)] ?? 0;
  return { calls: tookMs.length, seconds: (performance.now() - startMs) / 1_000, cpuUs: user + system, p50Ms };
}

async function timed(work: Work): Promise<Timed> {
  return repeated(work, 0);
}

function summed(parts: readonly Timed[]): Timed {
  const sum = (of: (part: Timed) => number) => parts.reduce((total, part) => total + of(part), 0);
  const p50Ms = parts.map((part) => part.p50Ms).sort((one, other) => one - other)[Math.floor(parts.length / 2)] ?? 0;
  return { calls: sum(({ calls }) => calls), seconds: sum(({ seconds }) => seconds), cpuUs: sum(({ cpuUs }) => cpuUs), p50Ms };
}
