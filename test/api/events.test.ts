/** CloudEvents over HTTP, in all three modes, into Kafka's binary mode. */
import { CloudEvent, HTTP, Kafka } from "cloudevents";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { createTopics, deleteTopics } from "../../lib/kafka/admin/topics.js";
import { type Api, type ApiAnswer, createApi } from "../support/api/api.js";
import { keptForAnyTime } from "../support/broker/kafka.js";
import { recordsAt } from "../support/broker/topic-contents.js";
import { uniqueName } from "../support/broker/unique-names.js";

const structured = "application/cloudevents+json";
const batched = "application/cloudevents-batch+json";

let api: Api;
const topic = uniqueName("events");
const path = `POST /topics/${topic}/events`;
const deadline = () => createDeadline(20_000);

beforeAll(async () => {
  api = await createApi();
  await createTopics(api.kafka, [{ name: topic, partitionsCount: 2, replicationFactor: 1, configs: keptForAnyTime }], deadline());
});

afterAll(async () => {
  await deleteTopics(api.kafka, [topic], deadline());
  await api.close();
});

const four = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/shop", "ce-type": "order.placed" };
const event = { specversion: "1.0", id: "1", source: "/shop", type: "order.placed" };

async function recordOf(answer: ApiAnswer) {
  const [record] = await recordsAt(api.kafka, topic, answer.json.events);
  if (record === undefined) throw new Error("No record was written.");
  const headers = Object.fromEntries(record.headers.map(({ name, value }) => [name, value?.toString()]));
  return { key: record.key?.toString() ?? null, value: record.value, headers };
}

test("binary mode: ce-* headers become ce_* headers, the body is the value, Content-Type is content-type", async () => {
  const body = '{ "total" : 12345678901234567 }';

  for (const answer of await api.callBothWays(path, {
    body,
    contentType: "application/json; charset=utf-8",
    headers: { ...four, "x-other": "no" },
  })) {
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ events: [{ index: 0, partition: expect.any(Number), offset: expect.any(Number) }] });
    expect(await recordOf(answer)).toEqual({
      key: null,
      value: Buffer.from(body),
      headers: {
        ce_specversion: "1.0",
        ce_id: "1",
        ce_source: "/shop",
        ce_type: "order.placed",
        "content-type": "application/json; charset=utf-8",
      },
    });
  }
});

test("binary mode: data of any type stays as it is, bytes included", async () => {
  const body = Buffer.from([0xff, 0x00, 0x80, 0x0a]);

  const answer = await api.call(path, { body, contentType: "application/octet-stream", headers: four });

  expect((await recordOf(answer)).value).toEqual(body);
});

test("binary mode: data is not recoded, whatever charset its type names", async () => {
  const body = Buffer.from('"caf\u00e9"', "latin1");
  const contentType = "application/json; charset=ISO-8859-1";

  const answer = await api.call(path, { body, contentType, headers: four, sentAs: "base64" });

  expect(await recordOf(answer)).toMatchObject({ value: body, headers: { "content-type": contentType } });
});

test("bytes that were turned into text on the way are refused, and the message says how to send them intact", async () => {
  const body = Buffer.from([0xff, 0x00, 0x80]);

  const answer = await api.call(path, { body, contentType: "image/png", headers: four, sentAs: "text" });

  expect(answer.status).toBe(400);
  expect(answer.json.message).toContain("application/octet-stream");
});

test("binary mode: header values are unquoted, then percent-decoded once, and plus stays plus", async () => {
  const headers = { ...four, "ce-id": "a%20b%2525", "ce-subject": '"caf%C3%A9 \\"x\\""', "ce-source": "/a+b", "ce-odd": "100%" };

  const answer = await api.call(path, { headers });

  const record = await recordOf(answer);
  expect(record.value).toBeNull();
  expect(record.headers).toMatchObject({ ce_id: "a b%25", ce_subject: 'café "x"', ce_source: "/a+b", ce_odd: "100%" });
});

test("structured mode: JSON data keeps its digits and order, a string its quotes, attributes become text", async () => {
  const body = `{"specversion":"1.0","id":"1","source":"/shop","type":"t","datacontenttype":"application/json","retry":-7,"urgent":true,"subject":null,"data":{"b":1.10,"a":12345678901234567}}`;

  for (const answer of await api.callBothWays(path, { body, contentType: structured })) {
    const record = await recordOf(answer);
    expect(record.value?.toString()).toBe('{"b":1.10,"a":12345678901234567}');
    expect(record.headers).toEqual({
      ce_specversion: "1.0",
      ce_id: "1",
      ce_source: "/shop",
      ce_type: "t",
      "content-type": "application/json",
      ce_retry: "-7",
      ce_urgent: "true",
    });
  }
});

test.each([
  ["a JSON string", { data: "hi" }, '"hi"'],
  ["a string of a JSON type", { datacontenttype: "application/vnd.x+json", data: "hi" }, '"hi"'],
  ["a string of another type", { datacontenttype: "text/plain", data: "hi" }, "hi"],
  ["bytes", { datacontenttype: "application/json", data_base64: "AAE=" }, "\u0000\u0001"],
  ["no data", {}, null],
  ["empty bytes", { data_base64: "" }, ""],
] as const)("structured mode: %s becomes the value it means", async (_what, members, value) => {
  const answer = await api.call(path, { body: { ...event, ...members }, contentType: structured });

  expect((await recordOf(answer)).value?.toString() ?? null).toBe(value);
});

test("the envelope wins over ce-* headers beside it, and letter case of the type does not matter", async () => {
  const answer = await api.call(path, {
    body: event,
    contentType: "Application/CloudEvents+JSON; charset=UTF-8",
    headers: { "ce-id": "other" },
  });

  expect((await recordOf(answer)).headers.ce_id).toBe("1");
});

test("structured mode of Kafka on request: everything in the value, whichever way the event came, and the SDK reads it", async () => {
  const time = "2026-01-31T12:00:00Z";
  const sent = { ...event, time, partitionkey: "c7", datacontenttype: "application/json", data: { total: 1 } };
  const answers = [
    await api.call(`${path}?content_mode=structured`, {
      body: '{"total":12345678901234567}',
      headers: { ...four, "ce-time": time, "ce-partitionkey": "c7" },
      contentType: "application/json",
    }),
    await api.call(`${path}?content_mode=structured`, { body: sent, contentType: structured }),
    await api.call(`${path}?content_mode=structured`, { body: [sent], contentType: batched }),
  ];

  for (const answer of answers) {
    expect(answer.status).toBe(200);
    const { key, value, headers } = await recordOf(answer);
    expect([key, headers]).toEqual(["c7", { "content-type": "application/cloudevents+json; charset=utf-8" }]);
    const read = Kafka.toEvent({ key, value: value?.toString(), headers } as never) as CloudEvent<unknown>;
    expect([read.id, read.source, read.type, read.partitionkey]).toEqual(["1", "/shop", "order.placed", "c7"]);
  }
  const first = await recordOf(answers[0] as ApiAnswer);
  expect(first.value?.toString()).toContain('"data":{"total":12345678901234567}');
});

test("the mapping of partitionkey to the key can be turned off, and the attribute stays", async () => {
  const headers = { ...four, "ce-partitionkey": "c7" };

  const off = await recordOf(await api.call(`${path}?key=none`, { headers }));
  const on = await recordOf(await api.call(`${path}?key=partitionkey`, { headers }));

  expect([off.key, off.headers.ce_partitionkey]).toEqual([null, "c7"]);
  expect(on.key).toBe("c7");
});

test("content mode and key have defaults in the configuration, which a request overrides", async () => {
  const configured = await createApi({
    kafka: api.kafka,
    env: { RELAY_EVENTS_CONTENT_MODE: "structured", RELAY_EVENTS_KEY: "none" },
  });
  const headers = { ...four, "ce-partitionkey": "c7" };

  const byDefault = await recordOf(await configured.call(path, { headers }));
  const asked = await recordOf(await configured.call(`${path}?content_mode=binary&key=partitionkey`, { headers }));

  expect([byDefault.key, byDefault.headers["content-type"]]).toEqual([null, "application/cloudevents+json; charset=utf-8"]);
  expect([asked.key, asked.headers.ce_id]).toEqual(["c7", "1"]);
});

test.each(["content_mode=avro", "content_mode=", "key=subject", "key=none&key=none"])(
  "?%s is refused, and the message says what is accepted",
  async (query) => {
    const answer = await api.call(`${path}?${query}`, { headers: four });

    expect([answer.status, answer.json.message]).toEqual([
      400,
      expect.stringMatching(/must be binary or structured|must be partitionkey or none|given only once/),
    ]);
  },
);

test("an event whose data is itself a CloudEvent is written so that the SDK reads the outer event", async () => {
  const inner = { ...event, id: "inner" };
  const sent = { ...event, id: "outer", time: "2026-01-31T12:00:00Z", datacontenttype: structured, data: inner };

  for (const answer of await api.callBothWays(path, { body: sent, contentType: structured })) {
    const { value, headers } = await recordOf(answer);
    const read = Kafka.toEvent({ key: "", value: value?.toString(), headers } as never) as CloudEvent<unknown>;
    expect([read.id, read.data]).toEqual(["outer", inner]);
  }
});

test("partitionkey is the record's key, and stays an attribute", async () => {
  const binary = await api.call(path, { headers: { ...four, "ce-partitionkey": "customer%207" } });
  const json = await api.call(path, { body: { ...event, partitionkey: "customer 7" }, contentType: structured });

  for (const answer of [binary, json]) {
    expect(await recordOf(answer)).toMatchObject({ key: "customer 7", headers: { ce_partitionkey: "customer 7" } });
  }
  expect(json.json.events[0].partition).toBe(binary.json.events[0].partition);
});

test("what the CloudEvents SDK sends arrives as the SDK meant it", async () => {
  const sent = new CloudEvent({
    source: "/sdk",
    type: "t",
    datacontenttype: "application/json",
    data: { é: 1 },
    partitionkey: "k",
    subject: "späte ✓",
  });
  for (const message of [HTTP.binary(sent), HTTP.structured(sent)]) {
    const { "content-type": contentType, ...headers } = message.headers as Record<string, string>;

    const answer = await api.call(path, { body: message.body, ...(contentType === undefined ? {} : { contentType }), headers });

    const record = await recordOf(answer);
    expect(record.key).toBe("k");
    expect(JSON.parse(record.value?.toString() ?? "")).toEqual({ é: 1 });
    expect(record.headers).toMatchObject({ ce_id: sent.id, ce_source: "/sdk", ce_type: "t", ce_time: sent.time });
  }
});

test.each([
  ["no ce-* header and no event type", {}, /ce-specversion/],
  ["another specversion", { "ce-specversion": "0.3" }, /specversion/],
  ["no id", { "ce-id": undefined }, /attribute id is missing/],
  ["an empty source", { "ce-source": "" }, /source/],
  ["a time without a zone", { "ce-time": "2026-01-31T12:00:00" }, /time/],
  ["a day that is in no calendar", { "ce-time": "2026-02-30T12:00:00Z" }, /time/],
  ["an attribute called __proto__", { "ce-__proto__": "x" }, /__proto__/],
  ["an attribute name with a dash", { "ce-my-name": "x" }, /my-name/],
  ["bytes that are not UTF-8", { "ce-subject": "%ff" }, /subject.*UTF-8/],
  ["a control character", { "ce-subject": "a%00b" }, /subject.*control/],
  ["ce-datacontenttype", { "ce-datacontenttype": "text/plain" }, /Content-Type/],
] as const)("binary mode: %s is refused by name", async (what, changes, message) => {
  const headers = Object.fromEntries(
    Object.entries(what.startsWith("no ce-*") ? {} : { ...four, ...changes }).filter(
      (pair): pair is [string, string] => pair[1] !== undefined,
    ),
  );

  const answer = await api.call(path, { body: "{}", headers });

  expect([answer.status, answer.json.error_code]).toEqual([400, 400]);
  expect(answer.json.message).toMatch(message);
});

test.each([
  ["no body", "", /no body/],
  ["text that is not JSON", "{oops", /JSON is not valid/],
  ["a list", [event], /JSON object/],
  ["a number for the type", { ...event, type: 1 }, /type/],
  ["an object for an attribute", { ...event, subject: {} }, /subject/],
  ["a fraction for an attribute", { ...event, priority: 1.5 }, /priority/],
  ["a name in capitals", { ...event, Subject: "x" }, /Subject/],
  ["an attribute called __proto__", '{"specversion":"1.0","id":"1","source":"/s","type":"t","__proto__":"x"}', /__proto__/],
  ["data and data_base64", { ...event, data: 1, data_base64: "AA==" }, /data_base64/],
  ["an invalid data_base64", { ...event, data_base64: "!" }, /data_base64/],
  ["an attribute given twice", '{"specversion":"1.0","id":"1","id":"2","source":"/s","type":"t"}', /"id" is given twice/],
  ["half of a surrogate pair", { ...event, subject: "\ud800" }, /subject/],
] as const)("structured mode: %s is refused by name", async (_what, body, message) => {
  const answer = await api.call(path, { body, contentType: structured });

  expect(answer.status).toBe(400);
  expect(answer.json.message).toMatch(message);
});

test("an unsupported event format is 415", async () => {
  const answer = await api.call(path, { body: "<event/>", contentType: "application/cloudevents+xml" });

  expect([answer.status, answer.json.error_code]).toEqual([415, 415]);
});

test("a batch is written in its order; an empty one is a batch, and writes nothing", async () => {
  const events = ["1", "2", "3"].map((id) => ({ ...event, id, partitionkey: "one", data: Number(id) }));

  const answer = await api.call(path, { body: events, contentType: batched });
  const empty = await api.call(path, { body: [], contentType: batched });

  expect(answer.status).toBe(200);
  const records = await recordsAt(api.kafka, topic, answer.json.events);
  expect(records.map(({ value }) => value?.toString())).toEqual(["1", "2", "3"]);
  expect(new Set(records.map(({ partition }) => partition)).size).toBe(1);
  expect([empty.status, empty.json]).toEqual([200, { events: [] }]);
});

test("one bad event of a batch is named by its index and nothing is written, unless parts are asked for", async () => {
  const body = [event, { ...event, id: "" }, event];

  const refused = await api.call(path, { body, contentType: batched });
  const partial = await api.call(`${path}?partial=true`, { body, contentType: batched });

  expect(refused.status).toBe(400);
  expect(refused.json.message).toMatch(/events\[1\].*id/);
  expect(partial.status).toBe(207);
  expect(partial.json.events).toEqual([
    { index: 0, partition: expect.any(Number), offset: expect.any(Number) },
    { index: 1, error_code: 400, error: expect.stringContaining("events[1]"), retriable: false, maybe_written: false },
    { index: 2, partition: expect.any(Number), offset: expect.any(Number) },
  ]);
});

test.each(["yes", "", "true&partial=false"])("?partial=%s is refused: it is neither true nor false", async (given) => {
  const answer = await api.call(`${path}?partial=${given}`, { body: [event], contentType: batched });

  expect(answer.status).toBe(400);
  expect(answer.json.message).toMatch(/partial/);
});

test("a missing topic is reported, for an empty batch too", async () => {
  const one = await api.call("POST /topics/no-such-topic/events", { headers: four });
  const none = await api.call("POST /topics/no-such-topic/events", { body: [], contentType: batched });

  expect([one.json.error_code, none.json.error_code]).toEqual([40401, 40401]);
});
