/** A cluster that is deleted and created again at the same address: nothing that was known of the old one is taken for something of the new one. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { clusterId } from "../../lib/kafka/admin/cluster.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { type RecreatableBroker, startRecreatableBroker } from "../support/broker/recreatable-broker.js";
import { readAll } from "../support/relay/relay-on-broker.js";

let broker: RecreatableBroker;
const opened: Kafka[] = [];
const client = (): Kafka => {
  const kafka = testKafka({ brokers: broker.brokers });
  opened.push(kafka);
  return kafka;
};

beforeAll(async () => {
  broker = await startRecreatableBroker();
}, 300_000);
afterAll(async () => {
  await Promise.all(opened.map((kafka) => kafka.close()));
  await broker.stop();
});

const produce = async (kafka: Kafka, topic: TopicName, value: string) => {
  const records = [{ key: null, value: Buffer.from(value), headers: [], partition: 0 }];
  const [outcome] = await kafka.producer.produce(topic, records, createDeadline(30_000));
  return outcome;
};

test("a record that a warm producer reports as written to a recreated cluster is in Kafka at that offset", async () => {
  const warm = client();
  const topic = await createTestTopic(warm, { name: "orders" });
  for (const value of ["old 0", "old 1"]) await produce(warm, topic, value);
  const oldId = await clusterId(warm, createDeadline(5_000));

  await broker.recreate();
  const other = client();
  await createTestTopic(other, { name: "orders" });
  // The first producer of each cluster gets producer id 0, so the sequences of both are the same.
  for (const value of ["other 0", "other 1", "other 2", "other 3"]) await produce(other, topic, value);
  const outcomes = [];
  for (const value of ["mine 0", "mine 1"]) outcomes.push(await produce(warm, topic, value));

  const values = (await readAll(other, topic)).map(({ value }) => String(value));
  expect(values).toEqual(["other 0", "other 1", "other 2", "other 3", "mine 0", "mine 1"]);
  expect(outcomes).toMatchObject([
    { outcome: "written", offset: 4n },
    { outcome: "written", offset: 5n },
  ]);
  expect(await clusterId(warm, createDeadline(5_000))).not.toBe(oldId);
});
