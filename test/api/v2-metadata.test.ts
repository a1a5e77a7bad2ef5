/** Topics, partitions, offsets and brokers by the v2 contract. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AdminApi, createAdminApi, writeRecords } from "../support/api/admin-api.js";

let api: AdminApi;
beforeAll(async () => {
  api = await createAdminApi();
});
afterAll(() => api.close());

const v2 = "application/vnd.kafka.v2+json";

test("topics are listed by name, as an array of names", async () => {
  const topic = await api.topic();

  const answer = await api.call("GET /topics");

  expect([answer.status, answer.headers["content-type"]]).toEqual([200, v2]);
  expect(answer.json).toContain(topic);
  expect(answer.json).toEqual([...answer.json].sort());
});

test("a topic is described with every effective setting as text, and its partitions in ascending order", async () => {
  const topic = await api.topic({ partitions: 3, configs: { "retention.ms": "123456" } });

  const { json } = await api.call(`GET /topics/${topic}`);

  expect(Object.keys(json)).toEqual(["name", "configs", "partitions"]);
  expect(json.name).toBe(topic);
  expect(json.configs).toMatchObject({ "retention.ms": "123456", "cleanup.policy": "delete", preallocate: "false" });
  expect(json.partitions.map(({ partition }: { partition: number }) => partition)).toEqual([0, 1, 2]);
  const [{ leader }] = json.partitions;
  expect(json.partitions[0]).toEqual({ partition: 0, leader, replicas: [{ broker: leader, leader: true, in_sync: true }] });
  expect((await api.call(`GET /topics/${topic}/partitions`)).json).toEqual(json.partitions);
  expect((await api.call(`GET /topics/${topic}/partitions/2`)).json).toEqual(json.partitions[2]);
});

test("a partition's offsets are numbers", async () => {
  const topic = await api.topic({ partitions: 2 });
  await writeRecords(topic, 1, [1, 2, 3]);

  expect((await api.call(`GET /topics/${topic}/partitions/1/offsets`)).json).toEqual({ beginning_offset: 0, end_offset: 3 });
  expect((await api.call(`GET /topics/${topic}/partitions/0/offsets`)).json).toEqual({ beginning_offset: 0, end_offset: 0 });
});

test("brokers are listed by their ids", async () => {
  const { json } = await api.call("GET /brokers");

  expect(Object.keys(json)).toEqual(["brokers"]);
  expect(json.brokers.every((id: unknown) => Number.isInteger(id))).toBe(true);
});

test.each(["", "/partitions", "/partitions/0", "/partitions/0/offsets"])("a missing topic is 40401: /topics/{topic}%s", async (path) => {
  const names = ["no-such-topic", "no%20such%2Ftopic", "%00", "t%C3%A4", "x".repeat(300)];

  const answers = await Promise.all(names.map((name) => api.call(`GET /topics/${name}${path}`)));

  expect(answers.map(({ status, json, headers }) => [status, json.error_code, headers["content-type"]])).toEqual(
    names.map(() => [404, 40401, v2]),
  );
});

test.each(["7", "-1", "one", "1.5", "99999999999999999999"])("a missing partition is 40402: %s", async (partition) => {
  const topic = await api.topic();

  const answers = await Promise.all(["", "/offsets"].map((path) => api.call(`GET /topics/${topic}/partitions/${partition}${path}`)));

  expect(answers.map(({ status, json }) => [status, json.error_code])).toEqual([
    [404, 40402],
    [404, 40402],
  ]);
});

test.each([
  undefined,
  "*/*",
  "application/*",
  "application/json",
  v2,
  "text/html, application/json;q=0.5",
  "APPLICATION/VND.KAFKA.V2+JSON",
])("what accepts %s is answered", async (accept) => {
  expect((await api.call("GET /topics", accept === undefined ? {} : { accept })).status).toBe(200);
});

test("what accepts nothing that is answered here is 406, with the contract's body", async () => {
  const answer = await api.call("GET /topics", { accept: "application/xml" });

  expect([answer.status, answer.json.error_code]).toEqual([406, 406]);
});
