/** The reader while leaders move, and while brokers are killed and frozen: every record once, in order, and an answer within the deadline. */
import { expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { alterReassignments } from "../../lib/kafka/admin/reassignments.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { onThreeNodes, type ThreeNodes } from "../support/broker/three-nodes.js";
import { writeBatch } from "../support/broker/write-batches.js";

let cluster: ThreeNodes;
let kafka: Kafka;
onThreeNodes(
  (nodes, client) => {
    cluster = nodes;
    kafka = client;
  },
  { requestTimeoutMs: 2_000 },
);

const limits = { bytesMax: 1_000_000, recordsMax: 1_000, waitMs: 0 };
const values = Array.from({ length: 20 }, (_, index) => `${index}`);

async function topicWithRecords(): Promise<string> {
  const topic = await createTestTopic(kafka, { replicas: 3, configs: { "min.insync.replicas": "1" } });
  await writeBatch(kafka, topic, 0, values);
  return topic;
}

async function leaderOf(topic: string): Promise<number | null | undefined> {
  const described = (await kafka.metadata.describe([topic], createDeadline(10_000))).topics.get(topic);
  return described !== undefined && "partitions" in described ? described.partitions[0]?.leader : undefined;
}

/** One read, and how long it took. */
async function timedRead(topic: string, offset = 0n, waitMs = 0) {
  const startedMs = Date.now();
  const [told] = await kafka.reader.read([{ topic, partition: 0, offset }], { ...limits, waitMs }, createDeadline(25_000));
  return { texts: told?.records.map(({ value }) => value?.toString()), error: told?.error, tookMs: Date.now() - startedMs };
}

/** A new leader learns only by and by how far its records are committed; meanwhile it gives fewer, and never others. */
async function untilAllAreRead(topic: string): Promise<void> {
  await until(async () => {
    const { texts, error } = await timedRead(topic);
    if (error === undefined) expect(texts).toEqual(values.slice(0, texts?.length));
    return texts?.length === values.length;
  });
}

test("a leader that moved since the last read is followed within the same read", async () => {
  const topic = await topicWithRecords();
  expect((await timedRead(topic)).texts).toEqual(values);
  const before = await leaderOf(topic);
  const replicas = [1, 2, 3].filter((node) => node !== before);
  await alterReassignments(kafka, [{ topic, partition: 0, replicas }], createDeadline(10_000));
  await until(async () => (await leaderOf(topic)) !== before && (await leaderOf(topic)) !== null);

  expect((await timedRead(topic)).error).toBeUndefined();
  await untilAllAreRead(topic);
});

test("a leader that was killed costs time, and no record", async () => {
  const topic = await topicWithRecords();
  await timedRead(topic);
  const leader = await leaderOf(topic);
  await cluster.nodes.find(({ id }) => id === leader)?.kill();

  await untilAllAreRead(topic);
});

test("a leader that is frozen is given up within the request timeout, and the read comes from the next one", async () => {
  const topic = await topicWithRecords();
  await timedRead(topic);
  const leader = await leaderOf(topic);
  cluster.nodes.find(({ id }) => id === leader)?.freeze();

  const first = await timedRead(topic);
  expect(first.tookMs).toBeLessThan(20_000);
  await untilAllAreRead(topic);
});

test("a long poll outlives a leader that moves under it", async () => {
  const topic = await topicWithRecords();
  const before = await leaderOf(topic);

  const poll = timedRead(topic, BigInt(values.length), 14_000);
  await alterReassignments(kafka, [{ topic, partition: 0, replicas: [1, 2, 3].filter((node) => node !== before) }], createDeadline(10_000));
  await until(async () => (await leaderOf(topic)) !== before && (await leaderOf(topic)) !== null);
  await writeBatch(kafka, topic, 0, ["late"]);

  expect((await poll).texts).toEqual(["late"]);
});
