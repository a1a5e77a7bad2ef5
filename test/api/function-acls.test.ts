/** Where brokers decide by ACLs, each function works with those that a package lists for it, and with no others: on a broker with an authorizer, one Kafka user per function. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { commitForGroup } from "../../lib/kafka/admin/group-offsets.js";
import { aclsOf } from "../../local/build/deployment/acls.js";
import { loadSources, needsOf } from "../../local/build/deployment/needs.js";
import { deployedFunctions, projectFolder } from "../../local/build/service-map.js";
import { type Api, createApi } from "../support/api/api.js";
import { createTestTopic } from "../support/broker/kafka.js";
import { type SecuredBroker, startSecuredBroker } from "../support/broker/secured-broker.js";

const prefix = "team-a.";
const v2Json = "application/vnd.kafka.json.v2+json";
const apiFunctions = deployedFunctions().filter(({ routeKeys }) => routeKeys.length > 0);
let broker: SecuredBroker;
let cluster: string;
const apis = new Map<string, Api>();

beforeAll(async () => {
  broker = await startSecuredBroker(apiFunctions.map(({ key }) => key));
  cluster = (await broker.admin.metadata.describe([], createDeadline(20_000))).clusterId;
  for (const { key, file } of apiFunctions) {
    const needs = await needsOf(loadSources(projectFolder), { key, file, triggers: [] });
    for (const acl of aclsOf(needs, prefix)) await broker.allow(key, acl);
    apis.set(key, await createApi({ env: broker.environmentOf(key), log: () => {} }));
  }
  for (const name of ["team-a.orders", "team-a.orders.dead-letters", "team-b.orders"]) await createTestTopic(broker.admin, { name });
  await commitForGroup(broker.admin, "team-a.billing", new Map([["team-a.orders", new Map([[0, 0n]])]]), createDeadline(20_000));
}, 180_000);
afterAll(async () => {
  for (const api of apis.values()) await api.close();
  await broker?.stop();
});

const as = (key: string, methodAndPath: string, body?: unknown, contentType = "application/json") =>
  (apis.get(key) as Api).call(methodAndPath.replace("/v3", `/v3/clusters/${cluster}`), body === undefined ? {} : { body, contentType });
const records = { records: [{ key: "a", value: { n: 1 } }] };

describe("with its ACLs", () => {
  test.each([
    ["produce", "POST /topics/team-a.orders", records, v2Json, 200],
    ["records", "GET /topics/team-a.orders/records?from=beginning", undefined, undefined, 200],
    ["topics", "POST /v3/topics", { topic_name: "team-a.new", partitions_count: 1 }, undefined, 201],
    ["topics", "GET /v3/topics/team-a.orders/configs", undefined, undefined, 200],
    ["topics", "PUT /v3/topics/team-a.orders/configs/retention.ms", { value: "-1" }, undefined, 204],
    ["topics", "PATCH /v3/topics/team-a.new", { partitions_count: 2 }, undefined, 200],
    ["topics", "DELETE /v3/topics/team-a.new", undefined, undefined, 204],
    ["groups", "GET /v3/consumer-groups/team-a.billing/lags", undefined, undefined, 200],
    ["groups", "POST /v3/consumer-groups/team-a.billing/offsets:reset", { to: "earliest", topic_name: "team-a.orders" }, undefined, 200],
    ["groups", "DELETE /v3/consumer-groups/team-a.billing", undefined, undefined, 204],
    ["acls", "GET /v3/acls", undefined, undefined, 200],
    ["cluster", "GET /v3/brokers/1/configs", undefined, undefined, 200],
    ["cluster", "PUT /v3/broker-configs/log.cleaner.threads", { value: "1" }, undefined, 204],
    ["cluster", "GET /v3/topics/-/partitions/-/reassignment", undefined, undefined, 200],
    ["deadLetters", "GET /dead-letters/team-a.orders.dead-letters", undefined, undefined, 200],
    ["service", "GET /health", undefined, undefined, 200],
  ] as const)("%s may %s", async (key, call, body, contentType, status) => {
    const answer = await as(key, call, body, contentType);

    expect(answer.status, answer.text).toBe(status);
  });
});

describe("with the ACLs of another function, or outside the prefix", () => {
  test.each([
    ["produce", "GET /topics/team-a.orders/records?from=beginning", undefined, undefined],
    ["produce", "POST /topics/team-b.orders", records, v2Json],
    ["produce", "POST /v3/topics", { topic_name: "team-a.other" }, undefined],
    ["records", "POST /topics/team-a.orders", records, v2Json],
    ["records", "GET /topics/team-b.orders/records?from=beginning", undefined, undefined],
    ["topics", "POST /topics/team-a.orders", records, v2Json],
    ["topics", "DELETE /v3/topics/team-b.orders", undefined, undefined],
    ["groups", "DELETE /v3/topics/team-a.orders", undefined, undefined],
    ["service", "GET /topics/team-a.orders", undefined, undefined],
  ] as const)("%s may not %s", async (key, call, body, contentType) => {
    const answer = await as(key, call, body, contentType);

    expect([answer.status, answer.json.error_code], answer.text).toEqual([403, 40301]);
  });
});
