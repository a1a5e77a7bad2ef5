/** Streams of `kafka-relay serve`: records in over one request against calls of many records, and records out to one reader and to ten, with the server's processor time. */
import { setTimeout as sleep } from "node:timers/promises";
import { createDeadline } from "../../lib/deadline.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { type ServeProcess, startServe } from "../support/serve/process.js";
import { clusterIdOf } from "../support/serve/report-stream.js";
import { receiveRecords, sendRecords, serverCpuUs } from "../support/serve/stream-load.js";
import { amountOf, type Bench, type BenchContext, type BenchRow } from "./bench.js";

const events = "text/event-stream";
const lines = "application/x-ndjson";
const liveRate = 5_000;
const readersMany = 10;

export const bench: Bench = {
  name: "serve-streams",
  run: async function* (context) {
    const kafka = testKafka({ brokers: context.brokers });
    const server = await startServe(["--access", "everything"], { KAFKA_BROKERS: context.brokers.join(",") });
    try {
      const topic = await createTestTopic(kafka, { partitions: 6 });
      yield* recordsIn(context, server, topic);
      yield* recordsOut(context, server, topic);
      yield* live(context, kafka, server);
    } finally {
      await server.end();
      await kafka.close();
    }
  },
};

/** What a piece of work costs the server, per record. */
async function cpuOf(server: ServeProcess, records: number, work: () => Promise<unknown>): Promise<number> {
  const before = await serverCpuUs(server.url);
  await work();
  return ((await serverCpuUs(server.url)) - before) / records;
}

async function* recordsIn(context: BenchContext, server: ServeProcess, topic: string): AsyncGenerator<BenchRow> {
  const count = amountOf(200_000, context);
  const clusterId = await clusterIdOf(server.url);
  await sendRecords(server.url, clusterId, topic, 5_000);
  let streamed = { seconds: Number.NaN, reports: 0 };
  const streamedUs = await cpuOf(server, count, async () => {
    streamed = await sendRecords(server.url, clusterId, topic, count);
  });
  if (streamed.reports !== count) throw new Error(`${streamed.reports} reports for ${count} records.`);
  const startedMs = performance.now();
  const calledUs = await cpuOf(server, count, () => inCalls(server.url, topic, count));
  const calledSeconds = (performance.now() - startedMs) / 1_000;
  const [ours, theirs] = [count / streamed.seconds, count / calledSeconds];
  yield row("records in by one stream, 100 B", ours, theirs, "records/s", "v2 calls of 1,000 records, one after another", atLeast(0.6));
  yield row("the same, the server's processor time", streamedUs, calledUs, "µs CPU a record", "the same", atMost(2));
}

async function inCalls(url: string, topic: string, count: number): Promise<void> {
  const body = JSON.stringify({ records: Array.from({ length: 1_000 }, () => ({ value: "x".repeat(98) })) });
  for (let sent = 0; sent < count; sent += 1_000) {
    const answer = await fetch(`${url}/topics/${topic}`, {
      method: "POST",
      headers: { "content-type": "application/vnd.kafka.json.v2+json" },
      body,
    });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`status ${answer.status}`);
  }
}

async function* recordsOut(context: BenchContext, server: ServeProcess, topic: string): AsyncGenerator<BenchRow> {
  const count = amountOf(200_000, context);
  let pagesSeconds = 0;
  const pagesUs = await cpuOf(server, count, async () => {
    const startedMs = performance.now();
    await byPages(server.url, topic, count);
    pagesSeconds = (performance.now() - startedMs) / 1_000;
  });
  for (const [name, type, ratio] of [
    ["server-sent events", events, 0.4],
    ["lines", lines, 0.6],
  ] as const) {
    let seconds = 0;
    const us = await cpuOf(server, count, async () => {
      seconds = await receiveRecords(server.url, topic, "", type, count);
    });
    yield row(
      `records out from the beginning as ${name}, 100 B, 6 partitions`,
      count / seconds,
      count / pagesSeconds,
      "records/s",
      "reads of 10,000 records by cursor",
      atLeast(ratio),
    );
    yield row("the same, the server's processor time", us, pagesUs, "µs CPU a record", "the same", atMost(2.5));
  }
}

async function byPages(url: string, topic: string, count: number): Promise<void> {
  let cursor = "";
  for (let read = 0; read < count; ) {
    const answer = await fetch(`${url}/topics/${topic}/records?limit=10000${cursor}`, { headers: { "accept-encoding": "identity" } });
    const text = await answer.text();
    read += text.split('"offset":').length - 1;
    cursor = `&cursor=${/"cursor":"([^"]+)"/.exec(text.slice(-20_000))?.[1]}`;
  }
}

/** At the rate at which the console shows records, to one reader and to ten of the same. */
async function* live(context: BenchContext, kafka: Kafka, server: ServeProcess): AsyncGenerator<BenchRow> {
  const count = Math.round(liveRate * Math.max(2, context.secondsPerRow));
  const [idleUs, oneUs, manyUs] = [
    await liveUs(kafka, server, count, 0, events),
    await liveUs(kafka, server, count, 1, events),
    await liveUs(kafka, server, count, readersMany, events),
  ];
  const linesUs = await liveUs(kafka, server, count, readersMany, lines);
  const what = `live at ${liveRate} records/s, 100 B, the server's processor time`;
  yield row(`${what}, one reader of events`, oneUs - idleUs, 40, "µs CPU a record", "a fifth of a core", atMost(1));
  yield row(`${what}, ten readers of events`, manyUs - idleUs, oneUs - idleUs, "µs CPU a record", "one reader", atMost(4));
  yield row(`${what}, ten readers of lines`, linesUs - idleUs, manyUs - idleUs, "µs CPU a record", "ten readers of events", atMost(1.2));
}

async function liveUs(kafka: Kafka, server: ServeProcess, count: number, readers: number, type: string): Promise<number> {
  const topic = await createTestTopic(kafka, { partitions: 6 });
  const reading = Promise.all(Array.from({ length: readers }, () => receiveRecords(server.url, topic, "?from=end", type, count)));
  await sleep(1_000); // every reader stands at the end by then
  return await cpuOf(server, count, async () => {
    const perWrite = liveRate / 100;
    const startedMs = performance.now();
    for (let sent = 0; sent < count; sent += perWrite) {
      const records = Array.from({ length: perWrite }, (_, index) => ({
        key: Buffer.from(String(index)),
        value: Buffer.alloc(100, "x"),
        headers: [],
      }));
      await kafka.producer.produce(topic as TopicName, records, createDeadline(10_000));
      await sleep(Math.max(0, startedMs + ((sent + perWrite) / liveRate) * 1_000 - performance.now()));
    }
    await reading;
  });
}

interface Budget {
  readonly text: string;
  readonly isKept: (ratio: number) => boolean;
}

const atLeast = (least: number): Budget => ({ text: `at least ${least}`, isKept: (ratio) => ratio >= least });
const atMost = (most: number): Budget => ({ text: `at most ${most}`, isKept: (ratio) => ratio <= most });

function row(what: string, ours: number, theirs: number, unit: string, against: string, budget: Budget): BenchRow {
  const ratio = ours / theirs;
  return { what, ours, theirs, unit, against, ratio, budget: budget.text, withinBudget: budget.isKept(ratio) };
}
