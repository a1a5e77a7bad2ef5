/** Streams of `kafka-relay serve` while their leaders are killed: every record keeps its one report, and a reader has every record once. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { type ThreeNodes, threeNodes } from "../support/broker/three-nodes.js";
import { openEvents } from "../support/serve/event-stream.js";
import { type ServeProcess, startServe } from "../support/serve/process.js";
import { clusterIdOf, openReportStream } from "../support/serve/report-stream.js";

let cluster: ThreeNodes;
let kafka: Kafka;
let server: ServeProcess;
beforeAll(async () => {
  cluster = await threeNodes();
  kafka = testKafka({ brokers: cluster.brokers, requestTimeoutMs: 2_000 });
  server = await startServe(["--access", "everything"], { KAFKA_BROKERS: cluster.brokers.join(","), KAFKA_REQUEST_TIMEOUT_MS: "2000" });
}, 300_000);
afterEach(() => cluster.heal());
afterAll(async () => {
  await server?.end();
  await kafka.close();
  await cluster.release();
});

const leadersOf = async (topic: string) => {
  const described = (await kafka.metadata.describe([topic], createDeadline(10_000))).topics.get(topic);
  return described !== undefined && "partitions" in described ? described.partitions.map(({ leader }) => leader) : [];
};

test("a leader that dies in the middle costs neither stream: one report per record, in order, and each record once for the reader", async () => {
  const topic = await createTestTopic(kafka, { partitions: 2, replicas: 3, configs: { "min.insync.replicas": "2" } });
  const writer = openReportStream(server.url, await clusterIdOf(server.url), topic);
  const reader = openEvents(server.url, topic);
  let sent = 0;
  let isStopped = false;
  const sending = (async () => {
    while (!isStopped) {
      writer.send(`{"partition_id":${sent % 2},"value":{"type":"JSON","data":${sent}}}`);
      sent++;
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
    writer.end();
  })();
  await reader.received(100);

  const [leader] = await leadersOf(topic);
  await cluster.nodes.find(({ id }) => id === leader)?.kill();
  const atKill = writer.reports.length;
  await until(() => writer.reports.length > atKill + 300, 60_000);
  isStopped = true;
  await sending;
  await until(writer.isOver, 60_000);
  const written = writer.reports.flatMap(({ error_code, partition_id, offset }, index) =>
    error_code === 200 ? [{ value: index, partition: Number(partition_id), offset: Number(offset) }] : [],
  );
  await reader.received(written.length, 60_000);
  reader.close();

  expect(writer.reports).toHaveLength(sent);
  for (const { error_code, retriable, maybe_written } of writer.reports.filter((report) => report.error_code !== 200))
    expect([error_code, retriable, typeof maybe_written]).toEqual([50003, true, "boolean"]);
  const received = new Map(reader.records.map(({ data }) => [`${data.partition}/${data.offset}`, data.value]));
  expect(received.size).toBe(reader.records.length);
  for (const { value, partition, offset } of written) expect(received.get(`${partition}/${offset}`)).toBe(value);
  for (const partition of [0, 1]) {
    const offsets = reader.records.filter(({ data }) => data.partition === partition).map(({ data }) => data.offset);
    expect(offsets).toEqual(offsets.map((_, index) => index));
  }
});
