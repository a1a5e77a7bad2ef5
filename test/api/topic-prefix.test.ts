/** RELAY_TOPIC_PREFIX confines the API to topics and groups of one team, on a broker that would allow everything: every operation, found by its path, every list, every body. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { type AdminApi, createAdminApi } from "../support/api/admin-api.js";
import { operationsOfEveryFunction } from "../support/api/api.js";
import { createTestTopic } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";

const prefix = `${uniqueName("team-a")}.`;
const ours = `${prefix}orders`;
const ourGroup = `${prefix}billing`;
const letters = `${prefix}orders.dead-letters`;
const v2Json = "application/vnd.kafka.json.v2+json";
let theirs: string;
let theirGroup: string;
/** Sees everything. */
let admin: AdminApi;
let confined: AdminApi;

beforeAll(async () => {
  admin = await createAdminApi();
  confined = await createAdminApi({ env: { RELAY_TOPIC_PREFIX: prefix }, log: () => {} });
  theirs = await createTestTopic(admin.kafka, { name: uniqueName("team-b.orders") });
  theirGroup = uniqueName("team-b.billing");
  await createTestTopic(admin.kafka, { name: ours });
  await createTestTopic(admin.kafka, { name: letters });
  admin.willDelete(theirs, ours, letters);
  await admin.idleGroup(theirGroup, theirs, [0n]);
  await admin.idleGroup(ourGroup, ours, [0n]);
});
afterAll(async () => {
  await confined?.close();
  await admin?.close();
});

const operations = await operationsOfEveryFunction();
const named = Object.keys(operations).filter((key) => /\{(topic|group)\}/.test(key));

/** Enough of a body to get past its check. */
const bodies: Readonly<Record<string, object>> = {
  "POST /v3/clusters/{cluster_id}/consumer-groups/{group}/offsets:reset": { to: "earliest", topic_name: "x" },
};

describe("an operation on a topic or group outside the prefix is refused", () => {
  test.each(named)("%s", async (routeKey) => {
    const path = routeKey
      .replace("{cluster_id}", admin.clusterId)
      .replace("{topic}", theirs)
      .replace("{group}", theirGroup)
      .replace(/\{(partition|offset|broker)\}/g, "0")
      .replace(/\{\w+\}/g, "x");
    const body = bodies[routeKey];

    const { status, json } = await confined.call(path, body === undefined ? {} : { body });

    expect([status, json.message]).toEqual([403, expect.stringContaining("team-")]);
  });
});

test.each([
  "/topics",
  "/v3/clusters/{id}/topics",
  "/v3/clusters/{id}/topics/-/configs",
  "/v3/clusters/{id}/consumer-groups",
  "/v3/clusters/{id}/lag-summaries",
  "/v3/clusters/{id}/brokers/1/partition-replicas",
  "/v3/clusters/{id}/topics/-/partitions/-/reassignment",
])("the list %s contains what is inside the prefix, and nothing else", async (path) => {
  const { status, text } = await confined.call(`GET ${path.replace("{id}", admin.clusterId)}`);

  expect(status).toBe(200);
  expect(text).not.toContain(theirs);
  expect(text).not.toContain(theirGroup);
});

test("lists contain the topics and groups of the prefix", async () => {
  const topics = await confined.call("GET /topics");
  const groups = await confined.v3("GET /consumer-groups");

  expect(topics.json.sort()).toEqual([ours, letters].sort());
  expect(groups.json.data.map(({ consumer_group_id }: { consumer_group_id: string }) => consumer_group_id)).toEqual([ourGroup]);
});

test("what a group inside the prefix has committed for topics outside stays hidden", async () => {
  await admin.idleGroup(ourGroup, theirs, [0n]);

  const lags = await confined.v3(`GET /consumer-groups/${ourGroup}/lags`);
  const offsets = await confined.v3(`GET /consumer-groups/${ourGroup}/offsets`);

  expect([lags.status, offsets.status]).toEqual([200, 200]);
  expect(lags.text + offsets.text).toContain(ours);
  expect(lags.text + offsets.text).not.toContain(theirs);
});

test.each([
  ["POST /topics", () => ({ topic_name: uniqueName("team-b.new") })],
  ["POST /reassignments:alter", () => ({ data: [{ topic_name: theirs, partition_id: 0, replicas: [1] }] })],
  ["POST /leaders:elect", () => ({})],
  ["POST /leaders:elect", () => ({ partitions: [{ topic_name: theirs, partition_id: 0 }] })],
])("%s refuses a body that names a topic outside, or all of them", async (methodAndPath, body) => {
  const { status, json } = await confined.v3(methodAndPath, { body: body() });

  expect([status, json.message]).toEqual([403, expect.stringContaining(prefix)]);
});

test("of many topics in a body, those outside are refused one by one", async () => {
  const inside = `${prefix}new`;
  const outside = uniqueName("team-b.new");
  admin.willDelete(inside);

  const created = await confined.v3("POST /topics:batch", { body: { data: [{ topic_name: inside }, { topic_name: outside }] } });
  const deleted = await confined.v3("POST /topics:delete", { body: { data: [{ topic_name: theirs }] } });
  const change = { topic_name: theirs, configs: [{ name: "retention.ms", value: "5000" }] };
  const altered = await confined.v3("POST /topics/-/configs:alter", { body: { data: [change] } });

  expect(created.json.successes.map(({ topic_name }: { topic_name: string }) => topic_name)).toEqual([inside]);
  for (const { json } of [created, deleted, altered]) expect(json.failures).toMatchObject([{ error_code: 403 }]);
  const all = await admin.kafka.metadata.describe("all", createDeadline(10_000));
  expect([all.topics.has(theirs), all.topics.has(outside)]).toEqual([true, false]);
});

test("inside the prefix everything works: writing, reading, settings, groups", async () => {
  const written = await confined.call(`POST /topics/${ours}`, { body: { records: [{ value: { n: 1 } }] }, contentType: v2Json });
  const read = await confined.call(`GET /topics/${ours}/records?from=beginning`);
  const settings = await confined.v3(`GET /topics/${ours}/configs`);
  const reset = await confined.v3(`POST /consumer-groups/${ourGroup}/offsets:reset`, { body: { to: "latest", topic_name: ours } });
  const dead = await confined.call(`GET /dead-letters/${letters}`);

  expect([written, read, settings, reset, dead].map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(read.text).toContain('"n":1');
});

test("a deployment can be confined to no prefix that could not begin a topic's name", async () => {
  await expect(createAdminApi({ env: { RELAY_TOPIC_PREFIX: "team a/" } })).rejects.toThrow("RELAY_TOPIC_PREFIX: must be the beginning");
});
