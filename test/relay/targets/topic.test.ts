/** The target "topic" on a real broker: bytes, order, and whose fault a refusal is. */
import { randomUUID } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { parseConfig } from "../../../lib/config.js";
import { createTopics, deleteTopics } from "../../../lib/kafka/admin/topics.js";
import { createKafka, toKafkaOptions } from "../../../lib/kafka/kafka.js";
import type { KafkaRecord } from "../../../lib/kafka/records.js";
import type { Target } from "../../../lib/relay/delivery.js";
import { type TopicOptions, topic } from "../../../lib/targets/topic.js";
import { createTestTopic, keptForAnyTime } from "../../support/broker/kafka.js";
import { delivery, soon, targetContext, verdictOf } from "../../support/relay/deliveries.js";

const kafka = createKafka(toKafkaOptions(parseConfig({ KAFKA_BROKERS: process.env.KAFKA_BROKERS })));
const topics: string[] = [];
const targets: Target[] = [];
afterAll(async () => {
  await Promise.all(targets.map((target) => target.close()));
  await deleteTopics(kafka, topics, soon());
  await kafka.close();
});

async function aTopic(partitionsCount = 1, configs: readonly { readonly name: string; readonly value: string }[] = []): Promise<string> {
  const name = `target-${randomUUID().slice(0, 8)}`;
  topics.push(name);
  await createTopics(kafka, [{ name, partitionsCount, replicationFactor: 1, configs: [...keptForAnyTime, ...configs] }], soon());
  return name;
}

async function open(options: TopicOptions): Promise<Target> {
  const target = await topic(options).open(targetContext({ kafka: () => kafka }));
  targets.push(target);
  return target;
}

async function recordsOf(name: string): Promise<readonly KafkaRecord[]> {
  const partitions = await kafka.reader.offsets(name, "all", soon());
  const positions = partitions.map(({ partition, beginning }) => ({ topic: name, partition, offset: beginning }));
  const reads = await kafka.reader.read(positions, { bytesMax: 10_000_000, recordsMax: 10_000, waitMs: 0 }, soon());
  return reads.flatMap(({ records }) => records);
}

test("key, value, headers and timestamp arrive byte for byte, null apart from empty", async () => {
  const name = await aTopic();
  const target = await open({ topic: name });
  const odd = [
    delivery({ key: null, value: null, timestampMs: 1 }),
    delivery({ key: "", value: "" }),
    delivery({
      key: Buffer.from([0, 255]),
      value: Buffer.from([254, 0]),
      headers: [
        ["a", "1"],
        ["a", Buffer.from([255])],
        ["b", null],
        ["x\r\ny", "Grüße"],
        ["host", ""],
      ],
    }),
  ];

  expect((await target.deliver(odd, soon())).map(verdictOf)).toEqual(["delivered", "delivered", "delivered"]);

  const written = await recordsOf(name);
  expect(written.map(({ key, value, headers, timestampMs }) => ({ key, value, headers, timestampMs }))).toEqual(
    odd.map(({ message: { key, value, headers, timestampMs } }) => ({ key, value, headers, timestampMs })),
  );
});

test("a record's time is kept by default, and is the time of writing where the route says so", async () => {
  const [keeping, renewing] = [await aTopic(), await aTopic()];
  const timestampMs = 1_700_000_000_000;
  for (const [name, options] of [
    [keeping, {}],
    [renewing, { timestamp: "now" }],
  ] as const) {
    const target = await open({ topic: name, ...options });
    expect((await target.deliver([delivery({ timestampMs })], soon())).map(verdictOf)).toEqual(["delivered"]);
  }

  const [[kept], [renewed]] = [await recordsOf(keeping), await recordsOf(renewing)];
  expect(kept?.timestampMs).toBe(timestampMs);
  expect(Math.abs((renewed?.timestampMs ?? 0) - Date.now())).toBeLessThan(60_000);
});

test("a record too far ahead for the topic is refused for its own sake, and written where the route takes the time of writing", async () => {
  const name = await createTestTopic(kafka, { aheadMaxMs: 3_600_000n });
  topics.push(name);
  const ahead = delivery({ timestampMs: Date.now() + 2 * 3_600_000 });
  const [keeping, renewing] = [await open({ topic: name }), await open({ topic: name, timestamp: "now" })];

  expect((await keeping.deliver([ahead], soon())).map(verdictOf)).toEqual([expect.stringContaining("record: ")]);
  expect((await renewing.deliver([ahead], soon())).map(verdictOf)).toEqual(["delivered"]);
});

test("records of one key keep their order, and a repeat is the same record once more", async () => {
  const name = await aTopic(3);
  const target = await open({ topic: name });
  const records = Array.from({ length: 300 }, (_, offset) => delivery({ offset, key: `k${offset % 7}`, value: { offset } }));

  for (let round = 0; round < 2; round++)
    expect((await target.deliver(records, soon())).every((each) => verdictOf(each) === "delivered")).toBe(true);

  const offsetsOf = new Map<string, number[]>();
  for (const { key, value } of await recordsOf(name)) {
    const { offset } = JSON.parse(String(value)) as { offset: number };
    offsetsOf.set(String(key), [...(offsetsOf.get(String(key)) ?? []), offset]);
  }
  expect(offsetsOf.size).toBe(7);
  for (const [key, offsets] of offsetsOf) {
    const expected = records.map((_, offset) => offset).filter((offset) => `k${offset % 7}` === key);
    expect(offsets).toEqual([...expected, ...expected]);
  }
});

test("a record goes to the partition it came from, or to the topic its route names for it", async () => {
  const [first, second] = [await aTopic(3), await aTopic(1)];
  const samePartition = await open({ topic: first, partition: "source" });
  await samePartition.deliver([delivery({ partition: 2, value: "a" }), delivery({ partition: 0, value: "b" })], soon());
  expect((await recordsOf(first)).map(({ partition, value }) => [partition, String(value)])).toEqual([
    [0, "b"],
    [2, "a"],
  ]);

  const byRecord = await open({
    topic: ({ message }) => {
      const { to } = message.document() as { to?: string };
      if (to === undefined) throw new Error("where to?");
      return to;
    },
  });
  const outcomes = await byRecord.deliver(
    [
      delivery({ value: { to: second } }),
      delivery({ value: {} }),
      delivery({ value: { to: "__consumer_offsets" } }),
      delivery({ value: { to: "no/name" } }),
    ],
    soon(),
  );
  expect(outcomes.map(verdictOf)).toEqual(["delivered", ...Array(3).fill("record: record-not-for-target")]);
  expect(await recordsOf(second)).toHaveLength(1);
});

test("a record that is too large fails alone, as its own fault; a missing topic is the target's state", async () => {
  const name = await aTopic(1, [{ name: "max.message.bytes", value: "2000" }]);
  const target = await open({ topic: name });
  const outcomes = await target.deliver(
    [delivery({ value: "a" }), delivery({ value: "x".repeat(5_000) }), delivery({ value: "b" })],
    soon(),
  );
  expect(outcomes.map(verdictOf)).toEqual(["delivered", "record: record-too-large", "delivered"]);

  const missing = await open({ topic: `missing-${randomUUID()}` });
  expect((await missing.deliver([delivery()], soon())).map(verdictOf)).toEqual(["target: target-refused"]);
});

test("another cluster has a connection of its own, and one that is not there is the target's failure", async () => {
  const name = await aTopic();
  const target = await open({ topic: name, cluster: { brokers: process.env.KAFKA_BROKERS ?? "" } });
  expect((await target.deliver([delivery({ value: "a" })], soon())).map(verdictOf)).toEqual(["delivered"]);
  expect(await recordsOf(name)).toHaveLength(1);
  const gone = await open({ topic: name, cluster: { brokers: "127.0.0.1:1" } });
  expect((await gone.deliver([delivery()], soon(2_000))).map(verdictOf)).toEqual(["target: kafka-unreachable"]);
});
