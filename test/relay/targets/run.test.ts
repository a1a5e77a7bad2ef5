/** `relay run` as a process of its own against a real receiver: killed, asked to end, refused, and told wrongly. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, expect, test } from "vitest";
import { parseConfig } from "../../../lib/config.js";
import { createTopics, deleteTopics } from "../../../lib/kafka/admin/topics.js";
import { createKafka, toKafkaOptions } from "../../../lib/kafka/kafka.js";
import { parseTopicName } from "../../../lib/kafka/topic-name.js";
import { keptForAnyTime } from "../../support/broker/kafka.js";
import { soon } from "../../support/relay/deliveries.js";

const brokers = process.env.KAFKA_BROKERS ?? "";
const kafka = createKafka(toKafkaOptions(parseConfig({ KAFKA_BROKERS: brokers })));
const partitions = 3;
const topics: string[] = [];
const processes: ChildProcess[] = [];
const closers: (() => void)[] = [];

afterEach(() => {
  for (const child of processes.splice(0)) child.kill("SIGKILL");
  for (const close of closers.splice(0)) close();
});
afterAll(async () => {
  await deleteTopics(kafka, topics, soon());
  await kafka.close();
});

interface Got {
  readonly partition: number;
  readonly n: number;
}

/** Answers each record by a function of it, and keeps what it answered with 200. */
async function receiver(answer: (got: Got, count: number) => number = () => 200) {
  const got: Got[] = [];
  let requests = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one = { partition: Number(request.headers["kafka-partition"]), n: Number(Buffer.concat(chunks)) };
      const status = answer(one, ++requests);
      if (status === 200) got.push(one);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`, got };
}

/** A topic whose records hold their number within their partition. */
async function filledTopic(countPerPartition: number): Promise<string> {
  const name = parseTopicName(`run-${randomUUID().slice(0, 8)}`);
  topics.push(name);
  await createTopics(kafka, [{ name, partitionsCount: partitions, replicationFactor: 1, configs: keptForAnyTime }], soon());
  const records = Array.from({ length: countPerPartition * partitions }, (_, index) => ({
    key: Buffer.from(`k${index % 50}`),
    value: Buffer.from(String(Math.floor(index / partitions))),
    headers: [],
    partition: index % partitions,
  }));
  const outcomes = await kafka.producer.produce(name, records, soon());
  expect(outcomes.every(({ outcome }) => outcome === "written")).toBe(true);
  return name;
}

function start(...words: readonly string[]) {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", fileURLToPath(new URL("../../../local/cli/main.ts", import.meta.url)), "run", ...words],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, KAFKA_BROKERS: brokers },
    },
  );
  processes.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  return { child, ended, output: () => output };
}

async function until(what: string, condition: () => boolean, withinMs = 60_000): Promise<void> {
  const untilMs = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > untilMs) throw new Error(`${what} did not come about within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The numbers of each partition as they first came; throws nothing, so that a test may compare. */
function firstSeen(got: readonly Got[]): readonly number[][] {
  return Array.from({ length: partitions }, (_, partition) => [
    ...new Set(got.filter((one) => one.partition === partition).map(({ n }) => n)),
  ]);
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

test("killed in the middle it loses nothing, keeps the order, and repeats no more than a batch a partition", {
  timeout: 150_000,
}, async () => {
  const topic = await filledTopic(700);
  const { url, got } = await receiver();
  const words = ["bare", "--topic", topic, "--group", `g-${topic}`, "--target", url, "--allow-private", "--batch-size", "100"];
  const first = start(...words);
  await until("half of the deliveries", () => got.length > 1_000);
  first.child.kill("SIGKILL");
  await first.ended;

  const second = start(...words);
  await until("all deliveries", () => firstSeen(got).every((numbers) => numbers.length === 700), 90_000);
  second.child.kill("SIGTERM");

  expect(await second.ended).toBe(0);
  expect(firstSeen(got)).toEqual(Array(partitions).fill(upTo(700)));
  expect(got.length - 700 * partitions).toBeLessThanOrEqual(101 * partitions);
});

test("asked to end it finishes, commits and answers 0: the next one repeats nothing and misses nothing", { timeout: 150_000 }, async () => {
  const topic = await filledTopic(400);
  const { url, got } = await receiver();
  const words = ["bare", "--topic", topic, "--group", `g-${topic}`, "--target", url, "--allow-private", "--batch-size", "20"];
  const first = start(...words);
  await until("some deliveries", () => got.length > 200);
  first.child.kill("SIGTERM");
  expect(await first.ended).toBe(0);
  expect(got.length).toBeLessThan(1_200);

  const second = start(...words);
  await until("all deliveries", () => got.length >= 1_200);
  second.child.kill("SIGINT");

  expect(await second.ended).toBe(0);
  expect(got).toHaveLength(1_200);
  expect(firstSeen(got)).toEqual(Array(partitions).fill(upTo(400)));
});

test("a record that is refused for ever is dead-lettered, one that is refused for a while is not, and order is kept", {
  timeout: 150_000,
}, async () => {
  const topic = await filledTopic(60);
  topics.push(`${topic}.dead`);
  let outages = 0;
  const { url, got } = await receiver(({ partition, n }) => (n === 7 ? 422 : partition === 1 && n === 20 && outages++ < 3 ? 503 : 200));
  const run = start(
    "bare",
    "--topic",
    topic,
    "--group",
    `g-${topic}`,
    "--target",
    url,
    "--allow-private",
    "--dead-letters",
    `${topic}.dead`,
    "--backoff",
    "20ms",
  );
  await until("all deliveries but the refused", () => got.length >= 59 * partitions);
  run.child.kill("SIGTERM");
  expect(await run.ended).toBe(0);

  expect(firstSeen(got)).toEqual(Array(partitions).fill(upTo(60).filter((n) => n !== 7)));
  expect(outages).toBe(4);
  const ends = await kafka.reader.offsets(`${topic}.dead`, "all", soon());
  expect(ends.reduce((sum, { end }) => sum + Number(end), 0)).toBe(partitions);
});

test("into another topic, in the route's name and group, from the beginning", { timeout: 150_000 }, async () => {
  const topic = await filledTopic(50);
  const copy = await filledTopic(0);
  const run = start("bare", "--topic", topic, "--group", `g-${topic}`, "--target", `topic:${copy}`);
  let count = 0;
  const untilMs = Date.now() + 90_000;
  while (count < 150 && Date.now() < untilMs) {
    count = (await kafka.reader.offsets(copy, "all", soon())).reduce((sum, { end }) => sum + Number(end), 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  run.child.kill("SIGTERM");
  expect(await run.ended).toBe(0);
  expect(count).toBe(150);
});

test.each([
  [["nonesuch"], 1, 'Route "nonesuch" does not exist'],
  [["bare", "--topic", "t", "--target", "ftp://x"], 2, "--target must be"],
  [["bare", "--topic", "t", "--target", "http://127.0.0.1:1/"], 2, "--allow-private"],
  [["bare", "--topic", "t", "--target", "topic:x", "--order", "size"], 2, "partition, key or none"],
  [["bare", "--topic", "t", "--target", "topic:x", "--backoff", "soon"], 2, "duration"],
  [["bare", "--topic", `missing-${randomUUID()}`, "--target", "topic:x"], 1, "missing-"],
])("%j ends with %i and says why", async (words, code, message) => {
  const run = start(...words);
  expect(await run.ended).toBe(code);
  expect(run.output()).toContain(message);
});
