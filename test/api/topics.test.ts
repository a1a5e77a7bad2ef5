/** Topics by the v3 contract: created, listed, described, grown, deleted; one at a time and many at once. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AdminApi, createAdminApi, writeRecords } from "../support/api/admin-api.js";
import { uniqueName } from "../support/broker/unique-names.js";

let api: AdminApi;
beforeAll(async () => {
  api = await createAdminApi();
});
afterAll(() => api.close());

/** A name that is deleted when the tests are over. */
function newName(): string {
  const name = uniqueName("admin");
  api.willDelete(name);
  return name;
}

test("a topic is created with the counts and settings asked for, and its address stands in Location", async () => {
  const topic_name = newName();

  const answer = await api.v3("POST /topics", {
    body: { topic_name, partitions_count: 3, replication_factor: 1, configs: [{ name: "cleanup.policy", value: "compact" }] },
  });

  const self = `https://api.example.com/v3/clusters/${api.clusterId}/topics/${topic_name}`;
  expect(answer.status).toBe(201);
  expect(answer.headers.location).toBe(self);
  expect(answer.json).toEqual({
    kind: "KafkaTopic",
    metadata: { self, resource_name: `crn:///kafka=${api.clusterId}/topic=${topic_name}` },
    cluster_id: api.clusterId,
    topic_name,
    is_internal: false,
    replication_factor: 1,
    partitions_count: 3,
    partitions: { related: `${self}/partitions` },
    configs: { related: `${self}/configs` },
    partition_reassignments: { related: `${self}/partitions/-/reassignment` },
    authorized_operations: [],
  });
  expect((await api.v3(`GET /topics/${topic_name}`)).json).toEqual(answer.json);
});

test("counts that are left out, or null, are the broker's defaults", async () => {
  const answer = await api.v3("POST /topics", {
    body: { topic_name: newName(), partitions_count: null, configs: [{ name: "retention.ms", value: null }] },
  });

  expect([answer.status, answer.json.partitions_count, answer.json.replication_factor]).toEqual([201, 1, 1]);
});

test.each([
  ["as an object", { "0": [1], "1": [1] }],
  [
    "as a list",
    [
      { partition_id: 0, broker_ids: [1] },
      { partition_id: 1, broker_ids: [1] },
    ],
  ],
])("a replica map %s decides both counts", async (_, replicas_assignments) => {
  const { brokers } = await api.kafka.metadata.describe([], { leftMs: () => 5_000 });
  const id = brokers[0]?.nodeId ?? 1;
  const body = {
    topic_name: newName(),
    partitions_count: 7,
    replicas_assignments: JSON.parse(JSON.stringify(replicas_assignments).replaceAll("[1]", `[${id}]`)),
  };

  const answer = await api.v3("POST /topics", { body });

  expect([answer.status, answer.json.partitions_count, answer.json.replication_factor]).toEqual([201, 2, 1]);
});

test("with validate_only nothing is created", async () => {
  const topic_name = newName();

  const answer = await api.v3("POST /topics", { body: { topic_name, partitions_count: 2, validate_only: true } });

  expect([answer.status, answer.json.topic_name, answer.json.partitions_count]).toEqual([200, topic_name, 2]);
  expect((await api.v3(`GET /topics/${topic_name}`)).status).toBe(404);
});

test.each([
  ["no body", undefined, 422, 42206],
  ["a body that is cut off", '{"topic_name":', 400, 400],
  ["no name", { partitions_count: 1 }, 400, 400],
  ["an unknown member", { topic_name: "x", partitions: 1 }, 422, 422],
  ["a name with a space", { topic_name: "a b" }, 422, 42206],
  ["a name of letters that Kafka does not take", { topic_name: "ümlaut" }, 422, 42206],
  ["an empty name", { topic_name: "" }, 422, 42206],
  ["two dots", { topic_name: ".." }, 422, 42206],
  ["no partitions at all", { topic_name: "admin-never", partitions_count: 0 }, 400, 40002],
  ["a broker that no number names", { topic_name: "admin-never", replicas_assignments: { 0: [99_999_999_999] } }, 400, 400],
  ["fewer partitions than none", { topic_name: "admin-never", partitions_count: -5 }, 400, 40002],
  ["a count that is text", { topic_name: "admin-never", partitions_count: "3" }, 400, 400],
  ["more replicas than brokers", { topic_name: "admin-never", replication_factor: 99 }, 400, 40002],
  ["an unknown setting", { topic_name: "admin-never", configs: [{ name: "no.such.setting", value: "1" }] }, 400, 40002],
  ["a setting's impossible value", { topic_name: "admin-never", configs: [{ name: "retention.ms", value: "soon" }] }, 400, 40002],
  ["one of Kafka's own", { topic_name: "__consumer_offsets" }, 400, 40002],
])("a topic is not created with %s", async (_, body, status, errorCode) => {
  const answer = await api.v3("POST /topics", body === undefined ? { contentType: "application/json" } : { body });

  expect([answer.status, answer.json.error_code, answer.json.message.length > 10]).toEqual([status, errorCode, true]);
});

test("an existing topic is not created again", async () => {
  const topic_name = await api.topic();

  const answer = await api.v3("POST /topics", { body: { topic_name } });

  expect([answer.status, answer.json.error_code]).toEqual([400, 40002]);
  expect(answer.json.message).toContain(topic_name);
});

test("topics are listed by name, Kafka's own among them", async () => {
  const [b, a] = [await api.topic(), await api.topic()];

  const { json } = await api.v3("GET /topics");

  const names = json.data.map(({ topic_name }: { topic_name: string }) => topic_name);
  expect(json.kind).toBe("KafkaTopicList");
  expect(json.metadata).toEqual({ self: `https://api.example.com/v3/clusters/${api.clusterId}/topics`, next: null });
  expect(names).toEqual([...names].sort());
  expect(names).toEqual(expect.arrayContaining([a, b]));
});

test.each(["include_authorized_operations", "includeAuthorizedOperations"])(
  "the operations allowed are listed on demand by %s",
  async (parameter) => {
    const topic = await api.topic();

    const described = await api.v3(`GET /topics/${topic}?${parameter}=true`);
    const listed = await api.v3(`GET /topics?${parameter}=true`);

    expect(described.json.authorized_operations).toEqual(expect.arrayContaining(["READ", "WRITE", "DELETE", "ALTER_CONFIGS"]));
    expect(listed.json.data.find(({ topic_name }: { topic_name: string }) => topic_name === topic).authorized_operations).toContain("READ");
  },
);

test("partitions are added, and the topic as it is now comes back", async () => {
  const topic = await api.topic({ partitions: 2 });

  const answer = await api.v3(`PATCH /topics/${topic}`, { body: { partitions_count: 5 } });

  expect([answer.status, answer.json.partitions_count]).toEqual([200, 5]);
  expect((await api.v3(`GET /topics/${topic}/partitions`)).json.data).toHaveLength(5);
});

test.each([
  ["as many partitions as now", 2],
  ["fewer than now", 1],
  ["none", 0],
  ["millions more, at which a controller that tried would end", 20_000_000],
])("a topic does not come to have %s", async (_, partitions_count) => {
  const topic = await api.topic({ partitions: 2 });

  const answer = await api.v3(`PATCH /topics/${topic}`, { body: { partitions_count } });

  expect([answer.status, answer.json.error_code]).toEqual([400, 40002]);
});

test("a topic that is deleted is gone for the next call", async () => {
  const topic = await api.topic();

  const deleted = await api.v3(`DELETE /topics/${topic}`);

  expect([deleted.status, deleted.text]).toEqual([204, ""]);
  expect((await api.v3(`GET /topics/${topic}`)).status).toBe(404);
  expect((await api.v3(`DELETE /topics/${topic}`)).json.error_code).toBe(40403);
});

test.each([
  ["GET", ""],
  ["DELETE", ""],
  ["GET", "/partitions"],
  ["GET", "/partitions/0"],
  ["GET", "/partitions/0/offset"],
  ["GET", "/partitions/0/replicas"],
  ["GET", "/partitions/-/reassignment"],
  ["GET", "/offsets"],
  ["GET", "/configs"],
  ["GET", "/configs/retention.ms"],
  ["DELETE", "/configs/retention.ms"],
])("%s of a missing topic%s is 404 with the contract's code, at once", async (method, path) => {
  const names = ["no-such-topic", "no%20such%2Ftopic", "%00", "x".repeat(300)];

  const answers = await Promise.all(names.map((name) => api.v3(`${method} /topics/${name}${path}`)));

  expect(answers.map(({ status, json }) => [status, json.error_code])).toEqual(names.map(() => [404, 40403]));
});

test.each([
  ["DELETE /topics/__consumer_offsets", undefined],
  ["PATCH /topics/__consumer_offsets", { partitions_count: 100 }],
  ["PUT /topics/__consumer_offsets/configs/retention.ms", { value: "1" }],
  ["POST /topics/__consumer_offsets/configs:alter", { data: [{ name: "retention.ms", value: "1" }] }],
  ["POST /topics/__consumer_offsets/records:delete", { partitions: [{ partition_id: 0, before_offset: -1 }] }],
])("Kafka's own topics stay as they are: %s is refused", async (methodAndPath, body) => {
  const answer = await api.v3(methodAndPath, body === undefined ? {} : { body });

  expect([answer.status, answer.json.error_code]).toEqual([400, 40002]);
});

test("another cluster's id is 404, and says which this is", async () => {
  const answer = await api.call("GET /v3/clusters/no-such-cluster/topics");

  expect([answer.status, answer.json.error_code]).toEqual([404, 404]);
  expect(answer.json.message).toContain(api.clusterId);
});

test("of many topics created at once each has its own answer, and one broken name does not lose the others", async () => {
  const [first, second] = [newName(), newName()];
  const existing = await api.topic();

  const answer = await api.v3("POST /topics:batch", {
    body: {
      data: [
        { topic_name: first, partitions_count: 2 },
        { topic_name: "not a name" },
        { topic_name: existing },
        { topic_name: second, configs: [{ name: "retention.ms", value: 60000 }] },
      ],
    },
  });

  expect(answer.status).toBe(207);
  expect(answer.json.successes.map(({ topic_name }: { topic_name: string }) => topic_name).sort()).toEqual([first, second].sort());
  expect(
    Object.fromEntries(answer.json.failures.map((one: { topic_name: string; error_code: number }) => [one.topic_name, one.error_code])),
  ).toEqual({
    "not a name": 42206,
    [existing]: 40002,
  });
});

test("of many topics deleted at once each has its own answer", async () => {
  const [first, second] = [await api.topic(), await api.topic()];

  const answer = await api.v3("POST /topics:delete", {
    body: { data: [{ topic_name: first }, { topic_name: "no-such-topic" }, { topic_name: "__consumer_offsets" }, { topic_name: second }] },
  });

  expect(answer.status).toBe(207);
  expect(answer.json.successes).toEqual([{ topic_name: first }, { topic_name: second }]);
  expect(
    answer.json.failures.map(({ topic_name, error_code }: { topic_name: string; error_code: number }) => [topic_name, error_code]),
  ).toEqual([
    ["no-such-topic", 40403],
    ["__consumer_offsets", 40002],
  ]);
});

test("a partition tells its leader, replicas and offsets", async () => {
  const topic = await api.topic({ partitions: 2 });
  await writeRecords(topic, 1, [1_000, 2_000, 3_000]);
  const base = `https://api.example.com/v3/clusters/${api.clusterId}/topics/${topic}/partitions/1`;

  const partition = (await api.v3(`GET /topics/${topic}/partitions/1`)).json;
  const offsets = (await api.v3(`GET /topics/${topic}/partitions/1/offset`)).json;
  const replicas = (await api.v3(`GET /topics/${topic}/partitions/1/replicas`)).json;

  const broker = replicas.data[0].broker_id;
  expect(partition).toMatchObject({
    kind: "KafkaPartition",
    metadata: { self: base, resource_name: `crn:///kafka=${api.clusterId}/topic=${topic}/partition=1` },
    partition_id: 1,
    leader: { related: `${base}/replicas/${broker}` },
    replicas: { related: `${base}/replicas` },
    reassignment: { related: `${base}/reassignment` },
  });
  expect(offsets).toMatchObject({ kind: "KafkaPartitionWithOffsets", earliest_offset: 0, latest_offset: 3 });
  expect(replicas.data).toEqual([
    {
      kind: "KafkaReplica",
      metadata: {
        self: `${base}/replicas/${broker}`,
        resource_name: `crn:///kafka=${api.clusterId}/topic=${topic}/partition=1/replica=${broker}`,
      },
      cluster_id: api.clusterId,
      topic_name: topic,
      partition_id: 1,
      broker_id: broker,
      is_leader: true,
      is_in_sync: true,
      broker: { related: `https://api.example.com/v3/clusters/${api.clusterId}/brokers/${broker}` },
    },
  ]);
  expect((await api.v3(`GET /topics/${topic}/partitions/1/replicas/${broker}`)).json).toEqual(replicas.data[0]);
});

test.each([
  ["/partitions/7", 40403],
  ["/partitions/-1", 40403],
  ["/partitions/one", 40403],
  ["/partitions/99999999999999", 40403],
  ["/partitions/0/replicas/777", 404],
  ["/partitions/0/reassignment", 404],
])("what a topic does not have is 404: %s", async (path, errorCode) => {
  const topic = await api.topic();

  const answer = await api.v3(`GET /topics/${topic}${path}`);

  expect([answer.status, answer.json.error_code]).toEqual([404, errorCode]);
});

test("offsets for a time are the first at or after it, and the end where nothing is as young", async () => {
  const topic = await api.topic({ partitions: 2 });
  const base = 1_700_000_000_000;
  await writeRecords(topic, 0, [base, base + 1_000, base + 2_000]);

  const byMs = await api.v3(`GET /topics/${topic}/offsets?timestamp=${base + 500}`);
  const byIso = await api.v3(`GET /topics/${topic}/offsets?timestamp=${new Date(base + 1_500).toISOString()}`);
  const later = await api.v3(`GET /topics/${topic}/offsets?timestamp=${base + 60_000}`);
  const nonsense = await api.v3(`GET /topics/${topic}/offsets?timestamp=yesterday`);

  const first = (answer: typeof byMs) => answer.json.data[0].timestamp_offset;
  expect([first(byMs), first(byIso), first(later)]).toEqual([1, 2, 3]);
  expect(byMs.json.data[1]).toEqual({ topic_name: topic, partition_id: 1, earliest_offset: 0, latest_offset: 0, timestamp_offset: 0 });
  expect(nonsense.status).toBe(400);
});

test("an offset_type that the contract does not have is 400", async () => {
  const topic = await api.topic();

  expect((await api.v3(`GET /topics/${topic}/partitions/0/offset?offset_type=latest`)).status).toBe(400);
  expect((await api.v3(`GET /topics/${topic}/partitions/0/offset?offset_type=EARLIEST_AND_LATEST`)).status).toBe(200);
});

test("records before an offset are deleted, all with -1, and a partition with nothing to delete is none the worse", async () => {
  const topic = await api.topic({ partitions: 2 });
  await writeRecords(topic, 0, [1, 2, 3, 4, 5]);

  const some = await api.v3(`POST /topics/${topic}/records:delete`, { body: { partitions: [{ partition_id: 0, before_offset: 2 }] } });
  const all = await api.v3(`POST /topics/${topic}/records:delete`, {
    body: {
      partitions: [
        { partition_id: 0, before_offset: -1 },
        { partition_id: 1, before_offset: -1 },
      ],
    },
  });

  expect([some.status, some.json.data]).toEqual([200, [{ topic_name: topic, partition_id: 0, low_watermark: 2 }]]);
  expect(all.json.data.map(({ low_watermark }: { low_watermark: number }) => low_watermark)).toEqual([5, 0]);
  expect((await api.v3(`GET /topics/${topic}/partitions/0/offset`)).json).toMatchObject({ earliest_offset: 5, latest_offset: 5 });
});

test.each([
  ["an offset beyond the end", [{ partition_id: 0, before_offset: 4 }], 400, 400],
  ["an offset below -1", [{ partition_id: 0, before_offset: -2 }], 400, 400],
  ["an offset that is text", [{ partition_id: 0, before_offset: "all" }], 400, 400],
  ["a partition that does not exist", [{ partition_id: 9, before_offset: -1 }], 404, 40403],
  [
    "a partition named twice",
    [
      { partition_id: 0, before_offset: 1 },
      { partition_id: 0, before_offset: 2 },
    ],
    400,
    400,
  ],
  ["no partitions", [], 400, 400],
])("with %s nothing is deleted", async (_, partitions, status, errorCode) => {
  const topic = await api.topic({ partitions: 2 });
  await writeRecords(topic, 0, [1, 2, 3]);

  const answer = await api.v3(`POST /topics/${topic}/records:delete`, {
    body: { partitions: [{ partition_id: 1, before_offset: 0 }, ...partitions].slice(partitions.length === 0 ? 1 : 0) },
  });

  expect([answer.status, answer.json.error_code]).toEqual([status, errorCode]);
  expect((await api.v3(`GET /topics/${topic}/partitions/0/offset`)).json.earliest_offset).toBe(0);
});
