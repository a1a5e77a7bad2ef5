/** Live records over one request: no gaps and no repeats, whatever is cut, killed, deleted or slow. */
import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { createTestTopic, keepsEveryDate, testKafka, until } from "../support/broker/kafka.js";
import { type EventReader, openEvents } from "../support/serve/event-stream.js";
import { type ServeProcess, startServe } from "../support/serve/process.js";
import { openReportStream } from "../support/serve/report-stream.js";

const kafka = testKafka();
const started: ServeProcess[] = [];
const readers: EventReader[] = [];
let server: ServeProcess;
const start = async (...args: Parameters<typeof startServe>) => {
  const one = await startServe(...args);
  started.push(one);
  return one;
};
const open = (...args: Parameters<typeof openEvents>) => {
  const reader = openEvents(...args);
  readers.push(reader);
  return reader;
};
beforeAll(async () => {
  server = await start(["--access", "everything"], { RELAY_STREAM_HEARTBEAT_MS: "400" });
});
afterAll(async () => {
  for (const reader of readers) reader.close();
  for (const { child } of started) child.kill("SIGKILL");
  await kafka.close();
});

const write = async (topic: string, values: readonly unknown[], partition?: number) => {
  const records = values.map((value) => ({
    key: null,
    value: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
    headers: [],
    ...(partition === undefined ? {} : { partition }),
  }));
  await kafka.producer.produce(topic as TopicName, records, createDeadline(20_000));
};
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);
const valuesOf = ({ records }: Pick<EventReader, "records">) => records.map(({ data }) => data.value);
const sorted = (values: readonly unknown[]) => [...values].sort((one, other) => Number(one) - Number(other));

test("records come as they are written, in the form of a read, with the cursor after each as its id", async () => {
  const topic = await createTestTopic(kafka);
  await write(topic, ["before"]);
  const reader = open(server.url, topic, "?from=end");
  await until(() => reader.lastId() !== "");

  await write(topic, ['{\n "pretty":\r\n 1.50 }', "text ü", ""]);
  await reader.received(3);
  const read = await fetch(`${server.url}/topics/${topic}/records?offset=1&partition=0`);
  const { records } = (await read.json()) as { records: unknown[] };
  const rest = await fetch(`${server.url}/topics/${topic}/records?cursor=${reader.records[0]?.id}`);

  expect((await reader.response).headers).toMatchObject({ "content-type": "text/event-stream", "cache-control": "no-store" });
  expect(reader.records.map(({ data }) => data)).toEqual(records);
  expect(reader.text()).toContain('"value":{  "pretty":   1.50 }');
  expect((((await rest.json()) as { records: { offset: number }[] }).records ?? []).map(({ offset }) => offset)).toEqual([2, 3]);
});

test("a stream begins where a read would, and passes through filter, partition, formats and limit", async () => {
  const topic = await createTestTopic(kafka, { partitions: 2, configs: keepsEveryDate });
  await write(topic, numbers(10), 0);
  await write(topic, numbers(10, 10), 1);
  const filter = encodeURIComponent('{"value":[{"numeric":[">",14]}]}');
  const [all, one, some, few, raw] = [
    open(server.url, topic),
    open(server.url, topic, "?partition=1"),
    open(server.url, topic, `?filter=${filter}`),
    open(server.url, topic, "?limit=7"),
    open(server.url, topic, "?partition=0&offset=9&value_format=base64"),
  ];

  await Promise.all([all.received(20), one.received(10), some.received(5), few.over(), raw.received(1)]);
  await write(topic, [20], 1);
  await Promise.all([all.received(21), one.received(11), some.received(6)]);

  expect(sorted(valuesOf(all))).toEqual(numbers(21));
  expect(valuesOf(one)).toEqual(numbers(11, 10));
  expect(valuesOf(some)).toEqual(numbers(6, 15));
  expect(few.records).toHaveLength(7);
  expect(raw.records[0]?.data).toMatchObject({ offset: 9, value: "OQ==", value_format: "base64" });
});

test("as lines, every record is one, and lines with a cursor say where to go on", async () => {
  const topic = await createTestTopic(kafka);
  await write(topic, numbers(3));
  const reader = open(server.url, topic, "?limit=2", { accept: "application/x-ndjson" });
  const live = open(server.url, topic, "", { accept: "application/x-ndjson" });
  await reader.over();
  // The first says where the stream starts; then the records; then, while nothing comes, where it stands.
  await until(() => live.text().split("\n").length > 7);

  const lines = (text: string) =>
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect((await reader.response).headers["content-type"]).toBe("application/x-ndjson");
  expect(lines(reader.text()).map(({ offset, cursor }) => offset ?? typeof cursor)).toEqual(["string", 0, 1]);
  expect(
    lines(live.text())
      .slice(0, 6)
      .map(({ offset, cursor }) => offset ?? typeof cursor),
  ).toEqual(["string", 0, 1, 2, "string", "string"]);
  const { cursor } = lines(live.text()).at(-1) ?? {};
  const rest = (await (await fetch(`${server.url}/topics/${topic}/records?cursor=${cursor}`)).json()) as { records: unknown[] };
  expect(rest.records).toEqual([]);
});

test("with connections cut and the server killed, Last-Event-ID resumes without a gap or a repeat", async () => {
  const topic = await createTestTopic(kafka, { partitions: 3 });
  let own = await start();
  const received: number[] = [];
  const count = 3_000;
  let isWritten = false;
  const writing = (async () => {
    for (let from = 0; from < count; from += 20) {
      await write(topic, numbers(20, from), (from / 20) % 3);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    isWritten = true;
  })();
  let id = "";
  for (let round = 0; received.length < count; round++) {
    const reader = open(own.url, topic, "?from=beginning", id === "" ? {} : { "last-event-id": id });
    const target = isWritten ? count - received.length : 250;
    await until(() => reader.records.length >= Math.min(target, count - received.length) || reader.isOver(), 30_000);
    if (round % 5 === 4) {
      own.child.kill("SIGKILL");
      await reader.over();
      own = await start();
    } else reader.close();
    await reader.over();
    received.push(...valuesOf(reader).map(Number));
    id = reader.lastId();
    if (round > 200) throw new Error(`only ${received.length} records after ${round} connections`);
  }
  await writing;

  expect(received).toHaveLength(count);
  expect(new Set(received).size).toBe(count);
  for (const partition of numbers(3)) {
    const own = received.filter((value) => Math.trunc(value / 20) % 3 === partition);
    expect(own).toEqual(sorted(own));
  }
});

test("a reader that stops reading is caught up with what it missed when it reads again, and others are not held up", async () => {
  const topic = await createTestTopic(kafka);
  const [slow, quick] = [open(server.url, topic), open(server.url, topic)];
  const response = await slow.response;
  await until(() => slow.lastId() !== "" && quick.lastId() !== "");
  response.pause();
  const large = "x".repeat(20_000);

  for (let batch = 0; batch < 30; batch++)
    await write(
      topic,
      numbers(20, batch * 20).map((n) => ({ n, large })),
    );
  await quick.received(600);
  response.resume();
  await slow.received(600);

  for (const reader of [quick, slow]) expect(reader.records.map(({ data }) => (data.value as { n: number }).n)).toEqual(numbers(600));
});

test("a reader that never reads again is cut off", async () => {
  const own = await start(["--access", "everything"], { RELAY_SERVE_IDLE_TIMEOUT_MS: "700" });
  const topic = await createTestTopic(kafka);
  const reader = open(own.url, topic);
  const response = await reader.response;
  response.pause();
  const large = "x".repeat(50_000);

  for (let batch = 0; batch < 20; batch++)
    await write(
      topic,
      numbers(20).map(() => large),
    );
  await until(async () => /KafkaRelay_CallsInProgress 0/.test(await (await fetch(`${own.url}/metrics`)).text()));
  response.resume();
  await reader.over();

  expect(reader.records.length).toBeLessThan(400);
});

test("while nothing comes, heartbeats carry an id that is past what the filter held back", async () => {
  const topic = await createTestTopic(kafka);
  const reader = open(server.url, topic, `?filter=${encodeURIComponent('{"value":["never"]}')}`);
  await until(() => reader.lastId() !== "");
  await write(topic, numbers(5));
  const heartbeats = () => reader.text().match(/: still here/g)?.length ?? 0;
  const before = heartbeats();
  await until(() => heartbeats() >= before + 3);

  const rest = await fetch(`${server.url}/topics/${topic}/records?cursor=${reader.lastId()}`);

  expect(reader.records).toEqual([]);
  expect(((await rest.json()) as { records: unknown[] }).records).toEqual([]);
});

test("a topic that is deleted ends its streams with the reason, one that is recreated refuses the old id, and a missing one has a status", async () => {
  const topic = await createTestTopic(kafka);
  await write(topic, [1]);
  const reader = open(server.url, topic);
  await reader.received(1);

  await fetch(`${server.url}/v3/clusters/${await clusterId()}/topics/${topic}`, { method: "DELETE" });
  await reader.over();
  await createTestTopic(kafka, { name: topic });
  const old = open(server.url, topic, "", { "last-event-id": reader.lastId() });
  const missing = open(server.url, `${topic}-none`);

  expect(["topic-not-found", "topic-recreated"]).toContain(String(reader.events.at(-1)?.data.type).split(":").at(-1));
  expect(reader.events.at(-1)?.event).toBe("problem");
  expect((await old.response).statusCode).toBe(410);
  expect((await missing.response).statusCode).toBe(404);
});

const clusterId = async () =>
  ((await (await fetch(`${server.url}/v3/clusters`)).json()) as { data: { cluster_id: string }[] }).data[0]?.cluster_id;

test("partitions that are added while a stream is open are read from their beginning", async () => {
  const topic = await createTestTopic(kafka);
  const reader = open(server.url, topic, "?from=end");
  await until(() => reader.lastId() !== "");

  const grown = await fetch(`${server.url}/v3/clusters/${await clusterId()}/topics/${topic}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ partitions_count: 2 }),
  });
  await until(async () => (await kafka.metadata.topic(topic, createDeadline(5_000), { ageMaxMs: 0 })).partitions.length === 2);
  await write(topic, [1, 2], 1);
  await reader.received(2);

  expect(grown.status).toBeLessThan(300);
  expect(valuesOf(reader)).toEqual([1, 2]);
});

test.each([
  ["?from=middle", {}, 400],
  ["?from=beginning&from=end", {}, 400],
  ["?form=end", {}, 400],
  ["?wait_ms=100", {}, 400],
  ["?offset=3", {}, 400],
  ["?offset=0", {}, 200],
  ["?offset=99999999999999999999", {}, 400],
  ["?offset=9223372036854775807&partition=0", {}, 400],
  ["?partition=7", {}, 404],
  ["?limit=0", {}, 400],
  ["?filter=%7B", {}, 400],
  ["?timestamp=yesterday", {}, 400],
  ["?cursor=abc", {}, 400],
  ["", { "last-event-id": "abc" }, 400],
  ["", { "last-event-id": "x".repeat(300) }, 400],
  ["", { "last-event-id": "" }, 200],
  ["", { accept: "text/event-stream;q=0" }, 406],
  ["", { accept: "text/html" }, 406],
] as const)("a stream with %s and %j gets %i", async (query, headers, status) => {
  const topic = await createTestTopic(kafka);
  const reader = open(server.url, topic, query, headers);

  expect((await reader.response).statusCode).toBe(status);
  reader.close();
});

test("on SIGTERM streams end with a problem that says so, within a moment, and the exit code is 0", async () => {
  const topic = await createTestTopic(kafka);
  const own = await start();
  const reader = open(own.url, topic);
  await until(() => reader.lastId() !== "");

  const beganMs = Date.now();
  own.child.kill("SIGTERM");
  await reader.over();

  expect(reader.events.at(-1)).toMatchObject({ event: "problem", data: { type: "urn:kafka-relay:error:shutting-down" } });
  expect(await own.ended).toBe(0);
  expect(Date.now() - beganMs).toBeLessThan(10_000);
});

test("with several workers, streams of each are fed, and all end on SIGTERM", async () => {
  const topic = await createTestTopic(kafka);
  const own = await start(["--access", "everything", "--workers", "2"]);
  const all = numbers(6).map(() => open(own.url, topic));
  await until(() => all.every(({ lastId }) => lastId() !== ""));

  await write(topic, numbers(10));
  await Promise.all(all.map((reader) => reader.received(10)));
  own.child.kill("SIGTERM");
  await Promise.all(all.map((reader) => reader.over()));

  for (const reader of all) {
    expect(valuesOf(reader)).toEqual(numbers(10));
    expect(reader.events.at(-1)).toMatchObject({ event: "problem", data: { retriable: true } });
  }
  expect(await own.ended).toBe(0);
});

test("limits on open streams and on different reads get 429; streams that end make room", async () => {
  const topics = await Promise.all([1, 2].map(() => createTestTopic(kafka)));
  const own = await start(["--access", "everything"], {
    RELAY_STREAMS_MAX: "3",
    RELAY_STREAMS_FOLLOWED_MAX: "1",
  });
  const same = [1, 2].map(() => open(own.url, topics[0] ?? ""));
  await Promise.all(same.map(({ response }) => response));

  const another = await open(own.url, topics[1] ?? "").response;
  const third = open(own.url, topics[0] ?? "");
  const tooMany = [await third.response, await open(own.url, topics[0] ?? "").response];
  for (const reader of [...same, third]) reader.close();
  await until(async () => {
    const again = open(own.url, topics[1] ?? "");
    const { statusCode } = await again.response;
    again.close();
    return statusCode === 200;
  });

  expect([another.statusCode, another.headers["retry-after"]]).toEqual([429, "5"]);
  expect(tooMany.map(({ statusCode }) => statusCode)).toEqual([200, 429]);
});

/** What clocks may differ by. */
const clockLeewaySeconds = 60;

test("a token that expires ends both kinds of streams with 401", async () => {
  const topic = await createTestTopic(kafka);
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const grant = { who: ["jwt:anna"], may: ["record:*", "cluster:describe"] };
  const own = await start(["--access", "grants"], {
    RELAY_JWT_PUBLIC_KEY: await exportSPKI(publicKey),
    RELAY_JWT_ISSUER: "https://issuer.example",
    RELAY_JWT_AUDIENCE: "kafka",
    RELAY_ACCESS_GRANTS: JSON.stringify([grant]),
    RELAY_STREAM_RECHECK_MS: "200",
  });
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: "ES256" })
    .setIssuer("https://issuer.example")
    .setAudience("kafka")
    .setSubject("anna")
    .setExpirationTime(Math.floor(Date.now() / 1_000) - clockLeewaySeconds + 3)
    .sign(privateKey);
  const authorization = { authorization: `Bearer ${token}` };

  const refused = open(own.url, topic);
  const reader = open(own.url, topic, "", authorization);
  const writer = openReportStream(own.url, (await clusterId()) ?? "", topic, authorization);
  writer.send('{"value":{"type":"JSON","data":1}}');
  await Promise.all([reader.received(1), writer.reported(1)]);
  await Promise.all([reader.over(), writer.over()]);

  expect((await refused.response).statusCode).toBe(401);
  expect(reader.events.at(-1)).toMatchObject({ event: "problem", data: { error_code: 401, retriable: false } });
  expect(writer.reports.map(({ error_code }) => error_code)).toEqual([200, 401]);
});

test("hundreds of readers of one topic share one read: each has every record, and more than the limit are refused", async () => {
  const topic = await createTestTopic(kafka);
  const own = await start(["--access", "everything", "--log", "json"], { RELAY_STREAMS_MAX: "250", RELAY_STREAMS_PER_CALLER_MAX: "250" });
  const all = Array.from({ length: 300 }, () => open(own.url, topic, "?from=end"));
  const statuses = await Promise.all(all.map(async ({ response }) => (await response).statusCode));
  const admitted = all.filter((_, index) => statuses[index] === 200);
  await until(() => admitted.every(({ lastId }) => lastId() !== ""));
  const metrics = await (await fetch(`${own.url}/metrics`)).text();

  for (let round = 0; round < 5; round++) await write(topic, numbers(20, round * 20));
  await until(() => admitted.every(({ records }) => records.length === 100), 40_000);

  expect(statuses.filter((status) => status === 429)).toHaveLength(50);
  expect(admitted).toHaveLength(250);
  expect(metrics).toContain("KafkaRelay_Streams 250");
  for (const reader of admitted) expect(valuesOf(reader)).toEqual(numbers(100));
  for (const reader of all) reader.close();
});

test("HEAD answers as GET would begin, without a stream", async () => {
  const topic = await createTestTopic(kafka);
  const answer = await fetch(`${server.url}/topics/${topic}/records`, { method: "HEAD", headers: { accept: "text/event-stream" } });

  expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([200, "text/event-stream", ""]);
});
