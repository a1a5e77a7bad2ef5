/** What a mapping does when its ground shifts: offsets that are gone, a topic that was created again, a handler that poisons one partition, a copy that was killed. */
import { expect, test } from "vitest";
import { createDeadline, type Deadline } from "../../lib/deadline.js";
import { commitForGroup } from "../../lib/kafka/admin/group-offsets.js";
import { deleteRecords } from "../../lib/kafka/admin/records-delete.js";
import { deleteTopics, growTopic } from "../../lib/kafka/admin/topics.js";
import type { Api, Destination } from "../../lib/kafka/connection.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { offsetCommitApi, offsetFetchApi } from "../../lib/kafka/protocol/offsets.js";
import type { RawPartition } from "../../lib/kafka/read/fetch.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { countRequests } from "../support/broker/counting-kafka.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { recreateTopic } from "../support/broker/recreate-topic.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { writeBatch } from "../support/broker/write-batches.js";
import { write as writeRecords } from "../support/relay/relay-on-broker.js";
import { type MappingRun, mappingsOfEachTest, recordsOf, runMapping, valuesOf } from "../support/trigger/trigger-on-broker.js";

const mappings = mappingsOfEachTest();
const { start } = mappings;
const write = (topic: TopicName, values: readonly string[], partition = 0) =>
  writeRecords(
    mappings.kafka,
    topic,
    values.map((value) => ({ key: null, value: Buffer.from(value), headers: [], partition })),
  );
const ask = <Args, Answer>(api: Api<Args, Answer>, args: Args, groupId: string) =>
  mappings.kafka.connection.request(api, args, { coordinatorOf: groupId }, createDeadline(10_000));
const handed = (run: MappingRun) => run.events.flatMap(valuesOf);

test("a topic that was deleted and created again is read from its first record, and its offsets are committed", async () => {
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

test("a topic that is created again and filled with more than before while a batch backs off gives its first records, also after a restart", async () => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 1 });
  const consumerGroupId = uniqueName("group");
  await write(topic, ["old 1", "old 2", "old 3"]);
  let isDown = true;
  const first = start(
    topic,
    (event) => {
      if (isDown && valuesOf(event).includes("old 2")) throw new Error("down");
    },
    { consumerGroupId, windowMs: 0, batchSize: 1, backoff: { firstMs: 100, maxMs: 200 } },
  );
  await until(() => first.events.filter((event) => valuesOf(event).includes("old 2")).length >= 2);

  await recreateTopic(mappings.kafka, topic);
  const fresh = Array.from({ length: 10 }, (_, index) => `new ${index}`);
  await write(topic, fresh);
  await until(() => first.warnings.some((line) => line.includes("was deleted and created again")));
  isDown = false;
  await until(() => first.status().partitions[0]?.committed === 10);
  expect(handed(first).filter((value) => value.startsWith("new"))).toEqual(fresh);
  await first.stop(5_000);

  await write(topic, ["after the restart"]);
  const second = start(topic, undefined, { consumerGroupId, windowMs: 0 });
  await until(() => second.status().partitions[0]?.committed === 11);
  expect(handed(second)).toEqual(["after the restart"]);
});

test("an offset that the group committed for a topic that was deleted does not hide the new topic's records", async () => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 1 });
  const consumerGroupId = uniqueName("group");
  await write(topic, ["old 1", "old 2", "old 3"]);
  const first = start(topic, undefined, { consumerGroupId, windowMs: 0 });
  await until(() => first.status().partitions[0]?.committed === 3);
  await first.stop(5_000);
  const { topics } = await ask(offsetFetchApi, { groupId: consumerGroupId, topics: null }, consumerGroupId);

  await recreateTopic(mappings.kafka, topic);
  await write(topic, ["new 1", "new 2", "new 3", "new 4"]);
  // As a commit does that was under way while the topic was deleted: the brokers accept it for the new one.
  await ask(
    offsetCommitApi,
    { groupId: consumerGroupId, generation: -1, memberId: "", instanceId: null, retentionMs: -1n, topics },
    consumerGroupId,
  );
  const second = start(topic, undefined, { consumerGroupId, windowMs: 0, startingPosition: { kind: "LATEST" } });
  await until(() => second.status().partitions[0]?.committed === 4);

  expect(handed(second)).toEqual(["new 1", "new 2", "new 3", "new 4"]);
  expect(second.warnings.join()).toContain("was deleted and created again");
});

test("a topic that is created again with fewer partitions is read, and asked about seldom", async () => {
  const counting = countRequests(mappings.kafka);
  const topic = await createTestTopic(mappings.kafka, { partitions: 3 });
  const run = runMapping(counting.kafka, topic, undefined, { windowMs: 0 });
  await run.isPolling();

  await recreateTopic(mappings.kafka, topic);
  await write(topic, ["new"]);
  await until(() => handed(run).includes("new"));
  await until(() => run.status().partitions.length === 1); // the leader of the group has shared out what there is
  counting.taken();
  const startedMs = Date.now();
  await until(() => Date.now() - startedMs > 2_000);

  expect(counting.taken().Metadata ?? 0).toBeLessThan(5);
  await run.stop(5_000);
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
  expect(second.warnings.join()).toContain("no longer holds offset 1; reading continues at 3");
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

/** A handler's end, in the test's hands. */
function released() {
  let resolve = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((onEnd, onError) => {
    resolve = onEnd;
    reject = onError;
  });
  return { promise, resolve: () => resolve(), reject: (error: Error) => reject(error) };
}

/** Fetch answers of partition 0 with one bit turned on their way, as long as `isDamaging` says so. */
function damagedOnTheWay(kafka: Kafka, isDamaging: () => boolean): Kafka {
  return {
    ...kafka,
    openConnection: () => {
      const connection = kafka.openConnection();
      return {
        ...connection,
        request: async <Args, Answer>(api: Api<Args, Answer>, args: Args, to: Destination, deadline: Deadline): Promise<Answer> => {
          const answer = await connection.request(api, args, to, deadline);
          if (api.name !== "Fetch" || !isDamaging()) return answer;
          const { topics } = answer as { readonly topics: readonly { readonly partitions: readonly RawPartition[] }[] };
          for (const { partition, records } of topics.flatMap(({ partitions }) => partitions))
            if (partition === 0 && records.length > 0) records.writeUInt8((records.at(-1) ?? 0) ^ 1, records.length - 1);
          return answer;
        },
      };
    },
  };
}

test.each([
  {
    what: "a batch of 70 MB after decompression",
    why: "has more than 67108864 bytes after decompression",
    prepare: (topic: TopicName) => writeBatch(mappings.kafka, topic, 0, [{ value: Buffer.alloc(70_000_000) }], { compression: "gzip" }),
  },
  {
    what: "a batch that does not match its checksum",
    why: "does not match its checksum",
    prepare: (topic: TopicName) => write(topic, ["damaged"]),
  },
])("$what stops its own partition, which says why, and the others go on", async ({ why, prepare }) => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 3 });
  await write(topic, ["read before it"]);
  await prepare(topic);
  const kafka = damagedOnTheWay(mappings.kafka, () => why.includes("checksum"));
  const run = start(topic, undefined, { windowMs: 0, batchSize: 1 }, { kafka });
  await until(() => run.status().partitions.some(({ failure }) => failure !== null));

  for (const partition of [1, 2]) await write(topic, [`one of ${partition}`, `two of ${partition}`], partition);
  await until(() => [1, 2].every((partition) => run.status().partitions[partition]?.committed === 2));

  const [failing, ...others] = run.status().partitions;
  expect(failing?.failure).toMatchObject({ code: "batch-unreadable", message: expect.stringContaining(why) });
  expect(Date.parse(failing?.failure?.since ?? "")).toBeLessThanOrEqual(Date.now());
  expect(others.map(({ failure, lag }) => [failure, lag])).toEqual(Array(2).fill([null, 0]));
  expect(handed(run)).toContain("read before it");
  expect(run.warnings.filter((line) => line.includes(why))).toHaveLength(1);
  expect(run.warnings.filter((line) => line.includes("it goes on"))).toEqual([]);
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

test("a partition that can be read again goes on where it stopped, and says so", async () => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 2 });
  let isDamaging = true;
  const run = start(topic, undefined, { windowMs: 0 }, { kafka: damagedOnTheWay(mappings.kafka, () => isDamaging) });
  await write(topic, ["a", "b"]);
  await until(() => run.status().partitions.some(({ failure }) => failure !== null));

  isDamaging = false;
  await until(() => run.status().partitions[0]?.lag === 0);

  expect(handed(run)).toEqual(["a", "b"]);
  expect(run.status().partitions[0]?.failure).toBeNull();
  expect(run.warnings.at(-1)).toBe("partition 0 recovered");
});

test("a group's offset behind the end of its partition stops no other, and its partition starts over", async () => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 3 });
  const consumerGroupId = uniqueName("group");
  for (const partition of [0, 1, 2]) await write(topic, [`of ${partition}`], partition);
  await commitForGroup(mappings.kafka, consumerGroupId, new Map([[topic, new Map([[0, 1_000n]])]]), createDeadline(10_000));

  const run = start(topic, undefined, { consumerGroupId, windowMs: 0 });
  await until(() => run.status().partitions.filter(({ committed }) => committed === 1).length === 3);

  expect(handed(run).sort()).toEqual(["of 0", "of 1", "of 2"]);
});

test("a batch that outlives its assignment is not invoked again while it runs, nor afterwards where it succeeded", async () => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 1 });
  await write(topic, ["slow", "behind it"]);
  const handler = released();
  let running = 0;
  let runningMax = 0;
  const run = start(
    topic,
    async (event) => {
      if (recordsOf(event).some(({ partition }) => partition !== 0)) return;
      runningMax = Math.max(runningMax, ++running);
      if (valuesOf(event).includes("slow")) await handler.promise;
      running--;
    },
    { windowMs: 0, batchSize: 1 },
    { rebalanceTimeoutMs: 500 },
  );
  await until(() => running === 1);

  await growTopic(mappings.kafka, topic, 2, createDeadline(10_000));
  await until(() => run.status().partitions.length === 2);
  await write(topic, ["new partition"], 1);
  await until(() => handed(run).includes("new partition"));
  expect(run.status().partitions[0]).toMatchObject({ isWithFunction: true, committed: null });
  handler.resolve();
  await until(() => run.status().partitions[0]?.committed === 2);

  expect(runningMax).toBe(1);
  expect(handed(run)).toEqual(["slow", "new partition", "behind it"]);
});

test("a batch that outlives its assignment and fails is delivered again after it has returned", async () => {
  const topic = await createTestTopic(mappings.kafka, { partitions: 1 });
  await write(topic, ["slow"]);
  const handler = released();
  let attempts = 0;
  const run = start(topic, () => (++attempts === 1 ? handler.promise : undefined), { windowMs: 0 }, { rebalanceTimeoutMs: 500 });
  await until(() => attempts === 1);
  await growTopic(mappings.kafka, topic, 2, createDeadline(10_000));
  await until(() => run.status().partitions.length === 2);

  const attemptsMeanwhile = attempts;
  handler.reject(new Error("slow and wrong"));
  await until(() => run.status().partitions[0]?.committed === 1);

  expect([attemptsMeanwhile, attempts]).toEqual([1, 2]);
});
