/**
 * `kafka-relay serve` against an empty `node:http` server under the same load, and its median against a bare kafkajs `send`.
 *
 * Two generators of load, because each answers another question. "node:http client" is a program that calls the API: its own work per call limits the empty server,
 * so the ratio says how much of what such a program can send `serve` accepts. "raw sockets" does next to nothing per call, so both servers are at their own limit, and
 * the ratio says what a call costs beyond HTTP: a write to Kafka, acknowledged by all replicas.
 */
import { Kafka as KafkaJs, logLevel, Partitioners } from "kafkajs";
import { createDeadline } from "../../lib/deadline.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { loadByClient } from "../support/serve/client-load.js";
import { type LoadResult, loadHttp } from "../support/serve/http-load.js";
import type { Bench, BenchContext, BenchRow, ComparedRow } from "./bench.js";
import { type Running, startEmpty, startOurs } from "./targets/http-servers.js";

const contentType = "application/vnd.kafka.json.v2+json";
const warmSeconds = 1;
const textOf = (bytes: number): string => "x".repeat(bytes - 2);
const bodyOf = (records: number, bytes: number): object => ({ records: Array.from({ length: records }, () => ({ value: textOf(bytes) })) });
const oneRecord = bodyOf(1, 100);

export const bench: Bench = {
  name: "serve",
  run: async function* (context) {
    const kafka = testKafka({ brokers: context.brokers });
    const topic = await createTestTopic(kafka, { partitions: 16 });
    await kafka.close();
    yield await calls(context, topic, { by: "client", connections: 8, least: 0.5 });
    yield await calls(context, topic, { by: "client", connections: 64, least: 0.75 });
    yield await calls(context, topic, { by: "sockets", connections: 8, least: 0.12 });
    yield await calls(context, topic, { by: "sockets", connections: 64, least: 0.25 });
    yield* batches(context, topic);
    yield* medians(context, topic);
  },
};

type Generator = "client" | "sockets";
const generatorNames: Readonly<Record<Generator, string>> = { client: "node:http client", sockets: "raw sockets" };

interface Load {
  readonly by: Generator;
  readonly topic: string;
  readonly body: object;
  readonly connections: number;
  readonly seconds: number;
}

type Measured = LoadResult & { readonly cpuUsPerCall: number };

/** One server after the other, each alone on the machine. */
async function measured(start: () => Promise<Running>, load: Load): Promise<Measured> {
  const server = await start();
  try {
    await send(server.url, { ...load, seconds: warmSeconds });
    const before = server.cpuUs();
    const result = await send(server.url, load);
    return { ...result, cpuUsPerCall: (server.cpuUs() - before) / result.calls };
  } finally {
    await server.end();
  }
}

function send(url: string, { by, topic, body, connections, seconds }: Load): Promise<LoadResult> {
  const shared = { url, path: `/topics/${topic}`, contentType, connections, seconds };
  return by === "client" ? loadByClient({ ...shared, body: () => body }) : loadHttp({ ...shared, body: JSON.stringify(body) });
}

async function calls(
  { brokers, secondsPerRow: seconds, log }: BenchContext,
  topic: string,
  { by, connections, least }: { readonly by: Generator; readonly connections: number; readonly least: number },
): Promise<BenchRow> {
  const load: Load = { by, topic, body: oneRecord, connections, seconds };
  const empty = await measured(() => startEmpty(1), load);
  const ours = await measured(() => startOurs(brokers, 1), load);
  log(`${ours.cpuUsPerCall.toFixed(1)} us CPU a call, the empty server ${empty.cpuUsPerCall.toFixed(1)}; p50 ${ours.p50Ms.toFixed(3)} ms`);
  return atLeast(
    `1 record of 100 B a call, ${connections} connections, 1 worker, ${generatorNames[by]}`,
    ours.callsPerSecond,
    empty.callsPerSecond,
    "calls/s",
    "an empty node:http server",
    least,
  );
}

const recordsPerSecondLeast = 200_000;
const cpuUsPerRecordMost = 3;

async function* batches(
  { brokers, secondsPerRow: seconds, notMeasured }: BenchContext,
  topic: string,
): AsyncGenerator<BenchRow | ComparedRow> {
  const records = 100;
  const what = "100 records of 200 B a call, 4 connections, 2 workers, raw sockets";
  const load: Load = { by: "sockets", topic, body: bodyOf(records, 200), connections: 4, seconds };
  const empty = await measured(() => startEmpty(2), load);
  const ours = await measured(() => startOurs(brokers, 2), load);
  const [theirs, own] = [empty.callsPerSecond * records, ours.callsPerSecond * records];
  if (theirs >= 2 * recordsPerSecondLeast) yield atLeast(what, own, recordsPerSecondLeast, "records/s", "the least asked for", 1);
  else notMeasured(what, `An empty server accepts only ${Math.round(theirs)} records/s here, less than twice ${recordsPerSecondLeast}.`);
  yield { what, ours: own, theirs, unit: "records/s", against: "an empty node:http server with 2 workers", ratio: own / theirs };
  const cpuUs = (ours.cpuUsPerCall - empty.cpuUsPerCall) / records;
  if (Number.isNaN(cpuUs)) notMeasured(`CPU of ${what}`, "The processor time of a process is read from /proc, which only Linux has.");
  else yield atMost(`${what}: CPU beyond the empty server`, cpuUs, cpuUsPerRecordMost, "us CPU a record", "the most allowed");
}

/** What a caller waits for one record over HTTP, what of that is HTTP, what is our producer, and what kafkajs needs without HTTP. */
async function* medians(context: BenchContext, topic: string): AsyncGenerator<BenchRow | ComparedRow> {
  const load: Load = { by: "sockets", topic, body: oneRecord, connections: 1, seconds: context.secondsPerRow };
  const ours = await measured(() => startOurs(context.brokers, 1), load);
  const theirs = await kafkajsMedian(context, topic);
  const what = "1 record of 100 B a call, 1 connection, p50";
  yield atMost(`${what}, over HTTP`, ours.p50Ms, theirs, "ms", "kafkajs send, without HTTP");
  const against = "kafkajs send";
  const produced = await producerMedian(context, topic);
  yield { what: `${what}, our producer without HTTP`, ours: produced, theirs, unit: "ms", against, ratio: produced / theirs };
  const { p50Ms: empty } = await measured(() => startEmpty(1), load);
  yield { what: `${what}, an empty node:http server`, ours: empty, theirs, unit: "ms", against, ratio: empty / theirs };
}

async function kafkajsMedian({ brokers, secondsPerRow }: BenchContext, topic: string): Promise<number> {
  const kafka = new KafkaJs({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const value = textOf(100);
  const p50Ms = await medianOf(secondsPerRow, () => producer.send({ topic, acks: -1, messages: [{ value }] }));
  await producer.disconnect();
  return p50Ms;
}

async function producerMedian({ brokers, secondsPerRow }: BenchContext, topic: string): Promise<number> {
  const kafka = testKafka({ brokers });
  const value = Buffer.from(textOf(100));
  const records = [{ key: null, value, headers: [] }];
  const p50Ms = await medianOf(secondsPerRow, () => kafka.producer.produce(topic as never, records, createDeadline(20_000)));
  await kafka.close();
  return p50Ms;
}

async function medianOf(seconds: number, once: () => Promise<unknown>): Promise<number> {
  const tookMs: number[] = [];
  for (const endMs = performance.now() + seconds * 1_000; performance.now() < endMs; ) {
    const startedMs = performance.now();
    await once();
    tookMs.push(performance.now() - startedMs);
  }
  tookMs.sort((left, right) => left - right);
  return tookMs[Math.floor(tookMs.length / 2)] ?? Number.NaN;
}

function atLeast(what: string, ours: number, theirs: number, unit: string, against: string, least: number): BenchRow {
  const ratio = ours / theirs;
  return { what, ours, theirs, unit, against, ratio, budget: `at least ${least}`, withinBudget: ratio >= least };
}

function atMost(what: string, ours: number, theirs: number, unit: string, against: string): BenchRow {
  const ratio = ours / theirs;
  return { what, ours, theirs, unit, against, ratio, budget: "at most 1", withinBudget: ratio <= 1 };
}
