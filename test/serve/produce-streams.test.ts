/** Records in and reports out over one request: in order, one each, whatever happens in the middle. */
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { createTestTopic, keepsEveryDate, testKafka, until } from "../support/broker/kafka.js";
import { recordsAt } from "../support/broker/topic-contents.js";
import { connectRaw, type ServeProcess, startServe } from "../support/serve/process.js";
import { clusterIdOf, openReportStream } from "../support/serve/report-stream.js";
import { residentMegabytes, sendRecords } from "../support/serve/stream-load.js";

const kafka = testKafka();
const started: ServeProcess[] = [];
let server: ServeProcess;
let cluster: string;
const start = async (...args: Parameters<typeof startServe>) => {
  const one = await startServe(...args);
  started.push(one);
  return one;
};
beforeAll(async () => {
  server = await start(["--access", "everything"], {
    RELAY_SERVE_HEADERS_TIMEOUT_MS: "1000",
    RELAY_SERVE_REQUEST_TIMEOUT_MS: "1500",
    RELAY_STREAM_IDLE_MS: "2500",
    RELAY_STREAM_BYTES_MAX: "200000",
    RELAY_SERVE_IDLE_TIMEOUT_MS: "1500",
    RELAY_SERVE_KEEP_ALIVE_TIMEOUT_MS: "3000",
  });
  cluster = await clusterIdOf(server.url);
});
afterAll(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  await kafka.close();
});

const record = (data: unknown, more: object = {}) => JSON.stringify({ value: { type: "JSON", data }, ...more });
const endOf = async (topic: string) =>
  (await kafka.reader.offsets(topic, "all", createDeadline(10_000))).reduce((sum, { end }) => sum + Number(end), 0);

test("each record gets its report while the request is still open, however long that takes", async () => {
  const topic = await createTestTopic(kafka);
  const stream = openReportStream(server.url, cluster, topic);

  for (let index = 0; index < 4; index++) {
    stream.send(record(index));
    await stream.reported(index + 1);
    // Together longer than a request may take to arrive that is read as a whole.
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
  stream.end();
  await stream.over();

  expect((await stream.response).statusCode).toBe(200);
  expect(stream.reports.map(({ error_code, offset }) => [error_code, offset])).toEqual([0, 1, 2, 3].map((offset) => [200, offset]));
  expect(stream.reports[0]).toMatchObject({ cluster_id: cluster, topic_name: topic, partition_id: 0, value: { type: "JSON", size: 1 } });
});

test("records may be cut anywhere, stand on lines or not, and be compressed", async () => {
  const topic = await createTestTopic(kafka);
  const text = Array.from({ length: 500 }, (_, index) => record({ index, text: 'a "}{" ü' }) + ["", "\n", " \r\n"][index % 3]).join("");
  const bytes = Buffer.from(text);
  const [plain, packed] = [
    openReportStream(server.url, cluster, topic),
    openReportStream(server.url, cluster, topic, { "content-encoding": "gzip" }),
  ];

  for (let at = 0; at < bytes.length; at += 37) plain.send(bytes.subarray(at, at + 37));
  for (const piece of [gzipSync(bytes)].flatMap((whole) => [whole.subarray(0, 100), whole.subarray(100)])) packed.send(piece);
  for (const stream of [plain, packed]) stream.end();
  await Promise.all([plain.over(), packed.over()]);

  for (const stream of [plain, packed]) {
    expect(stream.reports.filter(({ error_code }) => error_code === 200)).toHaveLength(500);
    const places = stream.reports.map(({ offset }) => ({ partition: 0, offset: Number(offset) }));
    const read = await recordsAt(kafka, topic, places);
    expect(read.map(({ value }) => JSON.parse(String(value)).index)).toEqual(Array.from({ length: 500 }, (_, index) => index));
  }
});

test("thirty thousand records in one request get their reports in order, with flat memory", async () => {
  const topic = await createTestTopic(kafka, { partitions: 3, configs: keepsEveryDate });
  const before = residentMegabytes(server.pid);

  const { reports, wrong } = await sendRecords(server.url, cluster, topic, 30_000);

  expect({ reports, wrong }).toEqual({ reports: 30_000, wrong: [] });
  expect(residentMegabytes(server.pid) - before).toBeLessThan(100);
});

test.each(["identity", "gzip"])(
  "a client that asks before it sends (Expect: 100-continue, %s) gets 100 first, and then the head of its answer",
  async (coding) => {
    const topic = await createTestTopic(kafka);
    const connection = await connectRaw(server.port);
    const headers = [
      "Host: a",
      "Content-Type: application/json",
      `Content-Encoding: ${coding}`,
      "Transfer-Encoding: chunked",
      "Expect: 100-continue",
    ];
    connection.send(`POST /v3/clusters/${cluster}/topics/${topic}/records HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
    await until(() => connection.received().includes("HTTP/1.1 200"));
    const body = coding === "gzip" ? gzipSync(record(1)) : Buffer.from(record(1));
    connection.send(Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from("\r\n0\r\n\r\n")]));
    await until(() => connection.received().includes("0\r\n\r\n"));

    expect(connection.received()).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(connection.received().match(/HTTP\/1\.1/g)).toHaveLength(2);
    expect(connection.received()).toContain('"error_code":200');
    connection.socket.destroy();
  },
);

test("a record that cannot be written costs its own report, in its place, and not the stream", async () => {
  const topic = await createTestTopic(kafka, { configs: { "max.message.bytes": "20000" } });
  const stream = openReportStream(server.url, cluster, topic);

  stream.send(record(1));
  stream.send('{"value":{"type":"BINARY","data":"!"}}');
  stream.send(record("x".repeat(30_000)));
  stream.send(record(2, { partition_id: 7 }));
  stream.send(record(3));
  stream.end();
  await stream.over();

  expect(stream.reports.map(({ error_code }) => error_code)).toEqual([200, 400, 413, 40403, 200]);
  expect(stream.reports[1]?.message).toContain("record 1");
  expect(await endOf(topic)).toBe(2);
});

test.each([
  ["broken JSON", '{"value":]}', 400, "record 2"],
  ["something between records", ",", 400, "record 2"],
  ["bytes that are not UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, "UTF-8"],
  ["a record that never ends", `{"value":{"type":"STRING","data":"${"x".repeat(300_000)}`, 413, "more than 200000 bytes"],
] as const)("%s ends the stream with one last report; what came before is written", async (_, sent, code, words) => {
  const topic = await createTestTopic(kafka);
  const stream = openReportStream(server.url, cluster, topic);

  stream.send(record(1) + record(2));
  await stream.reported(2);
  stream.send(sent);
  await stream.over();

  expect(stream.reports.map(({ error_code }) => error_code)).toEqual([200, 200, code]);
  expect(stream.reports[2]?.message).toContain(words);
  expect(await endOf(topic)).toBe(2);
});

test("a record of nearly RELAY_STREAM_BYTES_MAX is written, however it is cut", async () => {
  const topic = await createTestTopic(kafka);
  const stream = openReportStream(server.url, cluster, topic);
  const bytes = Buffer.from(record("x".repeat(199_000)));

  for (let at = 0; at < bytes.length; at += 10_000) stream.send(bytes.subarray(at, at + 10_000));
  stream.end();
  await stream.over();

  expect(stream.reports).toMatchObject([{ error_code: 200, value: { size: 199_002 } }]);
});

test("a body that ends within a record, or is not of its coding, ends with a report that says so", async () => {
  const topic = await createTestTopic(kafka);
  const [short, wrong, empty] = [{}, { "content-encoding": "gzip" }, {}].map((headers) =>
    openReportStream(server.url, cluster, topic, headers),
  );

  short?.send(`${record(1)}{"value":`);
  wrong?.send(record(1));
  empty?.send(" \n ");
  for (const stream of [short, wrong, empty]) stream?.end();
  for (const stream of [short, wrong, empty]) await stream?.over();

  expect(short?.reports.map(({ error_code }) => error_code)).toEqual([200, 400]);
  expect(short?.reports[1]?.message).toContain("record 1");
  expect(wrong?.reports).toMatchObject([{ error_code: 400, message: expect.stringContaining("not valid gzip data") }]);
  expect(empty?.reports).toMatchObject([{ error_code: 42206 }]);
});

test("compressed white space without an end is not kept, and a compressed record without an end is refused", async () => {
  const topic = await createTestTopic(kafka);
  const before = residentMegabytes(server.pid);
  const [space, text] = [1, 2].map(() => openReportStream(server.url, cluster, topic, { "content-encoding": "gzip" }));

  space?.send(gzipSync(Buffer.alloc(60_000_000, " ")));
  text?.send(gzipSync(Buffer.concat([Buffer.from('{"value":{"type":"STRING","data":"'), Buffer.alloc(10_000_000, "x")])));
  space?.end();
  await text?.over();
  await space?.over();

  expect(text?.reports).toMatchObject([{ error_code: 413 }]);
  expect(space?.reports).toMatchObject([{ error_code: 42206 }]);
  expect(residentMegabytes(server.pid) - before).toBeLessThan(150);
});

test("a client that stops sending gets a report with 408 after RELAY_STREAM_IDLE_MS, and white space keeps a stream open", async () => {
  const topic = await createTestTopic(kafka);
  const [silent, spaced] = [openReportStream(server.url, cluster, topic), openReportStream(server.url, cluster, topic)];
  silent.send(record(1));
  spaced.send(record(1));
  const beat = setInterval(() => spaced.send("\n"), 200);

  await silent.over();
  spaced.send(record(2));
  await spaced.reported(2);
  clearInterval(beat);
  spaced.end();
  await spaced.over();

  expect(silent.reports.map(({ error_code }) => error_code)).toEqual([200, 408]);
  expect(spaced.reports.map(({ error_code }) => error_code)).toEqual([200, 200]);
});

test("a client that never reads its reports stops being read, with flat memory, and is cut off", async () => {
  const topic = await createTestTopic(kafka);
  const before = residentMegabytes(server.pid);
  const connection = await connectRaw(server.port);
  connection.socket.pause();
  connection.send(
    `POST /v3/clusters/${cluster}/topics/${topic}/records HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  const text = record("a").repeat(2_000);
  const chunk = `${text.length.toString(16)}\r\n${text}\r\n`;
  let sent = 0;
  const isOver = () => connection.isClosed() || connection.socket.destroyed;
  for (; sent < 2_000 && !isOver(); sent++) {
    if (connection.socket.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const done = () => {
        connection.socket.off("drain", done).off("close", done);
        resolve();
      };
      connection.socket.on("drain", done).on("close", done);
    });
  }
  await until(isOver);

  expect(sent).toBeLessThan(1_000);
  expect(residentMegabytes(server.pid) - before).toBeLessThan(150);
});

test("a connection that breaks in the middle of a record leaves what was reported, and nothing of that record", async () => {
  const topic = await createTestTopic(kafka);
  const stream = openReportStream(server.url, cluster, topic);
  stream.send(record(1) + record(2).slice(0, 10));
  await stream.reported(1);

  stream.request.destroy();
  await until(async () => /KafkaRelay_CallsInProgress 0/.test(await (await fetch(`${server.url}/metrics`)).text()));

  expect(await endOf(topic)).toBe(1);
});

test("what is known before the first record has a status: a missing topic, another cluster, another type, an internal topic", async () => {
  const ask = async (path: string, type = "application/json") => {
    const stream = openReportStream(server.url, path.split("/")[0] ?? "", path.split("/")[1] ?? "", { "content-type": type });
    stream.end();
    return (await stream.response).statusCode;
  };

  expect(await ask(`${cluster}/no-such-topic`)).toBe(404);
  expect(await ask("other/no-such-topic")).toBe(404);
  expect(await ask(`${cluster}/no-such-topic`, "text/plain")).toBe(415);
  expect(await ask(`${cluster}/__consumer_offsets`)).toBe(403);
});

test("a short body with a length is answered as a whole, as on every host", async () => {
  const topic = await createTestTopic(kafka);
  const answer = await fetch(`${server.url}/v3/clusters/${cluster}/topics/${topic}/records`, {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "status=strict" },
    body: `${record(1)}${record(2, { partition_id: 9 })}`,
  });

  expect([answer.status, answer.headers.get("relay-failed-records")]).toEqual([207, "1"]);
});

test("on SIGTERM the records that were read are reported, one last report with 503 says that the server ends, and the exit code is 0", async () => {
  const topic = await createTestTopic(kafka);
  const own = await start();
  const stream = openReportStream(own.url, cluster, topic);
  stream.send(record(1));
  await stream.reported(1);

  own.child.kill("SIGTERM");
  await stream.over();

  expect(stream.reports.map(({ error_code }) => error_code)).toEqual([200, 503]);
  expect(await own.ended).toBe(0);
  expect(await endOf(topic)).toBe(1);
});

test("more streams than one caller may have open get 429 with Retry-After, until one ends", async () => {
  const topic = await createTestTopic(kafka);
  const own = await start(["--access", "everything"], { RELAY_STREAMS_PER_CALLER_MAX: "2" });
  const open = [1, 2].map(() => openReportStream(own.url, cluster, topic));
  await Promise.all(open.map(({ response }) => response));

  const refused = await openReportStream(own.url, cluster, topic).response;
  for (const stream of open) stream.end();
  await Promise.all(open.map((stream) => stream.over()));
  const again = openReportStream(own.url, cluster, topic);
  again.end();

  expect([refused.statusCode, refused.headers["retry-after"]]).toEqual([429, "5"]);
  expect((await again.response).statusCode).toBe(200);
});
