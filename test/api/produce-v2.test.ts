/** Producing by the v2 contract. Every body is sent as serverless-offline hands it over and as API Gateway does. */
import { expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { createTopics, deleteTopics } from "../../lib/kafka/admin/topics.js";
import { type Api, createApi } from "../support/api/api.js";
import { onProduceApi } from "../support/api/produce-api.js";
import { type RecordPlace, recordsAt } from "../support/broker/topic-contents.js";
import { uniqueName } from "../support/broker/unique-names.js";

const json = "application/vnd.kafka.json.v2+json";
const binary = "application/vnd.kafka.binary.v2+json";
const envelope = "application/vnd.kafka.v2+json";

let api: Api;
const topic = uniqueName("produce-v2");
const small = uniqueName("produce-v2-small");
const deadline = () => createDeadline(20_000);

onProduceApi(topic, small, (created) => {
  api = created;
});

const contents = (places: readonly RecordPlace[], of = topic) => recordsAt(api.kafka, of, places);

test("every record gets its own entry, in order, and is where the entry says", async () => {
  const records = [
    { key: "ada", value: { name: "Ada", born: 1815 } },
    { value: [1, 2, 3], partition: 2 },
    { key: 7, value: "seven" },
  ];

  for (const answer of await api.callBothWays(`POST /topics/${topic}`, { body: { records }, contentType: json })) {
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe(envelope);
    expect(answer.json).toEqual({
      offsets: records.map(() => ({ partition: expect.any(Number), offset: expect.any(Number), error_code: null, error: null })),
      key_schema_id: null,
      value_schema_id: null,
    });
    expect(answer.json.offsets[1].partition).toBe(2);
    const written = await contents(answer.json.offsets);
    expect(written.map(({ key, value }) => [key?.toString() ?? null, value?.toString()])).toEqual([
      // A string key keeps its quotes: it is JSON, and the quoted bytes decide the partition.
      ['"ada"', '{"name":"Ada","born":1815}'],
      [null, "[1,2,3]"],
      ["7", '"seven"'],
    ]);
  }
});

test("JSON is stored compact, with the digits and the order of its sender", async () => {
  const body = '{"records":[ { "value" : { "b" : 12345678901234567 , "a" : 1.10, "text" : "a b" } } ]}';

  const answer = await api.call(`POST /topics/${topic}`, { body, contentType: json });

  const [record] = await contents(answer.json.offsets);
  expect(record?.value?.toString()).toBe('{"b":12345678901234567,"a":1.10,"text":"a b"}');
});

test("null and a missing member are Kafka's null, and no other empty value is", async () => {
  const records = [{ key: "k", value: null }, { key: "k" }, { value: "" }, { value: 0 }, { value: false }, { value: {} }, { value: [] }];

  const answer = await api.call(`POST /topics/${topic}`, { body: { records }, contentType: json });

  const written = await contents(answer.json.offsets);
  expect(written.map(({ value }) => value?.toString() ?? null)).toEqual([null, null, '""', "0", "false", "{}", "[]"]);
});

test("binary keys and values are the bytes of their base64, with or without padding", async () => {
  const bytes = Buffer.from([0, 255, 254, 10]);
  const records = [
    { key: bytes.toString("base64"), value: bytes.toString("base64") },
    { value: "Zg" },
    { value: "" },
    { key: null, value: null },
  ];

  const answer = await api.call(`POST /topics/${topic}`, { body: { records }, contentType: binary });

  const written = await contents(answer.json.offsets);
  expect(written.map(({ key, value }) => [key, value])).toEqual([
    [bytes, bytes],
    [null, Buffer.from("f")],
    [null, Buffer.alloc(0)],
    [null, null],
  ]);
});

test("text is stored as its UTF-8 bytes, without quotes", async () => {
  const answer = await api.call(`POST /topics/${topic}`, {
    body: { records: [{ key: "clé", value: 'say "hi" 😀' }] },
    contentType: "application/vnd.kafka.text.v2+json",
  });

  const [record] = await contents(answer.json.offsets);
  expect([record?.key?.toString(), record?.value?.toString()]).toEqual(["clé", 'say "hi" 😀']);
});

test("headers keep their order, repeats and nulls; timestamps are milliseconds or ISO-8601", async () => {
  const headers = [
    { name: "trace", value: "AQI=" },
    { name: "trace", value: null },
    { name: "empty", value: "" },
  ];
  const records = [
    { value: 1, headers, timestamp: 1_700_000_000_123 },
    { value: 2, timestamp: "2023-11-14T22:13:20.123Z" },
    { value: 3, headers: null, timestamp: null, partition: null },
  ];

  const answer = await api.call(`POST /topics/${topic}`, { body: { records }, contentType: json });

  const [first, second, third] = await contents(answer.json.offsets);
  expect(first?.headers).toEqual([
    { name: "trace", value: Buffer.from([1, 2]) },
    { name: "trace", value: null },
    { name: "empty", value: Buffer.alloc(0) },
  ]);
  expect([first?.timestampMs, second?.timestampMs]).toEqual([1_700_000_000_123, 1_700_000_000_123]);
  expect(third?.headers).toEqual([]);
});

test("a partition in a record wins over the one in the path", async () => {
  const answer = await api.call(`POST /topics/${topic}/partitions/1`, {
    body: { records: [{ value: 1 }, { value: 2, partition: 0 }] },
    contentType: json,
  });

  expect(answer.json.offsets.map(({ partition }: { partition: number }) => partition)).toEqual([1, 0]);
});

test("application/json and no Content-Type at all mean embedded JSON; letter case and parameters do not matter", async () => {
  for (const contentType of ["application/json", "Application/VND.Kafka.JSON.v2+json; charset=UTF-8", "application/json; charset=utf-8"]) {
    const answer = await api.call(`POST /topics/${topic}`, { body: { records: [{ value: 1 }] }, contentType });
    expect([contentType, answer.status]).toEqual([contentType, 200]);
  }
});

test("what a schema registry is needed for is refused, with what to send instead", async () => {
  for (const format of ["avro", "jsonschema", "protobuf"]) {
    const answer = await api.call(`POST /topics/${topic}`, {
      body: { records: [] },
      contentType: `application/vnd.kafka.${format}.v2+json`,
    });
    expect(answer.status).toBe(415);
    expect(answer.json.message).toMatch(/schema registry.*application\/vnd\.kafka\.binary\.v2\+json/);
  }
});

test.each([
  ["no body", { body: "" }, 422, 42206],
  ["a body that is null", { body: "null" }, 422, 422],
  ["a body that is a list", { body: "[]" }, 400, 400],
  ["JSON that is cut off", { body: '{"records":[{"value":1}' }, 400, 400],
  ["records that are missing", { body: {} }, 422, 422],
  ["records that are null", { body: { records: null } }, 422, 422],
  ["records that are empty", { body: { records: [] } }, 422, 422],
  ["records given twice", { body: '{"records":[{}],"records":[{}]}' }, 400, 400],
  ["a record that is null", { body: { records: [null] } }, 422, 422],
  ["a record that is a number", { body: { records: [1] } }, 400, 400],
  ["an unknown member of a record", { body: { records: [{ value: 1, colour: "red" }] } }, 422, 422],
  ["an unknown member of the request", { body: { records: [{ value: 1 }], acks: 0 } }, 422, 422],
  ["a partition that is not a number", { body: { records: [{ value: 1, partition: "1" }] } }, 400, 400],
  ["a partition beyond 32 bits", { body: { records: [{ value: 1, partition: 4_294_967_296 }] } }, 400, 400],
  ["an invalid time", { body: { records: [{ value: 1, timestamp: "yesterday" }] } }, 400, 400],
  ["a header without a name", { body: { records: [{ value: 1, headers: [{ value: "AQ==" }] }] } }, 400, 400],
  ["invalid base64", { body: { records: [{ value: "not base64!" }] }, contentType: binary }, 400, 400],
  ["a number where base64 is due", { body: { records: [{ value: 1 }] }, contentType: binary }, 400, 400],
  ["another media type", { body: "hello", contentType: "text/plain" }, 415, 415],
  ["a media type that does not say the format", { body: { records: [{ value: 1 }] }, contentType: envelope }, 415, 415],
  ["an Accept header for XML", { body: { records: [{ value: 1 }] }, accept: "application/xml" }, 406, 406],
  ["an unsupported charset", { body: { records: [{ value: 1 }] }, contentType: `${json}; charset=utf-16` }, 400, 400],
] as const)("%s is refused before anything is written", async (_what, request, status, code) => {
  const before = await api.call(`GET /topics/${topic}/partitions/0/offsets`);
  for (const answer of await api.callBothWays(`POST /topics/${topic}`, { contentType: json, ...request })) {
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toBe(envelope);
    expect(answer.json).toMatchObject({ error_code: code, retriable: false, maybe_written: false });
  }
  expect((await api.call(`GET /topics/${topic}/partitions/0/offsets`)).json).toEqual(before.json);
});

test("bytes that are not UTF-8 are refused as they arrive from the gateway", async () => {
  const body = Buffer.concat([Buffer.from('{"records":[{"value":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}]}')]);

  const answer = await api.call(`POST /topics/${topic}`, { body, contentType: json, sentAs: "base64" });

  expect(answer).toMatchObject({ status: 400, json: { error_code: 400, message: expect.stringContaining("UTF-8") } });
});

test("bytes that were lost on the way are refused too, and a replacement character that is meant is written as its escape", async () => {
  const request = { contentType: json, sentAs: "text" } as const;

  const lost = await api.call(`POST /topics/${topic}`, { ...request, body: '{"records":[{"value":"caf\ufffd"}]}' });
  const meant = await api.call(`POST /topics/${topic}`, { ...request, body: '{"records":[{"value":"caf\\ufffd"}]}' });

  expect(lost).toMatchObject({ status: 400, json: { message: expect.stringContaining('"\\ufffd"') } });
  expect((await contents(meant.json.offsets))[0]?.value?.toString()).toBe('"caf\ufffd"');
});

test("a body packed in a coding that is not supported is refused by its name", async () => {
  const answer = await api.call(`POST /topics/${topic}`, { body: "{}", contentType: json, headers: { "content-encoding": "compress" } });

  expect(answer).toMatchObject({ status: 415, json: { message: expect.stringContaining('"compress" is not supported') } });
});

test("ISO-8859-1 is read where the request says so", async () => {
  const body = Buffer.from('{"records":[{"value":"café"}]}', "latin1");

  const answer = await api.call(`POST /topics/${topic}`, { body, contentType: `${json}; charset=ISO-8859-1`, sentAs: "base64" });

  const [record] = await contents(answer.json.offsets);
  expect(record?.value?.toString()).toBe('"café"');
});

/** How late a machine may be that does other things too. */
const lateMs = 2_000;

test("a missing topic or partition is reported at once", async () => {
  const started = Date.now();

  const noTopic = await api.call("POST /topics/no-such-topic", { body: { records: [{ value: 1 }] }, contentType: json });
  const noPartition = await api.call(`POST /topics/${topic}/partitions/99`, { body: { records: [{ value: 1 }] }, contentType: json });
  const noNumber = await api.call(`POST /topics/${topic}/partitions/first`, { body: { records: [{ value: 1 }] }, contentType: json });
  const noName = await api.call("POST /topics/a%20b", { body: { records: [{ value: 1 }] }, contentType: json });

  expect([noTopic.status, noTopic.json.error_code]).toEqual([404, 40401]);
  expect([noPartition.status, noPartition.json.error_code]).toEqual([404, 40402]);
  expect([noNumber.status, noNumber.json.error_code]).toEqual([404, 40402]);
  expect(noNumber.json.message).toMatch(/partitions 0 to 2, not the one/);
  expect([noName.status, noName.json.error_code]).toEqual([400, 40002]);
  expect(Date.now() - started).toBeLessThan(4 * lateMs);
});

test("Kafka's own topics are not written to", async () => {
  const answer = await api.call("POST /topics/__consumer_offsets", { body: { records: [{ value: 1 }] }, contentType: json });

  expect(answer).toMatchObject({ status: 403, json: { error_code: 40301 } });
});

test("a record for a partition that does not exist fails alone, and says that another try is of no use", async () => {
  const answer = await api.call(`POST /topics/${topic}`, {
    body: {
      records: [
        { value: 1, partition: 0 },
        { value: 2, partition: 99 },
        { value: 3, partition: -1 },
        { value: 4, partition: 0 },
      ],
    },
    contentType: json,
  });

  expect(answer.status).toBe(200);
  expect(answer.headers["relay-failed-records"]).toBe("2");
  const [first, second, third, fourth] = answer.json.offsets;
  const refused = { partition: null, offset: null, error_code: 40402, error: expect.any(String), retriable: false, maybe_written: false };
  expect([second, third]).toEqual([refused, refused]);
  expect(fourth.offset).toBe(first.offset + 1);
});

test("a record too large for its topic fails alone among records of its own partition", async () => {
  const answer = await api.call(`POST /topics/${small}`, {
    body: { records: [{ value: 1 }, { value: "x".repeat(5_000) }, { value: 3 }] },
    contentType: json,
  });

  const [first, second, third] = answer.json.offsets;
  expect(second).toMatchObject({ error_code: 50002, retriable: false, maybe_written: false });
  expect(third.offset).toBe(first.offset + 1);
  expect((await contents([first, third], small)).map(({ value }) => value?.toString())).toEqual(["1", "3"]);
});

test("with Prefer: status=strict, the status is 207 where some records failed, and their own where all did", async () => {
  const ask = (records: readonly object[]) =>
    api.call(`POST /topics/${topic}`, { body: { records }, contentType: json, headers: { prefer: "status=strict" } });

  const none = await ask([{ value: 1 }]);
  const some = await ask([{ value: 1 }, { value: 2, partition: 99 }]);
  const all = await ask([{ value: 2, partition: 99 }]);

  expect([none.status, some.status, all.status]).toEqual([200, 207, 404]);
  expect(some.headers["preference-applied"]).toBe("status=strict");
  expect(all.json.offsets[0].error_code).toBe(40402);
});

test("more records than a request may hold are refused with the limit", async () => {
  const few = await createApi({ env: { RELAY_PRODUCE_RECORDS_MAX: "3" }, kafka: api.kafka });

  const answer = await few.call(`POST /topics/${topic}`, { body: { records: [{}, {}, {}, {}] }, contentType: json });

  expect(answer).toMatchObject({ status: 413, json: { error_code: 413, message: expect.stringContaining("3 records") } });
});

test("a body that Lambda would not be given is refused with Lambda's limit, in base64 and as text", async () => {
  const body = JSON.stringify({ records: [{ value: "x".repeat(4_800_000) }] });

  for (const answer of await api.callBothWays(`POST /topics/${topic}`, { body, contentType: json })) {
    expect(answer.status).toBe(413);
    expect(answer.json.message).toContain("6291556");
  }
});

test("the same key from any JSON library goes to one partition: escapes are not part of a text", async () => {
  const plain = '{"records":[{"key":"café/1","value":1}]}';
  const escaped = '{"records":[{"key":"caf\\u00e9\\/1","value":1}]}';

  const answers = [plain, escaped].map((body) => api.call(`POST /topics/${topic}`, { body, contentType: json }));

  const [one, other] = await Promise.all((await Promise.all(answers)).map((answer) => contents(answer.json.offsets)));
  expect(other?.[0]?.key).toEqual(one?.[0]?.key);
  expect(other?.[0]?.partition).toBe(one?.[0]?.partition);
});

test("topics are created by producing only where the configuration says so", async () => {
  const name = uniqueName("produce-v2-created");
  const creating = await createApi({ env: { KAFKA_AUTO_CREATE_TOPICS: "true" } });
  const request = { body: { records: [{ value: 1 }] }, contentType: json };

  const refused = await api.call(`POST /topics/${name}`, request);
  const created = await creating.call(`POST /topics/${name}/partitions/0`, request);

  expect([refused.status, created.status]).toEqual([404, 200]);
  expect(created.json.offsets).toEqual([{ partition: 0, offset: 0, error_code: null, error: null }]);
  await deleteTopics(api.kafka, [name], deadline());
  await creating.close();
});

test("what Kafka refuses of single records fails them alone: a time too far ahead, a record without key in a compacted topic", async () => {
  const name = uniqueName("produce-v2-compacted");
  // Brokers before 3.6 have one limit for times behind and ahead, and refuse the name of the newer one.
  for (const limit of ["message.timestamp.after.max.ms", "message.timestamp.difference.max.ms"]) {
    const configs = [
      { name: "cleanup.policy", value: "compact" },
      { name: limit, value: "3600000" },
    ];
    await createTopics(api.kafka, [{ name, partitionsCount: 1, replicationFactor: 1, configs }], deadline());
  }
  const records = [
    { key: 1, value: 1 },
    { value: "keyless" },
    { key: 2, value: 2, timestamp: "2999-01-01T00:00:00Z" },
    { key: 3, value: 3 },
  ];

  const { status, json: answer } = await api.call(`POST /topics/${name}`, { body: { records }, contentType: json });

  expect(status).toBe(200);
  expect(answer.offsets.map(({ error_code }: { error_code: number | null }) => error_code)).toEqual([null, 50002, 50002, null]);
  expect(answer.offsets[1]).toMatchObject({ retriable: false, maybe_written: false });
  const written = await contents([answer.offsets[0], answer.offsets[3]], name);
  expect(written.map(({ key }) => key?.toString())).toEqual(["1", "3"]);
  await deleteTopics(api.kafka, [name], deadline());
});

test("where no broker answers, the request says so in its time, and that nothing was written", async () => {
  const alone = await createApi({ env: { KAFKA_BROKERS: "127.0.0.1:9" }, log: () => {} });
  const started = Date.now();

  const answer = await alone.call(`POST /topics/${topic}`, { body: { records: [{ value: 1 }] }, contentType: json, timeLeftMs: 2_500 });

  expect(answer).toMatchObject({ status: 500, json: { error_code: 50003, retriable: true, maybe_written: false } });
  expect(Date.now() - started).toBeLessThan(2_500 + lateMs);
  await alone.close();
});

test("a call without time left gets an answer that says that nothing was written", async () => {
  const answer = await api.call(`POST /topics/${topic}`, { body: { records: [{ value: 1 }] }, contentType: json, timeLeftMs: 400 });

  expect(answer).toMatchObject({ status: 504, json: { error_code: 504, retriable: true, maybe_written: false } });
});
