/**
 * Sources while Kafka is slow, silent, cut off, killed and frozen, and sources that are killed midway: nothing is lost, every key keeps its order, and what is repeated
 * has the same id. `npm run test:long`.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { defineSource } from "../../lib/sources/define-source.js";
import type { SourceOrigin } from "../../lib/sources/origin.js";
import { outbox } from "../../lib/sources/outbox.js";
import { sqsQueue } from "../../lib/sources/sqs.js";
import { kinesisStream } from "../../lib/sources/streams.js";
import { type Cluster, startBroker } from "../../local/broker/cluster.js";
import { freePorts } from "../../local/processes/ports.js";
import { type SqlServer, startSql } from "../../local/sql/server.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { startTcpProxy, type TcpProxy } from "../support/broker/tcp-proxy.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { killMidway } from "../support/relay/killed-source.js";
import { fifoEvent, streamEvent } from "../support/relay/source-events.js";
import { idOf, recordsOf, runSource } from "../support/relay/source-run.js";
import { runFolder } from "../support/run/run-folder.js";

const count = 3_000;
const keysCount = 13;
const batchSize = 100;
const numbers = Array.from({ length: count }, (_, index) => index + 1);
const keyOf = (number: number): string => `k${number % keysCount}`;

let cluster: Cluster;
let proxy: TcpProxy;
/** Through the proxy, which is what sources use; and past it. */
let faulty: Kafka;
let kafka: Kafka;
let shared: Kafka;
let sql: SqlServer;
let client: pg.Client;

beforeAll(async () => {
  const [port = 0, controllerPort = 0, wirePort = 0, proxyPort = 0] = await freePorts(4);
  proxy = await startTcpProxy(proxyPort, { host: "127.0.0.1", port: wirePort });
  cluster = await startBroker({
    nodes: 1,
    dataFolder: join(runFolder(), "sources-behind-a-proxy"),
    ports: [port, controllerPort],
    extraListeners: [{ name: "WIRE", protocol: "PLAINTEXT", ports: [wirePort] }],
    properties: { "advertised.listeners": `PLAINTEXT://127.0.0.1:${port},WIRE://127.0.0.1:${proxyPort}` },
  });
  faulty = testKafka({ brokers: [`127.0.0.1:${proxyPort}`], requestTimeoutMs: 1_000, connectTimeoutMs: 1_500 });
  kafka = testKafka({ brokers: cluster.brokers });
  shared = testKafka();
  sql = await startSql({ port: 0 });
  client = new pg.Client({ connectionString: sql.url });
  await client.connect();
}, 240_000);
afterEach(() => proxy.heal());
afterAll(async () => {
  await Promise.all([faulty?.close(), kafka?.close(), shared?.close(), client?.end()]);
  await proxy?.close();
  await sql?.stop();
  for (const node of cluster?.nodes ?? []) await node.kill();
});

/** What becomes of Kafka while a source works. Each ends by itself. */
const faults = [
  () => proxy.holdAnswers(300),
  () => proxy.heal(),
  () => proxy.cut(),
  () => proxy.swallowAnswers(),
  () => proxy.heal(),
  () => proxy.hangUp(),
  () => proxy.heal(),
  () => cluster.nodes[0]?.freeze(),
  () => cluster.nodes[0]?.thaw(),
  () => cluster.nodes[0]?.kill(),
  () => cluster.nodes[0]?.restart(),
];
const faultEveryMs = 1_500;

async function causeFaults(): Promise<void> {
  for (const fault of faults) {
    await fault();
    await new Promise((resolve) => setTimeout(resolve, faultEveryMs));
  }
}

interface Answer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}
type Invoke = (event: unknown, timeLeftMs?: number) => Promise<unknown>;

/** A queue as Lambda's mapping reads it: what fails is delivered again, and a group waits for its message. */
async function drainQueue(invoke: Invoke): Promise<void> {
  for (let left: readonly number[] = numbers; left.length > 0; ) {
    const batch = left.slice(0, batchSize);
    const event = fifoEvent(batch.map((number) => ({ id: String(number), group: keyOf(number), body: String(number) })));
    const { batchItemFailures } = (await invoke(event, 5_000)) as Answer;
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier)));
    left = [...batch.filter((number) => failed.has(number)), ...left.slice(batch.length)];
  }
}

/** A shard as Lambda's mapping reads it: from the record that failed. */
async function drainShard(invoke: Invoke): Promise<void> {
  for (let at = 0; at < count; ) {
    const batch = numbers.slice(at, at + batchSize);
    const event = streamEvent(batch.map((number) => ({ sequence: String(number), key: keyOf(number), data: String(number) })));
    const { batchItemFailures } = (await invoke(event, 5_000)) as Answer;
    at = batchItemFailures[0] === undefined ? at + batch.length : Number(batchItemFailures[0].itemIdentifier) - 1;
  }
}

/** A schedule that starts a run again when one fails. */
async function drainTable(invoke: Invoke, table: string): Promise<void> {
  for (;;) {
    await invoke({}, 9_000).catch(() => undefined);
    if ((await client.query(`select 1 from ${table} limit 1`)).rows.length === 0) return;
  }
}

async function fullTable(): Promise<string> {
  const table = `outbox_${randomUUID().slice(0, 8)}`;
  await client.query(`create table ${table} (id bigserial primary key, key text, payload text)`);
  await client.query(`insert into ${table} (key, payload) select 'k' || n % ${keysCount}, n::text from generate_series(1, ${count}) as n`);
  return table;
}

/** Every record is there, each key in order at its first time, and a repeat has the id of the first. Returns how many repeats there are. */
async function assertNothingLost(from: Kafka, topic: string): Promise<number> {
  const records = await recordsOf(from, topic);
  const ids = new Map<number, string | undefined>();
  const last = new Map<string, number>();
  for (const record of records) {
    const number = Number(record.value);
    if (ids.has(number)) {
      expect(idOf(record)).toBe(ids.get(number));
      continue;
    }
    ids.set(number, idOf(record));
    const key = String(record.key);
    expect(number).toBeGreaterThan(last.get(key) ?? 0);
    last.set(key, number);
  }
  expect(ids.size).toBe(count);
  expect(new Set(ids.values()).size).toBe(count);
  return records.length - count;
}

test.each(["a FIFO queue", "a stream", "an outbox"])(
  "%s loses nothing while Kafka is slow, silent, cut off, frozen and killed",
  async (kind) => {
    const topic = await createTestTopic(kafka, { partitions: 4 });
    const table = await fullTable();
    const origins: Readonly<Record<string, () => SourceOrigin>> = {
      "a FIFO queue": sqsQueue,
      "a stream": kinesisStream,
      "an outbox": () => outbox({ database: sql.url, table, order: "id", key: "key", value: "payload", rowsMax: 100 }),
    };
    const from = (origins[kind] ?? sqsQueue)();
    // Slow enough for every fault to come in between.
    const transform = async ({ value }: { value: unknown }) => {
      if (Number(value) % 25 === 0) await new Promise((resolve) => setTimeout(resolve, 150));
      return {};
    };
    const defined = defineSource({ name: uniqueName("faults"), from, to: { topic }, transform: transform as never });
    const { invoke, handler } = runSource(faulty, defined, { RELAY_PARTIAL_RESPONSES: "true" });

    const drain = kind === "an outbox" ? drainTable(invoke, table) : kind === "a stream" ? drainShard(invoke) : drainQueue(invoke);
    await Promise.all([drain, causeFaults()]);
    await handler.close();

    console.log(`${kind}: ${await assertNothingLost(kafka, topic)} repeats of ${count}`);
  },
);

test.each(["sqs", "kinesis", "outbox"] as const)("a source of the kind %s that is killed midway loses nothing", async (kind) => {
  const topic = await createTestTopic(shared, { partitions: 4 });
  const name = uniqueName("killed");
  const table = kind === "outbox" ? await fullTable() : "";
  const options = kind === "outbox" ? { database: sql.url, table, order: "id", key: "key", value: "payload", rowsMax: 100 } : {};
  const events = {
    sqs: fifoEvent(numbers.map((number) => ({ id: String(number), group: keyOf(number), body: String(number) }))),
    kinesis: streamEvent(numbers.map((number) => ({ sequence: String(number), key: keyOf(number), data: String(number) }))),
    outbox: {},
  };

  const job = { kind, options, name, topic, event: kind === "outbox" ? {} : events[kind], timeLeftMs: 60_000, recordsMax: 50 };
  const written = await killMidway(shared, job, 100);
  const origin = { sqs: sqsQueue, kinesis: kinesisStream, outbox: () => outbox(options as never) }[kind]();
  const next = runSource(shared, defineSource({ name, from: origin, to: { topic } }), { RELAY_PARTIAL_RESPONSES: "true" });
  await next.invoke(events[kind], 60_000);
  await next.handler.close();

  console.log(`${kind}: killed after ${written} of ${count}, ${await assertNothingLost(shared, topic)} repeats`);
  expect(written).toBeLessThan(count);
});
