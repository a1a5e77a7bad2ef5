/** `kafka-relay serve` against an empty `node:http` server under the same load, and its median against a bare kafkajs `send`. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Kafka as KafkaJs, logLevel, Partitioners } from "kafkajs";
import { freePorts } from "../../local/processes/ports.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { loadHttp } from "../support/serve/http-load.js";
import { spawnServe } from "../support/serve/process.js";
import type { Bench, BenchContext, BenchRow } from "./bench.js";

const contentType = "application/vnd.kafka.json.v2+json";
const warmSeconds = 1;
const textOf = (bytes: number): string => "x".repeat(bytes - 2);
const bodyOf = (records: number, bytes: number): string =>
  JSON.stringify({ records: Array.from({ length: records }, () => ({ value: textOf(bytes) })) });

export const bench: Bench = {
  name: "serve",
  run: async function* (context) {
    const kafka = testKafka({ brokers: context.brokers });
    const topic = await createTestTopic(kafka, { partitions: 16 });
    await kafka.close();
    for (const [connections, least] of [
      [8, 0.5],
      [64, 0.75],
    ] as const)
      yield await calls(context, topic, connections, least);
    yield* batches(context, topic);
    yield await median(context, topic);
  },
};

interface Running {
  readonly url: string;
  readonly end: () => Promise<unknown>;
}

/** Quiet, so that the log costs nothing; it therefore does not say its port. */
async function startOurs({ brokers }: BenchContext, workers: number): Promise<Running> {
  const [port = 0] = await freePorts(1);
  const flags = ["--access", "everything", "--log", "quiet", "--workers", String(workers), "--port", String(port)];
  const server = await spawnServe(flags, { KAFKA_BROKERS: brokers.join(",") });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/ready`).catch(() => undefined))?.ok === true || server.child.exitCode !== null, 40_000);
  return { url, end: server.end };
}

async function startEmpty(workers: number): Promise<Running> {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, "clients/empty-server.mjs"), String(workers)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout === null) throw new Error("The empty server has no output.");
  const [port] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return {
    url: `http://127.0.0.1:${port}`,
    end: () => {
      child.kill("SIGTERM");
      return once(child, "close");
    },
  };
}

/** One after the other, each alone on the machine. */
async function measured(start: () => Promise<Running>, topic: string, body: string, connections: number, seconds: number) {
  const server = await start();
  try {
    const load = { url: server.url, path: `/topics/${topic}`, contentType, body, connections };
    await loadHttp({ ...load, seconds: warmSeconds });
    return await loadHttp({ ...load, seconds });
  } finally {
    await server.end();
  }
}

async function calls(context: BenchContext, topic: string, connections: number, least: number): Promise<BenchRow> {
  const body = bodyOf(1, 100);
  const empty = await measured(() => startEmpty(1), topic, body, connections, context.secondsPerRow);
  const ours = await measured(() => startOurs(context, 1), topic, body, connections, context.secondsPerRow);
  return atLeast(
    `1 record of 100 B a call, ${connections} connections, 1 worker`,
    ours.callsPerSecond,
    empty.callsPerSecond,
    "calls/s",
    "an empty node:http server",
    least,
  );
}

async function* batches(context: BenchContext, topic: string): AsyncGenerator<BenchRow> {
  const records = 100;
  const body = bodyOf(records, 200);
  const empty = await measured(() => startEmpty(2), topic, body, 4, context.secondsPerRow);
  const ours = await measured(() => startOurs(context, 2), topic, body, 4, context.secondsPerRow);
  yield atLeast(
    "100 records of 200 B a call, 4 connections, 2 workers",
    ours.callsPerSecond * records,
    empty.callsPerSecond * records,
    "records/s",
    "an empty node:http server with 2 workers",
    0.5,
  );
}

async function median(context: BenchContext, topic: string): Promise<BenchRow> {
  const ours = await measured(() => startOurs(context, 1), topic, bodyOf(1, 100), 1, context.secondsPerRow);
  const theirs = await kafkajsMedian(context, topic);
  return {
    what: "1 record of 100 B a call over HTTP, 1 connection, p50",
    ours: ours.p50Ms,
    theirs,
    unit: "ms",
    against: "kafkajs send",
    ratio: ours.p50Ms / theirs,
    budget: "at most 1",
    withinBudget: ours.p50Ms <= theirs,
  };
}

async function kafkajsMedian({ brokers, secondsPerRow }: BenchContext, topic: string): Promise<number> {
  const kafka = new KafkaJs({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const value = textOf(100);
  const tookMs: number[] = [];
  for (const endMs = performance.now() + secondsPerRow * 1_000; performance.now() < endMs; ) {
    const startedMs = performance.now();
    await producer.send({ topic, acks: -1, messages: [{ value }] });
    tookMs.push(performance.now() - startedMs);
  }
  await producer.disconnect();
  tookMs.sort((left, right) => left - right);
  return tookMs[Math.floor(tookMs.length / 2)] ?? Number.NaN;
}

function atLeast(what: string, ours: number, theirs: number, unit: string, against: string, least: number): BenchRow {
  const ratio = ours / theirs;
  return { what, ours, theirs, unit, against, ratio, budget: `at least ${least}`, withinBudget: ratio >= least };
}
