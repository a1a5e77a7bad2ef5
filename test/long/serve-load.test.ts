/** `serve` for a long time and for many clients: a million calls, ten thousand idle connections, clients that hardly read. Memory and everybody else stay as they were. Prints its figures. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { openFilesMax } from "../../local/serve/open-files.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { loadHttp } from "../support/serve/http-load.js";
import { type ServeProcess, startServe } from "../support/serve/process.js";
import { residentMegabytes, watchMemory } from "../support/serve/stream-load.js";

const callsCount = Number(process.env.SERVE_CALLS ?? 1_000_000);
const idleCount = Number(process.env.SERVE_IDLE ?? 10_000);
const contentType = "application/vnd.kafka.json.v2+json";
const oneRecord = JSON.stringify({ records: [{ value: "x".repeat(98) }] });

const kafka = testKafka();
afterAll(() => kafka.close());

async function withServe(env: NodeJS.ProcessEnv, use: (server: ServeProcess) => Promise<void>): Promise<void> {
  const server = await startServe(["--access", "everything", "--log", "json"], env);
  try {
    await use(server);
  } finally {
    await server.end();
  }
}

/** What of the heap was in use when the server was asked, in megabytes. */
async function heapMegabytes({ url }: ServeProcess): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers: { connection: "close" } })).text();
  return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1]) / 1_048_576;
}

/** Calls of others while something happens: how many, and how long the slowest took. */
function callMeanwhile(url: string, topic: string, connections: number) {
  let [isOver, calls] = [false, 0];
  const slices: number[] = [];
  const done = (async () => {
    while (!isOver) {
      const result = await loadHttp({ url, path: `/topics/${topic}`, contentType, body: oneRecord, connections, seconds: 0.5 });
      calls += result.calls;
      slices.push(result.slowestMs);
    }
  })();
  return {
    calls: () => calls,
    end: async () => {
      isOver = true;
      await done;
      return { calls, slowestMs: Math.max(...slices) };
    },
  };
}

const roundSeconds = 5;
/** The heap moves up and down between collections, so the least of several samples counts. */
const heapGrowthMegabytesMax = 10;
const residentGrowthMegabytesMax = 60;

test("memory stays flat over a million calls", async () => {
  await withServe({}, async (server) => {
    const topic = await createTestTopic(kafka, { partitions: 16 });
    const samples: { readonly heap: number; readonly resident: number }[] = [];
    let [calls, warmAt] = [0, 0];
    const startedMs = performance.now();
    while (calls < callsCount) {
      const load = { url: server.url, path: `/topics/${topic}`, contentType, body: oneRecord, connections: 64, seconds: roundSeconds };
      calls += (await loadHttp(load)).calls;
      samples.push({ heap: await heapMegabytes(server), resident: residentMegabytes(server.pid) });
      if (warmAt === 0 && calls > callsCount / 10) warmAt = samples.length;
    }
    const warm = samples.slice(warmAt - 1);
    const third = Math.ceil(warm.length / 3);
    const least = (of: "heap" | "resident", part: typeof samples) => Math.min(...part.map((sample) => sample[of]));
    const [heapBefore, heapAfter] = [least("heap", warm.slice(0, third)), least("heap", warm.slice(-third))];
    const [residentBefore, residentAfter] = [least("resident", warm.slice(0, third)), least("resident", warm.slice(-third))];
    console.log(
      `${calls} calls in ${((performance.now() - startedMs) / 1_000).toFixed(0)} s: heap ${heapBefore.toFixed(1)} MB after a tenth of them, ${heapAfter.toFixed(1)} MB at the end; memory ${residentBefore.toFixed(0)} and ${residentAfter.toFixed(0)} MB`,
    );

    expect(heapAfter - heapBefore).toBeLessThan(heapGrowthMegabytesMax);
    expect(residentAfter - residentBefore).toBeLessThan(residentGrowthMegabytesMax);
  });
});

const opensAtOnce = 100;
const filesBesides = 500;
const idleKilobytesMax = 40;
/** Of a call that waits for nothing but its turn, on a machine that does other things too. */
const otherCallMsMax = 5_000;
const otherCallsLeast = 1_000;

test("ten thousand idle connections are held, cost little memory, and delay nobody", async () => {
  assertFilesMay(idleCount + filesBesides);
  await withServe({ RELAY_SERVE_KEEP_ALIVE_TIMEOUT_MS: "1800000" }, async (server) => {
    const topic = await createTestTopic(kafka, { partitions: 16 });
    await loadHttp({ url: server.url, path: `/topics/${topic}`, contentType, body: oneRecord, connections: 64, seconds: roundSeconds });
    const before = residentMegabytes(server.pid);
    const sockets: Socket[] = [];
    while (sockets.length < idleCount) {
      const count = Math.min(opensAtOnce, idleCount - sockets.length);
      sockets.push(...(await Promise.all(Array.from({ length: count }, () => openAndCall(server.port)))));
    }
    const kilobytes = ((residentMegabytes(server.pid) - before) * 1_024) / idleCount;
    const others = callMeanwhile(server.url, topic, 8);
    await until(() => others.calls() >= otherCallsLeast);
    const { calls, slowestMs } = await others.end();
    const answered: number[] = [];
    for (let from = 0; from < sockets.length; from += opensAtOnce)
      answered.push(...(await Promise.all(sockets.slice(from, from + opensAtOnce).map(statusAgain))));
    for (const socket of sockets) socket.destroy();
    console.log(
      `${idleCount} idle connections: ${kilobytes.toFixed(1)} kB each; meanwhile ${calls} calls by others, the slowest ${slowestMs.toFixed(0)} ms`,
    );

    expect(answered.filter((status) => status !== 200)).toEqual([]);
    expect(kilobytes).toBeLessThan(idleKilobytesMax);
    expect(calls).toBeGreaterThan(0);
    expect(slowestMs).toBeLessThan(otherCallMsMax);
  });
});

/** Server and test each have a file per connection. */
function assertFilesMay(count: number): void {
  const limit = openFilesMax();
  if (limit !== undefined && limit < count)
    throw new Error(`This test needs ${count} open files per process, and ${limit} are allowed here. Run \`ulimit -n ${count}\` first.`);
}

async function openAndCall(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const status = await statusAgain(socket);
  if (status !== 200) throw new Error(`status ${status}`);
  return socket;
}

/** Asks for /health on this connection; 0 if it has been closed. */
async function statusAgain(socket: Socket): Promise<number> {
  if (socket.destroyed) return 0;
  socket.write("GET /health HTTP/1.1\r\nhost: a\r\n\r\n");
  const [chunk] = (await Promise.race([once(socket, "data"), once(socket, "close")])) as [Buffer | boolean];
  return Buffer.isBuffer(chunk) ? Number(/^HTTP\/1\.1 (\d+)/.exec(chunk.toString("latin1"))?.[1]) : 0;
}

const recordsCount = 6_000;
const recordBytes = 1_000;
const slowCount = 60;
/** Of one answer: the most that a read returns. */
const answerMegabytes = 6;
const unreadMegabytes = 64;
const slowGrowthMegabytesMax = 250;
const slowLookMs = 500;

test("clients that read a byte now and then, or nothing, cost their own connections: memory is bounded, and nobody waits", async () => {
  const topic = await createTestTopic(kafka, { partitions: 1, configs: { "retention.ms": "-1" } });
  const value = Buffer.from(JSON.stringify("x".repeat(recordBytes)));
  const records = Array.from({ length: 500 }, () => ({ key: null, value, headers: [] }));
  for (let sent = 0; sent < recordsCount; sent += records.length) await kafka.producer.produce(topic, records, createDeadline(30_000));
  const env = { RELAY_SERVE_UNREAD_BYTES_MAX: String(unreadMegabytes * 1_048_576 + 4_194_304), RELAY_SERVE_IDLE_TIMEOUT_MS: "20000" };
  await withServe(env, async (server) => {
    const other = await createTestTopic(kafka, { partitions: 16 });
    await loadHttp({ url: server.url, path: `/topics/${other}`, contentType, body: oneRecord, connections: 8, seconds: 2 });
    const others = callMeanwhile(server.url, other, 8);
    const mostOfReaders = watchMemory(server.pid);
    for (let index = 0; index < slowCount; index++) await (await fetch(`${server.url}${readMuch(topic)}`)).arrayBuffer();
    const before = mostOfReaders();
    const mostOf = watchMemory(server.pid);
    const slow: SlowClient[] = [];
    for (let index = 0; index < slowCount; index++) {
      const client = askForMuch(server.port, topic, index % 2 === 0 ? "nothing" : "a byte");
      await until(() => client.isAnswered() || client.isClosed()); // what it costs to read for many at once is not asked here
      slow.push(client);
    }
    await until(() => slow.every(({ isClosed }) => isClosed()), 120_000);
    const { calls, slowestMs } = await others.end();
    const most = mostOf();
    console.log(
      `${slowCount} clients that ask for ${answerMegabytes} MB each and do not read them: memory ${most.toFixed(0)} MB at most, ${before.toFixed(0)} MB with clients that do; meanwhile ${calls} calls by others, the slowest ${slowestMs.toFixed(0)} ms`,
    );

    expect(most - before).toBeLessThan(slowGrowthMegabytesMax);
    expect(calls).toBeGreaterThan(0);
    expect(slowestMs).toBeLessThan(otherCallMsMax);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });
});

const readMuch = (topic: string): string => `/topics/${topic}/records?from=beginning&limit=100000&bytes_max=5242880`;

interface SlowClient {
  readonly isAnswered: () => boolean;
  readonly isClosed: () => boolean;
}

/** Asks for as much as a read returns, and reads the first byte of it; then one now and then, or nothing. */
function askForMuch(port: number, topic: string, reads: "nothing" | "a byte"): SlowClient {
  let [isAnswered, isClosed] = [false, false];
  const oneByte = () => {
    isAnswered = true;
    return false; // no more for now
  };
  const socket = connect({ port, host: "127.0.0.1", onread: { buffer: Buffer.alloc(1), callback: oneByte } });
  // The end of a connection that is not read shows when something is written to it.
  const looking = setInterval(() => {
    if (reads === "a byte") socket.resume();
    if (socket.writable) socket.write("GET /health HTTP/1.1\r\nhost: a\r\n\r\n");
  }, slowLookMs);
  socket
    .on("error", () => {})
    .once("close", () => {
      isClosed = true;
      clearInterval(looking);
    });
  socket.write(`GET ${readMuch(topic)} HTTP/1.1\r\nhost: a\r\n\r\n`);
  return { isAnswered: () => isAnswered, isClosed: () => isClosed };
}
