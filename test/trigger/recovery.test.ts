/** What a mapping does when its ground shifts: offsets that are gone, a topic made anew, a handler that poisons one partition, a copy that was killed. */
import { expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { deleteRecords } from "../../lib/kafka/admin/records-delete.js";
import { deleteTopics } from "../../lib/kafka/admin/topics.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { createTestTopic, until } from "../support/kafka.js";
import { write as writeRecords } from "../support/relay-on-broker.js";
import { type MappingRun, mappingsOfEachTest, valuesOf } from "../support/trigger-on-broker.js";
import { uniqueName } from "../support/unique-names.js";

const mappings = mappingsOfEachTest();
const { start } = mappings;
const write = (topic: TopicName, values: readonly string[], partition = 0) =>
  writeRecords(
    mappings.kafka,
    topic,
    values.map((value) => ({ key: null, value: Buffer.from(value), headers: [], partition })),
  );
const handed = (run: MappingRun) => run.events.flatMap(valuesOf);

test("a topic that was deleted and made anew is read from its first record, and its offsets are committed", async () => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 1 });
  const consumerGroupId = uniqueName("group");
  await write(topic, ["old 1", "old 2", "old 3"]);
  const run = start(topic, undefined, { consumerGroupId, windowMs: 0 });
  await until(() => run.status().partitions[0]?.committed === 3);

  await deleteTopics(mappings.kafka, [topic], createDeadline(10_000));
  await until(() => run.warnings.some((line) => line.includes(topic)));
  await createTestTopic(mappings.kafka, { name: topic, partitions: 1 });
  await write(topic, ["new 1"]);
  await until(() => handed(run).includes("new 1"));

  await until(() => run.status().partitions[0]?.committed === 1);
});

test("where the offset to go on at is not kept any more, it goes on at the first that is, and says so", async () => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 1 });
  const consumerGroupId = uniqueName("group");
  await write(topic, ["a"]);
  const first = start(topic, undefined, { consumerGroupId });
  await until(() => first.status().partitions[0]?.committed === 1);
  await first.stop(5_000);
  await write(topic, ["expired", "expired too", "kept"]);
  await deleteRecords(mappings.kafka, topic, [{ partition: 0, beforeOffset: 3n }], createDeadline(10_000));

  const second = start(topic, undefined, { consumerGroupId });
  await until(() => second.events.length > 0);

  expect(handed(second)).toEqual(["kept"]);
  expect(second.warnings.join()).toContain("does not hold offset 1 any more; it goes on at 3");
});

// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
test("a poison batch holds its partition for as long as it fails, and the others go on", async () => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 2 });
  let isHealed = false;
  const run = start(
    topic,
    (event) => {
      if (valuesOf(event).includes("poison") && !isHealed) throw new Error("poison");
    },
    { windowMs: 0 },
  );
  await run.isPolling();
  await write(topic, ["poison", "behind it"], 0);
  await until(() => run.events.filter((event) => valuesOf(event).includes("poison")).length >= 3);

  await write(topic, ["one", "two"], 1);
  await until(() => handed(run).includes("two"));
  expect(run.events.every((event) => !valuesOf(event).includes("behind it") || valuesOf(event).includes("poison"))).toBe(true);

  isHealed = true;
  await until(() => run.status().partitions.every(({ lag }) => lag === 0));
  expect(handed(run).at(-1)).toBe("behind it");
});

// https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-troubleshoot.html
test("a record that no invocation can take is given up without one, and the partition goes on", async () => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 1, configs: { "max.message.bytes": "8000000" } });
  await writeRecords(mappings.kafka, topic, [{ key: null, value: Buffer.alloc(4_900_000, "x"), headers: [], partition: 0 }]);
  await write(topic, ["behind it"]);

  const run = start(topic);
  await until(() => handed(run).includes("behind it"));

  expect(run.givenUp).toMatchObject([{ condition: "payload-size", attempts: 0 }]);
});

/** A session that nobody ended lasts 6 seconds more. */
const firstBatchLimitMs = 4_000;

test("after a clean stop the first batch waits for nobody at the next start", async () => {
  const topic = await createTestTopic(mappings.kafka);
  const consumerGroupId = uniqueName("group");
  const first = start(topic, undefined, { consumerGroupId, windowMs: 0 });
  await first.isPolling();
  await first.stop(5_000);
  await write(topic, ["next"]);

  const startedMs = Date.now();
  const second = start(topic, undefined, { consumerGroupId, windowMs: 0 });
  await until(() => second.events.length > 0);

  expect(Date.now() - startedMs).toBeLessThan(firstBatchLimitMs);
});
