/** How long a dead letter lasts and when it is accepted, on a broker that deletes what is too old every half second. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { describeConfigs } from "../../lib/kafka/admin/configs.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { invokeInProcess } from "../../lib/relay/dead-letters/invoke-route.js";
import type { Letter } from "../../lib/relay/dead-letters/letter.js";
import { findLetters } from "../../lib/relay/dead-letters/letters.js";
import { redrive } from "../../lib/relay/dead-letters/redrive.js";
import { lossesOf } from "../../lib/relay/dead-letters/topic.js";
import type { Delivery } from "../../lib/relay/delivery.js";
import { defineRoute, type RouteDefinition } from "../../lib/relay/route.js";
import { type Cluster, startBroker } from "../../local/broker/cluster.js";
import { freePorts } from "../../local/processes/ports.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { delivered, failed } from "../support/relay/relay-bench.js";
import { answering, outgoing, readAll, runRoute, write } from "../support/relay/relay-on-broker.js";
import { runFolder } from "../support/run/run-folder.js";

const hourMs = 3_600_000;
const at2023Ms = 1_700_000_000_000;
const soon = () => createDeadline(20_000);
let cluster: Cluster;
let kafka: Kafka;
beforeAll(async () => {
  cluster = await startBroker({
    nodes: 1,
    dataFolder: join(runFolder(), "short-retention-checks"),
    ports: await freePorts(2),
    properties: { "log.initial.task.delay.ms": "100", "log.retention.check.interval.ms": "500" },
  });
  kafka = testKafka({ brokers: cluster.brokers });
}, 180_000);
afterAll(async () => {
  await kafka?.close();
  for (const node of cluster?.nodes ?? []) await node.kill();
});

async function lettersIn(topic: string): Promise<readonly Letter[]> {
  const letters: Letter[] = [];
  for await (const { letter } of findLetters(kafka, topic, {}, soon())) letters.push(letter);
  return letters;
}

/** One record of a source, refused for its own sake until the target is repaired. */
async function refused(timestampMs: number, own: Partial<RouteDefinition> = {}, configs: Readonly<Record<string, string>> = {}) {
  const source = await createTestTopic(kafka, { configs: { "retention.ms": "-1", ...configs } });
  await write(kafka, source, [outgoing({ timestampMs })]);
  const deliveries: Delivery[] = [];
  const state = { isRepaired: false };
  const target = answering((delivery) => {
    if (!state.isRepaired) return failed("record-refused");
    deliveries.push(delivery);
    return delivered;
  });
  const run = runRoute(kafka, defineRoute({ name: "refusing", target, ...own }));
  const { batchItemFailures } = await run.invoke(await readAll(kafka, source));
  expect(batchItemFailures).toEqual([]);
  return { source, letters: `${source}.dead-letters`, run, state, deliveries };
}

/** A topic whose records the broker deletes for their age: once its record is gone, retention has looked at every topic. */
async function untilRetentionHasRun(): Promise<void> {
  const expiring = await createTestTopic(kafka, { configs: { "retention.ms": "1000" } });
  await write(kafka, expiring, [outgoing({ timestampMs: at2023Ms })]);
  await until(async () => (await kafka.reader.offsets(expiring, "all", soon()))[0]?.beginning === 1n);
}

async function configOf(topic: string, ...names: readonly string[]): Promise<Readonly<Record<string, string | null>>> {
  const [entries] = await describeConfigs(kafka, [{ kind: "topic", name: topic }], soon(), { names, synonyms: false });
  if (entries === undefined || entries instanceof Error) throw entries ?? new Error("no answer");
  return Object.fromEntries(entries.map(({ name, value }) => [name, value]));
}

test("the dead letter of a record from 2023 outlives the broker's retention, and its redrive has the record's own time", async () => {
  const { letters, run, state, deliveries } = await refused(at2023Ms);
  await untilRetentionHasRun();

  const [letter] = await lettersIn(letters);
  const [lying] = await readAll(kafka, letters);
  state.isRepaired = true;
  const invoke = invokeInProcess(async () => run.handler);
  await redrive(kafka, letters, { choice: {}, to: "route", invoke, ratePerSecond: 100, lettersMax: 9, redrivesMax: 5, deadline: soon() });

  expect(letter?.record.timestampMs).toBe(at2023Ms);
  expect(Math.abs((lying?.timestampMs ?? 0) - Date.now())).toBeLessThan(60_000);
  expect(lying?.headers.find(({ name }) => name === "relay.error.timestamp")?.value?.toString()).toBe(String(at2023Ms));
  expect(deliveries.map(({ source, message }) => [source.timestampMs, message.timestampMs])).toEqual([[at2023Ms, at2023Ms]]);
});

test("a dead letter survives where an old dead letter topic keeps records for a day", async () => {
  const source = await createTestTopic(kafka, { configs: { "retention.ms": "-1" } });
  const letters = await createTestTopic(kafka, { name: `${source}.dead-letters`, configs: { "retention.ms": "86400000" } });
  await write(kafka, source, [outgoing({ timestampMs: at2023Ms })]);
  const run = runRoute(kafka, defineRoute({ name: "refusing", target: answering(() => failed("record-refused")) }));

  await run.invoke(await readAll(kafka, source));
  await untilRetentionHasRun();

  expect(await lettersIn(letters)).toHaveLength(1);
});

test("a record two hours ahead is dead-lettered into a topic that refuses times an hour ahead", async () => {
  const aheadMs = Date.now() + 2 * hourMs;
  const { letters } = await refused(aheadMs, {}, { "message.timestamp.after.max.ms": String(24 * hourMs) });

  expect(await configOf(letters, "message.timestamp.after.max.ms")).toEqual({ "message.timestamp.after.max.ms": String(hourMs) });
  expect((await lettersIn(letters)).map(({ record }) => record.timestampMs)).toEqual([aheadMs]);
});

test("a redrive to the topic writes the record with its own time", async () => {
  const { source, letters, run } = await refused(at2023Ms);
  const invoke = invokeInProcess(async () => run.handler);

  await redrive(kafka, letters, { choice: {}, to: "topic", invoke, ratePerSecond: 100, lettersMax: 9, redrivesMax: 5, deadline: soon() });

  expect((await readAll(kafka, source)).map(({ timestampMs }) => timestampMs)).toEqual([at2023Ms, at2023Ms]);
});

test.each([
  ["keeps its records for a week", { "retention.ms": "604800000" }, {}, ["retention.ms=604800000"]],
  [
    "keeps its records for less time than the route wants",
    { "retention.ms": "1000000" },
    { retentionMs: 2_000_000 },
    ["retention.ms=1000000"],
  ],
  ["keeps a size", { "retention.ms": "-1", "retention.bytes": "100000000" }, {}, ["retention.bytes=100000000"]],
  ["is compacted", { "cleanup.policy": "compact" }, {}, ["cleanup.policy=compact"]],
  ["keeps everything", { "retention.ms": "-1" }, {}, []],
  ["keeps its records for as long as the route wants", { "retention.ms": "2000000" }, { retentionMs: 2_000_000 }, []],
])("an existing dead letter topic that %s is reported once, by what loses dead letters", async (_, configs, deadLetters, losses) => {
  const source = await createTestTopic(kafka);
  const letters = await createTestTopic(kafka, { name: `${source}.dead-letters`, configs: configs as Record<string, string> });
  await write(kafka, source, [outgoing({ key: Buffer.from("k"), timestampMs: Date.now() })]);
  const run = runRoute(kafka, defineRoute({ name: "refusing", target: answering(() => failed("record-refused")), deadLetters }));
  const records = await readAll(kafka, source);

  for (let tries = 0; tries < 2; tries++) expect((await run.invoke(records)).batchItemFailures).toEqual([]);

  const warnings = run.lines.map((line) => JSON.parse(line)).filter(({ message }) => message === "dead letter topic loses dead letters");
  expect(warnings).toEqual(
    losses.map((loss) =>
      expect.objectContaining({ level: "warn", route: "refusing", topic: letters, reason: expect.stringContaining(loss) }),
    ),
  );
});

test("a dead letter topic that the relay creates, or that does not exist yet, is not reported", async () => {
  const { letters, run } = await refused(Date.now());

  expect(run.lines.some((line) => line.includes("loses"))).toBe(false);
  expect(await lossesOf(kafka, { name: letters, source: "orders", retentionMs: -1 }, soon())).toEqual([]);
  expect(await lossesOf(kafka, { name: `${letters}.missing`, source: "orders", retentionMs: -1 }, soon())).toEqual([]);
});

test.each([
  ["for ever where the route says nothing", {}, "-1"],
  ["as long as the route says", { deadLetters: { retentionMs: 30 * 24 * hourMs } }, String(30 * 24 * hourMs)],
])("a dead letter topic is created to keep its records %s", async (_, own, retentionMs) => {
  const { letters } = await refused(Date.now(), own);

  expect(await configOf(letters, "retention.ms", "retention.bytes", "cleanup.policy")).toEqual({
    "retention.ms": retentionMs,
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
  });
});
