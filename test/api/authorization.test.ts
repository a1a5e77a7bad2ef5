/** What a broker with an authorizer forbids: 403 with the resource named, before anything is changed. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { commitForGroup } from "../../lib/kafka/admin/group-offsets.js";
import { createTopics } from "../../lib/kafka/admin/topics.js";
import { type Api, type ApiAnswer, type ApiRequest, createApi } from "../support/api/api.js";
import { passwordOf, type SecuredBroker, startSecuredBroker } from "../support/broker/secured-broker.js";

let broker: SecuredBroker;
/** May nothing. */
let bob: Api;
/** May create and describe topics whose name begins with "carol-", and read "shared". */
let carol: Api;
let clusterId: string;

beforeAll(async () => {
  broker = await startSecuredBroker(["bob", "carol"]);
  const deadline = createDeadline(20_000);
  clusterId = (await broker.admin.metadata.describe([], deadline)).clusterId;
  await createTopics(broker.admin, [{ name: "shared" }, { name: "hidden" }], deadline);
  await commitForGroup(broker.admin, "their-group", new Map([["shared", new Map([[0, 0n]])]]), deadline);
  await broker.allow("carol", { resourceType: "TOPIC", resourceName: "carol-", patternType: "PREFIXED", operation: "CREATE" });
  await broker.allow("carol", { resourceType: "TOPIC", resourceName: "carol-", patternType: "PREFIXED", operation: "DESCRIBE" });
  await broker.allow("carol", { resourceType: "TOPIC", resourceName: "shared", operation: "READ" });
  bob = await createApi({ env: broker.environmentOf("bob"), log: () => {} });
  carol = await createApi({ env: broker.environmentOf("carol"), log: () => {} });
}, 180_000);
afterAll(async () => {
  await bob?.close();
  await carol?.close();
  await broker?.stop();
});

function v3(api: Api, methodAndPath: string, request?: ApiRequest): Promise<ApiAnswer> {
  const [method, path = ""] = methodAndPath.split(/ (.*)/s);
  return api.call(`${method} /v3/clusters/${clusterId}${path}`, request);
}

test.each([
  ["POST /topics", { topic_name: "bobs" }, "bobs"],
  ["GET /topics/shared", undefined, "shared"],
  ["DELETE /topics/shared", undefined, "shared"],
  ["PATCH /topics/shared", { partitions_count: 9 }, "shared"],
  ["GET /topics/shared/configs", undefined, "shared"],
  ["PUT /topics/shared/configs/retention.ms", { value: "1" }, "shared"],
  ["POST /topics/shared/records:delete", { partitions: [{ partition_id: 0, before_offset: -1 }] }, "shared"],
  ["GET /topics/shared/partitions/0/offset", undefined, "shared"],
  ["GET /consumer-groups/their-group", undefined, "their-group"],
  ["DELETE /consumer-groups/their-group", undefined, "their-group"],
  ["GET /consumer-groups/their-group/lags", undefined, "their-group"],
  ["POST /consumer-groups/their-group/offsets:reset", { to: "earliest", topic_name: "shared" }, "shared"],
  ["GET /acls", undefined, "cluster"],
  [
    "POST /acls",
    {
      resource_type: "TOPIC",
      resource_name: "x",
      pattern_type: "LITERAL",
      principal: "User:bob",
      host: "*",
      operation: "ALL",
      permission: "ALLOW",
    },
    "cluster",
  ],
  ["GET /brokers/1/configs", undefined, "1"],
  ["PUT /broker-configs/log.cleaner.threads", { value: "1" }, "cluster"],
  ["GET /topics/-/partitions/-/reassignment", undefined, "cluster"],
  ["POST /leaders:elect", {}, "election"],
])("who may nothing is refused: %s", async (methodAndPath, body, resource) => {
  const answer = await v3(bob, methodAndPath, body === undefined ? {} : { body });

  expect([answer.status, answer.json.error_code]).toEqual([403, 40301]);
  expect(answer.json.message).toContain(resource);
});

test.each(["/topics/shared", "/topics/shared/partitions", "/topics/shared/partitions/0/offsets"])(
  "v2 metadata is refused too: GET %s",
  async (path) => {
    const answer = await bob.call(`GET ${path}`);

    expect([answer.status, answer.json.error_code]).toEqual([403, 40301]);
  },
);

test("lists contain what the caller may see, and do not fail", async () => {
  const topics = await v3(bob, "GET /topics");
  const groups = await v3(bob, "GET /consumer-groups");
  const seen = await v3(carol, "GET /topics");

  expect([topics.status, topics.json.data, groups.status, groups.json.data]).toEqual([200, [], 200, []]);
  expect(seen.json.data.map(({ topic_name }: { topic_name: string }) => topic_name)).toEqual(["shared"]);
});

test("of many topics those that may be created are created, the others refused one by one", async () => {
  const answer = await v3(carol, "POST /topics:batch", { body: { data: [{ topic_name: "carol-1" }, { topic_name: "dave-1" }] } });

  expect(answer.status).toBe(207);
  expect(answer.json.successes.map(({ topic_name }: { topic_name: string }) => topic_name)).toEqual(["carol-1"]);
  expect(answer.json.failures).toEqual([{ topic_name: "dave-1", error_code: 40301, message: expect.stringContaining("dave-1") }]);
});

test("counts fall back to those asked for where the caller may not describe settings", async () => {
  const answer = await v3(carol, "POST /topics", { body: { topic_name: "carol-2", partitions_count: 3, replication_factor: 1 } });

  expect([answer.status, answer.json.partitions_count, answer.json.replication_factor]).toEqual([201, 3, 1]);
});

test("the operations allowed are the caller's own", async () => {
  const { json } = await v3(carol, "GET /topics/shared?include_authorized_operations=true");

  expect(json.authorized_operations).toEqual(["READ", "DESCRIBE"]);
});

test("settings of many topics: each topic that may not be altered is named", async () => {
  const change = (topic_name: string) => ({ topic_name, configs: [{ name: "retention.ms", value: "5000" }] });

  const { status, json } = await v3(carol, "POST /topics/-/configs:alter", { body: { data: [change("shared"), change("hidden")] } });

  expect(status).toBe(207);
  expect(json.failures.map(({ topic_name, error_code }: { topic_name: string; error_code: number }) => [topic_name, error_code])).toEqual([
    ["shared", 40301],
    ["hidden", 40301],
  ]);
});

test("a wrong password is 401 everywhere, at once, with no secret in the answer", async () => {
  const api = await createApi({ env: broker.environmentOf("bob", "not-the-password"), log: () => {} });

  const answers = await Promise.all([
    v3(api, "GET /topics"),
    api.call("GET /v3/clusters"),
    v3(api, "GET /consumer-groups"),
    v3(api, "GET /acls"),
  ]);
  await api.close();

  expect(answers.map(({ status, json }) => [status, json.error_code])).toEqual(answers.map(() => [401, 40101]));
  for (const { text } of answers) {
    expect(text).not.toContain("not-the-password");
    expect(text).not.toContain(passwordOf("bob"));
  }
});
