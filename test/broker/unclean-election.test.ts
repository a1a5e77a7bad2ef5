/** After an unclean leader election other records stand at offsets that were read already. The new log is longer, so no offset is out of range. */
import { expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { onThreeNodes, type ThreeNodes } from "../support/broker/three-nodes.js";
import { type MappingRun, runMapping, valuesOf } from "../support/trigger/trigger-on-broker.js";

let cluster: ThreeNodes;
let kafka: Kafka;
onThreeNodes((nodes, client) => {
  cluster = nodes;
  kafka = client;
});

const soon = () => createDeadline(60_000);
const limits = { bytesMax: 1_000_000, recordsMax: 100, waitMs: 2_000 };
const partitionOf = async (topic: TopicName) => (await kafka.metadata.topic(topic, soon(), { ageMaxMs: 0 })).partitions[0];
const nodeOf = (id: number | null | undefined) => {
  const node = cluster.nodes.find((one) => one.id === id);
  if (node === undefined) throw new Error(`There is no node ${id}.`);
  return node;
};
const write = async (topic: TopicName, ...values: readonly string[]) => {
  for (const value of values) {
    const [outcome] = await kafka.producer.produce(topic, [{ key: null, value: Buffer.from(value), headers: [], partition: 0 }], soon());
    if (outcome?.outcome !== "written") throw outcome?.error;
  }
};
const handed = (run: MappingRun) => run.events.flatMap(valuesOf);

test("a reader and a mapping go back to the last record that both logs have", async () => {
  const configs = { "unclean.leader.election.enable": "true", "min.insync.replicas": "1" };
  const topic = await createTestTopic(kafka, { replicas: 2, configs });
  const run = runMapping(kafka, topic, undefined, { windowMs: 0 });
  await write(topic, "common");
  const { leader, replicas } = (await partitionOf(topic)) ?? { replicas: [] };
  const first = nodeOf(leader);
  const second = nodeOf(replicas.find((id) => id !== leader));

  await second.kill();
  await until(async () => (await partitionOf(topic))?.isr.length === 1);
  await write(topic, "lost 1", "lost 2");
  const [before] = await kafka.reader.read([{ topic, partition: 0, offset: 0n }], limits, soon());
  expect(before?.nextOffset).toBe(3n);
  await until(() => run.status().partitions[0]?.committed === 3);

  await first.kill();
  await second.restart();
  await until(async () => (await partitionOf(topic).catch(() => undefined))?.leader === second.id, 100_000);
  await write(topic, "new 1", "new 2", "new 3", "new 4");

  const position = { topic, partition: 0, offset: 3n, topicId: before?.topicId, lastEpoch: before?.lastEpoch };
  const [after] = await kafka.reader.read([position], limits, soon());
  expect(after?.records.map(({ value }) => String(value))).toEqual(["new 1", "new 2", "new 3", "new 4"]);
  expect(after?.truncatedTo).toBe(1n);
  await until(() => ["new 1", "new 2", "new 3", "new 4"].every((value) => handed(run).includes(value)));
  expect(run.warnings.join()).toContain("lost records in an unclean leader election");
  await run.stop(5_000);
}, 300_000);
