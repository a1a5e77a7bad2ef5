/** What is not HTTP, or is too much of it: each gets a 4xx or a closed connection within the named limits, and takes no memory. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../support/broker/kafka.js";
import { connectRaw, type ServeProcess, startServe } from "../support/serve/process.js";

let server: ServeProcess;
beforeAll(async () => {
  server = await startServe(["--access", "everything"], {
    RELAY_SERVE_HEADERS_TIMEOUT_MS: "700",
    RELAY_SERVE_REQUEST_TIMEOUT_MS: "2500",
    RELAY_SERVE_IDLE_TIMEOUT_MS: "1200",
    RELAY_SERVE_KEEP_ALIVE_TIMEOUT_MS: "500",
  });
});
afterAll(async () => {
  await server.end();
});

const head = (lines: readonly string[]) => `${lines.join("\r\n")}\r\n\r\n`;
const post = (...headers: string[]) => head(["POST /topics/smuggled HTTP/1.1", "Host: a", ...headers]);
const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

/** A second request that must never be seen, hidden where the body of the first one is unclear. */
const hidden = "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n";

test.each([
  ["a length and chunks", `${post("Content-Length: 4", "Transfer-Encoding: chunked")}0\r\n\r\n${hidden}`],
  ["chunks and a length", `${post("Transfer-Encoding: chunked", "Content-Length: 4")}0\r\n\r\n${hidden}`],
  ["two different lengths", `${post("Content-Length: 4", "Content-Length: 60")}abcd${hidden}`],
  ["the same length twice", `${post("Content-Length: 4", "Content-Length: 4")}abcd${hidden}`],
  ["a list of lengths", `${post("Content-Length: 4, 60")}abcd${hidden}`],
  ["a length with a sign", `${post("Content-Length: +4")}abcd${hidden}`],
  ["a negative length", `${post("Content-Length: -1")}${hidden}`],
  ["a length that is not a number", `${post("Content-Length: 0x4")}abcd${hidden}`],
  ["a coding that is not chunked", `${post("Transfer-Encoding: gzip")}abcd${hidden}`],
  ["chunked twice", `${post("Transfer-Encoding: chunked, chunked")}0\r\n\r\n${hidden}`],
  ["chunked before another coding", `${post("Transfer-Encoding: chunked, identity")}0\r\n\r\n${hidden}`],
  ["a disguised name of a coding", `${post("Transfer-Encoding : chunked")}0\r\n\r\n${hidden}`],
  ["a folded header", `${post("X-Long: a", " b")}${hidden}`],
  ["a chunk size with a sign", `${post("Transfer-Encoding: chunked")}-1\r\nabc\r\n0\r\n\r\n${hidden}`],
  ["a chunk longer than its size", `${post("Transfer-Encoding: chunked")}3\r\nabcdef\r\n0\r\n\r\n${hidden}`],
  ["a line feed without a carriage return", `POST /topics/smuggled HTTP/1.1\nHost: a\nContent-Length: 0\n\n${hidden}`],
  ["a null byte in a header", `${post("X-Null: a\u0000b")}${hidden}`],
  ["a header without a name", `${post(": value")}${hidden}`],
  ["a method that does not exist", head(["FLY / HTTP/1.1", "Host: a"])],
  ["a version that does not exist", head(["GET / HTTP/7.3", "Host: a"])],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a chunk size that overflows", `${post("Transfer-Encoding: chunked")}fffffffffffffffff\r\nabc\r\n0\r\n\r\n${hidden}`],
  ["a chunk extension of 100 kB", `${post("Transfer-Encoding: chunked")}3;${"x".repeat(100_000)}\r\nabc\r\n0\r\n\r\n${hidden}`],
  ["a tunnel", head(["CONNECT 10.0.0.1:443 HTTP/1.1", "Host: 10.0.0.1:443"])],
  ["TLS to a port without it", Buffer.from("16030100c8010000c40303", "hex")],
  ["garbage", Buffer.alloc(3_000, 0xfe)],
])("%s is refused, and nothing after it is answered", async (_, bytes) => {
  const connection = await connectRaw(server.port);

  connection.send(bytes);
  await until(connection.isClosed, 10_000);

  const answered = statuses(connection.received());
  expect(answered.length).toBeLessThanOrEqual(1);
  for (const status of answered) expect(status, connection.received()).toBeGreaterThanOrEqual(400);
  for (const status of answered) expect(status, connection.received()).toBeLessThan(500);
});

test.each([
  ["long headers", () => head(["GET /health HTTP/1.1", "Host: a", `X-Long: ${"x".repeat(20_000)}`])],
  ["many headers", () => head(["GET /health HTTP/1.1", "Host: a", ...Array.from({ length: 5_000 }, (_x, index) => `X-${index}: y`)])],
  ["a long request line", () => head([`GET /${"x".repeat(20_000)} HTTP/1.1`, "Host: a"])],
])("%s get 431", async (_, text) => {
  const connection = await connectRaw(server.port);

  connection.send(text());
  await until(connection.isClosed, 10_000);

  expect(statuses(connection.received())).toEqual([431]);
});

test("a body that says it is 1 GB gets 413 before it is read", async () => {
  const connection = await connectRaw(server.port);
  connection.send(
    head(["POST /topics/big HTTP/1.1", "Host: a", "Content-Type: application/vnd.kafka.json.v2+json", "Content-Length: 1073741824"]),
  );

  await until(connection.isClosed, 10_000);

  expect(statuses(connection.received())).toEqual([413]);
});

test("a body of 1 GB in chunks is cut off at the limit, with flat memory", async () => {
  const before = residentKilobytes();
  const connection = await connectRaw(server.port);
  connection.send(
    head(["POST /topics/big HTTP/1.1", "Host: a", "Content-Type: application/vnd.kafka.json.v2+json", "Transfer-Encoding: chunked"]),
  );
  const chunk = Buffer.concat([Buffer.from("100000\r\n"), Buffer.alloc(1_048_576, "x"), Buffer.from("\r\n")]);
  let sent = 0;
  while (!connection.isClosed() && sent < 1_024) {
    if (!connection.socket.write(chunk)) await new Promise((resolve) => connection.socket.once("drain", resolve).once("close", resolve));
    sent++;
  }
  await until(connection.isClosed, 10_000);

  expect(sent).toBeLessThan(100);
  // The answer may be lost where the client still sends when the connection is closed.
  for (const status of statuses(connection.received())) expect(status).toBe(413);
  expect(residentKilobytes() - before).toBeLessThan(150_000);
});

test("a body of 1 GB in chunk extensions ends with the time of its request at the latest, with flat memory", async () => {
  const before = residentKilobytes();
  const connection = await connectRaw(server.port);
  connection.send(post("Content-Type: application/vnd.kafka.json.v2+json", "Transfer-Encoding: chunked"));
  const piece = Buffer.from(`1;${"x".repeat(8_000)}\r\ny\r\n`.repeat(100));
  let sent = 0;
  while (!connection.isClosed() && sent < 1_300) {
    if (!connection.socket.write(piece)) await new Promise((resolve) => connection.socket.once("drain", resolve).once("close", resolve));
    sent++;
  }
  await until(connection.isClosed, 10_000);

  for (const status of statuses(connection.received())) expect([400, 408, 413]).toContain(status);
  expect(residentKilobytes() - before).toBeLessThan(150_000);
});

test("an upgrade to another protocol is not made: the request is answered as it is", async () => {
  const connection = await connectRaw(server.port);
  connection.send(head(["GET /health HTTP/1.1", "Host: a", "Connection: Upgrade, close", "Upgrade: websocket", "Sec-WebSocket-Key: YWJj"]));
  await until(connection.isClosed, 10_000);

  expect(statuses(connection.received())).toEqual([200]);
});

test("a target that is not a path, such as one in absolute form, gets an answer below 500", async () => {
  const answers = [];
  for (const target of [
    "http://a/health",
    "http://elsewhere.example:1/topics/%zz",
    "*",
    "//elsewhere.example/health",
    "?a",
    "/..%2f..%2fhealth",
  ]) {
    const connection = await connectRaw(server.port);
    connection.send(head([`GET ${target} HTTP/1.1`, "Host: a", "Connection: close"]));
    await until(connection.isClosed, 10_000);
    answers.push(...statuses(connection.received()));
  }

  expect(answers).toHaveLength(6);
  for (const status of answers) expect(status, String(answers)).toBeLessThan(500);
});

test("up to 16 requests that are sent without waiting are answered in order, and more end their connection", async () => {
  const connection = await connectRaw(server.port);
  const [health, last] = [
    head(["GET /health HTTP/1.1", "Host: a"]),
    head(["GET /nowhere/at-all HTTP/1.1", "Host: a", "Connection: close"]),
  ];
  connection.send(health.repeat(15) + last);
  await until(connection.isClosed, 10_000);
  expect(statuses(connection.received())).toEqual([...Array(15).fill(200), 404]);

  const flood = await connectRaw(server.port);
  flood.send(health.repeat(1_000));
  await until(flood.isClosed, 10_000);
  expect(statuses(flood.received()).length).toBeLessThanOrEqual(16);
});

test("a client that sends thousands of requests and reads nothing costs only its own connection, and none of its calls is left over", async () => {
  const before = residentKilobytes();
  const burst = head(["GET /openapi.json HTTP/1.1", "Host: a"]);
  const silent = await Promise.all(Array.from({ length: 5 }, () => connectRaw(server.port)));
  for (const { socket, send } of silent) {
    socket.pause();
    send(burst.repeat(10_000));
  }
  const few = await connectRaw(server.port);
  few.socket.pause();
  few.send(burst.repeat(12));

  const startedMs = Date.now();
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  expect(Date.now() - startedMs).toBeLessThan(5_000);
  expect(residentKilobytes() - before).toBeLessThan(200_000);
  for (const { socket } of [...silent, few]) socket.destroy();
  await until(async () => (await callsInProgress()) === 0, 10_000);
});

const callsInProgress = async (): Promise<number> =>
  Number(/KafkaRelay_CallsInProgress (\d+)/.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1]);

test("headers that arrive byte by byte are cut off when their time is over", async () => {
  const connection = await connectRaw(server.port);
  const startedMs = Date.now();
  const text = head(["GET /health HTTP/1.1", "Host: a", `X-Slow: ${"x".repeat(1_000)}`]);
  for (let at = 0; !connection.isClosed() && at < text.length && Date.now() - startedMs < 15_000; at++) {
    connection.send(text[at] ?? "");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  expect(connection.isClosed()).toBe(true);
  for (const status of statuses(connection.received())) expect(status).toBe(408);
});

test("a body that stops gets 408 or a closed connection, and one that is shorter than it says does too", async () => {
  const [stopped, short] = [await connectRaw(server.port), await connectRaw(server.port)];
  for (const connection of [stopped, short])
    connection.send(
      `${head(["POST /topics/slow HTTP/1.1", "Host: a", "Content-Type: application/vnd.kafka.json.v2+json", "Content-Length: 50"])}{"rec`,
    );
  short.socket.end();

  await until(() => stopped.isClosed() && short.isClosed(), 15_000);

  for (const connection of [stopped, short]) for (const status of statuses(connection.received())) expect([400, 408]).toContain(status);
});

test("connections that send nothing are closed, and hundreds of slow ones do not keep others from being answered", async () => {
  const slow = await Promise.all(Array.from({ length: 300 }, () => connectRaw(server.port)));
  for (const { send } of slow) send("GET /hea");

  const startedMs = Date.now();
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  expect(Date.now() - startedMs).toBeLessThan(5_000);
  await until(() => slow.every((connection) => connection.isClosed()), 20_000);
});

test("after all of this the server still answers", async () => {
  expect((await fetch(`${server.url}/ready`)).status).toBe(200);
  expect(server.child.exitCode).toBeNull();
});

function residentKilobytes(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1] ?? 0);
}
