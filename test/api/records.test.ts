/** What a read of a topic over HTTP gives, and what it refuses. */
import { describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { deleteRecords } from "../../lib/kafka/admin/records-delete.js";
import { readApiOfFile, valuesIn } from "../support/api/read-api.js";
import { createTestTopic } from "../support/broker/kafka.js";
import { writeBatch } from "../support/broker/write-batches.js";

const { api, get, v3, topicOf } = readApiOfFile();
const soon = () => createDeadline(15_000);

describe("what a record looks like", () => {
  const mixed = async () => {
    const topic = await createTestTopic(api().kafka);
    const timestampMs = 1_700_000_000_123;
    await writeBatch(api().kafka, topic, 0, [
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
    const topic = await createTestTopic(api().kafka);
    const headers = [
      { name: "b", value: Buffer.from("1") },
      { name: "a", value: null },
      { name: "b", value: Buffer.alloc(0) },
      { name: "raw", value: Buffer.from([0xff]) },
    ];
    await writeBatch(api().kafka, topic, 0, [{ headers }]);

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
    const topic = await createTestTopic(api().kafka);
    const deep = "[".repeat(50_000) + "]".repeat(50_000);
    const odd = ['"\\ud800"', '{"a":1}{"b":2}', '\u2028\u0000\u001f"\\', "NaN", "1e999", "[1,]", '{"__proto__":1}', deep];
    await writeBatch(api().kafka, topic, 0, odd);

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
    const topic = await createTestTopic(api().kafka, { configs: { "max.message.bytes": "8000000" } });
    const quotes = '"'.repeat(700_000);
    for (let count = 0; count < 4; count++) await writeBatch(api().kafka, topic, 0, [quotes, quotes]);

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
    const topic = await createTestTopic(api().kafka, { configs: { "max.message.bytes": "8000000" } });
    await writeBatch(api().kafka, topic, 0, [{ key: Buffer.from("k"), value: Buffer.alloc(6_000_000, 0xff) }]);
    await writeBatch(api().kafka, topic, 0, ["next"]);

    const first = await get(v3(topic, 0));
    const second = await get(v3(topic, 0, `?cursor=${first.json.cursor}`));

    expect(first.json.records).toMatchObject([{ offset: 0, value: null, omitted: { key_bytes: 1, value_bytes: 6_000_000 } }]);
    expect(valuesIn(second)).toEqual(["next"]);
  });
});

describe("a batch that cannot be read", () => {
  /** Legal, and larger than any reader of ours takes. */
  const writeUnreadable = (topic: string) =>
    writeBatch(api().kafka, topic, 0, [{ value: Buffer.alloc(70_000_000) }], { compression: "gzip" });

  test("fails its partition, and the others are read", async () => {
    const topic = await topicOf([], ["a"], ["b"]);
    await writeUnreadable(topic);

    const first = await get(`/topics/${topic}/records`);
    await writeBatch(api().kafka, topic, 1, ["later"]);
    const second = await get(`/topics/${topic}/records?cursor=${first.json.cursor}`);

    expect(first.status).toBe(200);
    expect(valuesIn(first).sort()).toEqual(["a", "b"]);
    expect(first.json.partitions[0]).toMatchObject({ partition: 0, next_offset: 0, error: { error_code: 50002 } });
    expect(valuesIn(second)).toEqual(["later"]);
  });

  test("takes nothing away from the records before it, which are given first", async () => {
    const topic = await topicOf(["before it"]);
    await writeUnreadable(topic);

    const first = await get(v3(topic, 0));
    const second = await get(v3(topic, 0, `?cursor=${first.json.cursor}`));

    expect([first.status, valuesIn(first)]).toEqual([200, ["before it"]]);
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
    await deleteRecords(api().kafka, topic, [{ partition: 0, beforeOffset: 1n }], soon());

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
