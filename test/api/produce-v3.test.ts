/** Producing by the v3 contract: objects one behind the other, and batches with ids. */
import { expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { clusterId } from "../../lib/kafka/admin/cluster.js";
import type { Api, ApiAnswer } from "../support/api/api.js";
import { onProduceApi } from "../support/api/produce-api.js";
import { recordsAt } from "../support/broker/topic-contents.js";
import { uniqueName } from "../support/broker/unique-names.js";

let api: Api;
let cluster: string;
const topic = uniqueName("produce-v3");
const small = uniqueName("produce-v3-small");
const deadline = () => createDeadline(20_000);
const path = (of = topic) => `POST /v3/clusters/${cluster}/topics/${of}/records`;

onProduceApi(topic, small, async (created) => {
  api = created;
  cluster = await clusterId(api.kafka, deadline());
});

/** The answers of a `/records` call, one per record. */
// biome-ignore lint/suspicious/noExplicitAny: the test says what it expects.
const objectsOf = ({ text }: ApiAnswer): any[] => text.split("\r\n").map((line) => JSON.parse(line));
// biome-ignore lint/suspicious/noExplicitAny: as above.
const writtenBy = (answers: readonly any[], of = topic) =>
  recordsAt(
    api.kafka,
    of,
    answers.map(({ partition_id, offset }) => ({ partition: partition_id, offset })),
  );

test("one record is answered with its place, its time, and the forms of its key and value", async () => {
  const body = {
    partition_id: 1,
    headers: [{ name: "h", value: "AQ==" }, { name: "h" }],
    key: { type: "STRING", data: "ada" },
    value: { type: "JSON", data: { born: 1815 } },
    timestamp: "2023-11-14T22:13:20.5Z",
  };

  for (const answer of await api.callBothWays(path(), { body })) {
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      error_code: 200,
      cluster_id: cluster,
      topic_name: topic,
      partition_id: 1,
      offset: expect.any(Number),
      timestamp: "2023-11-14T22:13:20.500Z",
      key: { type: "STRING", size: 3 },
      value: { type: "JSON", size: 13 },
    });
    const [record] = await writtenBy([answer.json]);
    expect(record).toMatchObject({
      key: Buffer.from("ada"),
      value: Buffer.from('{"born":1815}'),
      timestampMs: 1_700_000_000_500,
      headers: [
        { name: "h", value: Buffer.from([1]) },
        { name: "h", value: null },
      ],
    });
  }
});

test("any number of objects one behind the other are answered in order, whatever is between them", async () => {
  const values = Array.from({ length: 50 }, (_, index) => index);
  const body = `${values.map((data) => JSON.stringify({ value: { type: "JSON", data } })).join("\n")}\n {"value":null}{}`;

  const answers = objectsOf(await api.call(path(), { body }));

  expect(answers).toHaveLength(52);
  const records = await writtenBy(answers);
  expect(records.slice(0, 50).map(({ value }) => Number(value))).toEqual(values);
  expect(records.slice(50).map(({ key, value }) => [key, value])).toEqual([
    [null, null],
    [null, null],
  ]);
});

test("each key and value has a type of its own; null data is Kafka's null and not an empty value", async () => {
  const bodies = [
    { key: { type: "BINARY", data: "AAE=" }, value: { type: "STRING", data: "" } },
    { key: { type: "JSON", data: "quoted" }, value: { type: "BINARY", data: null } },
    { key: { data: "data before type", type: "STRING" }, value: { type: "JSON", data: null } },
    { value: { type: "STRING" } },
    { value: { type: null, data: null, schema_id: null } },
  ];

  const answers = objectsOf(await api.call(path(), { body: bodies.map((body) => JSON.stringify(body)).join("") }));

  expect(answers.map(({ error_code }) => error_code)).toEqual([200, 200, 200, 200, 200]);
  expect((await writtenBy(answers)).map(({ key, value }) => [key?.toString("latin1") ?? null, value?.toString() ?? null])).toEqual([
    ["\u0000\u0001", ""],
    ['"quoted"', null],
    ["data before type", null],
    [null, null],
    [null, null],
  ]);
  expect(answers.map(({ value }) => value)).toEqual([
    { type: "STRING", size: 0 },
    { type: "BINARY", size: 0 },
    { type: "JSON", size: 0 },
    { type: "STRING", size: 0 },
    undefined,
  ]);
});

test.each([
  ["invalid base64", { value: { type: "BINARY", data: "!" } }, 400],
  ["an unknown type", { value: { type: "XML", data: "<a/>" } }, 400],
  ["a type that needs a schema registry", { value: { type: "AVRO", data: {}, schema: "{}" } }, 400],
  ["data without a type", { value: { data: 1 } }, 400],
  ["a schema beside a type without one", { value: { type: "JSON", data: 1, schema_id: 3 } }, 400],
  ["a string that is a number", { value: { type: "STRING", data: 1 } }, 400],
  ["an unknown member", { value: null, colour: "red" }, 400],
  ["a key that is not an object", { key: "ada" }, 400],
  ["half of a surrogate pair in a string", { value: { type: "STRING", data: "\ud800" } }, 400],
  ["a negative partition", { partition_id: -1 }, 40402],
  ["a partition that does not exist", { partition_id: 99 }, 40403],
] as const)("%s fails that record alone", async (_what, bad, code) => {
  const good = JSON.stringify({ value: { type: "JSON", data: 1 } });

  const answer = await api.call(path(), { body: `${good}${JSON.stringify(bad)}${good}` });

  expect(answer.status).toBe(200);
  const [first, second, third] = objectsOf(answer);
  expect(second).toEqual({ error_code: code, message: expect.any(String), retriable: false, maybe_written: false });
  expect([first.error_code, third.error_code]).toEqual([200, 200]);
});

test("text that is not JSON ends the reading: the objects before it are written, and one last entry tells", async () => {
  const answers = objectsOf(await api.call(path(), { body: '{"value":{"type":"JSON","data":1}} {"value": oops} {}' }));

  expect(answers.map(({ error_code }) => error_code)).toEqual([200, 400]);
  expect(answers[1].message).toMatch(/at byte 45/);
});

test.each([
  ["no body", { body: "" }, 422, 42206],
  ["text that is not JSON from the start", { body: "{oops}" }, 400, 400],
  ["another media type", { body: "{}", contentType: "application/vnd.kafka.json.v2+json" }, 415, 415],
  ["an unsupported charset", { body: "{}", contentType: "application/json; charset=utf-32" }, 400, 400],
  ["an Accept header for v2", { body: "{}", accept: "application/vnd.kafka.v2+json" }, 406, 406],
] as const)("%s refuses the whole request", async (_what, request, status, code) => {
  const answer = await api.call(path(), request);

  expect(answer).toMatchObject({ status, json: { error_code: code } });
});

test("another cluster, a missing topic and an invalid name are reported before anything is sent", async () => {
  const body = { value: { type: "JSON", data: 1 } };

  const noCluster = await api.call(`POST /v3/clusters/other/topics/${topic}/records`, { body });
  const noTopic = await api.call(path("no-such-topic"), { body });
  const noName = await api.call(path("a%2Fb"), { body });
  const internal = await api.call(path("__consumer_offsets"), { body });

  expect([noCluster.status, noCluster.json.error_code]).toEqual([404, 404]);
  expect([noTopic.status, noTopic.json.error_code]).toEqual([404, 40401]);
  expect([noName.status, noName.json.error_code]).toEqual([400, 40002]);
  expect([internal.status, internal.json.error_code]).toEqual([403, 40301]);
});

test("a record too large for its topic is 413, alone", async () => {
  const record = (data: string) => JSON.stringify({ value: { type: "STRING", data } });

  const answers = objectsOf(await api.call(path(small), { body: record("a") + record("x".repeat(5_000)) + record("b") }));

  expect(answers.map(({ error_code }) => error_code)).toEqual([200, 413, 200]);
  expect((await writtenBy([answers[0], answers[2]], small)).map(({ value }) => value?.toString())).toEqual(["a", "b"]);
});

test("a batch answers what was written and what was not, by id, each in the order asked", async () => {
  const value = (data: unknown) => ({ type: "JSON", data });
  const entries = [
    { id: "a", value: value(1) },
    { id: "bad", value: { type: "BINARY", data: "!" } },
    { id: "c_3-X", value: value(3), partition_id: 2 },
    { id: "far", partition_id: 99 },
  ];

  for (const answer of await api.callBothWays(`${path()}:batch`, { body: { entries } })) {
    expect(answer.status).toBe(207);
    expect(answer.json.successes.map(({ id }: { id: string }) => id)).toEqual(["a", "c_3-X"]);
    expect(answer.json.successes[1]).toEqual({
      id: "c_3-X",
      cluster_id: cluster,
      topic_name: topic,
      partition_id: 2,
      offset: expect.any(Number),
      timestamp: expect.any(String),
      value: { type: "JSON", size: 1 },
    });
    expect(answer.json.failures).toEqual([
      { id: "bad", error_code: 400, message: expect.stringContaining("entries[1].value.data"), retriable: false, maybe_written: false },
      { id: "far", error_code: 40403, message: expect.any(String), retriable: false, maybe_written: false },
    ]);
  }
});

test("a batch for a topic that does not exist is answered by its ids, at once", async () => {
  const entries = [{ id: "a" }, { id: "bad", value: { type: "BINARY", data: "!" } }, { id: "c" }];

  const answer = await api.call(`${path("no-such-topic")}:batch`, { body: { entries } });
  const strict = await api.call(`${path("no-such-topic")}:batch`, {
    body: { entries: [{ id: "a" }] },
    headers: { prefer: "status=strict" },
  });

  expect(answer.status).toBe(207);
  expect(answer.json.successes).toEqual([]);
  expect(answer.json.failures.map(({ id, error_code }: { id: string; error_code: number }) => [id, error_code])).toEqual([
    ["a", 40401],
    ["bad", 400],
    ["c", 40401],
  ]);
  expect([strict.status, strict.json.failures[0].error_code]).toEqual([404, 40401]);
});

test("a batch takes as many entries as fit, and a thousand at once", async () => {
  const entries = Array.from({ length: 1_000 }, (_, index) => ({ id: `e${index}`, value: { type: "JSON", data: index } }));

  const answer = await api.call(`${path()}:batch`, { body: { entries } });

  expect(answer.json.successes).toHaveLength(1_000);
  expect(answer.json.failures).toEqual([]);
});

test.each([
  ["a body that is null", "null", 42208],
  ["no body", "", 42208],
  ["an empty batch", { entries: [] }, 42208],
  ["entries that are null", { entries: null }, 42208],
  ["an id given twice", { entries: [{ id: "a" }, { id: "a" }] }, 42208],
  ["an entry without an id", { entries: [{ value: null }] }, 42208],
  ["an id that is a number", { entries: [{ id: 1 }] }, 42208],
  ["an empty id", { entries: [{ id: "" }] }, 42208],
  ["an id of 81 characters", { entries: [{ id: "x".repeat(81) }] }, 42208],
  ["an id with a space", { entries: [{ id: "a b" }] }, 42208],
  ["an unknown member", { entries: [{ id: "a", colour: "red" }] }, 422],
  ["an unknown member of the request", { entries: [{ id: "a" }], mode: 1 }, 422],
] as const)("%s refuses the whole batch", async (_what, body, code) => {
  const answer = await api.call(`${path()}:batch`, { body });

  expect(answer).toMatchObject({ status: 422, json: { error_code: code } });
});

test("with Prefer: status=strict, the status shows that every record failed", async () => {
  const body = JSON.stringify({ partition_id: 99 });
  const headers = { prefer: "return=minimal, status=strict" };

  const alone = await api.call(path(), { body, headers });
  const mixed = await api.call(path(), { body: `${body}{}`, headers });
  const batch = await api.call(`${path()}:batch`, { body: { entries: [{ id: "a", partition_id: 99 }] }, headers });

  expect([alone.status, mixed.status, batch.status]).toEqual([404, 207, 404]);
});
