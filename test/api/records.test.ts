/** Reading a topic over HTTP: where a read starts, how it goes on, what it gives and what it refuses. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { operations } from "../../functions/records.js";
import { createDeadline } from "../../lib/deadline.js";
import { clusterId } from "../../lib/kafka/admin/cluster.js";
import { deleteRecords } from "../../lib/kafka/admin/records-delete.js";
import { deleteTopics, growTopic } from "../../lib/kafka/admin/topics.js";
import { type Api, createApi } from "../support/api/api.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { writeBatch } from "../support/broker/write-batches.js";

let api: Api;
let cluster: string;
beforeAll(async () => {
  api = await createApi({ operations });
  cluster = await clusterId(api.kafka, createDeadline(10_000));
});
afterAll(() => api.close());

const soon = () => createDeadline(15_000);
const get = (path: string, accept?: string) => api.call(`GET ${path}`, accept === undefined ? {} : { accept });
const v3 = (topic: string, partition: number | string, rest = "") =>
  `/v3/clusters/${cluster}/topics/${topic}/partitions/${partition}/records${rest}`;
const values = (answer: { readonly json: { readonly records: readonly { readonly value: unknown }[] } }) =>
  answer.json.records.map(({ value }) => value);

async function topicOf(...partitions: readonly (readonly string[])[]): Promise<string> {
  const topic = await createTestTopic(api.kafka, { partitions: partitions.length });
  for (const [partition, records] of partitions.entries()) if (records.length > 0) await writeBatch(api.kafka, topic, partition, records);
  return topic;
}

describe("where a read starts", () => {
  test("from the beginning, all partitions, each with its next offset and high watermark", async () => {
    const topic = await topicOf(["a", "b"], ["c"]);

    const answer = await get(`/topics/${topic}/records?from=beginning`);

    expect(answer.status).toBe(200);
    expect(values(answer)).toEqual(["a", "b", "c"]);
    expect(answer.json.partitions).toEqual([
      { partition: 0, next_offset: 2, high_watermark: 2 },
      { partition: 1, next_offset: 1, high_watermark: 1 },
    ]);
  });

  test("without a word it starts at the beginning", async () => {
    const topic = await topicOf(["a"]);

    expect(values(await get(`/topics/${topic}/records`))).toEqual(["a"]);
    expect(values(await get(v3(topic, 0)))).toEqual(["a"]);
  });

  test("from the end there is nothing yet, and the cursor gives what comes", async () => {
    const topic = await topicOf(["old"]);

    const atEnd = await get(`/topics/${topic}/records?from=end`);
    await writeBatch(api.kafka, topic, 0, ["new"]);
    const later = await get(`/topics/${topic}/records?cursor=${atEnd.json.cursor}`);

    expect(values(atEnd)).toEqual([]);
    expect(values(later)).toEqual(["new"]);
  });

  test("from a time, in milliseconds or ISO-8601: the first record at or after it in each partition", async () => {
    const topic = await createTestTopic(api.kafka, { partitions: 2 });
    const at = (iso: string) => ({ value: Buffer.from(iso), timestampMs: Date.parse(iso) });
    await writeBatch(api.kafka, topic, 0, [at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"), at("2026-01-03T00:00:00Z")]);
    await writeBatch(api.kafka, topic, 1, [at("2026-01-01T00:00:00Z")]);

    const expected = ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"];
    for (const time of [
      "2026-01-02T00:00:00Z",
      "2026-01-02",
      "2026-01-01T23:00:00-01:00",
      String(Date.parse("2026-01-02")),
      "2026-01-02T02:00:00%2B02:00",
    ]) {
      expect(values(await get(`/topics/${topic}/records?timestamp=${time}`)), time).toEqual(expected);
    }
  });

  test("from an offset of one partition", async () => {
    const topic = await topicOf(["a", "b", "c"], ["d"]);

    expect(values(await get(`/topics/${topic}/records?partition=0&offset=1`))).toEqual(["b", "c"]);
    expect(values(await get(v3(topic, 0, "?offset=1")))).toEqual(["b", "c"]);
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
    await deleteRecords(api.kafka, topic, [{ partition: 0, beforeOffset: 2n }], soon());

    const fromOffset = await get(v3(topic, 0, "?offset=1"));
    const fromBeginning = await get(v3(topic, 0, "?from=beginning"));

    expect(values(fromOffset)).toEqual(["c", "d"]);
    expect(fromOffset.json).toMatchObject({ deleted_before: 2, next_offset: 4 });
    expect(values(fromBeginning)).toEqual(["c", "d"]);
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

    expect(values(first)).toEqual(["a1", "a2"]);
    expect(values(second)).toEqual(["b1", "a3"]);
  });

  test("partitions that were added since are read from their beginning", async () => {
    const topic = await topicOf(["a"]);
    const { json } = await get(`/topics/${topic}/records?from=end`);
    const other = testKafka();
    await growTopic(other, topic, 2, soon());
    await writeBatch(other, topic, 1, ["in the new one"]);
    await other.close();

    expect(values(await get(`/topics/${topic}/records?cursor=${json.cursor}`))).toEqual(["in the new one"]);
  });

  test("with wait_ms a read at the end waits for what comes next", async () => {
    const topic = await topicOf(["old"], []);

    let isOver = false;
    const tail = get(`/topics/${topic}/records?from=end&wait_ms=20000`).finally(() => {
      isOver = true;
    });
    // Nobody sees when it has begun to wait: what is written before is not for it.
    while (!isOver) {
      await writeBatch(api.kafka, topic, 1, ["new"]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }

    expect(new Set(values(await tail))).toEqual(new Set(["new"]));
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
    expect(values(await get(`${next.pathname}${next.search}`))).toEqual(["b"]);
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
    await deleteTopics(api.kafka, [topic], soon());
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
    expect(values(startedOver)).toEqual(["new 1", "new 2", "new 3", "new 4", "new 5"]);
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
    expect(values(await warm.call(`GET ${v3(topic, 0, "?offset=1")}`))).toEqual(["new 2", "new 3"]);
    await warm.close();
  });
});

describe("what a record looks like", () => {
  const mixed = async () => {
    const topic = await createTestTopic(api.kafka);
    const timestampMs = 1_700_000_000_123;
    await writeBatch(api.kafka, topic, 0, [
      { key: Buffer.from("text"), value: Buffer.from('{ "big": 12345678901234567890.10, "list": [1, null] }'), timestampMs },
      { key: Buffer.from([0xff, 0x00]), value: Buffer.from([0xfe]), timestampMs },
      { key: null, value: null, timestampMs },
      { key: Buffer.alloc(0), value: Buffer.alloc(0), timestampMs },
      { key: Buffer.from('"quoted"'), value: Buffer.from("not {json"), timestampMs },
    ]);
    return topic;
  };
  const keysAndValues = (json: { readonly records: readonly Record<string, unknown>[] }) =>
    json.records.map(({ key, key_format, value, value_format }) => [key, key_format, value, value_format]);

  test("JSON where it is JSON, text where it is text, else base64; and the format says which", async () => {
    const { json, text } = await get(v3(await mixed(), 0));

    expect(keysAndValues(json)).toEqual([
      ["text", "string", { big: Number("12345678901234567890.10"), list: [1, null] }, "json"],
      ["/wA=", "base64", "/g==", "base64"],
      [null, undefined, null, undefined],
      ["", "string", "", "string"],
      ["quoted", "json", "not {json", "string"],
    ]);
    expect(text).toContain("12345678901234567890.10");
    expect(json.records[0]).toMatchObject({
      topic_name: expect.any(String),
      partition_id: 0,
      offset: 0,
      timestamp: 1_700_000_000_123,
      timestamp_type: "CREATE_TIME",
    });
  });

  test("a form that is asked for is given where the bytes fit it, and base64 with the flag where they do not", async () => {
    const topic = await mixed();

    expect(keysAndValues((await get(v3(topic, 0, "?key_format=string&value_format=json"))).json)).toEqual([
      ["text", "string", { big: Number("12345678901234567890.10"), list: [1, null] }, "json"],
      ["/wA=", "base64", "/g==", "base64"],
      [null, undefined, null, undefined],
      ["", "string", "", "base64"],
      ['"quoted"', "string", "bm90IHtqc29u", "base64"],
    ]);
    expect((await get(v3(topic, 0, "?value_format=base64&limit=1"))).json.records[0]).toMatchObject({ value_format: "base64" });
  });

  test("Accept chooses the form as in v2: json for key and value, binary for base64", async () => {
    const topic = await mixed();

    const json = await get(`/topics/${topic}/records`, "application/vnd.kafka.json.v2+json");
    const binary = await get(`/topics/${topic}/records`, "application/vnd.kafka.binary.v2+json");

    expect(json.headers["content-type"]).toBe("application/vnd.kafka.json.v2+json");
    expect(keysAndValues(json.json)[4]).toEqual(["quoted", "json", "bm90IHtqc29u", "base64"]);
    expect(keysAndValues(binary.json)[4]).toEqual(["InF1b3RlZCI=", "base64", "bm90IHtqc29u", "base64"]);
    expect((await get(`/topics/${topic}/records`, "text/html")).status).toBe(406);
  });

  test("headers come in order with repeats, empty and null values, in base64 or as text", async () => {
    const topic = await createTestTopic(api.kafka);
    const headers = [
      { name: "b", value: Buffer.from("1") },
      { name: "a", value: null },
      { name: "b", value: Buffer.alloc(0) },
      { name: "raw", value: Buffer.from([0xff]) },
    ];
    await writeBatch(api.kafka, topic, 0, [{ headers }]);

    expect((await get(v3(topic, 0))).json.records[0].headers).toEqual([
      { name: "b", value: "MQ==" },
      { name: "a", value: null },
      { name: "b", value: "" },
      { name: "raw", value: "/w==" },
    ]);
    expect((await get(v3(topic, 0, "?header_format=string"))).json.records[0].headers).toEqual([
      { name: "b", value: "1" },
      { name: "a", value: null },
      { name: "b", value: "" },
      { name: "raw", value: "/w==", value_format: "base64" },
    ]);
  });

  test("values that would break the answer do not: deep JSON, quotes, line separators, NUL, lone surrogates in escapes", async () => {
    const topic = await createTestTopic(api.kafka);
    const deep = "[".repeat(50_000) + "]".repeat(50_000);
    const odd = ['"\\ud800"', '{"a":1}{"b":2}', '\u2028\u0000\u001f"\\', "NaN", "1e999", "[1,]", '{"__proto__":1}', deep];
    await writeBatch(api.kafka, topic, 0, odd);

    const { json } = await get(v3(topic, 0));

    expect(json.records.map(({ value_format }: { value_format: string }) => value_format)).toEqual([
      "json",
      "string",
      "string",
      "string",
      "json",
      "string",
      "json",
      "string",
    ]);
    expect(json.records[2].value).toBe(odd[2]);
    expect(json.records[7].value).toBe(deep);
  });
});

describe("how much a read gives", () => {
  test("limit and bytes_max hold, and at least one record comes whatever its size", async () => {
    const topic = await topicOf(Array.from({ length: 20 }, () => "x".repeat(1_000)));

    expect((await get(v3(topic, 0, "?limit=3"))).json.records).toHaveLength(3);
    expect((await get(v3(topic, 0, "?bytes_max=5500"))).json.records).toHaveLength(5);
    expect((await get(v3(topic, 0, "?bytes_max=1"))).json.records).toHaveLength(1);
  });

  test("an answer stays below what Lambda gives back, however its text grows, and the cursor goes on behind it", async () => {
    const topic = await createTestTopic(api.kafka, { configs: { "max.message.bytes": "8000000" } });
    const quotes = '"'.repeat(700_000);
    for (let count = 0; count < 4; count++) await writeBatch(api.kafka, topic, 0, [quotes, quotes]);

    let seen = 0;
    let path = v3(topic, 0, "?bytes_max=100000000&value_format=string");
    for (let reads = 0; reads < 10; reads++) {
      const { status, json, text } = await get(path);
      expect(status).toBe(200);
      expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThan(6_291_556);
      if (json.records.length === 0) break;
      seen += json.records.length;
      path = v3(topic, 0, `?bytes_max=100000000&value_format=string&cursor=${json.cursor}`);
    }

    expect(seen).toBe(8);
  });

  test("a record that no answer can hold is returned with its sizes only, and the read continues after it", async () => {
    const topic = await createTestTopic(api.kafka, { configs: { "max.message.bytes": "8000000" } });
    await writeBatch(api.kafka, topic, 0, [{ key: Buffer.from("k"), value: Buffer.alloc(6_000_000, 0xff) }]);
    await writeBatch(api.kafka, topic, 0, ["next"]);

    const first = await get(v3(topic, 0));
    const second = await get(v3(topic, 0, `?cursor=${first.json.cursor}`));

    expect(first.json.records).toMatchObject([{ offset: 0, value: null, omitted: { key_bytes: 1, value_bytes: 6_000_000 } }]);
    expect(values(second)).toEqual(["next"]);
  });
});

describe("a batch that cannot be read", () => {
  /** Legal, and larger than any reader of ours takes. */
  const writeUnreadable = (topic: string) =>
    writeBatch(api.kafka, topic, 0, [{ value: Buffer.alloc(70_000_000) }], { compression: "gzip" });

  test("fails its partition, and the others are read", async () => {
    const topic = await topicOf([], ["a"], ["b"]);
    await writeUnreadable(topic);

    const first = await get(`/topics/${topic}/records`);
    await writeBatch(api.kafka, topic, 1, ["later"]);
    const second = await get(`/topics/${topic}/records?cursor=${first.json.cursor}`);

    expect(first.status).toBe(200);
    expect(values(first).sort()).toEqual(["a", "b"]);
    expect(first.json.partitions[0]).toMatchObject({ partition: 0, next_offset: 0, error: { error_code: 50002 } });
    expect(values(second)).toEqual(["later"]);
  });

  test("takes nothing away from the records before it, which are given first", async () => {
    const topic = await topicOf(["before it"]);
    await writeUnreadable(topic);

    const first = await get(v3(topic, 0));
    const second = await get(v3(topic, 0, `?cursor=${first.json.cursor}`));

    expect([first.status, values(first)]).toEqual([200, ["before it"]]);
    expect([second.status, second.json.error_code]).toEqual([500, 50002]);
    expect(second.json.message).toContain("at offset 1 has more than 67108864 bytes after decompression");
  });
});

describe("one record", () => {
  test("is answered by its offset", async () => {
    const topic = await topicOf(["a", "b"]);

    expect((await get(v3(topic, 0, "/1"))).json).toMatchObject({ topic_name: topic, partition_id: 0, offset: 1, value: "b" });
    expect((await get(v3(topic, 0, "/1?value_format=base64"))).json.value).toBe("Yg==");
  });

  test("that is not there is 404 and says why; an offset that cannot be is 400", async () => {
    const topic = await topicOf(["a", "b", "c"]);
    await deleteRecords(api.kafka, topic, [{ partition: 0, beforeOffset: 1n }], soon());

    expect(await get(v3(topic, 0, "/0"))).toMatchObject({
      status: 404,
      json: { message: expect.stringContaining("first record that is still kept has offset 1") },
    });
    expect(await get(v3(topic, 0, "/3"))).toMatchObject({ status: 404, json: { message: expect.stringContaining("yet") } });
    expect(await get(v3(topic, 0, "/4"))).toMatchObject({ status: 400, json: { error_code: 40002 } });
    for (const offset of ["-1", "x", "1.5", "1e3", "99999999999999999999"])
      expect((await get(v3(topic, 0, `/${offset}`))).status, offset).toBe(400);
  });
});

describe("what is refused", () => {
  test("an unknown topic, partition or cluster is 404", async () => {
    const topic = await topicOf(["a"], ["b"]);

    expect(await get("/topics/no-such-topic/records")).toMatchObject({ status: 404, json: { error_code: 40401 } });
    expect(await get("/topics/no%20topic%00/records")).toMatchObject({ status: 404, json: { error_code: 40401 } });
    expect(await get(v3("no-such-topic", 0))).toMatchObject({ status: 404, json: { error_code: 40403 } });
    expect(await get(`/topics/${topic}/records?partition=2`)).toMatchObject({
      status: 404,
      json: { error_code: 40402, message: expect.stringContaining("0 to 1") },
    });
    for (const start of ["", "?from=end", "?offset=0", "?timestamp=0"]) {
      expect(await get(v3(topic, 7, start)), start).toMatchObject({ status: 404, json: { error_code: 40403 } });
    }
    for (const partition of ["x", "-1", "99999999999"]) expect((await get(v3(topic, partition))).status, partition).toBe(404);
    expect(await get(`/v3/clusters/other/topics/${topic}/partitions/0/records`)).toMatchObject({ status: 404, json: { error_code: 404 } });
  });

  test("Kafka's own topics are not read", async () => {
    expect(await get("/topics/__consumer_offsets/records")).toMatchObject({ status: 403 });
    expect(await get(v3("__consumer_offsets", 0))).toMatchObject({ status: 403 });
  });

  test("a parameter that makes no sense is 400 and named", async () => {
    const topic = await topicOf(["a"]);

    for (const [query, named] of [
      ["from=middle", "from"],
      ["offset=-1&partition=0", "offset"],
      ["offset=1.5&partition=0", "offset"],
      ["offset=abc&partition=0", "offset"],
      ["limit=0", "limit"],
      ["limit=x", "limit"],
      ["limit=1&limit=2", "limit"],
      ["bytes_max=-5", "bytes_max"],
      ["wait_ms=60000", "wait_ms"],
      ["timestamp=yesterday", "timestamp"],
      ["timestamp=2026-13-45", "timestamp"],
      ["value_format=avro", "value_format"],
      ["offest=5", "offest"],
      ["from=beginning&offset=1&partition=0", "from and offset"],
    ] as const) {
      const answer = await get(`/topics/${topic}/records?${query}`);
      expect([answer.status, answer.json.message], query).toEqual([400, expect.stringContaining(named)]);
    }
  });
});
