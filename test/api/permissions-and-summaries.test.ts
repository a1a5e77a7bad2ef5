/** What the console asks before anything else: what the caller may do, and the topics in short. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { type Api, createApi } from "../support/api/api.js";
import { createTestTopic } from "../support/broker/kafka.js";

let api: Api;
let clusterId: string;
beforeAll(async () => {
  api = await createApi();
  clusterId = (await api.kafka.metadata.describe([], createDeadline(20_000))).clusterId;
});
afterAll(() => api.close());

test("a caller learns what it may do, and on which names, from its grants alone", async () => {
  const grants = [
    { who: ["*"], may: ["service:describe"] },
    { scopes: ["a"], may: ["record:*"], on: ["a-*"] },
    { scopes: ["b"], may: ["record:read"], on: ["b-*"] },
    { scopes: ["c"], may: ["record:read"] },
  ];
  const limited = await createApi({ kafka: api.kafka, env: { RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: JSON.stringify(grants) } });
  const permissionsOf = async (scope: string) =>
    (await limited.call("GET /permissions", { authorizer: { jwt: { claims: { sub: "me", scope }, scopes: null } } })).json;

  expect(await permissionsOf("a b")).toEqual({
    caller: { kind: "jwt", name: "me" },
    permissions: [
      { may: "record:write", on: ["a-*"] },
      { may: "record:read", on: ["a-*", "b-*"] },
      { may: "record:delete", on: ["a-*"] },
      { may: "service:describe", on: null },
    ],
    topic_prefix: "",
  });
  expect((await permissionsOf("b c")).permissions).toContainEqual({ may: "record:read", on: null });
});

test("topics are listed in short, page by page, and those that are named with what they hold", async () => {
  const topic = await createTestTopic(api.kafka, { partitions: 3, configs: { "cleanup.policy": "compact" } });
  const records = [0, 1, 2].map((partition) => ({ key: Buffer.from("k"), value: Buffer.from("v"), headers: [], partition }));
  await api.kafka.producer.produce(topic, records, createDeadline(20_000));
  const path = `GET /v3/clusters/${clusterId}/topic-summaries`;

  const first = await api.call(`${path}?limit=1`);
  const second = await api.call(`${path}?limit=1&after=${encodeURIComponent(first.json.next_after)}`);
  const named = await api.call(`${path}?topic_name=${topic},missing-${topic}`);

  expect([first.json.data.length, second.json.data.length]).toEqual([1, 1]);
  expect(second.json.data[0].topic_name > first.json.data[0].topic_name).toBe(true);
  expect(named.json.data).toEqual([
    {
      topic_name: topic,
      is_internal: false,
      partitions_count: 3,
      replication_factor: 1,
      under_replicated_count: 0,
      offline_count: 0,
      records_count: 3,
      end_offsets_sum: 3,
      size_bytes: expect.any(Number),
      retention_ms: -1,
      cleanup_policy: "compact",
    },
  ]);
  expect(named.json.data[0].size_bytes).toBeGreaterThan(100);
});
