/** Consumer instances where several workers answer: every call reaches the worker that keeps the instance. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { type ServeProcess, startServe } from "../support/serve/process.js";

const kafka = testKafka();
let server: ServeProcess;
beforeAll(async () => {
  server = await startServe(["--access", "everything", "--workers", "3"], { RELAY_SERVE_CONSUMERS_MAX: "8" });
});
afterAll(async () => {
  await server.end();
  await kafka.close();
});

/** On a connection of its own, so that each call reaches another worker. */
async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(path.startsWith("http") ? path : `${server.url}${path}`, {
    method,
    signal: AbortSignal.timeout(10_000),
    headers: {
      connection: "close",
      accept: "application/vnd.kafka.json.v2+json, application/vnd.kafka.v2+json, application/json",
      ...(body === undefined ? {} : { "content-type": "application/vnd.kafka.v2+json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it by path, and say what they expect to find.
  return { status: response.status, json: (text === "" ? undefined : JSON.parse(text)) as any };
}
const create = async (group: string, name?: string) =>
  call("POST", `/consumers/${group}`, { ...(name === undefined ? {} : { name }), format: "json", "auto.offset.reset": "earliest" });
const workers = (): readonly number[] =>
  readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8").trim().split(" ").map(Number);

test("a client whose every call is a new connection reads, commits and deletes, with names of its own and with ours", async () => {
  const topic = await createTestTopic(kafka);
  for (let value = 0; value < 5; value++)
    await kafka.producer.produce(topic, [{ key: null, value: Buffer.from(String(value)), headers: [] }], createDeadline(20_000));

  for (const name of ["me", "a/b%25", undefined]) {
    const { status, json } = await create(uniqueName("readers"), name);
    expect(status).toBe(200);
    const uri: string = json.base_uri;
    expect((await call("POST", `${uri}/subscription`, { topics: [topic] })).status).toBe(204);
    expect((await call("GET", `${uri}/subscription`)).json).toEqual({ topics: [topic] });
    const values: number[] = [];
    await until(async () => {
      const answer = await call("GET", `${uri}/records?timeout=1000`);
      expect(answer.status).toBe(200);
      values.push(...answer.json.map(({ value }: { readonly value: number }) => value));
      return values.length >= 5;
    });
    expect(values).toEqual([0, 1, 2, 3, 4]);
    expect((await call("POST", `${uri}/offsets`)).json.offsets).toEqual([{ topic, partition: 0, offset: 5, metadata: "" }]);
    expect((await call("GET", `${uri}/offsets`)).json.offsets).toEqual([{ topic, partition: 0, offset: 5, metadata: "" }]);
    expect((await call("DELETE", uri)).status).toBe(204);
    expect((await call("GET", `${uri}/records`)).status).toBe(404);
  }
});

test("a name is one instance, whichever workers are called", async () => {
  const group = uniqueName("same");

  const answers = await Promise.all(Array.from({ length: 9 }, () => create(group, "me")));

  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409, 409, 409, 409]);
  expect(answers.find(({ status }) => status === 409)?.json.error_code).toBe(40902);
  await call("DELETE", `/consumers/${group}/instances/me`);
});

test("what is refused is refused alike by every worker", async () => {
  const calls = await Promise.all(Array.from({ length: 6 }, () => call("GET", `/consumers/nobody/instances/none/records?timeout=x`)));
  const unknown = await Promise.all(Array.from({ length: 6 }, () => call("GET", `/consumers/nobody/instances/none/records`)));

  expect(new Set(calls.map(({ status }) => status))).toEqual(new Set([400]));
  expect(new Set(unknown.map(({ json }) => json.error_code))).toEqual(new Set([40403]));
});

test("each worker keeps so many instances and no more", async () => {
  const group = uniqueName("many");

  const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => create(group, `c${index}`)));

  expect(answers.filter(({ status }) => status === 200)).toHaveLength(24);
  expect(new Set(answers.filter(({ status }) => status !== 200).map(({ json }) => json.error_code))).toEqual(new Set([50301]));
  await Promise.all(answers.filter(({ status }) => status === 200).map(({ json }) => call("DELETE", json.base_uri)));
});

test("workers that are killed take their instances with them, and those that replace them keep new ones", async () => {
  const group = uniqueName("killed");
  const names = Array.from({ length: 10 }, (_, index) => `c${index}`);
  for (const name of names) expect((await create(group, name)).status).toBe(200);

  for (const pid of workers().slice(0, 2)) process.kill(pid, "SIGKILL");

  const isThere = async (name: string) => (await call("GET", `/consumers/${group}/instances/${name}/subscription`)).status;
  await until(async () => {
    const answers = await Promise.all(names.map((name) => isThere(name).catch(() => 0)));
    return answers.every((status) => status === 200 || status === 404) && answers.includes(404);
  });
  await until(async () => workers().length === 3);
  await until(async () => {
    const again = await Promise.all(names.map((name) => create(group, name).catch(() => ({ status: 0 }))));
    return again.every(({ status }) => status === 200 || status === 409);
  });
  for (const name of names) expect(await isThere(name)).toBe(200);
});
