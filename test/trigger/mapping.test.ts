/** Lambda's event source mapping for Kafka, sentence by sentence, against the real broker. Each test's name is what AWS documents, on the page of its comment. */
import { expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { committedOffsets } from "../../lib/kafka/admin/group-offsets.js";
import { growTopic } from "../../lib/kafka/admin/topics.js";
import type { OutgoingRecord, TopicName } from "../../lib/kafka/records.js";
import { compileFilter } from "../../local/kafka-trigger/src/filter.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { write as writeRecords } from "../support/relay/relay-on-broker.js";
import { type MappingRun, mappingsOfEachTest, recordsOf, valuesOf } from "../support/trigger/trigger-on-broker.js";

const mappings = mappingsOfEachTest();
const { start } = mappings;

const record = (value: string | null, more: Partial<OutgoingRecord> = {}): OutgoingRecord => ({
  key: null,
  value: value === null ? null : Buffer.from(value),
  headers: [],
  ...more,
});
const write = (topic: TopicName, values: readonly string[], partition = 0) =>
  writeRecords(
    mappings.kafka,
    topic,
    values.map((value) => record(value, { partition })),
  );
const numbers = (count: number, first = 0) => Array.from({ length: count }, (_, index) => String(first + index));
const lagOf = (run: MappingRun) => run.status().partitions.reduce((sum, { end, committed }) => sum + end - (committed ?? 0), 0);
const handed = (run: MappingRun) => run.events.flatMap(valuesOf);

async function committedOffset(groupId: string, topic: TopicName, partition = 0): Promise<bigint | undefined> {
  const table = (await committedOffsets(mappings.kafka, [groupId], createDeadline(5_000))).get(groupId);
  if (table instanceof Error) throw table;
  return table?.get(topic)?.get(partition);
}

// https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html
test("a self-managed event names SelfManagedKafka, its brokers, and its records by topic and partition", async () => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 1 });
  await writeRecords(mappings.kafka, topic, [
    record("v", { key: Buffer.from("k"), timestampMs: 1_700_000_000_123, headers: [{ name: "h", value: Buffer.from([0xdc, 0x41]) }] }),
  ]);

  const run = start(topic);
  await until(() => run.events.length > 0);

  expect(run.events[0]).toEqual({
    eventSource: "SelfManagedKafka",
    bootstrapServers: "b-1:9092,b-2:9092",
    records: {
      [`${topic}-0`]: [
        {
          topic,
          partition: 0,
          offset: 0,
          timestamp: 1_700_000_000_123,
          timestampType: "CREATE_TIME",
          key: "aw==",
          value: "dg==",
          headers: [{ h: [-36, 65] }],
        },
      ],
    },
  });
});

// https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
test("an MSK event names aws:kafka and the cluster", async () => {
  const topic = await createTestTopic(mappings.kafka);
  await write(topic, ["v"]);

  const run = start(topic, undefined, { kind: "msk", eventSourceArn: "arn:aws:kafka:eu-west-1:1:cluster/c/1" });
  await until(() => run.events.length > 0);

  expect(run.events[0]).toMatchObject({ eventSource: "aws:kafka", eventSourceArn: "arn:aws:kafka:eu-west-1:1:cluster/c/1" });
});

// https://docs.aws.amazon.com/lambda/latest/dg/kafka-filtering.html (the sample without a key)
test("a null key and a tombstone's value are left out; headers keep their order and repeats, a null one is {}, and there are none as an empty list", async () => {
  const topic = await createTestTopic(mappings.kafka);
  const headers = ["a", "b", "a", "null"].map((name, index) => ({ name, value: name === "null" ? null : Buffer.from(String(index)) }));
  await writeRecords(mappings.kafka, topic, [
    record(null, { key: Buffer.from("k") }),
    record("v", { headers }),
    record("", { key: Buffer.alloc(0) }),
  ]);

  const run = start(topic);
  await until(() => handed(run).length === 3);

  const [tombstone, keyless, empty] = run.events.flatMap(recordsOf);
  expect(tombstone).not.toHaveProperty("value");
  expect(tombstone?.headers).toEqual([]);
  expect(keyless).not.toHaveProperty("key");
  expect(keyless?.headers).toEqual([{ a: [48] }, { b: [49] }, { a: [50] }, {}]);
  expect(empty).toMatchObject({ key: "", value: "" });
});

// https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html
test("one payload may hold records of several partitions", async () => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 3 });
  for (const partition of [0, 1, 2]) await write(topic, numbers(2), partition);

  const run = start(topic, undefined, { windowMs: 400 });
  await until(() => handed(run).length === 6);

  expect(Object.keys(run.events[0]?.records ?? {}).sort()).toEqual([0, 1, 2].map((partition) => `${topic}-${partition}`));
});

// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
test("a batch is sent when it has BatchSize records, and never holds more", async () => {
  const topic = await createTestTopic(mappings.kafka);
  await write(topic, numbers(25));

  const run = start(topic, undefined, { batchSize: 10, windowMs: 200 });
  await until(() => handed(run).length === 25);

  expect(run.events.map((event) => recordsOf(event).length)).toEqual([10, 10, 5]);
  expect(handed(run)).toEqual(numbers(25));
});

// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
test("a batch is sent when its payload reaches 6 MB, base64 included", async () => {
  const topic = await createTestTopic(mappings.kafka);
  for (let index = 0; index < 8; index++) await writeRecords(mappings.kafka, topic, [record("x".repeat(900_000))]);

  const run = start(topic, undefined, { windowMs: 1_000 });
  await until(() => handed(run).length === 8);

  const sizes = run.events.map((event) => Buffer.byteLength(JSON.stringify(event)));
  expect(sizes.length).toBeGreaterThan(1);
  for (const size of sizes) expect(size).toBeLessThanOrEqual(6_291_456);
  expect(recordsOf(run.events[0] as never).length).toBe(5);
});

// https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-configure.html
test("records of a partition wait until its batch is settled, and other partitions go on", async () => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 2 });
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const run = start(topic, (event) => (recordsOf(event)[0]?.partition === 0 ? held : undefined), { windowMs: 0 });
  await run.isPolling();

  await write(topic, ["slow"], 0);
  await until(() => run.events.length === 1);
  await write(topic, ["waits"], 0);
  await write(topic, ["goes on"], 1);
  await until(() => handed(run).includes("goes on"));

  expect(handed(run)).toEqual(["slow", "goes on"]);
  release();
  await until(() => handed(run).includes("waits"));
});

// https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-process.html
test("offsets are committed after the function has processed the batch, and not before", async () => {
  const topic = await createTestTopic(mappings.kafka);
  const consumerGroupId = uniqueName("group");
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await write(topic, numbers(3));
  const run = start(topic, () => held, { consumerGroupId });
  await until(() => run.events.length === 1);

  expect(await committedOffset(consumerGroupId, topic)).toBeUndefined();
  release();
  await until(async () => (await committedOffset(consumerGroupId, topic)) === 3n);
});

// https://docs.aws.amazon.com/lambda/latest/dg/kafka-starting-positions.html
test("LATEST begins behind the newest record, and a restart goes on where the group stopped", async () => {
  const topic = await createTestTopic(mappings.kafka);
  const consumerGroupId = uniqueName("group");
  await write(topic, ["old"]);
  const first = start(topic, undefined, { consumerGroupId, startingPosition: { kind: "LATEST" } });
  await first.isPolling();
  await until(async () => (await committedOffset(consumerGroupId, topic)) === 1n);
  await first.stop(5_000);
  await write(topic, ["meanwhile"]);

  const second = start(topic, undefined, { consumerGroupId, startingPosition: { kind: "LATEST" } });
  await until(() => second.events.length > 0);

  expect([...handed(first), ...handed(second)]).toEqual(["meanwhile"]);
});

// https://docs.aws.amazon.com/lambda/latest/dg/kafka-starting-positions.html
test("AT_TIMESTAMP begins at the first record of that time or later", async () => {
  const topic = await createTestTopic(mappings.kafka);
  await writeRecords(
    mappings.kafka,
    topic,
    [1_000, 2_000, 3_000].map((ms) => record(String(ms), { timestampMs: 1_700_000_000_000 + ms })),
  );

  const run = start(topic, undefined, { startingPosition: { kind: "AT_TIMESTAMP", timestampMs: 1_700_000_001_500 } });
  await until(() => run.events.length > 0);

  expect(handed(run)).toEqual(["2000", "3000"]);
});

// https://docs.aws.amazon.com/lambda/latest/dg/kafka-consumer-group-id.html
test("a group that has offsets goes on there, and the starting position is ignored", async () => {
  const topic = await createTestTopic(mappings.kafka);
  const consumerGroupId = uniqueName("group");
  await write(topic, ["one"]);
  const first = start(topic, undefined, { consumerGroupId });
  await until(() => lagOf(first) === 0 && first.events.length === 1);
  await first.stop(5_000);
  await write(topic, ["two"]);

  const second = start(topic, undefined, { consumerGroupId, startingPosition: { kind: "TRIM_HORIZON" } });
  await until(() => second.events.length > 0);

  expect(handed(second)).toEqual(["two"]);
});

// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
test("a function error sends the whole batch again until it succeeds", async () => {
  const topic = await createTestTopic(mappings.kafka);
  await write(topic, numbers(3));
  let calls = 0;
  const run = start(topic, () => {
    if (++calls < 3) throw new Error("not yet");
  });
  await until(() => lagOf(run) === 0 && run.events.length >= 3);

  expect(run.events.map(valuesOf)).toEqual([numbers(3), numbers(3), numbers(3)]);
  expect(run.status().counts).toMatchObject({ invocations: 3, failedInvocations: 2 });
});

// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
test("MaximumRetryAttempts does not count the first attempt, and what is given up lets the partition go on", async () => {
  const topic = await createTestTopic(mappings.kafka);
  await write(topic, ["bad"]);
  const run = start(
    topic,
    (event) => {
      if (valuesOf(event).includes("bad")) throw new Error("poison");
    },
    { failure: { retriesMax: 2 } },
  );
  await until(() => run.givenUp.length === 1);
  await write(topic, ["good"]);
  await until(() => handed(run).includes("good"));

  expect(run.events.slice(0, 3).map(valuesOf)).toEqual([["bad"], ["bad"], ["bad"]]);
  expect(run.givenUp[0]).toMatchObject({ condition: "retries", attempts: 3 });
});

// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
test("BisectBatchOnFunctionError cuts a failed batch in two until the poison record is alone", async () => {
  const topic = await createTestTopic(mappings.kafka);
  await write(topic, ["a", "b", "bad", "d"]);
  const run = start(
    topic,
    (event) => {
      if (valuesOf(event).includes("bad")) throw new Error("poison");
    },
    { failure: { isBisecting: true, retriesMax: 0 } },
  );
  await until(() => lagOf(run) === 0 && run.givenUp.length === 1);

  expect(run.events.map(valuesOf)).toEqual([["a", "b", "bad", "d"], ["a", "b"], ["bad", "d"], ["bad"], ["d"]]);
});

// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
test("with ReportBatchItemFailures only the records that the response names are delivered again", async () => {
  const topic = await createTestTopic(mappings.kafka);
  await write(topic, numbers(4));
  let calls = 0;
  const run = start(
    topic,
    () => (++calls === 1 ? { batchItemFailures: [{ itemIdentifier: { partition: `${topic}-0`, offset: 2 } }] } : undefined),
    { failure: { takesPartialResponses: true } },
  );
  await until(() => lagOf(run) === 0 && run.events.length === 2);

  expect(run.events.map(valuesOf)).toEqual([numbers(4), ["2"]]);
});

// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
test.each([
  ["an offset that was not in the batch", (topic: string) => ({ partition: `${topic}-0`, offset: 99 })],
  ["a text in place of an object, as for SQS", () => "0"],
])("an identifier with %s sends the whole batch again", async (_what, identifier) => {
  const topic = await createTestTopic(mappings.kafka);
  await write(topic, numbers(2));
  let calls = 0;
  const run = start(topic, () => (++calls === 1 ? { batchItemFailures: [{ itemIdentifier: identifier(topic) }] } : undefined), {
    failure: { takesPartialResponses: true },
  });
  await until(() => lagOf(run) === 0 && run.events.length === 2);

  expect(run.events.map(valuesOf)).toEqual([numbers(2), numbers(2)]);
  expect(run.warnings.join()).toContain("itemIdentifier");
});

// https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-process.html
test("what a function returns says nothing where the mapping does not take partial responses", async () => {
  const topic = await createTestTopic(mappings.kafka);
  await write(topic, numbers(2));
  const run = start(topic, () => ({ batchItemFailures: [{ itemIdentifier: { partition: `${topic}-0`, offset: 0 } }] }));
  await until(() => run.events.length > 0 && lagOf(run) === 0);

  expect(run.events.length).toBe(1);
});

// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
test("records that no filter matches are not delivered, and their offsets are committed", async () => {
  const topic = await createTestTopic(mappings.kafka);
  const consumerGroupId = uniqueName("group");
  await write(topic, ['{"a":1}', '{"a":2}', '{"a":1}', '{"a":3}']);
  const run = start(topic, undefined, { consumerGroupId, filter: compileFilter([{ value: { a: [1] } }]) });
  await until(async () => (await committedOffset(consumerGroupId, topic)) === 4n);

  expect(handed(run)).toEqual(['{"a":1}', '{"a":1}']);
});

// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
test("a record older than MaximumRecordAgeInSeconds is not sent", async () => {
  const topic = await createTestTopic(mappings.kafka);
  await writeRecords(mappings.kafka, topic, [record("old", { timestampMs: Date.now() - 120_000 }), record("new")]);
  const run = start(topic, undefined, { failure: { recordAgeMaxMs: 60_000 } });
  await until(() => lagOf(run) === 0 && run.events.length > 0);

  expect(handed(run)).toEqual(["new"]);
  expect(run.givenUp).toMatchObject([{ condition: "age" }]);
});

test("a topic that appears later is read from its first record", async () => {
  const topic = uniqueName("later") as TopicName;
  const run = start(topic);
  await until(() => run.warnings.some((line) => line.includes(topic)));

  await createTestTopic(mappings.kafka, { name: topic });
  await write(topic, ["first"]);
  await until(() => run.events.length > 0);

  expect(handed(run)).toEqual(["first"]);
});

test("a partition that is added is read from its first record", async () => {
  const topic = await createTestTopic(mappings.kafka);
  const run = start(topic);
  await run.isPolling();

  await growTopic(mappings.kafka, topic, 2, createDeadline(10_000));
  await until(() =>
    mappings.kafka.metadata.topic(topic, createDeadline(5_000), { ageMaxMs: 0 }).then(({ partitions }) => partitions.length === 2),
  );
  await write(topic, ["new partition"], 1);
  await until(() => run.events.length > 0);

  expect(handed(run)).toEqual(["new partition"]);
});

test("two copies share the partitions, and a rebalance loses nothing", async () => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 4 });
  const consumerGroupId = uniqueName("group");
  const one = start(topic, undefined, { consumerGroupId, windowMs: 0, batchSize: 10 });
  await one.isPolling();
  for (const partition of [0, 1, 2, 3]) await write(topic, numbers(50, partition * 1_000), partition);
  const other = start(topic, undefined, { consumerGroupId, windowMs: 0, batchSize: 10 });
  await until(() => other.status().partitions.length === 2 && one.status().partitions.length === 2);
  for (const partition of [0, 1, 2, 3]) await write(topic, numbers(50, partition * 1_000 + 50), partition);
  const expected = [0, 1, 2, 3].flatMap((partition) => numbers(100, partition * 1_000));

  await until(() => new Set([...handed(one), ...handed(other)]).size === expected.length);

  expect(new Set([...handed(one), ...handed(other)])).toEqual(new Set(expected));
  expect(other.events.length).toBeGreaterThan(0);
});

test("stopping finishes the batch in progress and commits it", async () => {
  const topic = await createTestTopic(mappings.kafka);
  const consumerGroupId = uniqueName("group");
  await write(topic, ["in progress"]);
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const run = start(topic, () => held, { consumerGroupId });
  await until(() => run.events.length === 1);

  const stopped = run.stop(5_000);
  release();
  await stopped;

  expect(await committedOffset(consumerGroupId, topic)).toBe(1n);
});
