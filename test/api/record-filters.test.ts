/** Reads that return only records that match an event pattern or contain a text, and that say how many records they looked at. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { operations } from "../../functions/records.js";
import { createDeadline } from "../../lib/deadline.js";
import { clusterId } from "../../lib/kafka/admin/cluster.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { type Api, createApi } from "../support/api/api.js";
import { createTestTopic } from "../support/broker/kafka.js";
import { writeBatch } from "../support/broker/write-batches.js";

let api: Api;
let cluster: string;
beforeAll(async () => {
  api = await createApi({ operations });
  cluster = await clusterId(api.kafka, createDeadline(10_000));
});
afterAll(() => api.close());

const get = (path: string) => api.call(`GET ${path}`);
const v3 = (topic: string, partition: number, rest: string) =>
  `/v3/clusters/${cluster}/topics/${topic}/partitions/${partition}/records${rest}`;
const values = (answer: { readonly json: { readonly records: readonly { readonly value: unknown }[] } }) =>
  answer.json.records.map(({ value }) => value);

async function topicOf(...partitions: readonly (readonly string[])[]): Promise<string> {
  const topic = await createTestTopic(api.kafka, { partitions: partitions.length });
  for (const [partition, records] of partitions.entries()) await writeBatch(api.kafka, topic, partition, records);
  return topic;
}

describe("a filter", () => {
  const filterOf = (pattern: object) => `filter=${encodeURIComponent(JSON.stringify(pattern))}`;
  const numbers = (count: number) => Array.from({ length: count }, (_, n) => JSON.stringify({ n, big: n === 7 ? "x" : "y" }));

  test("gives what matches alone, says how much it looked at, and the cursor moves past the rest", async () => {
    const topic = await topicOf(numbers(100));
    const filter = filterOf({ value: { n: [{ numeric: [">=", 90] }] } });

    const first = await get(`/topics/${topic}/records?${filter}&limit=4`);
    const second = await get(`/topics/${topic}/records?${filter}&cursor=${first.json.cursor}`);

    expect(values(first)).toMatchObject([{ n: 90 }, { n: 91 }, { n: 92 }, { n: 93 }]);
    expect(first.json).toMatchObject({ scanned: 94, scan_limited: false, partitions: [{ next_offset: 94, high_watermark: 100 }] });
    expect(values(second)).toHaveLength(6);
    expect(second.json).toMatchObject({ scanned: 6, scan_limited: false, partitions: [{ next_offset: 100 }] });
  });

  test("ends after scan_max records even if none matches, and the next read goes on there", async () => {
    const topic = await topicOf(numbers(60), numbers(60));
    const filter = `${filterOf({ value: { n: [59] } })}&scan_max=50`;
    const found: unknown[] = [];
    let cursor = "";
    let reads = 0;

    for (let isLimited = true; isLimited; reads++) {
      const answer = await get(`/topics/${topic}/records?${filter}${cursor === "" ? "" : `&cursor=${cursor}`}`);
      expect(answer.json.scanned).toBeLessThanOrEqual(50);
      found.push(...values(answer));
      cursor = answer.json.cursor;
      isLimited = answer.json.scan_limited;
    }

    expect(found).toMatchObject([{ n: 59 }, { n: 59 }]);
    expect(reads).toBe(3);
  });

  test("waits for a record that matches, whatever else comes meanwhile", async () => {
    const topic = await topicOf(["1"]);
    const waiting = get(`/topics/${topic}/records?from=end&wait_ms=20000&${filterOf({ value: ["wanted"] })}`);
    const until = Date.now() + 15_000;
    let isDone = false;
    waiting.finally(() => {
      isDone = true;
    });
    while (!isDone && Date.now() < until) await writeBatch(api.kafka, topic, 0, ["2", Date.now() > until - 14_000 ? "wanted" : "3"]);

    expect(values(await waiting)[0]).toBe("wanted");
  });

  test("is also text, which is found in keys, values and headers in any case, and joined with a pattern by and", async () => {
    const topic = await topicOf(numbers(10));
    await api.kafka.producer.produce(
      topic as TopicName,
      [
        { key: Buffer.from("ÄPFEL-1"), value: null, headers: [], partition: 0 },
        { key: null, value: Buffer.from("x"), headers: [{ name: "fruit", value: Buffer.from("Äpfel") }], partition: 0 },
      ],
      createDeadline(20_000),
    );

    const read = (query: string) => get(`/topics/${topic}/records?${query}`);
    const offsets = async (query: string) => (await read(query)).json.records.map(({ offset }: { offset: number }) => offset);

    expect(await offsets("contains=%22X%22")).toEqual([7]);
    expect(await offsets(`contains=${encodeURIComponent("äpfel")}`)).toEqual([10, 11]);
    expect(await offsets("contains=FRUIT")).toEqual([11]);
    expect(await offsets(`contains=%22y%22&${filterOf({ value: { n: [3] } })}`)).toEqual([3]);
    expect((await read("contains=nowhere")).json).toMatchObject({ records: [], scanned: 12, scan_limited: false });
  });

  test("is for one partition too, and for keys and headers", async () => {
    const topic = await topicOf(numbers(10));

    const answer = await get(v3(topic, 0, `?${filterOf({ value: { big: ["x"] }, partition: [0] })}`));

    expect(values(answer)).toMatchObject([{ n: 7 }]);
    expect(answer.json).toMatchObject({ scanned: 10, scan_limited: false, next_offset: 10 });
  });

  test.each([
    ["filter=%7B", "filter"],
    ["filter=[]", "filter"],
    [filterOf({ valeu: ["x"] }), 'Did you mean "value"?'],
    [filterOf({ value: [{ numerik: [] }] }), "numerik"],
    [`${filterOf({ value: ["x"] })}&scan_max=0`, "scan_max"],
    [`filter=${"a".repeat(5_000)}`, "at most 4096 characters"],
    ["contains=", "contains"],
    [`contains=${"a".repeat(1_001)}`, "1 to 1000 characters"],
  ])("that is wrong is a bad request: %s", async (query, message) => {
    const topic = await topicOf(["1"]);

    const answer = await get(`/topics/${topic}/records?${query}`);

    expect(answer.status).toBe(400);
    expect(answer.json.message).toContain(message);
  });
});
