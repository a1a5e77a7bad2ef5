/** Instances that share a group: nothing is lost when one is deleted, expires or ends with its process, and commits survive all of them. */
import { execFile } from "node:child_process";
import { request } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import {
  type ConsumerApi,
  createConsumerApi,
  type ReadRecord,
  type TestInstance,
  writeBytes,
  writeValues,
} from "../support/api/consumer-api.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";

const opened: ConsumerApi[] = [];
async function open(...options: Parameters<typeof createConsumerApi>): Promise<ConsumerApi> {
  const api = await createConsumerApi(...options);
  opened.push(api);
  return api;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((api) => api.close()));
});

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);
const partitionsOf = async (instance: TestInstance): Promise<readonly number[]> =>
  (await instance.call("GET", "/assignments")).json.partitions.map(({ partition }: { partition: number }) => partition);
const valuesOf = (records: readonly ReadRecord[]) => records.map(({ value }) => value as number).sort((one, other) => one - other);

/** A topic whose records carry the numbers from 0 on, spread over its partitions. */
async function numbered(api: ConsumerApi, partitions: number, perPartition: number): Promise<string> {
  const topic = await createTestTopic(api.kafka, { partitions });
  for (const partition of numbers(0, partitions))
    await writeValues(api.kafka, topic, partition, numbers(partition * perPartition, perPartition));
  return topic;
}

test("two instances share the partitions, and when one is deleted the other one goes on where it has stopped", async () => {
  const api = await open();
  const topic = await numbered(api, 4, 50);
  const group = uniqueName("group");
  const first = await api.instance({ group, topics: [topic] });
  const second = await api.instance({ group, topics: [topic] });
  await until(async () => (await partitionsOf(first)).length === 2 && (await partitionsOf(second)).length === 2);
  expect([...(await partitionsOf(first)), ...(await partitionsOf(second))].sort()).toEqual([0, 1, 2, 3]);

  const bySecond = await second.read("?timeout=5000&max_bytes=40");
  expect((await second.call("DELETE", "")).status).toBe(204);
  const byFirst = await first.readMany(200 - bySecond.length);

  expect(valuesOf([...bySecond, ...byFirst])).toEqual(numbers(0, 200));
});

test("what an instance has returned last is returned again to another one if its client vanishes, and nothing is lost", async () => {
  let nowMs = 1_000_000;
  const api = await open({ now: () => nowMs, sweepMs: 50, limits: { idleTimeoutMs: 60_000 } });
  const topic = await numbered(api, 1, 30);
  const group = uniqueName("group");
  const vanishing = await api.instance({ group, topics: [topic] });
  const seen = await vanishing.read("?timeout=10000&max_bytes=5");
  const lost = await vanishing.read("?timeout=10000&max_bytes=5");
  expect(lost.length).toBeGreaterThan(0);

  nowMs += 59_000;
  expect(api.consumers.count()).toBe(1);
  nowMs += 1_000;
  await until(() => api.consumers.count() === 0);
  const gone = await vanishing.call("GET", "/records");
  expect([gone.status, gone.json.error_code]).toEqual([404, 40403]);

  const next = await api.instance({ group, topics: [topic] });
  expect(valuesOf(await next.readMany(30 - seen.length))).toEqual(numbers(seen.length, 30 - seen.length));
});

test("an instance that is called now and then does not expire", async () => {
  let nowMs = 0;
  const api = await open({ now: () => nowMs, sweepMs: 20, limits: { idleTimeoutMs: 60_000 } });
  const instance = await api.instance();
  for (const _ of numbers(0, 4)) {
    nowMs += 50_000;
    expect((await instance.call("GET", "/subscription")).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 50)); // sweeps meanwhile
  }
  expect(api.consumers.count()).toBe(1);
});

test("with auto.commit.enable a read commits what the read before has returned, and deleting commits the rest", async () => {
  const api = await open();
  const topic = await numbered(api, 1, 10);
  const instance = await api.instance({ topics: [topic] });
  const committed = async () => (await instance.call("GET", `/offsets?partitions=${topic}/0`)).json.offsets[0]?.offset;

  const first = await instance.read("?timeout=10000&max_bytes=3");
  expect(await committed()).toBeUndefined();
  const second = await instance.read("?timeout=10000&max_bytes=3");
  expect(await committed()).toBe(first.length);
  await instance.call("DELETE", "");

  const next = await api.instance({ group: instance.group, topics: [topic] });
  const returned = first.length + second.length;
  expect(valuesOf(await next.readMany(10 - returned))).toEqual(numbers(returned, 10 - returned));
});

test("without auto.commit.enable nothing is committed that the client does not commit", async () => {
  const api = await open();
  const topic = await numbered(api, 1, 5);
  const group = uniqueName("group");
  const settings = { "auto.commit.enable": "false" };
  const first = await api.instance({ group, topics: [topic], settings });
  await first.readMany(5);
  await first.call("DELETE", "");

  const second = await api.instance({ group, topics: [topic], settings });
  expect(valuesOf(await second.readMany(5))).toEqual(numbers(0, 5));
  await second.call("POST", "/offsets", { offsets: [{ topic, partition: 0, offset: 2 }] });
  await second.call("DELETE", "");

  const third = await api.instance({ group, topics: [topic], settings });
  expect(valuesOf(await third.readMany(2))).toEqual([3, 4]);
});

test("a rebalance in the middle of reading loses nothing", async () => {
  const api = await open();
  const topic = await numbered(api, 6, 100);
  const group = uniqueName("group");
  const first = await api.instance({ group, topics: [topic] });
  const records: ReadRecord[] = [...(await first.readMany(50))];
  const seen = () => new Set(records.map(({ value }) => value)).size;
  const members = [first];

  const readAll = async (member: TestInstance) => {
    while (seen() < 600) records.push(...(await member.read("?timeout=500&max_bytes=100")));
  };
  const reading = [readAll(first)];
  for (const _ of [1, 2]) {
    const member = await api.instance({ group, topics: [topic] });
    members.push(member);
    reading.push(readAll(member));
  }
  await Promise.all(reading);

  expect(valuesOf(records).filter((value, index, all) => value !== all[index - 1])).toEqual(numbers(0, 600));
});

test("records that wait on a long read arrive as soon as they are written", async () => {
  const api = await open();
  const topic = await createTestTopic(api.kafka);
  const instance = await api.instance({ topics: [topic] });
  await until(async () => (await partitionsOf(instance)).length === 1);
  const startMs = Date.now();
  const reading = instance.read("?timeout=25000");

  await writeValues(api.kafka, topic, 0, ["now"]);

  expect((await reading).map(({ value }) => value)).toEqual(["now"]);
  expect(Date.now() - startMs).toBeLessThan(10_000);
});

test("a commit and a deletion end a long read instead of waiting for it, and the read still gets an answer", async () => {
  const api = await open();
  const topic = await createTestTopic(api.kafka);
  const instance = await api.instance({ topics: [topic] });
  await until(async () => (await partitionsOf(instance)).length === 1);
  const startMs = Date.now();
  const reading = instance.call("GET", "/records?timeout=25000");

  expect((await instance.call("POST", "/offsets")).status).toBe(200);
  expect((await reading).json).toEqual([]);
  const again = instance.call("GET", "/records?timeout=25000");
  expect((await instance.call("DELETE", "")).status).toBe(204);
  expect([200, 404]).toContain((await again).status);
  expect(Date.now() - startMs).toBeLessThan(15_000);
});

test("reads of one instance at once run one after the other, each record comes once, and beyond the limit they are refused with 40903", async () => {
  const api = await open({ limits: { callsWaitingMax: 4 } });
  const topic = await numbered(api, 1, 40);
  const instance = await api.instance({ topics: [topic] });

  const answers = await Promise.all(numbers(0, 12).map(() => instance.call("GET", "/records?timeout=1000&max_bytes=20")));

  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused.length).toBeGreaterThan(0);
  expect(new Set(refused.map(({ status, json }) => `${status} ${json.error_code}`))).toEqual(new Set(["409 40903"]));
  const given = answers.filter(({ status }) => status === 200).flatMap(({ json }) => json as ReadRecord[]);
  expect(valuesOf(given)).toEqual(numbers(0, given.length));
});

test("at the limit of instances another one is refused with 50301, until one is deleted", async () => {
  const api = await open({ limits: { instancesMax: 2 } });
  const [first] = [await api.instance(), await api.instance()];

  const third = await api.call("POST", `/consumers/${uniqueName("group")}`, {});
  expect([third.status, third.json.error_code, third.json.retriable]).toEqual([503, 50301, true]);

  await first?.call("DELETE", "");
  expect((await api.call("POST", `/consumers/${uniqueName("group")}`, {})).status).toBe(200);
});

test("when the process ends, its instances commit and leave, and another process goes on at once", async () => {
  const before = await open();
  const topic = await numbered(before, 2, 10);
  const group = uniqueName("group");
  const instance = await before.instance({ group, topics: [topic] });
  await instance.readMany(20);
  await before.consumers.close(createDeadline(10_000));
  expect((await before.call("POST", `/consumers/${group}`, {})).json.error_code).toBe(50301);

  const after = await open();
  await writeValues(after.kafka, topic, 0, [20]);
  const next = await after.instance({ group, topics: [topic] });
  const startMs = Date.now();
  expect(valuesOf(await next.readMany(1))).toEqual([20]);
  expect(Date.now() - startMs).toBeLessThan(9_000); // a session that nobody ends takes 10 s
});

test("a topic that is read only by a grant: names, patterns, assignments and records", async () => {
  const grants = [
    { who: ["reader"], may: ["group:alter"], on: ["mine-*"] },
    { who: ["reader"], may: ["record:read"], on: ["allowed-*"] },
  ];
  const api = await open({
    env: { RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: JSON.stringify(grants) },
    callerOf: () => ({ kind: "jwt", name: "reader", scopes: [], groups: [] }),
  });
  const name = uniqueName("topic");
  const allowed = await createTestTopic(api.kafka, { name: `allowed-${name}` });
  const secret = await createTestTopic(api.kafka, { name: `secret-${name}` });
  await writeBytes(api.kafka, allowed, 0, [Buffer.from("1")]);
  await writeBytes(api.kafka, secret, 0, [Buffer.from("2")]);
  expect((await api.call("POST", `/consumers/${uniqueName("theirs")}`, {})).status).toBe(403);
  const instance = await api.instance({ group: uniqueName("mine") });

  expect((await instance.call("POST", "/subscription", { topics: [allowed, secret] })).status).toBe(403);
  expect((await instance.call("POST", "/assignments", { partitions: [{ topic: secret, partition: 0 }] })).status).toBe(403);
  expect((await instance.call("POST", "/subscription", { topics: ["__consumer_offsets"] })).status).toBe(403);
  expect((await instance.call("POST", "/subscription", { topic_pattern: `.*-${name}` })).status).toBe(204);

  expect((await instance.call("GET", "/subscription")).json).toEqual({ topics: [allowed] });
  expect((await instance.readMany(1)).map(({ value }) => value)).toEqual([1]);
});

test("a client that hangs up in the middle of a long read blocks nobody", async () => {
  const api = await open();
  const topic = await numbered(api, 1, 3);
  const instance = await api.instance({ topics: [topic] });
  await instance.readMany(3);
  const hungUp = request(`${api.url}${instance.path}/records?timeout=25000`, { agent: false });
  hungUp.on("error", () => {}).end();
  await new Promise((resolve) => hungUp.once("socket", (socket) => socket.once("connect", resolve)));
  hungUp.destroy();

  const startMs = Date.now();
  expect((await instance.call("POST", "/offsets")).status).toBe(200);
  expect(Date.now() - startMs).toBeLessThan(10_000);
});

test("Confluent's quickstart runs unchanged in Python: create, subscribe, read, commit, delete", async () => {
  const api = await open();
  const topic = await numbered(api, 1, 3);
  const { stdout } = await promisify(execFile)("python3", [join(import.meta.dirname, "quickstart.py"), api.url, topic], {
    timeout: 60_000,
  });
  expect(JSON.parse(stdout)).toEqual({ values: [0, 1, 2], committed: 3, deleted: 204, after: 40403 });
});
