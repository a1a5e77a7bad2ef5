/** `kafka-relay serve` as its users start it: a process that serves the whole API. */
import { afterAll, expect, test } from "vitest";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { type ServeProcess, spawnServe, startServe } from "../support/serve/process.js";

const kafka = testKafka();
const started: ServeProcess[] = [];
const start = async (...args: Parameters<typeof startServe>) => {
  const one = await startServe(...args);
  started.push(one);
  return one;
};
afterAll(async () => {
  await Promise.all(started.map((one) => one.end()));
  await kafka.close();
});

const json = "application/vnd.kafka.json.v2+json";
const post = (url: string, topic: string, more: RequestInit = {}) =>
  fetch(`${url}/topics/${topic}`, {
    method: "POST",
    headers: { "content-type": json },
    body: JSON.stringify({ records: [{ value: { a: 1 } }] }),
    ...more,
  });

test("it serves the API, says where it listens, prints one line per call, and ends with 0", async () => {
  const topic = await createTestTopic(kafka);
  const server = await start();

  const written = await post(server.url, topic);
  const read = await fetch(`${server.url}/topics/${topic}/records?from=beginning`);
  const { records } = (await read.json()) as { records: { value: unknown }[] };
  const code = await server.end();

  expect(written.status).toBe(200);
  expect(records.map(({ value }) => value)).toEqual([{ a: 1 }]);
  expect(server.output()).toMatch(/Listening on http:\/\/127\.0\.0\.1:\d+ \(version \d+\.\d+\.\d+\)/);
  expect(server.output()).toContain("everything is allowed to everybody");
  expect(server.output()).toMatch(new RegExp(`200  POST /topics/${topic}  \\d+ ms`));
  expect(code).toBe(0);
});

test("with --log json every line is a JSON object, and with --log quiet no call is printed", async () => {
  const [lines, quiet] = [await start(["--access", "everything", "--log", "json"]), await startQuiet()];

  await fetch(`${lines.url}/topics/none/partitions`);
  await lines.end();
  const code = await quiet.end();

  const entries = lines
    .output()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(entries[0]).toMatchObject({ level: "info", message: "listening", url: lines.url });
  expect(entries).toContainEqual(
    expect.objectContaining({ message: "request", method: "GET", path: "/topics/none/partitions", status: 404 }),
  );
  expect(quiet.output()).toBe("");
  expect(code).toBe(0);
});

/** A quiet server does not say its port, so it gets a known one. */
async function startQuiet() {
  const { freePorts } = await import("../../local/processes/ports.js");
  const [port = 0] = await freePorts(1);
  const server = await spawnServe(["--access", "everything", "--log", "quiet", "--port", String(port)]);
  await until(async () => (await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined))?.ok === true);
  expect((await fetch(`http://127.0.0.1:${port}/topics`)).status).toBe(200);
  return server;
}

test("a time for requests that is shorter than the time for their headers is a fault of the configuration", async () => {
  const server = await spawnServe([], { RELAY_SERVE_REQUEST_TIMEOUT_MS: "500" });

  expect(await server.ended).toBe(1);
  expect(server.output()).toContain("RELAY_SERVE_REQUEST_TIMEOUT_MS: must be at least RELAY_SERVE_HEADERS_TIMEOUT_MS, which is 10000");
});

test("every fault of the configuration is reported in one message, without values, and the exit code is 1", async () => {
  const server = await spawnServe(["--workers", "many", "--log", "loud"], {
    KAFKA_BROKERS: "",
    RELAY_ACCESS: "hunter2",
    RELAY_ACCESS_GRANTS: '[{"who":["anna"],"may":["record:fly"]}]',
    RELAY_JWT_JWKS_URL: "http://issuer.example/keys",
    RELAY_JWT_ISSUER: "https://issuer.example",
    RELAY_CALLER_HEADER: "x-forwarded-user",
    RELAY_SERVE_DRAIN_MS: "soon",
  });

  expect(await server.ended).toBe(1);
  for (const name of [
    "RELAY_SERVE_WORKERS",
    "RELAY_SERVE_LOG",
    "KAFKA_BROKERS",
    "RELAY_ACCESS:",
    "RELAY_ACCESS_GRANTS",
    "RELAY_JWT_JWKS_URL",
    "RELAY_TRUSTED_PROXIES",
    "RELAY_SERVE_DRAIN_MS",
  ])
    expect(server.output()).toContain(name);
  expect(server.output()).not.toContain("hunter2");
});

test("a port that is in use is reported with the option that changes it", async () => {
  const first = await start();

  const second = await spawnServe(["--port", String(first.port), "--access", "everything"]);

  expect(await second.ended).toBe(1);
  expect(second.output()).toContain(`Port ${first.port} is in use. Choose another one with --port.`);
});

test("access is closed by default: no caller may do anything, and the first lines say so", async () => {
  const topic = await createTestTopic(kafka);
  const server = await start([]);

  expect((await post(server.url, topic)).status).toBe(403);
  expect((await fetch(`${server.url}/topics`)).status).toBe(403);
  expect(server.output()).toContain("No caller may do anything");
});

test("grants apply to anonymous callers as on Lambda", async () => {
  const topic = await createTestTopic(kafka);
  const grants = JSON.stringify([{ who: ["anonymous"], may: ["record:write"], on: [topic] }]);
  const server = await start([], { RELAY_ACCESS_GRANTS: grants });

  expect((await post(server.url, topic)).status).toBe(200);
  expect((await post(server.url, uniqueName("other"))).status).toBe(403);
});

test("/health is live without brokers, /ready is not, and both need no permission", async () => {
  const { freePorts } = await import("../../local/processes/ports.js");
  const [nobody = 0] = await freePorts(1);
  const [apart, near] = [await start([], { KAFKA_BROKERS: `127.0.0.1:${nobody}` }), await start([])];

  expect((await fetch(`${apart.url}/health`)).status).toBe(200);
  const unready = await fetch(`${apart.url}/ready`);
  expect([unready.status, await unready.json()]).toEqual([503, { status: "down", kafka: { status: "down", message: expect.any(String) } }]);
  const ready = await fetch(`${near.url}/ready`);
  expect([ready.status, await ready.json()]).toEqual([
    200,
    { status: "up", kafka: { status: "up", cluster_id: expect.any(String), brokers: 1 } },
  ]);
});

test("/metrics counts calls by operation and status, refusals, and connections, for Prometheus", async () => {
  const topic = await createTestTopic(kafka);
  const server = await start();
  await post(server.url, topic);
  await fetch(`${server.url}/topics/${uniqueName("none")}`);

  const answer = await fetch(`${server.url}/metrics`);
  const text = await answer.text();

  expect(answer.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  expect(text).toContain('KafkaRelay_Calls{Method="POST",Operation="POST /topics/{topic}",Status="200"} 1');
  expect(text).toContain('KafkaRelay_Calls{Method="GET",Operation="GET /topics/{topic}",Status="404"} 1');
  expect(text).toMatch(/KafkaRelay_CallLatency_count\{Operation="POST \/topics\/\{topic\}"\} 1/);
  expect(text).toMatch(/KafkaRelay_Connections [1-9]/);
  expect(text).toContain("KafkaRelay_CallsInProgress 0");
  expect(text).toContain("process_resident_memory_bytes");
});
