/** What an attacker sends to the API, and what it gets: the lines of docs/threat-model.md that no other test holds. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, createApi } from "../support/api/api.js";
import { uniqueName } from "../support/broker/unique-names.js";

let api: Api;
const log: unknown[] = [];
beforeAll(async () => {
  api = await createApi({ log: (entry) => log.push(entry) });
});
afterAll(() => api.close());

const v2 = "application/vnd.kafka.json.v2+json";
const oneRecord = { records: [{ value: 1 }] };
const clusterPath = async () => `/v3/clusters/${(await api.call("GET /v3/clusters")).json.data[0].cluster_id}`;

test.each(["__consumer_offsets", "__transaction_state"])("Kafka's own topic %s is neither written nor read", async (topic) => {
  const written = await api.call(`POST /topics/${topic}`, { body: oneRecord, contentType: v2 });
  const read = await api.call(`GET /topics/${topic}/records`);

  expect([written.status, read.status].every((status) => status >= 400 && status < 500)).toBe(true);
});

test.each(["..", ".", "a%2Fb", "a%00b", "a%0d%0ab", "%5f%5fconsumer_offsets", `${"a".repeat(250)}`, "ｏｒｄｅｒｓ", "orders%20", "*"])(
  "a topic called %s is refused or not there, and never another one",
  async (name) => {
    const { status, text } = await api.call(`POST /topics/${name}`, { body: oneRecord, contentType: v2 });

    expect(status, text).toBeGreaterThanOrEqual(400);
    expect(status, text).toBeLessThan(500);
  },
);

test.each([
  ["lists", "[".repeat(2_000_000)],
  ["objects", '{"a":'.repeat(400_000)],
  ["closed lists", `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`],
])("%s nested a million deep are refused at once, wherever a body is taken", async (_, bomb) => {
  const create = await api.call(`POST ${await clusterPath()}/topics`, { body: bomb });
  const produce = await api.call("POST /topics/x", { body: bomb, contentType: v2 });
  const event = await api.call("POST /topics/x/events", { body: bomb, contentType: "application/cloudevents+json" });

  expect([create.status, produce.status, event.status].every((status) => status >= 400 && status < 500)).toBe(true);
});

test("members called __proto__, constructor and prototype change no object but their own", async () => {
  const polluted = '{"topic_name":"x y","__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}';

  await api.call(`POST ${await clusterPath()}/topics`, { body: polluted });
  await api.call("GET /topics?__proto__[isAdmin]=true&constructor=1");
  await api.call("POST /topics/x", { body: `{"records":[{"value":1,"__proto__":{"isAdmin":true}}]}`, contentType: v2 });

  expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain("isAdmin");
});

test("what a caller sends appears in headers of the answer only as a value", async () => {
  const topic = uniqueName("crlf");
  await api.call(`POST ${await clusterPath()}/topics`, { body: { topic_name: topic, partitions_count: 1 } });
  const headers = [{ name: "x\r\nset-cookie: a=b", value: Buffer.from("v\r\nset-cookie: a=b").toString("base64") }];
  await api.call(`POST ${await clusterPath()}/topics/${topic}/records`, {
    body: { value: { type: "STRING", data: "v\r\nset-cookie: a=b" }, headers },
  });

  const answers = [
    await api.call(`GET /topics/${topic}/records?from=beginning`),
    await api.call("GET /topics/a%0d%0aset-cookie:%20a=b"),
    await api.call("GET /topics", { headers: { host: "evil.example\r\nset-cookie: a=b" } }),
  ];

  for (const answer of answers) {
    expect(Object.keys(answer.headers).map((name) => name.toLowerCase())).not.toContain("set-cookie");
    expect(Object.values(answer.headers).join("")).not.toMatch(/[\r\n]/);
  }
});

test("a log line is one line of JSON, whatever the caller put into it, and holds neither its body nor its token", async () => {
  const lines: string[] = [];
  const nowhere = await createApi({
    env: { KAFKA_BROKERS: "127.0.0.1:1", RELAY_REQUEST_LOG: "on" },
    log: (entry) => lines.push(JSON.stringify(entry)),
  });
  await nowhere.call('POST /topics/a%0a{"level":"error","message":"forged"}', {
    body: { records: [{ value: "a-secret-value" }] },
    contentType: v2,
    headers: { authorization: "Bearer a-secret-token" },
    timeLeftMs: 1_500,
  });
  await nowhere.close();

  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(line).not.toMatch(/\n|a-secret/);
});
