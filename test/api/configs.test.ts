/** Settings of topics, brokers and the cluster by the v3 contract. Changes are incremental: what is not named stays as it is. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AdminApi, createAdminApi } from "../support/api/admin-api.js";
import { until } from "../support/broker/kafka.js";

let api: AdminApi;
let broker: number;
beforeAll(async () => {
  api = await createAdminApi();
  broker = (await api.v3("GET /brokers")).json.data[0].broker_id;
});
afterAll(() => api.close());

const settingOf = async (topic: string, name: string) => (await api.v3(`GET /topics/${topic}/configs/${name}`)).json;

test("a setting tells its value, where it comes from, and what stands behind it", async () => {
  const topic = await api.topic({ configs: { "retention.ms": "1000" } });
  const self = `https://api.example.com/v3/clusters/${api.clusterId}/topics/${topic}/configs/retention.ms`;

  expect(await settingOf(topic, "retention.ms")).toEqual({
    kind: "KafkaTopicConfig",
    metadata: { self, resource_name: `crn:///kafka=${api.clusterId}/topic=${topic}/config=retention.ms` },
    cluster_id: api.clusterId,
    topic_name: topic,
    name: "retention.ms",
    value: "1000",
    is_default: false,
    is_read_only: false,
    is_sensitive: false,
    source: "DYNAMIC_TOPIC_CONFIG",
    synonyms: [{ name: "retention.ms", value: "1000", source: "DYNAMIC_TOPIC_CONFIG" }],
  });
  expect(await settingOf(topic, "cleanup.policy")).toMatchObject({ value: "delete", is_default: true, source: "DEFAULT_CONFIG" });
});

test("all settings of a topic are listed, sorted by name", async () => {
  const topic = await api.topic();

  const { json } = await api.v3(`GET /topics/${topic}/configs`);

  const names = json.data.map(({ name }: { name: string }) => name);
  expect(json.kind).toBe("KafkaTopicConfigList");
  expect(names).toEqual([...names].sort());
  expect(names).toContain("max.message.bytes");
});

test("settings of all topics are listed at once, or those of some, or some of all", async () => {
  const [one, other] = [await api.topic(), await api.topic()];

  const some = await api.v3(`GET /topics/-/configs?topic_name=${one},${other},no-such-topic`);
  const retention = await api.v3("GET /topics/-/configs?name=retention.ms");

  const topicsOf = (answer: typeof some) => new Set(answer.json.data.map(({ topic_name }: { topic_name: string }) => topic_name));
  expect(topicsOf(some)).toEqual(new Set([one, other]));
  expect([topicsOf(retention).has(one), topicsOf(retention).has(other)]).toEqual([true, true]);
  expect(new Set(retention.json.data.map(({ name }: { name: string }) => name))).toEqual(new Set(["retention.ms"]));
});

test("a setting that is set is read back at once, and the others stay as they were", async () => {
  const topic = await api.topic({ configs: { "retention.ms": "1000" } });

  const answer = await api.v3(`PUT /topics/${topic}/configs/segment.ms`, { body: { value: "60000" } });

  expect([answer.status, answer.text]).toEqual([204, ""]);
  expect((await settingOf(topic, "segment.ms")).value).toBe("60000");
  expect((await settingOf(topic, "retention.ms")).value).toBe("1000");
});

test("a number is taken as a setting's text", async () => {
  const topic = await api.topic();

  await api.v3(`PUT /topics/${topic}/configs/max.compaction.lag.ms`, { body: '{"value": 9007199254740993}' });

  expect((await settingOf(topic, "max.compaction.lag.ms")).value).toBe("9007199254740993");
});

test("a setting that is deleted is its default again", async () => {
  const topic = await api.topic({ configs: { "retention.ms": "1000" } });

  const answer = await api.v3(`DELETE /topics/${topic}/configs/retention.ms`);

  expect(answer.status).toBe(204);
  expect(await settingOf(topic, "retention.ms")).toMatchObject({ is_default: true, value: "604800000" });
});

test("many settings are changed at once: SET by default, DELETE, and for lists APPEND and SUBTRACT", async () => {
  const topic = await api.topic({ configs: { "retention.ms": "1000" } });

  const answer = await api.v3(`POST /topics/${topic}/configs:alter`, {
    body: {
      data: [
        { name: "retention.ms", operation: "DELETE" },
        { name: "segment.ms", value: "60000" },
        { name: "cleanup.policy", operation: "APPEND", value: "compact" },
      ],
    },
  });

  expect(answer.status).toBe(204);
  expect((await settingOf(topic, "retention.ms")).is_default).toBe(true);
  expect((await settingOf(topic, "segment.ms")).value).toBe("60000");
  expect((await settingOf(topic, "cleanup.policy")).value).toBe("delete,compact");
});

test("a change that is refused in part is made in no part", async () => {
  const topic = await api.topic();

  const answer = await api.v3(`POST /topics/${topic}/configs:alter`, {
    body: {
      data: [
        { name: "segment.ms", value: "60000" },
        { name: "retention.ms", value: "soon" },
      ],
    },
  });

  expect([answer.status, answer.json.error_code]).toEqual([400, 40002]);
  expect((await settingOf(topic, "segment.ms")).is_default).toBe(true);
});

test("with validate_only nothing is changed", async () => {
  const topic = await api.topic();

  const good = await api.v3(`POST /topics/${topic}/configs:alter`, {
    body: { data: [{ name: "segment.ms", value: "60000" }], validate_only: true },
  });
  const bad = await api.v3(`POST /topics/${topic}/configs:alter`, {
    body: { data: [{ name: "segment.ms", value: "x" }], validate_only: true },
  });

  expect([good.status, bad.status]).toEqual([204, 400]);
  expect((await settingOf(topic, "segment.ms")).is_default).toBe(true);
});

test.each([
  ["GET", "/configs/no.such.setting", undefined],
  ["PUT", "/configs/no.such.setting", { value: "1" }],
  ["DELETE", "/configs/no.such.setting", undefined],
  ["POST", "/configs:alter", { data: [{ name: "no.such.setting", value: "1" }] }],
])("a setting that does not exist is 404: %s %s", async (method, path, body) => {
  const topic = await api.topic();

  const answer = await api.v3(`${method} /topics/${topic}${path}`, body === undefined ? {} : { body });

  expect([answer.status, answer.json.error_code]).toEqual([404, 404]);
});

test.each([
  ["an impossible value", { data: [{ name: "segment.ms", value: "-5" }] }, 400, 40002],
  ["an unknown operation", { data: [{ name: "segment.ms", value: "5", operation: "MULTIPLY" }] }, 400, 400],
  ["an unknown member", { data: [{ name: "segment.ms", val: "5" }] }, 422, 422],
  ["no name", { data: [{ value: "5" }] }, 400, 400],
  ["a value that no string of Kafka's holds", { data: [{ name: "retention.ms", value: "1".repeat(32_768) }] }, 400, 400],
])("a change is refused with %s", async (_, body, status, errorCode) => {
  const topic = await api.topic();

  const answer = await api.v3(`POST /topics/${topic}/configs:alter`, { body });

  expect([answer.status, answer.json.error_code]).toEqual([status, errorCode]);
});

test("settings of many topics are changed at once: 204 where all went well", async () => {
  const [one, other] = [await api.topic(), await api.topic()];
  const change = (topic_name: string) => ({ topic_name, configs: [{ name: "retention.ms", value: "5000" }] });

  const answer = await api.v3("POST /topics/-/configs:alter", { body: { data: [change(one), change(other)] } });

  expect([answer.status, answer.text]).toEqual([204, ""]);
  expect([(await settingOf(one, "retention.ms")).value, (await settingOf(other, "retention.ms")).value]).toEqual(["5000", "5000"]);
});

test("settings of many topics are changed at once: 207 tells which were not, and the others are changed", async () => {
  const [good, bad] = [await api.topic(), await api.topic()];
  const change = (topic_name: string, value: string) => ({ topic_name, configs: [{ name: "retention.ms", value }] });
  const noName = "n".repeat(40_000);

  const answer = await api.v3("POST /topics/-/configs:alter", {
    body: {
      data: [change("no-such-topic", "1"), change(good, "5000"), change(bad, "x"), change("__consumer_offsets", "1"), change(noName, "1")],
    },
  });

  expect(answer.status).toBe(207);
  expect(
    answer.json.failures.map(({ topic_name, error_code }: { topic_name: string; error_code: number }) => [topic_name, error_code]),
  ).toEqual([
    ["no-such-topic", 40403],
    [bad, 40002],
    ["__consumer_offsets", 40002],
    [noName, 40403],
  ]);
  expect((await settingOf(good, "retention.ms")).value).toBe("5000");
});

test("a broker's settings tell their source, and hide what is sensitive", async () => {
  const { json } = await api.v3(`GET /brokers/${broker}/configs`);

  const setting = json.data.find(({ name }: { name: string }) => name === "log.cleaner.threads");
  expect(json.kind).toBe("KafkaBrokerConfigList");
  expect(setting).toMatchObject({ kind: "KafkaBrokerConfig", broker_id: broker, is_read_only: false });
  expect(setting.metadata.resource_name).toBe(`crn:///kafka=${api.clusterId}/broker=${broker}/config=log.cleaner.threads`);
  expect(
    json.data
      .filter(({ is_sensitive }: { is_sensitive: boolean }) => is_sensitive)
      .every(({ value }: { value: unknown }) => value === null),
  ).toBe(true);
  expect((await api.v3("GET /brokers/-/configs")).json.data.length).toBeGreaterThanOrEqual(json.data.length);
});

/** Reads a setting until the broker has it: brokers with ZooKeeper learn of a change a moment after it was made. */
async function settled(path: string, has: (answer: Awaited<ReturnType<typeof api.v3>>) => boolean) {
  let answer = await api.v3(`GET ${path}`);
  await until(async () => {
    answer = await api.v3(`GET ${path}`);
    return has(answer);
  });
  return answer;
}

test("a broker's setting is set and put back", async () => {
  const path = `/brokers/${broker}/configs/log.cleaner.backoff.ms`;

  const set = await api.v3(`PUT ${path}`, { body: { value: "14000" } });
  const now = await settled(path, ({ json }) => json.value === "14000");
  const altered = await api.v3(`POST /brokers/${broker}/configs:alter`, {
    body: { data: [{ name: "log.cleaner.backoff.ms", value: "14001" }] },
  });
  const then = await settled(path, ({ json }) => json.value !== "14000");
  const reset = await api.v3(`DELETE ${path}`);

  expect([set.status, altered.status, reset.status]).toEqual([204, 204, 204]);
  expect(now.json).toMatchObject({ value: "14000", source: "DYNAMIC_BROKER_CONFIG" });
  expect(then.json.value).toBe("14001");
  expect((await settled(path, ({ json }) => json.value !== "14001")).json.value).toBe("15000");
});

test("a setting for all brokers is set, listed and taken back", async () => {
  const path = "/broker-configs/log.cleaner.io.buffer.load.factor";

  const set = await api.v3(`PUT ${path}`, { body: { value: "0.8" } });
  const now = await settled(path, ({ status }) => status === 200);
  const listed = await api.v3("GET /broker-configs");
  const altered = await api.v3("POST /broker-configs:alter", {
    body: { data: [{ name: "log.cleaner.io.buffer.load.factor", operation: "DELETE" }] },
  });
  const gone = await settled(path, ({ status }) => status !== 200);

  expect([set.status, altered.status, gone.status]).toEqual([204, 204, 404]);
  expect(now.json).toMatchObject({
    kind: "KafkaClusterConfig",
    metadata: { resource_name: `crn:///kafka=${api.clusterId}/broker-config=log.cleaner.io.buffer.load.factor` },
    config_type: "BROKER",
    value: "0.8",
    source: "DYNAMIC_DEFAULT_BROKER_CONFIG",
  });
  expect(listed.json.data.map(({ name }: { name: string }) => name)).toContain("log.cleaner.io.buffer.load.factor");
  expect((await api.v3(`DELETE ${path}`)).status).toBe(204);
});

test.each([
  ["PUT /broker-configs/no.such.setting", { value: "1" }],
  ["DELETE /broker-configs/no.such.setting", undefined],
  [
    "POST /broker-configs:alter",
    {
      data: [
        { name: "log.cleaner.threads", value: "2" },
        { name: "no.such.setting", value: "1" },
      ],
    },
  ],
])("%s changes nothing for all brokers: no broker has such a setting", async (methodAndPath, body) => {
  expect((await api.v3(methodAndPath, body === undefined ? {} : { body })).json.error_code).toBe(404);
  const names = (await api.v3("GET /broker-configs")).json.data.map(({ name }: { name: string }) => name);
  expect(names).not.toContain("no.such.setting");
});

test("nothing to change is nothing to refuse, and a word of a change is taken in any letter case", async () => {
  const topic = await api.topic();

  const nothing = await api.v3(`POST /topics/${topic}/configs:alter`, { body: { data: [] } });
  const set = await api.v3(`POST /topics/${topic}/configs:alter`, {
    body: { data: [{ name: "retention.ms", value: "5000", operation: "set" }] },
  });

  expect([nothing.status, set.status]).toEqual([204, 204]);
  expect((await settingOf(topic, "retention.ms")).value).toBe("5000");
});

test("what brokers take and do not list, such as the throttles of a reassignment, is set and taken back", async () => {
  const path = `/brokers/${broker}/configs/follower.replication.throttled.rate`;

  const set = await api.v3(`PUT ${path}`, { body: { value: "10000000" } });
  const gone = await api.v3(`DELETE ${path}`);

  expect([set.status, gone.status]).toEqual([204, 204]);
});

test.each([
  ["GET /brokers/777/configs", undefined, 404],
  ["PUT /brokers/777/configs/log.cleaner.threads", { value: "1" }, 404],
  ["GET /brokers/x/configs", undefined, 404],
  ["GET /brokers/BROKER/configs/no.such.setting", undefined, 404],
  ["PUT /brokers/BROKER/configs/log.dirs", { value: "/tmp" }, 400],
  ["PUT /broker-configs/log.cleaner.threads", { value: "many" }, 400],
])("%s is refused", async (methodAndPath, body, status) => {
  const answer = await api.v3(methodAndPath.replace("BROKER", String(broker)), body === undefined ? {} : { body });

  expect(answer.status).toBe(status);
});
