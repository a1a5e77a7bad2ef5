/** Where a read of a topic over HTTP starts, how it goes on, and what becomes of its cursor when the topic is made again. */
import { describe, expect, test } from "vitest";
import { operations } from "../../functions/records.js";
import { createDeadline } from "../../lib/deadline.js";
import { deleteRecords } from "../../lib/kafka/admin/records-delete.js";
import { deleteTopics, growTopic } from "../../lib/kafka/admin/topics.js";
import { createApi } from "../support/api/api.js";
import { readApiOfFile, valuesIn } from "../support/api/read-api.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { writeBatch } from "../support/broker/write-batches.js";

const { api, get, v3, topicOf } = readApiOfFile();
const soon = () => createDeadline(15_000);

describe("where a read starts", () => {
  test("from the beginning, all partitions, each with its next offset and high watermark", async () => {
    const topic = await topicOf(["a", "b"], ["c"]);

    const answer = await get(`/topics/${topic}/records?from=beginning`);

    expect(answer.status).toBe(200);
    expect(valuesIn(answer)).toEqual(["a", "b", "c"]);
    expect(answer.json.partitions).toEqual([
      { partition: 0, next_offset: 2, high_watermark: 2 },
      { partition: 1, next_offset: 1, high_watermark: 1 },
    ]);
  });

  test("without a word it starts at the beginning", async () => {
    const topic = await topicOf(["a"]);

    expect(valuesIn(await get(`/topics/${topic}/records`))).toEqual(["a"]);
    expect(valuesIn(await get(v3(topic, 0)))).toEqual(["a"]);
  });

  test("from the end there is nothing yet, and the cursor gives what comes", async () => {
    const topic = await topicOf(["old"]);

    const atEnd = await get(`/topics/${topic}/records?from=end`);
    await writeBatch(api().kafka, topic, 0, ["new"]);
    const later = await get(`/topics/${topic}/records?cursor=${atEnd.json.cursor}`);

    expect(valuesIn(atEnd)).toEqual([]);
    expect(valuesIn(later)).toEqual(["new"]);
  });

  test("from a time, in milliseconds or ISO-8601: the first record at or after it in each partition", async () => {
    const topic = await createTestTopic(api().kafka, { partitions: 2 });
    const at = (iso: string) => ({ value: Buffer.from(iso), timestampMs: Date.parse(iso) });
    await writeBatch(api().kafka, topic, 0, [at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"), at("2026-01-03T00:00:00Z")]);
    await writeBatch(api().kafka, topic, 1, [at("2026-01-01T00:00:00Z")]);

    const expected = ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"];
    for (const time of [
      "2026-01-02T00:00:00Z",
      "2026-01-02",
      "2026-01-01T23:00:00-01:00",
      String(Date.parse("2026-01-02")),
      "2026-01-02T02:00:00%2B02:00",
    ]) {
      expect(valuesIn(await get(`/topics/${topic}/records?timestamp=${time}`)), time).toEqual(expected);
    }
  });

  test("from an offset of one partition", async () => {
    const topic = await topicOf(["a", "b", "c"], ["d"]);

    expect(valuesIn(await get(`/topics/${topic}/records?partition=0&offset=1`))).toEqual(["b", "c"]);
    expect(valuesIn(await get(v3(topic, 0, "?offset=1")))).toEqual(["b", "c"]);
    expect(await get(`/topics/${topic}/records?offset=1`)).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining("partition=") },
    });
  });

  test("the end is in range, and gives nothing", async () => {
    const topic = await topicOf(["a", "b"]);

    expect((await get(v3(topic, 0, "?offset=2"))).json).toMatchObject({ records: [], next_offset: 2, high_watermark: 2 });
  });

  test("an offset beyond the end is refused with the range in force", async () => {
    const topic = await topicOf(["a", "b"]);

    for (const offset of ["3", "99999", "9223372036854775807"]) {
      for (const path of [v3(topic, 0, `?offset=${offset}`), `/topics/${topic}/records?partition=0&offset=${offset}`]) {
        const answer = await get(path);
        expect(answer).toMatchObject({ status: 400, json: { error_code: 40002, message: expect.stringContaining("from 0 to 2") } });
      }
    }
  });

  test("below deleted records it goes on at the first that is kept, and says so", async () => {
    const topic = await topicOf(["a", "b", "c", "d"]);
    await deleteRecords(api().kafka, topic, [{ partition: 0, beforeOffset: 2n }], soon());

    const fromOffset = await get(v3(topic, 0, "?offset=1"));
    const fromBeginning = await get(v3(topic, 0, "?from=beginning"));

    expect(valuesIn(fromOffset)).toEqual(["c", "d"]);
    expect(fromOffset.json).toMatchObject({ deleted_before: 2, next_offset: 4 });
    expect(valuesIn(fromBeginning)).toEqual(["c", "d"]);
    expect(fromBeginning.json).not.toHaveProperty("deleted_before");
  });
});

describe("how a read goes on", () => {
  test("the cursor alone reads a topic to its end, every record once, in order in each partition", async () => {
    const topic = await topicOf(
      Array.from({ length: 25 }, (_, index) => `0-${index}`),
      Array.from({ length: 40 }, (_, index) => `1-${index}`),
      [],
    );

    const seen: string[] = [];
    let path = `/topics/${topic}/records?limit=7`;
    for (let reads = 0; reads < 20; reads++) {
      const { json } = await get(path);
      if (json.records.length === 0) break;
      expect(json.records.length).toBeLessThanOrEqual(7);
      seen.push(...json.records.map(({ value }: { value: string }) => value));
      path = `/topics/${topic}/records?limit=7&cursor=${json.cursor}`;
    }

    for (const [partition, count] of [25, 40].entries()) {
      const ofPartition = seen.filter((value) => value.startsWith(`${partition}-`));
      expect(ofPartition).toEqual(Array.from({ length: count }, (_, index) => `${partition}-${index}`));
    }
    expect(seen).toHaveLength(65);
  });

  test("a busy partition does not keep the others waiting: the next read begins with another", async () => {
    const topic = await topicOf(["a1", "a2", "a3", "a4"], ["b1"]);

    const first = await get(`/topics/${topic}/records?limit=2`);
    const second = await get(`/topics/${topic}/records?limit=2&cursor=${first.json.cursor}`);

    expect(valuesIn(first)).toEqual(["a1", "a2"]);
    expect(valuesIn(second)).toEqual(["b1", "a3"]);
  });

  test("partitions that were added since are read from their beginning", async () => {
    const topic = await topicOf(["a"]);
    const { json } = await get(`/topics/${topic}/records?from=end`);
    const other = testKafka();
    await growTopic(other, topic, 2, soon());
    await writeBatch(other, topic, 1, ["in the new one"]);
    await other.close();

    expect(valuesIn(await get(`/topics/${topic}/records?cursor=${json.cursor}`))).toEqual(["in the new one"]);
  });

  test("with wait_ms a read at the end waits for what comes next", async () => {
    const topic = await topicOf(["old"], []);

    let isOver = false;
    const tail = get(`/topics/${topic}/records?from=end&wait_ms=20000`).finally(() => {
      isOver = true;
    });
    // Nobody sees when it has begun to wait: what is written before is not for it.
    while (!isOver) {
      await writeBatch(api().kafka, topic, 1, ["new"]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }

    expect(new Set(valuesIn(await tail))).toEqual(new Set(["new"]));
  });

  test("with wait_ms and nothing new the answer is empty when the time is over", async () => {
    const topic = await topicOf(["old"]);

    const answer = await get(v3(topic, 0, "?from=end&wait_ms=300"));

    expect(answer.json).toMatchObject({ records: [], next_offset: 1 });
  });

  test("a partition's list links to what comes next", async () => {
    const topic = await topicOf(["a", "b"]);

    const { json } = await get(v3(topic, 0, "?limit=1"));
    const next = new URL(json.metadata.next);

    expect(json.kind).toBe("KafkaRecordList");
    expect(valuesIn(await get(`${next.pathname}${next.search}`))).toEqual(["b"]);
  });

  test("a cursor that is invalid, damaged or of another topic is refused", async () => {
    const [one, other] = [await topicOf(["a"], ["b"]), await topicOf(["a"])];
    const { cursor } = (await get(`/topics/${one}/records`)).json;
    const damaged = `${cursor.slice(0, 10)}${cursor[10] === "A" ? "B" : "A"}${cursor.slice(11)}`;

    for (const text of ["", "x", "%00", "AAAAAAAAAAAAAAAA", damaged, cursor.slice(1), `${cursor}A`, "A".repeat(20_000)]) {
      expect(await get(`/topics/${one}/records?cursor=${text}`), text.slice(0, 40)).toMatchObject({ status: 400 });
    }
    expect(await get(`/topics/${other}/records?cursor=${cursor}`)).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining("does not belong to the topic") },
    });
    expect(await get(v3(one, 0, `?cursor=${cursor}`))).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining("partition 0 only") },
    });
  });
});

describe("a topic that was deleted and created again", () => {
  const recreate = async (topic: string, ...partitions: readonly (readonly string[])[]) => {
    await deleteTopics(api().kafka, [topic], soon());
    await until(async () => (await get(`/topics/${topic}/records`)).status === 404);
    // By another client, so that this one still remembers the old topic where it remembers anything.
    const other = testKafka();
    await createTestTopic(other, { name: topic, partitions: partitions.length });
    for (const [partition, records] of partitions.entries()) await writeBatch(other, topic, partition, records);
    await other.close();
  };
  const gone = { status: 410, json: { error_code: 410, message: expect.stringMatching(/deleted and created again.*Omit the cursor/) } };

  test("its old cursors are answered 410 and how to start over, though it holds more records than before", async () => {
    const topic = await topicOf(["old 1", "old 2"], ["old 3"]);
    const whole = (await get(`/topics/${topic}/records`)).json.cursor;
    const single = (await get(v3(topic, 1))).json.cursor;
    await recreate(topic, ["new 1", "new 2", "new 3"], ["new 4", "new 5"]);

    expect(await get(`/topics/${topic}/records?cursor=${whole}`)).toMatchObject(gone);
    expect(await get(v3(topic, 1, `?cursor=${single}`))).toMatchObject(gone);

    const startedOver = await get(`/topics/${topic}/records`);
    expect(valuesIn(startedOver)).toEqual(["new 1", "new 2", "new 3", "new 4", "new 5"]);
    expect(await get(`/topics/${topic}/records?cursor=${startedOver.json.cursor}`)).toMatchObject({ status: 200, json: { records: [] } });
  });

  test("the answer is the same where the new topic has fewer partitions", async () => {
    const topic = await topicOf(["old"], ["old"], ["old"]);
    const { cursor } = (await get(v3(topic, 2))).json;
    await recreate(topic, ["new"]);

    expect(await get(v3(topic, 2, `?cursor=${cursor}`))).toMatchObject(gone);
  });

  test("an environment that still remembers the old topic does not read the new one by an old cursor", async () => {
    const topic = await topicOf(["old 1", "old 2"]);
    const warm = await createApi({ operations });
    const { cursor } = (await warm.call(`GET ${v3(topic, 0)}`)).json;
    await recreate(topic, ["new 1", "new 2", "new 3"]);

    expect(await warm.call(`GET ${v3(topic, 0, `?cursor=${cursor}`)}`)).toMatchObject(gone);
    expect(valuesIn(await warm.call(`GET ${v3(topic, 0, "?offset=1")}`))).toEqual(["new 2", "new 3"]);
    await warm.close();
  });
});
