/** The v2 consumer operations, endpoint by endpoint, as a client of Confluent's REST proxy calls them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ConsumerApi, createConsumerApi, v2Json, writeBytes, writeValues } from "../support/api/consumer-api.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";

let api: ConsumerApi;
let topic: string;
beforeAll(async () => {
  api = await createConsumerApi({ limits: { patternAgeMaxMs: 200 } });
  topic = await createTestTopic(api.kafka, { partitions: 2 });
  await writeValues(api.kafka, topic, 0, [{ n: 1 }, { n: 2 }, { n: 3 }]);
  await writeValues(api.kafka, topic, 1, ["a", "b"]);
});
afterAll(() => api.close());

const places = (records: readonly { readonly partition: number; readonly offset: number }[]) =>
  records.map(({ partition, offset }) => `${partition}:${offset}`).sort();

test("an instance is created with an absolute base_uri under the host that the client called", async () => {
  const group = uniqueName("group");

  const { status, type, json } = await api.call("POST", `/consumers/${group}`, { name: "mine", format: "json" });

  expect(status).toBe(200);
  expect(type).toBe(v2Json);
  expect(json).toEqual({ instance_id: "mine", base_uri: `${api.url}/consumers/${group}/instances/mine` });
});

test("an instance without a name, a body or a format gets a name and is binary", async () => {
  const group = uniqueName("group");

  const { status, json } = await api.call("POST", `/consumers/${group}`);

  expect(status).toBe(200);
  expect(json.base_uri).toBe(`${api.url}/consumers/${group}/instances/${json.instance_id}`);
  const refused = await api.call("GET", `/consumers/${group}/instances/${json.instance_id}/records`, undefined, {
    accept: "application/vnd.kafka.json.v2+json",
  });
  expect([refused.status, refused.json.error_code]).toEqual([406, 40601]);
});

test("a name that is taken is refused with 40902, and is free again after the instance is deleted", async () => {
  const instance = await api.instance({ settings: { id: "one" } });

  const second = await api.call("POST", `/consumers/${instance.group}`, { name: "one" });
  expect([second.status, second.json.error_code]).toEqual([409, 40902]);

  expect((await instance.call("DELETE", "")).status).toBe(204);
  expect((await api.call("POST", `/consumers/${instance.group}`, { name: "one" })).status).toBe(200);
});

test.each([
  [{ format: "xml" }, 422, 422],
  [{ format: "avro" }, 422, 42204],
  [{ "auto.offset.reset": "middle" }, 422, 42204],
  [{ "auto.commit.enable": "maybe" }, 422, 42204],
  [{ "fetch.min.bytes": "ten" }, 422, 42204],
  [{ "isolation.level": "read_uncommitted" }, 422, 42204],
  [{ "fetch.min.bytes": "-2" }, 422, 40001],
  [{ responseMinBytes: 10_000_001 }, 422, 40001],
  [{ "consumer.request.timeout.ms": "0" }, 422, 40001],
  [{ requestWaitMs: 30_001 }, 422, 40001],
  [{ "fetch.min.bytes": 1, responseMinBytes: 1 }, 422, 42204],
  [{ name: "a b" }, 422, 42204],
  [{ colour: "red" }, 422, 422],
  ["[", 400, 400],
])("settings %j are refused with %i and %i", async (body, status, code) => {
  const answer = await api.call("POST", `/consumers/${uniqueName("group")}`, body);
  expect([answer.status, answer.json.error_code]).toEqual([status, code]);
});

test("settings are also understood under their other names", async () => {
  const { status } = await api.call("POST", `/consumers/${uniqueName("group")}`, {
    id: "x",
    format: "BINARY",
    responseMinBytes: "1",
    requestWaitMs: "500",
    "isolation.level": "read_committed",
    "enable.auto.commit": false,
  });
  expect(status).toBe(200);
});

test("of a name and an id the name counts, and a refresh interval that Karapace's clients send changes nothing", async () => {
  const body = { name: "mine", id: "other", "topic.metadata.refresh.interval.ms": 100 };

  const { status, json } = await api.call("POST", `/consumers/${uniqueName("group")}`, body);

  expect([status, json.instance_id]).toEqual([200, "mine"]);
});

test("a body of another type is refused with 415, and an Accept header of another type with 406", async () => {
  const group = uniqueName("group");
  const xml = await api.call("POST", `/consumers/${group}`, "<a/>", { "content-type": "application/xml" });
  expect([xml.status, xml.json.error_code]).toEqual([415, 415]);
  const accept = await api.call("POST", `/consumers/${group}`, {}, { accept: "application/xml" });
  expect([accept.status, accept.json.error_code]).toEqual([406, 406]);
});

test.each([
  ["DELETE", ""],
  ["POST", "/subscription"],
  ["GET", "/subscription"],
  ["DELETE", "/subscription"],
  ["POST", "/assignments"],
  ["GET", "/assignments"],
  ["POST", "/positions"],
  ["POST", "/positions/beginning"],
  ["POST", "/positions/end"],
  ["GET", "/records"],
  ["POST", "/offsets"],
  ["GET", "/offsets"],
])("%s …%s of an unknown instance is answered with 40403", async (method, path) => {
  const bodies: Readonly<Record<string, unknown>> = {
    "/subscription": { topics: [topic] },
    "/assignments": { partitions: [{ topic, partition: 0 }] },
    "/positions": { offsets: [{ topic, partition: 0, offset: 0 }] },
  };
  const body = method === "POST" ? bodies[path] : undefined;
  const answer = await api.call(method, `/consumers/${uniqueName("group")}/instances/nobody${path}`, body);
  expect([answer.status, answer.json.error_code]).toEqual([404, 40403]);
  expect(answer.type).toBe(v2Json);
});

test("a subscriber by name gets every record in the order of each partition, and its subscription and assignment can be read", async () => {
  const instance = await api.instance({ topics: [topic] });

  const records = await instance.readMany(5);

  expect(records.filter(({ partition }) => partition === 0)).toEqual([
    { topic, key: null, value: { n: 1 }, partition: 0, offset: 0 },
    { topic, key: null, value: { n: 2 }, partition: 0, offset: 1 },
    { topic, key: null, value: { n: 3 }, partition: 0, offset: 2 },
  ]);
  expect(records.filter(({ partition }) => partition === 1).map(({ value }) => value)).toEqual(["a", "b"]);
  expect((await instance.call("GET", "/subscription")).json).toEqual({ topics: [topic] });
  expect((await instance.call("GET", "/assignments")).json).toEqual({
    partitions: [
      { topic, partition: 0 },
      { topic, partition: 1 },
    ],
  });
  expect((await instance.call("DELETE", "/subscription")).status).toBe(204);
  expect((await instance.call("GET", "/subscription")).json).toEqual({ topics: [] });
  const read = await instance.call("GET", "/records");
  expect([read.status, read.json.error_code]).toEqual([409, 40903]);
});

test("the first read already returns records: it waits for the group to give the partitions", async () => {
  const instance = await api.instance({ topics: [topic] });

  expect((await instance.read("?timeout=20000")).length).toBeGreaterThan(0);
});

test("a subscriber by pattern gets the records of all topics that match as a whole, also of one that is created later", async () => {
  const start = uniqueName("alike");
  const first = await createTestTopic(api.kafka, { name: `${start}-1` });
  const other = await createTestTopic(api.kafka, { name: `x-${start}-1` });
  await writeValues(api.kafka, first, 0, [1]);
  await writeValues(api.kafka, other, 0, [9]);
  const instance = await api.instance();
  expect((await instance.call("POST", "/subscription", { topic_pattern: `${start}-\\d` })).status).toBe(204);
  expect((await instance.readMany(1)).map(({ value }) => value)).toEqual([1]);
  expect((await instance.call("GET", "/subscription")).json).toEqual({ topics: [first] });

  const later = await createTestTopic(api.kafka, { name: `${start}-2` });
  await writeValues(api.kafka, later, 0, [2]);

  expect((await instance.readMany(1)).map(({ value }) => value)).toEqual([2]);
});

test("a pattern that is not a valid regular expression is refused with 422, and so is one that would never end", async () => {
  await createTestTopic(api.kafka, { name: `${"a".repeat(60)}-${uniqueName("long")}` });
  const instance = await api.instance();
  expect((await instance.call("POST", "/subscription", { topic_pattern: "(" })).status).toBe(422);
  expect((await instance.call("POST", "/subscription", { topic_pattern: "(a+)+x" })).status).toBe(422);
});

test("a subscription needs either topics or a pattern, and replaces the one before", async () => {
  const second = await createTestTopic(api.kafka);
  await writeValues(api.kafka, second, 0, ["second"]);
  const instance = await api.instance({ topics: [topic] });
  await instance.readMany(5);
  const both = await instance.call("POST", "/subscription", { topics: [topic], topic_pattern: "a" });
  expect([both.status, both.json.error_code]).toEqual([409, 40903]);
  const neither = await instance.call("POST", "/subscription", {});
  expect([neither.status, neither.json.error_code]).toEqual([409, 40903]);

  expect((await instance.call("POST", "/subscription", { topics: [second] })).status).toBe(204);

  expect((await instance.readMany(1)).map(({ value }) => value)).toEqual(["second"]);
});

test("a subscription to a topic that does not exist is reported by the reads, and is read as soon as the topic exists", async () => {
  const name = uniqueName("later");
  const instance = await api.instance({ topics: [name] });
  const early = await instance.call("GET", "/records?timeout=1500");
  expect([early.status, early.json.error_code]).toEqual([404, 40401]);

  await createTestTopic(api.kafka, { name });
  await writeValues(api.kafka, name, 0, ["here"]);

  await until(async () => (await instance.call("GET", "/records?timeout=1000")).text.includes("here"));
});

test("partitions that are assigned by hand are read without a group, and exclude a subscription", async () => {
  const instance = await api.instance();
  const assigned = await instance.call("POST", "/assignments", { partitions: [{ topic, partition: 1 }] });
  expect(assigned.status).toBe(204);

  expect((await instance.readMany(2)).map(({ value }) => value)).toEqual(["a", "b"]);
  expect((await instance.call("GET", "/assignments")).json).toEqual({ partitions: [{ topic, partition: 1 }] });
  const subscribed = await instance.call("POST", "/subscription", { topics: [topic] });
  expect([subscribed.status, subscribed.json.error_code]).toEqual([409, 40903]);
  const subscriber = await api.instance({ topics: [topic] });
  const refused = await subscriber.call("POST", "/assignments", { partitions: [{ topic, partition: 1 }] });
  expect([refused.status, refused.json.error_code]).toEqual([409, 40903]);
});

test("assigning a missing topic is answered with 40401, and a missing partition with 40402", async () => {
  const instance = await api.instance();
  const noTopic = await instance.call("POST", "/assignments", { partitions: [{ topic: uniqueName("none"), partition: 0 }] });
  expect([noTopic.status, noTopic.json.error_code]).toEqual([404, 40401]);
  const noPartition = await instance.call("POST", "/assignments", { partitions: [{ topic, partition: 7 }] });
  expect([noPartition.status, noPartition.json.error_code]).toEqual([404, 40402]);
});

test("positions can be set to offsets, to times, to the beginning and to the end", async () => {
  const instance = await api.instance();
  const own = await createTestTopic(api.kafka, { partitions: 1 });
  await writeValues(api.kafka, own, 0, [0, 1, 2]);
  const partitions = [{ topic: own, partition: 0 }];
  await instance.call("POST", "/assignments", { partitions });
  const next = async () => (await instance.readMany(1)).map(({ offset }) => offset);

  expect((await instance.call("POST", "/positions", { offsets: [{ topic: own, partition: 0, offset: 2 }] })).status).toBe(204);
  expect(await next()).toEqual([2]);
  expect((await instance.call("POST", "/positions/beginning", { partitions })).status).toBe(204);
  expect(await next()).toEqual([0, 1, 2]);
  expect(
    (await instance.call("POST", "/positions", { timestamps: [{ topic: own, partition: 0, timestamp: "2001-01-01T00:00:00Z" }] })).status,
  ).toBe(204);
  expect(await next()).toEqual([0, 1, 2]);
  await instance.call("POST", "/positions/beginning", { partitions });
  expect((await instance.call("POST", "/positions/end", { partitions })).status).toBe(204);
  await writeValues(api.kafka, own, 0, [3]);
  expect(await next()).toEqual([3]);
});

test("a position in a partition that the instance does not hold is refused with 40903, and a negative offset with 400", async () => {
  const instance = await api.instance();
  await instance.call("POST", "/assignments", { partitions: [{ topic, partition: 0 }] });
  for (const [path, body] of [
    ["/positions", { offsets: [{ topic, partition: 1, offset: 0 }] }],
    ["/positions", { timestamps: [{ topic, partition: 1, timestamp: 1 }] }],
    ["/positions/beginning", { partitions: [{ topic, partition: 1 }] }],
    ["/positions/end", { partitions: [{ topic, partition: 1 }] }],
  ] as const) {
    const answer = await instance.call("POST", path, body);
    expect([answer.status, answer.json.error_code]).toEqual([409, 40903]);
  }
  const negative = await instance.call("POST", "/positions", { offsets: [{ topic, partition: 0, offset: -1 }] });
  expect(negative.status).toBe(400);
  expect((await instance.call("POST", "/positions", {})).status).toBe(422);
});

test("max_bytes limits what a read returns, but at least one record comes whatever its size", async () => {
  const own = await createTestTopic(api.kafka);
  await writeValues(api.kafka, own, 0, ["x".repeat(1_000), "y".repeat(1_000), "z"]);
  const instance = await api.instance({ topics: [own] });

  expect((await instance.read("?timeout=20000&max_bytes=10")).map(({ offset }) => offset)).toEqual([0]);
  expect((await instance.read("?timeout=20000&max_bytes=1100")).map(({ offset }) => offset)).toEqual([1, 2]);
});

test("a query that makes no sense is refused with 400", async () => {
  const instance = await api.instance({ topics: [topic] });
  for (const query of ["timeout=soon", "timeout=-1", "max_bytes=0", "timeout=1&timeout=2"])
    expect((await instance.call("GET", `/records?${query}`)).status, query).toBe(400);
});

test("without anything new a read waits for its timeout and returns an empty list", async () => {
  const own = await createTestTopic(api.kafka);
  const instance = await api.instance({ topics: [own], settings: { "consumer.request.timeout.ms": "700" } });
  await until(async () => (await instance.call("GET", "/assignments")).json.partitions.length === 1);
  const startMs = Date.now();

  expect(await instance.read("")).toEqual([]);

  expect(Date.now() - startMs).toBeGreaterThanOrEqual(690);
});

test("with fetch.min.bytes a read goes on until it has enough", async () => {
  const own = await createTestTopic(api.kafka);
  const instance = await api.instance({ topics: [own], settings: { "fetch.min.bytes": "20" } });
  await until(async () => (await instance.call("GET", "/assignments")).json.partitions.length === 1);

  const reading = instance.read("?timeout=20000");
  await writeValues(api.kafka, own, 0, ["123456789"]);
  await writeValues(api.kafka, own, 0, ["123456789"]);

  expect((await reading).length).toBe(2);
});

test("formats: binary in base64, text as strings, JSON with every digit", async () => {
  const own = await createTestTopic(api.kafka);
  await writeBytes(api.kafka, own, 0, [Buffer.from("12345678901234567890"), null], Buffer.from('"k"'));
  const read = async (format: string) => {
    const instance = await api.instance({ topics: [own], settings: { format } });
    return api.call("GET", `${instance.path}/records?timeout=20000`, undefined, { accept: `application/vnd.kafka.${format}.v2+json` });
  };

  const binary = await read("binary");
  expect(binary.type).toBe("application/vnd.kafka.binary.v2+json");
  expect(binary.json.map(({ key, value }: { key: unknown; value: unknown }) => [key, value])).toEqual([
    ["Imsi", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="],
    ["Imsi", null],
  ]);
  expect((await read("text")).json[0]).toMatchObject({ key: '"k"', value: "12345678901234567890" });
  const { text, type } = await read("json");
  expect(type).toBe("application/vnd.kafka.json.v2+json");
  expect(text).toContain('"key":"k","value":12345678901234567890,');
});

test("an Accept header for another format is refused with 40601 and moves nothing; any type will do", async () => {
  const instance = await api.instance({ topics: [topic] });
  const other = await instance.call("GET", "/records?timeout=5000", undefined, { accept: "application/vnd.kafka.binary.v2+json" });
  expect([other.status, other.json.error_code]).toEqual([406, 40601]);
  const xml = await instance.call("GET", "/records", undefined, { accept: "text/xml" });
  expect([xml.status, xml.json.error_code]).toEqual([406, 406]);

  const any = await instance.call("GET", "/records?timeout=20000", undefined, { accept: "application/xml, */*;q=0.5" });
  expect([any.status, any.type]).toEqual([200, "application/vnd.kafka.json.v2+json"]);
  expect(any.json.length).toBeGreaterThan(0);
});

test("a value that is not JSON stops a JSON instance with 422 and its place, and a seek passes it", async () => {
  const own = await createTestTopic(api.kafka);
  await writeBytes(api.kafka, own, 0, [Buffer.from("1"), Buffer.from("{no"), Buffer.from("3")]);
  const instance = await api.instance({ topics: [own] });

  expect((await instance.read("?timeout=20000")).map(({ value }) => value)).toEqual([1]);
  for (const _ of [1, 2]) {
    const stopped = await instance.call("GET", "/records?timeout=5000");
    expect([stopped.status, stopped.json.error_code]).toEqual([422, 42207]);
    expect(stopped.json.message).toContain("offset 1 in partition 0");
  }
  await instance.call("POST", "/positions", { offsets: [{ topic: own, partition: 0, offset: 2 }] });
  expect((await instance.readMany(1)).map(({ value }) => value)).toEqual([3]);
});

test("offsets are committed one past those named, with their metadata, and are returned for a body, a query or all", async () => {
  const instance = await api.instance({ topics: [topic], settings: { "auto.commit.enable": "false" } });
  await instance.readMany(5);

  const offsets = [{ topic, partition: 0, offset: 1, metadata: "from a test" }];
  expect((await instance.call("POST", "/offsets", { offsets })).status).toBe(200);

  const expected = { offsets: [{ topic, partition: 0, offset: 2, metadata: "from a test" }] };
  const partitions = [
    { topic, partition: 0 },
    { topic, partition: 1 },
  ];
  expect((await instance.call("GET", "/offsets", { partitions })).json).toEqual(expected);
  expect((await instance.call("GET", `/offsets?partitions=${topic}/0,${topic}/1`)).json).toEqual(expected);
  expect((await instance.call("GET", "/offsets")).json).toEqual(expected);
  expect((await instance.call("GET", "/offsets?partitions=a")).status).toBe(400);
});

test("a commit without a body commits everything that was returned, also in the background", async () => {
  const instance = await api.instance({ topics: [topic], settings: { "auto.commit.enable": "false" } });
  await instance.readMany(5);
  expect((await instance.call("GET", "/offsets")).json).toEqual({ offsets: [] });

  expect((await instance.call("POST", "/offsets?async=true")).status).toBe(200);

  await until(async () => (await instance.call("GET", "/offsets")).json.offsets.length === 2);
  expect((await instance.call("GET", "/offsets")).json.offsets).toEqual([
    { topic, partition: 0, offset: 3, metadata: "" },
    { topic, partition: 1, offset: 2, metadata: "" },
  ]);
  await instance.call("DELETE", "");
  const next = await api.instance({ group: instance.group, topics: [topic] });
  expect(await next.read("?timeout=3000")).toEqual([]);
});

test("auto.offset.reset: latest starts at the end, none is refused until a position is set", async () => {
  const own = await createTestTopic(api.kafka);
  await writeValues(api.kafka, own, 0, [1]);
  const latest = await api.instance({ topics: [own], settings: { "auto.offset.reset": "latest" } });
  await until(async () => (await latest.call("GET", "/assignments")).json.partitions.length === 1);
  await writeValues(api.kafka, own, 0, [2]);
  expect((await latest.readMany(1)).map(({ value }) => value)).toEqual([2]);

  const none = await api.instance({ topics: [own], settings: { "auto.offset.reset": "none" } });
  const refused = await none.call("GET", "/records?timeout=20000");
  expect([refused.status, refused.json.error_code]).toEqual([400, 40002]);
  await none.call("POST", "/positions", { offsets: [{ topic: own, partition: 0, offset: 1 }] });
  expect(places(await none.readMany(1))).toEqual(["0:1"]);
});
