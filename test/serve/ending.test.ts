/** How `kafka-relay serve` ends: at once unready, new calls refused, running calls finished. */
import { request } from "node:http";
import { afterAll, expect, test } from "vitest";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { Ledger, nothingLost } from "../support/relay/ledger.js";
import { connectRaw, type ServeProcess, startServe } from "../support/serve/process.js";
import { createProduceCalls } from "../support/serve/produce-calls.js";
import { clusterIdOf } from "../support/serve/report-stream.js";

const kafka = testKafka();
const started: ServeProcess[] = [];
const start = async (...args: Parameters<typeof startServe>) => {
  const one = await startServe(...args);
  started.push(one);
  return one;
};
afterAll(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  await kafka.close();
});

const body = JSON.stringify({ records: [{ value: { a: 1 } }] });

/** A produce call whose body is sent in two parts, so that it is in progress for as long as the test wants. */
function slowCall(port: number, topic: string) {
  const call = request({
    host: "127.0.0.1",
    port,
    method: "POST",
    path: `/topics/${topic}`,
    agent: false,
    headers: { "content-type": "application/vnd.kafka.json.v2+json", "content-length": body.length },
  });
  const answer = new Promise<{ status: number; connection: string | undefined }>((resolve, reject) => {
    call.once("error", reject);
    call.once("response", (response) => {
      response.resume();
      response.once("end", () => resolve({ status: response.statusCode ?? 0, connection: response.headers.connection }));
    });
  });
  answer.catch(() => {});
  call.write(body.slice(0, 10));
  return { answer, finish: () => call.end(body.slice(10)) };
}

const inProgress = async (url: string) =>
  Number(/KafkaRelay_CallsInProgress (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);

test("on SIGTERM, /ready fails at once, new calls get 503 with Retry-After, the running call is finished, and the exit code is 0", async () => {
  const topic = await createTestTopic(kafka);
  const server = await start();
  const { answer, finish } = slowCall(server.port, topic);
  await until(async () => (await inProgress(server.url)) === 1);

  server.child.kill("SIGTERM");
  await until(async () => (await fetch(`${server.url}/ready`)).status === 503);
  const refused = await fetch(`${server.url}/topics/${topic}`, { method: "POST", body });
  const live = await fetch(`${server.url}/health`);
  finish();

  expect([refused.status, refused.headers.get("retry-after"), refused.headers.get("connection")]).toEqual([503, "1", "close"]);
  expect(await refused.json()).toMatchObject({ type: "urn:kafka-relay:error:shutting-down", retriable: true, maybe_written: false });
  expect(live.status).toBe(200);
  expect(await answer).toEqual({ status: 200, connection: "close" });
  expect(await server.ended).toBe(0);
});

test("calls that do not end within RELAY_SERVE_DRAIN_MS are cut off, and the exit code is 1", async () => {
  const topic = await createTestTopic(kafka);
  const server = await start(["--access", "everything"], { RELAY_SERVE_DRAIN_MS: "300" });
  const { answer } = slowCall(server.port, topic);
  await until(async () => (await inProgress(server.url)) === 1);

  server.child.kill("SIGTERM");

  await expect(answer).rejects.toThrow();
  expect(await server.ended).toBe(1);
  expect(server.output()).toContain("1 calls were cut off after 300 ms.");
});

test("idle connections are closed, so that they do not delay the end", async () => {
  const server = await start();
  const idle = await connectRaw(server.port);
  idle.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => idle.received().includes("200 OK"));

  expect(await server.end()).toBe(0);
  await until(idle.isClosed);
});

test("a second signal ends the process at once", async () => {
  const topic = await createTestTopic(kafka);
  const server = await start();
  slowCall(server.port, topic);
  await until(async () => (await inProgress(server.url)) === 1);

  server.child.kill("SIGTERM");
  await until(() => server.output().includes("Ending"));
  // Signals within a second count as one, because npm and the terminal both deliver the same Ctrl-C.
  await until(() => {
    server.child.kill("SIGTERM");
    return server.child.exitCode !== null;
  }, 5_000);

  expect(await server.ended).toBe(130);
});

test.each([["1"], ["2"]])(
  "with %s workers under load, calls are answered until SIGTERM, then refused, and no record is in doubt",
  async (workers) => {
    const topic = await createTestTopic(kafka, { partitions: 3 });
    const server = await start(["--access", "everything", "--workers", workers]);
    const calls = createProduceCalls(() => server.url, await clusterIdOf(server.url), 0);
    const ledger = new Ledger(kafka, topic, calls.write);
    const writers = 8;

    await ledger.writeDuring({ writers, recordsPerCall: 3, deadlineMs: 10_000 }, async () => {
      await until(() => ledger.acknowledged > 300);
      expect(await server.end()).toBe(0);
    });
    calls.close();

    expect(await ledger.table()).toMatchObject(nothingLost);
    expect(calls.hung()).toBe(0);
    expect(calls.ends.get("503") ?? 0).toBeGreaterThan(0);
    // One that is on its way when the last connections are closed may find its own closed; without a time in which calls are refused, all writers did.
    expect(calls.ends.get("ECONNRESET") ?? 0).toBeLessThanOrEqual(writers / 4);
  },
);
