/** The API on a server of its own: what a client can draw out has an end, and a malformed request an answer. Over real sockets. */
import { request as httpRequest, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import * as v from "valibot";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createNodeServer, type NodeHttpLimits } from "../../../lib/http/hosts/node-http.js";
import { operation } from "../../../lib/http/operation.js";
import type { Kafka } from "../../../lib/kafka/port.js";
import { testConfig } from "../../support/api/api.js";

const may = "service:describe" as const;
let sentChunks = 0;
let isStreamEnded = false;
let longAsked = 0;
const longText = "x".repeat(24_000_000);

const operations = {
  "GET /hello": operation({
    may,
    summary: "Greets.",
    answers: {},
    run: async ({ headers }, { baseUrl, caller }) => ({ status: 200, body: { baseUrl, caller, x: headers["x-a"] } }),
  }),
  "POST /sizes": operation({
    may,
    summary: "Counts a body.",
    produces: [],
    answers: {},
    run: async ({ rawBody }) => ({ status: 200, contentType: "application/json", body: { bytes: rawBody.length } }),
  }),
  "POST /echo": operation({
    may,
    summary: "Answers each chunk as it comes.",
    produces: [],
    streamsBody: () => ({ idleTimeoutMs: 500 }),
    answers: {},
    run: async ({ bodyStream, rawBody }) => ({
      status: 200,
      contentType: "application/octet-stream",
      stream: bodyStream ?? ([rawBody] as never),
    }),
  }),
  "GET /long": operation({
    may,
    summary: "More than sockets hold on the way.",
    produces: [],
    answers: { 200: v.unknown() },
    run: async () => {
      longAsked++;
      return { status: 200, contentType: "text/plain", text: longText };
    },
  }),
  "GET /long-stream": operation({
    may,
    summary: "Has sent all of it long before its client has read it.",
    produces: [],
    answers: { 200: v.unknown() },
    run: async () => ({ status: 200, contentType: "text/plain", stream: once(longText), unreadBytesMax: 2 * longText.length }),
  }),
  "GET /endless": operation({
    may,
    summary: "Never stops.",
    produces: [],
    answers: { 200: v.unknown() },
    run: async () => ({ status: 200, contentType: "application/octet-stream", stream: endless() }),
  }),
};

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

async function* endless(): AsyncGenerator<Buffer> {
  try {
    for (;;) {
      sentChunks++;
      yield Buffer.alloc(65_536, "x");
    }
  } finally {
    isStreamEnded = true;
  }
}

const limits: Partial<NodeHttpLimits> = {
  requestBytesMax: 100_000,
  headerBytesMax: 4_096,
  headersTimeoutMs: 500,
  idleTimeoutMs: 500,
};
let server: Server;
let port: number;

async function startServer(own: Partial<NodeHttpLimits>): Promise<Server> {
  const config = testConfig({ KAFKA_BROKERS: "127.0.0.1:1" });
  const started = createNodeServer(operations, { config, kafka: {} as Kafka, log: () => {}, limits: own });
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return started;
}

async function stopServer(started: Server): Promise<void> {
  started.closeAllConnections();
  await new Promise((resolve) => started.close(resolve));
}

beforeAll(async () => {
  server = await startServer(limits);
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => stopServer(server));

/** Sends bytes as they are; everything that comes back until the server closes the connection. */
function raw(...parts: readonly (string | number)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.setTimeout(10_000, () => socket.destroy(new Error(`the connection stayed open after: ${text}`)));
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" || error.code === "EPIPE" ? resolve(text) : reject(error),
    );
    socket.once("close", () => resolve(text));
    void (async () => {
      for (const part of parts) {
        if (typeof part === "number") await wait(part);
        else if (socket.writable) socket.write(part);
      }
    })();
  });
}

const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
const problemOf = (text: string) => JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4));

test.each([
  ["what is not HTTP", ["hello\r\n\r\n"], 400],
  ["a bare line feed in a header", ["GET /hello HTTP/1.1\r\nhost: a\r\nx: a\n\r\r\n\r\n"], 400],
  [
    "a content length and chunks at once",
    ["POST /sizes HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    400,
  ],
  ["two content lengths", ["POST /sizes HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd"], 400],
  ["a chunk whose size is not a number", ["POST /sizes HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"], 400],
  ["headers beyond the limit", [`GET /hello HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(8_000)}\r\n\r\n`], 431],
  ["headers that do not arrive in time", ["GET /hello HTTP/1.1\r\nx", 3_000, "-a: 1\r\n\r\n"], 408],
] as const)("%s is refused with a problem, and the connection is closed", async (_, parts, status) => {
  const text = await raw(...parts);

  expect(statusOf(text)).toBe(status);
  expect(text.toLowerCase()).toContain("connection: close");
  expect(problemOf(text)).toMatchObject({ error_code: status, status });
});

test("a body whose length is beyond the limit is refused before it is sent", async () => {
  const text = await raw("POST /sizes HTTP/1.1\r\nhost: a\r\ncontent-length: 100001\r\nexpect: 100-continue\r\n\r\n");

  expect(text).not.toContain("100 Continue");
  expect(statusOf(text)).toBe(413);
  expect(problemOf(text).message).toContain("has 100001 bytes. This server accepts at most 100000 bytes");
});

test("a body of chunks beyond the limit is refused, and the client gets to read why though it goes on sending", async () => {
  const chunk = `8000\r\n${"x".repeat(0x8000)}\r\n`;
  const text = await raw(
    "POST /sizes HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n",
    ...Array(20).fill(chunk),
    50,
    ...Array(20).fill(chunk),
  );

  expect(statusOf(text)).toBe(413);
});

test("a client that stops in the middle of a body receives an error, and its connection is closed", async () => {
  const text = await raw("POST /sizes HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc");

  expect(statusOf(text)).toBe(408);
  expect(problemOf(text).message).toContain("No part of the request body arrived for 500 ms");
});

test("a body that nobody reads does not become the next request", async () => {
  const smuggled = "POST /sizes HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";
  const text = await raw(`POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 90000\r\n\r\n${smuggled}`, 100);

  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 404"]);
});

test("a connection serves one request after the other", async () => {
  const post = "POST /sizes HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc";
  const text = await raw(post, post, "GET /hello HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");

  expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
  expect(text.match(/\{"bytes":3\}/g)).toHaveLength(2);
});

test("a forwarded host is believed from a trusted proxy only, and a Host that is not one is not repeated", async () => {
  const ask = (...headers: readonly string[]) => raw(["GET /hello HTTP/1.1", ...headers, "connection: close", "", ""].join("\r\n"));

  expect(problemOf(await ask("host: a.example", "x-forwarded-host: evil.example", "x-forwarded-proto: https")).baseUrl).toBe(
    "http://a.example",
  );
  expect(problemOf(await ask('host: "><script>')).baseUrl).toBe("http://localhost");
  expect(problemOf(await ask()).baseUrl).toBe("http://localhost");
});

test("a streamed body is answered while it is still being sent", async () => {
  const { response, request } = await new Promise<{ response: IncomingMessage; request: ReturnType<typeof httpRequest> }>(
    (resolve, reject) => {
      const made = httpRequest({ host: "127.0.0.1", port, method: "POST", path: "/echo", agent: false }, (given) =>
        resolve({ response: given, request: made }),
      );
      made.once("error", reject);
      made.write("first");
    },
  );
  const chunks = response[Symbol.asyncIterator]();

  expect(String((await chunks.next()).value)).toBe("first");
  request.end("second");
  expect(String((await chunks.next()).value)).toBe("second");
  expect((await chunks.next()).done).toBe(true);
});

test("a stream waits for a client that does not read, and ends when the client reads nothing for too long", async () => {
  [sentChunks, isStreamEnded] = [0, false];
  const socket = connect(port, "127.0.0.1");
  socket.pause();
  socket.write("GET /endless HTTP/1.1\r\nhost: a\r\n\r\n");
  let before = -1;
  for (let polls = 0; polls < 100 && (sentChunks === 0 || sentChunks !== before); polls++) {
    before = sentChunks;
    await wait(50);
  }

  // What sockets hold on the way, and no more.
  expect(sentChunks).toBeLessThan(500);
  for (let polls = 0; polls < 200 && !isStreamEnded; polls++) await wait(50);
  expect(isStreamEnded).toBe(true);
  socket.destroy();
});

test.each(["long", "long-stream"])("a client that does not read a %s reply is cut off, and the reply is not kept", async (path) => {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.pause();
  socket.write(`GET /${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
  const connections = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

  await expect.poll(connections, { timeout: 5_000 }).toBeGreaterThan(0);
  await expect.poll(connections, { timeout: 20_000 }).toBe(0);
  socket.destroy();
});

test("a client that reads a long reply slowly, for longer than the idle time, gets all of it", async () => {
  const idleTimeoutMs = 1_500; // longer than a busy machine stands still
  const own = await startServer({ idleTimeoutMs });
  const socket = connect((own.address() as AddressInfo).port, "127.0.0.1");
  const startedMs = performance.now();
  let bytes = 0;
  const ended = new Promise((resolve, reject) => socket.once("error", reject).once("close", resolve));
  socket.on("data", (chunk) => {
    bytes += chunk.length;
    socket.pause();
    setTimeout(() => socket.resume(), 8);
  });
  socket.write("GET /long HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  await ended;

  expect(bytes).toBeGreaterThan(longText.length);
  expect(performance.now() - startedMs).toBeGreaterThan(1.5 * idleTimeoutMs);
  await stopServer(own);
});

test("clients that do not read hold a limited number of bytes together: the one that has waited longest is cut off", async () => {
  const own = await startServer({ unreadBytesMax: 2.5 * longText.length });
  const before = longAsked;
  const closed: number[] = [];
  const ask = (index: number) => {
    const socket = connect((own.address() as AddressInfo).port, "127.0.0.1");
    // The end of a paused connection is seen as a failed write.
    const noticing = setInterval(() => socket.writable && socket.write("GET /hello HTTP/1.1\r\nhost: a\r\n\r\n"), 50);
    socket
      .on("error", () => {})
      .once("close", () => {
        clearInterval(noticing);
        closed.push(index);
      });
    socket.pause();
    socket.write("GET /long HTTP/1.1\r\nhost: a\r\n\r\n");
    return socket;
  };
  const sockets = [ask(0)];
  for (const index of [1, 2]) {
    await expect.poll(() => longAsked - before).toBe(index); // so that they wait in this order
    sockets.push(ask(index));
  }

  await expect.poll(() => closed, { timeout: 20_000 }).toEqual([0]);
  for (const socket of sockets) socket.destroy();
  await stopServer(own);
});
