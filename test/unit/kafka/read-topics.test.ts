/** What a reader believes of a topic when one broker alone says that a part of it is gone: answers come from a script. */
import { expect, test } from "vitest";
import { createDeadline } from "../../../lib/deadline.js";
import { RelayError } from "../../../lib/errors.js";
import type { TimeAndChance } from "../../../lib/kafka/ask.js";
import type { Metadata, TopicMetadata } from "../../../lib/kafka/metadata.js";
import { createReadTopics } from "../../../lib/kafka/read/read-topics.js";

const topic = (count: number, topicId = "a"): TopicMetadata => ({
  name: "orders",
  topicId,
  isInternal: false,
  partitions: Array.from({ length: count }, (_, partition) => ({ partition, leader: 1, replicas: [1], isr: [1], offlineReplicas: [] })),
});
const gone = new RelayError("topic-not-found", "Topic orders does not exist.");

/** The last answer of the script is given for ever; nothing is remembered. */
function reading(script: readonly (TopicMetadata | RelayError)[]) {
  const clock = { ms: 0 };
  let asked = 0;
  const answer = async (): Promise<TopicMetadata> => {
    const next = script[Math.min(asked++, script.length - 1)];
    if (next === undefined || next instanceof RelayError) throw next;
    return next;
  };
  const world: TimeAndChance = {
    random: () => 1,
    sleep: async (ms) => {
      clock.ms += ms;
    },
  };
  const topics = createReadTopics({ metadata: { topic: answer } as unknown as Metadata }, () => clock.ms, world);
  const count = async (partitions: readonly number[] | "all") =>
    (await topics.topic("orders", partitions, createDeadline(5_000))).partitions.length;
  return { count, asked: () => asked, waitedMs: () => clock.ms };
}

test("one late broker that reports fewer partitions is not believed", async () => {
  const { count } = reading([topic(4), topic(2), topic(2), topic(4)]);

  expect(await count([3])).toBe(4);
  expect(await count([3])).toBe(4);
});

test("one late broker that does not know the topic is not believed", async () => {
  const { count } = reading([topic(4), gone, gone, topic(4)]);

  expect(await count([0])).toBe(4);
  expect(await count([0])).toBe(4);
});

test("partitions that three answers over a quarter of a second do not report are believed to be gone", async () => {
  const { count, waitedMs } = reading([topic(4), topic(2)]);

  expect(await count([3])).toBe(4);
  expect(await count([3])).toBe(2);
  expect(waitedMs()).toBeGreaterThanOrEqual(250);
  const before = waitedMs();
  expect(await count([3])).toBe(2);
  expect(waitedMs()).toBe(before);
});

test("a topic that is gone for good is reported after the same time, and at once from then on", async () => {
  const { count, waitedMs } = reading([topic(4), gone]);

  expect(await count([0])).toBe(4);
  await expect(count([0])).rejects.toThrow(gone);
  const before = waitedMs();
  await expect(count([0])).rejects.toThrow(gone);
  expect(before).toBeGreaterThanOrEqual(250);
  expect(waitedMs()).toBe(before);
});

test("a partition or topic that was never there fails at once", async () => {
  const fewer = reading([topic(2)]);
  expect(await fewer.count([7])).toBe(2);
  expect(fewer.waitedMs()).toBe(0);

  const none = reading([gone]);
  await expect(none.count("all")).rejects.toThrow(gone);
  expect(none.waitedMs()).toBe(0);
});

test("another topic of the same name is believed at once, however few partitions it has", async () => {
  const { count, waitedMs } = reading([topic(4), topic(1, "b")]);

  expect(await count("all")).toBe(4);
  expect(await count("all")).toBe(1);
  expect(waitedMs()).toBe(0);
});
