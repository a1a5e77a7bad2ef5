/** The relay into a webhook, as `relay run`, beside what is written by hand in twenty lines of kafkajs: deliveries a second and CPU a record. */
import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { createTopics, deleteTopics } from "../../lib/kafka/admin/topics.js";
import { createKafka, type Kafka, toKafkaOptions } from "../../lib/kafka/kafka.js";
import { parseTopicName } from "../../lib/kafka/topic-name.js";
import { amountOf, type Bench, type BenchContext, type BenchRow } from "./bench.js";

const partitions = 4;
const recordBytes = 200;
const withinMs = 120_000;
const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

interface Measured {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly outOfOrder: number;
}

export const bench: Bench = {
  name: "targets",
  run: async function* (context) {
    const kafka = createKafka(toKafkaOptions(parseConfig({ KAFKA_BROKERS: context.brokers.join(",") })));
    const topics: string[] = [];
    const topicOf = async (count: number) => {
      const name = await fill(kafka, count);
      topics.push(name);
      return name;
    };
    try {
      const count = (full: number) => amountOf(full, context);
      yield* inOrder(context, await topicOf(count(20_000)), count(20_000));
      yield await slow(context, await topicOf(count(1_200)), count(1_200), "partition", 180);
      yield await slow(context, await topicOf(count(12_000)), count(12_000), "key", 2_500);
      yield await slow(context, await topicOf(count(12_000)), count(12_000), "none", 2_500);
    } finally {
      await deleteTopics(kafka, topics, createDeadline(10_000));
      await kafka.close();
    }
  },
};

async function fill(kafka: Kafka, count: number): Promise<string> {
  const name = parseTopicName(`bench-targets-${randomUUID().slice(0, 8)}`);
  await createTopics(kafka, [{ name, partitionsCount: partitions, replicationFactor: 1, configs: [] }], createDeadline(10_000));
  const records = Array.from({ length: count }, (_, n) => {
    const lane = String(n % partitions);
    const head = JSON.stringify({ lane, n, text: "" });
    const value = JSON.stringify({ lane, n, text: "x".repeat(Math.max(0, recordBytes - head.length)) });
    return { key: Buffer.from(`key-${n % 500}`), value: Buffer.from(value), headers: [], partition: n % partitions };
  });
  for (let from = 0; from < count; from += 5_000)
    await kafka.producer.produce(name, records.slice(from, from + 5_000), createDeadline(20_000));
  return name;
}

async function* inOrder(context: BenchContext, topic: string, count: number): AsyncIterable<BenchRow> {
  const brokers = context.brokers.join(",");
  const relay = await measure(count, 0, (url) => runRelay(brokers, topic, url, "partition"));
  for (const client of ["fetch", "http"] as const) {
    const loop = await measure(count, 0, (url) => forkLoop(brokers, topic, url, client));
    context.log(
      `relay ${Math.round(relay.perSecond)}/s, kafkajs with ${client} ${Math.round(loop.perSecond)}/s; out of order: ${relay.outOfOrder}, ${loop.outOfOrder}`,
    );
    yield {
      what: `webhook in strict order, ${count.toLocaleString("en")} records over ${partitions} partitions`,
      ours: relay.perSecond,
      theirs: loop.perSecond,
      unit: "deliveries/s",
      against: `twenty lines of kafkajs and ${client}`,
      ratio: relay.perSecond / loop.perSecond,
      budget: "at least 1",
      withinBudget: relay.perSecond >= loop.perSecond && relay.outOfOrder === 0,
    };
    yield {
      what: "the same",
      ours: relay.cpuUs,
      theirs: loop.cpuUs,
      unit: "us CPU a record",
      against: `twenty lines of kafkajs and ${client}`,
      ratio: relay.cpuUs / loop.cpuUs,
      budget: "at most 60 us",
      withinBudget: relay.cpuUs <= 60,
    };
  }
}

async function slow(
  context: BenchContext,
  topic: string,
  count: number,
  order: "partition" | "key" | "none",
  perSecondMin: number,
): Promise<BenchRow> {
  const relay = await measure(count, 20, (url) => runRelay(context.brokers.join(","), topic, url, order));
  return {
    what: `a webhook that takes 20 ms, order: ${order}, ${partitions} partitions`,
    ours: relay.perSecond,
    theirs: perSecondMin,
    unit: "deliveries/s",
    against: "the budget",
    ratio: relay.perSecond / perSecondMin,
    budget: `at least ${perSecondMin.toLocaleString("en")}/s`,
    withinBudget: relay.perSecond >= perSecondMin && (order !== "partition" || relay.outOfOrder === 0),
  };
}

function runRelay(brokers: string, topic: string, url: string, order: string): ChildProcess {
  const group = `bench-${randomUUID().slice(0, 8)}`;
  const words = ["run", "bench", "--topic", topic, "--group", group, "--target", url, "--order", order, "--allow-private"];
  return spawn(process.execPath, ["--import", "tsx", file("../../local/cli/main.ts"), ...words], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, KAFKA_BROKERS: brokers },
  });
}

function forkLoop(brokers: string, topic: string, url: string, client: string): ChildProcess {
  return fork(file("./targets/kafkajs-loop.ts"), [brokers, topic, `bench-${randomUUID().slice(0, 8)}`, url, client], {
    execArgv: ["--import", "tsx"],
  });
}

/** From the receiver's first record to its last: joining a group and starting a process are not counted. */
async function measure(count: number, delayMs: number, start: (url: string) => ChildProcess): Promise<Measured> {
  const receiver = fork(file("./targets/receiver.ts"), [String(count), String(delayMs)], { execArgv: ["--import", "tsx"] });
  let relay: ChildProcess | undefined;
  try {
    return await new Promise<Measured>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${count} records did not arrive within ${withinMs} ms`)), withinMs);
      let cpuAtFirstMs = 0;
      receiver.on("message", (message: { kind: string; port?: number; ms?: number; outOfOrder?: number }) => {
        if (message.kind === "listening") {
          relay = start(`http://127.0.0.1:${message.port}/`);
          relay.once("exit", (code) => reject(new Error(`the process under test ended with ${code}`)));
        }
        if (message.kind === "first") cpuAtFirstMs = cpuMs(relay);
        if (message.kind === "last") {
          clearTimeout(timer);
          const cpuUs = ((cpuMs(relay) - cpuAtFirstMs) * 1_000) / count;
          resolve({ perSecond: count / ((message.ms ?? 0) / 1_000), cpuUs, outOfOrder: message.outOfOrder ?? 0 });
        }
      });
    });
  } finally {
    relay?.removeAllListeners("exit");
    relay?.kill("SIGKILL");
    receiver.kill("SIGKILL");
  }
}

/** User and system time of a process so far. Linux tells it in hundredths of a second; elsewhere `ps` in seconds. */
function cpuMs(child: ChildProcess | undefined): number {
  if (child?.pid === undefined) return 0;
  if (process.platform === "linux") {
    const [user = 0, system = 0] = readFileSync(`/proc/${child.pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ")
      .slice(11, 13)
      .map(Number);
    return (user + system) * 10;
  }
  const [seconds = 0, minutes = 0, hours = 0] = execFileSync("ps", ["-o", "time=", "-p", String(child.pid)], { encoding: "utf8" })
    .trim()
    .split(":")
    .map(Number)
    .reverse();
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}
