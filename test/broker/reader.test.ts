/** The reader on a real broker: every codec, transactions, times, limits, long polls. */
import { Kafka as KafkaJs, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { fetchRaw } from "../../lib/kafka/read/fetch.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { writeBatch } from "../support/broker/write-batches.js";

let kafka: Kafka;
beforeAll(() => {
  kafka = testKafka();
});
afterAll(() => kafka.close());

const soon = () => createDeadline(20_000);
const limits = { bytesMax: 50_000_000, recordsMax: 100_000, waitMs: 0 };
const read = async (topic: string, offset = 0n, more: Partial<typeof limits> = {}) => {
  const [progress] = await kafka.reader.read([{ topic, partition: 0, offset }], { ...limits, ...more }, soon());
  if (progress === undefined) throw new Error("The read returned nothing.");
  return progress;
};
const texts = (progress: Awaited<ReturnType<typeof read>>) => progress.records.map(({ value }) => value?.toString());

/** As the first batch's attributes say. */
async function storedCodec(topic: string): Promise<number | undefined> {
  const leader = (await kafka.metadata.topic(topic, soon())).partitions[0]?.leader ?? -1;
  const fetchLimits = { maxWaitMs: 0, bytesMin: 1, bytesMax: 1_000, partitionBytesMax: 1_000 };
  const [raw] = await fetchRaw(kafka.connection, leader, [{ topic, partition: 0, offset: 0n }], fetchLimits, soon());
  return raw === undefined ? undefined : raw.records.readInt16BE(21) & 7;
}

for (const [attribute, codec] of ["uncompressed", "gzip", "snappy", "lz4", "zstd"].entries()) {
  test(`records that the broker stores ${codec} come as they were sent`, async () => {
    const topic = await createTestTopic(kafka, { configs: { "compression.type": codec } });
    const small = ["", "a", "repeated ".repeat(200)];
    const random = Buffer.from(Array.from({ length: 60_000 }, (_, index) => (index * 2_654_435_761) >>> 24));
    const large = [{ value: random }, { value: Buffer.alloc(150_000, "long runs ") }, { value: Buffer.concat([random, random, random]) }];
    await writeBatch(kafka, topic, 0, small);
    await writeBatch(kafka, topic, 0, large);

    const progress = await read(topic);

    expect(await storedCodec(topic)).toBe(attribute);
    expect(texts(progress).slice(0, 3)).toEqual(small);
    expect(progress.records.slice(3).map(({ value }, index) => value?.equals(large[index]?.value ?? Buffer.alloc(0)))).toEqual([
      true,
      true,
      true,
    ]);
    expect(progress).toMatchObject({ nextOffset: 6n, highWatermark: 6n, logStartOffset: 0n });
  });
}

test("a log append time is the broker's, and is called so", async () => {
  const topic = await createTestTopic(kafka, { configs: { "message.timestamp.type": "LogAppendTime" } });
  const beforeMs = Date.now() - 5_000;
  await writeBatch(kafka, topic, 0, [{ value: Buffer.from("a"), timestampMs: 1_000 }]);

  const [record] = (await read(topic)).records;

  expect(record?.timestampType).toBe("LOG_APPEND_TIME");
  expect(record?.timestampMs).toBeGreaterThan(beforeMs);
});

test("aborted records are never shown, committed ones once they are, and an open transaction holds the end", async () => {
  const topic = await createTestTopic(kafka);
  const client = new KafkaJs({ brokers: process.env.KAFKA_BROKERS?.split(",") ?? [], logLevel: logLevel.NOTHING });
  const producer = client.producer({ transactionalId: uniqueName("transaction"), maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const send = async (value: string) => {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value }] });
    return transaction;
  };
  await (await send("aborted 1")).abort();
  await (await send("committed")).commit();
  await writeBatch(kafka, topic, 0, ["plain"]);
  await (await send("aborted 2")).abort();
  const open = await send("open");
  await writeBatch(kafka, topic, 0, ["behind the open one"]);

  const whileOpen = await read(topic);
  const endWhileOpen = await kafka.reader.offsets(topic, [0], soon());
  await open.commit();
  const rest = await read(topic, whileOpen.nextOffset, { waitMs: 5_000 });
  await producer.disconnect();

  expect(texts(whileOpen)).toEqual(["committed", "plain"]);
  expect(endWhileOpen[0]?.end).toBe(whileOpen.nextOffset);
  expect(whileOpen.highWatermark).toBeGreaterThan(whileOpen.nextOffset);
  expect(texts(rest)).toEqual(["open", "behind the open one"]);
  expect(rest.nextOffset).toBe(rest.highWatermark);
});

test("a read from any offset gives that record first, though the broker answers whole batches", async () => {
  const topic = await createTestTopic(kafka, { configs: { "compression.type": "gzip" } });
  await writeBatch(
    kafka,
    topic,
    0,
    Array.from({ length: 10 }, (_, index) => `${index}`),
  );

  for (const offset of [0n, 1n, 9n]) expect(texts(await read(topic, offset, { recordsMax: 1 }))).toEqual([`${offset}`]);
  expect(texts(await read(topic, 10n))).toEqual([]);
});

test("one read fills its limits from as many batches and requests as it takes", async () => {
  const topic = await createTestTopic(kafka);
  for (let batch = 0; batch < 5; batch++)
    await writeBatch(
      kafka,
      topic,
      0,
      Array.from({ length: 50 }, () => ({ value: Buffer.alloc(4_000, "x") })),
    );

  expect((await read(topic)).records).toHaveLength(250);
  expect(await read(topic, 0n, { recordsMax: 120 })).toMatchObject({ nextOffset: 120n });
  expect((await read(topic, 0n, { bytesMax: 10 * 4_010 })).records).toHaveLength(10);
});

test("a long poll waits for the first record of any partition, and no other read waits for it", async () => {
  const topic = await createTestTopic(kafka, { partitions: 3 });
  const positions = [0, 1, 2].map((partition) => ({ topic, partition, offset: 0n }));

  const poll = kafka.reader.read(positions, { ...limits, waitMs: 15_000 }, soon());
  const polls = [poll, kafka.reader.read(positions, { ...limits, waitMs: 15_000 }, soon())];
  expect(await read(topic)).toMatchObject({ records: [], nextOffset: 0n });
  await writeBatch(kafka, topic, 2, ["came"]);

  for (const poll of await Promise.all(polls)) expect(poll.flatMap(texts)).toEqual(["came"]);
});

test("a failure of one partition is reported for it alone; the others are read", async () => {
  const topic = await createTestTopic(kafka);
  await writeBatch(kafka, topic, 0, ["a"]);

  const progress = await kafka.reader.read(
    [
      { topic, partition: 5, offset: 0n },
      { topic: uniqueName("nowhere"), partition: 0, offset: 0n },
      { topic, partition: 0, offset: 0n },
    ],
    limits,
    soon(),
  );

  expect(progress.map(({ error }) => error?.code)).toEqual(["partition-not-found", "topic-not-found", undefined]);
  expect(progress.flatMap(texts)).toEqual(["a"]);
});

test("offsets for a time are the first at or after it, and the end where there is none", async () => {
  const topic = await createTestTopic(kafka, { partitions: 2 });
  await writeBatch(
    kafka,
    topic,
    0,
    [1_000, 2_000, 3_000].map((timestampMs) => ({ value: Buffer.from("x"), timestampMs })),
  );

  expect(await kafka.reader.offsetsForTime(topic, "all", 1_500, soon())).toEqual(
    new Map([
      [0, 1n],
      [1, 0n],
    ]),
  );
  expect(await kafka.reader.offsetsForTime(topic, [0], 9_000, soon())).toEqual(new Map([[0, 3n]]));
  await expect(kafka.reader.offsets(topic, [7], soon())).rejects.toMatchObject({ code: "partition-not-found" });
});
