/** A route from topic to topic while a broker dies that leads partitions of both: every record arrives, in the order of its partition. */
import { expect, test } from "vitest";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { relay } from "../../lib/relay/relay.js";
import { defineRoute } from "../../lib/relay/route.js";
import { topic } from "../../lib/targets/topic.js";
import { createTelemetry } from "../../lib/telemetry.js";
import { createKafkaTrigger } from "../../local/kafka-trigger/src/library.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { onThreeNodes, type ThreeNodes } from "../support/broker/three-nodes.js";
import { outgoing, readAll, write } from "../support/relay/relay-on-broker.js";

const partitions = 3;
const perPartition = 1_000;

let cluster: ThreeNodes;
let kafka: Kafka;
onThreeNodes((nodes, client) => {
  cluster = nodes;
  kafka = client;
});

async function countIn(name: TopicName): Promise<number> {
  // A new leader may take some time on a busy machine.
  const ends = await kafka.reader.offsets(name, "all", createDeadline(60_000));
  return ends.reduce((sum, { end }) => sum + Number(end), 0);
}

/** The numbers of a partition as they first came. */
async function firstSeen(name: TopicName): Promise<readonly (readonly number[])[]> {
  const records = await readAll(kafka, name);
  return Array.from({ length: partitions }, (_, partition) => [
    ...new Set(records.filter((record) => record.partition === partition).map(({ value }) => Number(value))),
  ]);
}

test("a route goes on when a broker that leads its source and its target is killed: nothing is lost, nothing out of order", async () => {
  const settings = { partitions, replicas: 3, configs: { "min.insync.replicas": "2" } };
  const [source, copy] = [await createTestTopic(kafka, settings), await createTestTopic(kafka, settings)];
  const numbers = Array.from({ length: perPartition }, (_, n) => n);
  await write(
    kafka,
    source,
    numbers.flatMap((n) => Array.from({ length: partitions }, (_, partition) => outgoing({ value: Buffer.from(String(n)), partition }))),
  );
  const handler = relay(defineRoute({ name: "copier", target: topic({ topic: copy, partition: "source" }) }), {
    config: parseConfig({ KAFKA_BROKERS: cluster.brokers.join(","), RELAY_PARTIAL_RESPONSES: "true" }),
    telemetry: createTelemetry({ level: "error", metrics: "off" }),
    kafka,
  });
  const trigger = createKafkaTrigger(
    {
      brokers: cluster.brokers,
      topic: source,
      consumerGroupId: `copier-${source}`,
      batchSize: 10,
      batchingWindowMs: 0,
      functionResponseTypes: ["ReportBatchItemFailures"],
    },
    (event) => handler(event, { getRemainingTimeInMillis: () => 20_000 }),
  );
  try {
    await until(async () => (await countIn(copy)) > 20);
    const [, victim] = cluster.nodes;
    await victim?.kill();
    const whenKilled = await countIn(copy);
    await until(async () => (await countIn(copy)) >= partitions * perPartition, 90_000);

    expect(whenKilled).toBeLessThan(partitions * perPartition);
    expect(await firstSeen(copy)).toEqual(Array(partitions).fill(numbers));
  } finally {
    await trigger.stop();
  }
}, 150_000);
