/** What the producer makes of records, topics and refusals on a real broker: every record gets its own outcome. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import type { ProduceOutcome } from "../../lib/kafka/produce/outcome.js";
import { partitionOfKey } from "../../lib/kafka/produce/partitioner.js";
import { deleteRecordsApi, deleteTopicsApi } from "../../lib/kafka/protocol/topics.js";
import type { KafkaRecord, OutgoingRecord, TopicName } from "../../lib/kafka/records.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";

const soon = () => createDeadline(10_000);

let kafka: Kafka;
beforeAll(() => {
  kafka = testKafka();
});
afterAll(() => kafka.close());

const record = (more: Partial<OutgoingRecord> = {}): OutgoingRecord => ({ key: null, value: Buffer.from("value"), headers: [], ...more });
const produce = (topic: TopicName, records: readonly OutgoingRecord[], client = kafka) => client.producer.produce(topic, records, soon());
const codes = (outcomes: readonly ProduceOutcome[]) => outcomes.map((one) => (one.outcome === "written" ? "written" : one.error.code));

async function readAll(topic: TopicName): Promise<readonly KafkaRecord[]> {
  const partitions = await kafka.reader.offsets(topic, "all", soon());
  const reads = await kafka.reader.read(
    partitions.map(({ partition, beginning }) => ({ topic, partition, offset: beginning })),
    { bytesMax: 50_000_000, recordsMax: 100_000, waitMs: 0 },
    soon(),
  );
  return reads.flatMap(({ records }) => records);
}

test("records come back byte for byte, nulls as nulls, headers in order with repeats, times as they were", async () => {
  const topic = await createTestTopic(kafka);
  const headers = [
    { name: "twice", value: Buffer.from("a") },
    { name: "twice", value: null },
    { name: "é", value: Buffer.alloc(0) },
  ];
  const records = [
    record({ key: Buffer.from([0, 255]), value: Buffer.from("x"), headers, timestampMs: 1_700_000_000_000 }),
    record({ key: Buffer.alloc(0), value: Buffer.alloc(0) }),
    record({ key: null, value: null }),
  ];

  const outcomes = await produce(topic, records);

  const read = await readAll(topic);
  expect(read.map(({ key, value }) => ({ key, value }))).toEqual(records.map(({ key, value }) => ({ key, value })));
  expect(read[0]).toMatchObject({ headers, timestampMs: 1_700_000_000_000 });
  expect(outcomes).toEqual(read.map(({ partition, offset, timestampMs }) => ({ outcome: "written", partition, offset, timestampMs })));
});

test("a key decides the partition as the Java client decides, and a partition that is named wins", async () => {
  const topic = await createTestTopic(kafka, { partitions: 7 });
  const keys = ["a", "order-17", "", "ключ"].map((text) => Buffer.from(text));

  const outcomes = await produce(topic, [...keys.map((key) => record({ key })), record({ key: Buffer.from("a"), partition: 5 })]);

  const partitions = outcomes.map((outcome) => (outcome.outcome === "written" ? outcome.partition : undefined));
  expect(partitions).toEqual([...keys.map((key) => partitionOfKey(key, 7)), 5]);
});

test("an unknown topic is reported after one answer from Kafka, and an unknown partition fails its record alone", async () => {
  const topic = await createTestTopic(kafka, { partitions: 2 });
  await expect(produce(uniqueName("none") as TopicName, [record()])).rejects.toMatchObject({ code: "topic-not-found" });

  const outcomes = await produce(topic, [
    record({ partition: 1 }),
    record({ partition: 2 }),
    record({ partition: -1 }),
    record({ partition: 0 }),
  ]);

  expect(codes(outcomes)).toEqual(["written", "partition-not-found", "partition-not-found", "written"]);
});

test("where topics may be created, producing to an unknown one creates it", async () => {
  const client = testKafka({ autoCreateTopics: true });
  const topic = uniqueName("created") as TopicName;

  const outcomes = await produce(topic, [record()], client);

  expect(codes(outcomes)).toEqual(["written"]);
  await client.close();
});

test("6 MB for one partition arrive in order, in as many batches as it takes", async () => {
  const topic = await createTestTopic(kafka);
  const records = Array.from({ length: 6_000 }, (_, index) => record({ value: Buffer.alloc(1_000, String(index)) }));

  const outcomes = await produce(topic, records);

  const offsets = outcomes.map((outcome) => (outcome.outcome === "written" ? Number(outcome.offset) : -1));
  expect(offsets).toEqual(records.map((_, index) => index));
  expect((await readAll(topic)).map(({ value }) => value?.equals(records[0]?.value ?? Buffer.alloc(0))).filter(Boolean)).toHaveLength(1);
});

test("a topic that takes 1,000 bytes gets batches that fit, and a record that does not fit fails alone and names the limit", async () => {
  const topic = await createTestTopic(kafka, { configs: { "max.message.bytes": "1000" } });
  const fitting = (index: number) => record({ value: Buffer.from(`${index}`.padEnd(100)) });
  const records = Array.from({ length: 60 }, (_, index) => (index === 30 ? record({ value: Buffer.alloc(1_200) }) : fitting(index)));

  const outcomes = await produce(topic, records);

  expect(codes(outcomes).filter((code) => code === "written")).toHaveLength(59);
  const refused = outcomes[30];
  expect(refused).toMatchObject({ outcome: "failed", error: { code: "record-too-large", failure: { written: "no", isRetriable: false } } });
  expect(refused?.outcome === "failed" && refused.error.message).toContain("at most 1000 bytes (max.message.bytes)");
  expect((await readAll(topic)).map(({ value }) => Number(value?.toString()))).toEqual(
    records.map((_, index) => index).filter((index) => index !== 30),
  );
});

test("records that barely fit a topic do not share a batch that would be too large", async () => {
  const topic = await createTestTopic(kafka, { configs: { "max.message.bytes": "1000" } });

  const outcomes = await produce(topic, [
    record({ value: Buffer.alloc(900) }),
    record({ value: Buffer.alloc(901) }),
    record({ value: Buffer.alloc(902) }),
  ]);

  expect(codes(outcomes)).toEqual(["written", "written", "written"]);
});

test("a record above the usual limit goes where the topic allows it", async () => {
  const topic = await createTestTopic(kafka, { configs: { "max.message.bytes": "5000000" } });

  const outcomes = await produce(topic, [record(), record({ value: Buffer.alloc(3_000_000) }), record()]);

  expect(codes(outcomes)).toEqual(["written", "written", "written"]);
});

test("a record without a key is refused by a compacted topic, and those around it are written", async () => {
  const topic = await createTestTopic(kafka, { configs: { "cleanup.policy": "compact" } });
  const key = Buffer.from("key");

  const outcomes = await produce(topic, [record({ key }), record({ key: null }), record({ key }), record({ key })]);

  expect(codes(outcomes)).toEqual(["written", "record-refused", "written", "written"]);
  expect(outcomes[1]).toMatchObject({ error: { details: { kafkaCode: 87 }, failure: { written: "no", blame: "record" } } });
});

test("a timestamp that the topic refuses fails its record in the middle of a batch, and no other", async () => {
  const refusing = (config: string) => createTestTopic(kafka, { configs: { [config]: "60000" } });
  const topic = await refusing("message.timestamp.before.max.ms").catch(() => refusing("message.timestamp.difference.max.ms")); // before Kafka 3.6

  const outcomes = await produce(topic, [record(), record({ timestampMs: 1_000 }), record()]);

  expect(codes(outcomes)).toEqual(["written", "record-refused", "written"]);
  expect(await readAll(topic)).toHaveLength(2);
});

test("a topic that appends its own times tells them", async () => {
  const topic = await createTestTopic(kafka, { configs: { "message.timestamp.type": "LogAppendTime" } });

  const [outcome] = await produce(topic, [record({ timestampMs: 1_000 })]);

  expect(outcome?.outcome === "written" && outcome.timestampMs).toBe((await readAll(topic))[0]?.timestampMs);
});

test("a topic deleted under a warm producer is reported missing at once, and others go on; after it is created again, it is written to again", async () => {
  const [topic, other] = [await createTestTopic(kafka), await createTestTopic(kafka)];
  await produce(topic, [record(), record()]);
  await produce(other, [record()]);
  await deleteTopic(topic);
  const startMs = performance.now();

  await expect(produce(topic, [record()])).rejects.toMatchObject({ code: "topic-not-found", failure: { written: "no" } });

  expect(performance.now() - startMs).toBeLessThan(4_000);
  expect(codes(await produce(other, [record()]))).toEqual(["written"]);
  await createTestTopic(kafka, { name: topic });
  const outcomes = await produce(topic, [record()]);
  expect(outcomes).toMatchObject([{ outcome: "written", offset: 0n }]);
});

test("a topic whose records were all deleted takes the next ones of the same producer", async () => {
  const topic = await createTestTopic(kafka);
  await produce(topic, [record(), record(), record()]);
  const partitions = [{ partition: 0, beforeOffset: 3n }];
  await kafka.connection.request(deleteRecordsApi, { timeoutMs: 5_000, topics: [{ name: topic, partitions }] }, "any", soon());

  expect(await produce(topic, [record()])).toMatchObject([{ outcome: "written", offset: 3n }]);
});

test("many calls at once on the same partitions are all answered, each record at its own offset", async () => {
  const topic = await createTestTopic(kafka, { partitions: 3 });
  const calls = Array.from({ length: 300 }, (_, call) =>
    [0, 1, 2, 0].map((partition, index) => record({ partition, value: Buffer.from(`${call}.${index}`) })),
  );

  const outcomes = await Promise.all(calls.map((records) => produce(topic, records)));

  const at = new Map((await readAll(topic)).map(({ partition, offset, value }) => [`${partition}/${offset}`, value?.toString()]));
  for (const [call, own] of outcomes.entries()) {
    for (const [index, outcome] of own.entries()) {
      expect(outcome.outcome === "written" && at.get(`${outcome.partition}/${outcome.offset}`)).toBe(`${call}.${index}`);
    }
  }
  expect(at.size).toBe(1_200);
});

test("gzip makes a batch smaller, and what is read is the same", async () => {
  const client = testKafka({ compression: "gzip" });
  const topic = await createTestTopic(kafka, { configs: { "max.message.bytes": "2000" } });
  const records = Array.from({ length: 20 }, (_, index) => record({ value: Buffer.alloc(500, String(index % 10)) }));

  const outcomes = await produce(topic, records, client);

  expect(codes(outcomes)).toEqual(records.map(() => "written"));
  expect((await readAll(topic)).map(({ value }) => value)).toEqual(records.map(({ value }) => value));
  await client.close();
});

test("without idempotence records are written as well", async () => {
  const client = testKafka({ idempotence: false });
  const topic = await createTestTopic(kafka);

  expect(codes(await produce(topic, [record(), record()], client))).toEqual(["written", "written"]);
  expect(codes(await produce(topic, [record()], client))).toEqual(["written"]);
  await client.close();
});

test("a call without records is answered with none", async () => {
  expect(await produce(uniqueName("none") as TopicName, [])).toEqual([]);
});

async function deleteTopic(topic: TopicName): Promise<void> {
  await kafka.connection.request(deleteTopicsApi, { topics: [topic], timeoutMs: 5_000 }, "controller", soon());
  await until(async () => "code" in ((await kafka.metadata.describe([topic], soon())).topics.get(topic) ?? {}));
}
