/** The cluster, its brokers, reassignments and elections by the v3 contract. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AdminApi, createAdminApi } from "../support/api/admin-api.js";

let api: AdminApi;
let broker: number;
beforeAll(async () => {
  api = await createAdminApi();
  broker = (await api.v3("GET /brokers")).json.data[0].broker_id;
});
afterAll(() => api.close());

test("there is exactly one cluster, with links to all that it holds", async () => {
  const self = `https://api.example.com/v3/clusters/${api.clusterId}`;

  const { json } = await api.call("GET /v3/clusters");

  expect(json).toEqual({
    kind: "KafkaClusterList",
    metadata: { self: "https://api.example.com/v3/clusters", next: null },
    data: [
      {
        kind: "KafkaCluster",
        metadata: { self, resource_name: `crn:///kafka=${api.clusterId}` },
        cluster_id: api.clusterId,
        controller: { related: expect.stringMatching(`^${self}/brokers/\\d+$`) },
        acls: { related: `${self}/acls` },
        brokers: { related: `${self}/brokers` },
        broker_configs: { related: `${self}/broker-configs` },
        consumer_groups: { related: `${self}/consumer-groups` },
        topics: { related: `${self}/topics` },
        partition_reassignments: { related: `${self}/topics/-/partitions/-/reassignment` },
      },
    ],
  });
  expect((await api.v3("GET ")).json).toEqual(json.data[0]);
});

test("every link that is given is answered", async () => {
  const { json } = await api.v3("GET ");
  const links = ["controller", "acls", "brokers", "broker_configs", "consumer_groups", "topics", "partition_reassignments"].map(
    (name) => json[name].related,
  );

  const answers = await Promise.all(links.map((link) => api.call(`GET ${new URL(link).pathname}`)));

  expect(answers.map(({ status }) => status)).toEqual(links.map(() => 200));
});

test("another cluster is 404 everywhere", async () => {
  const paths = ["", "/brokers", "/topics", "/acls", "/consumer-groups", "/broker-configs", "/topics/-/partitions/-/reassignment"];

  const answers = await Promise.all(paths.map((path) => api.call(`GET /v3/clusters/nope${path}`)));

  expect(answers.map(({ status, json }) => [status, json.error_code])).toEqual(paths.map(() => [404, 404]));
});

test("a broker tells its address, and which replicas it holds", async () => {
  const topic = await api.topic({ partitions: 2 });
  const self = `https://api.example.com/v3/clusters/${api.clusterId}/brokers/${broker}`;

  const { json } = await api.v3(`GET /brokers/${broker}`);
  const replicas = await api.v3(`GET /brokers/${broker}/partition-replicas`);

  expect(json).toEqual({
    kind: "KafkaBroker",
    metadata: { self, resource_name: `crn:///kafka=${api.clusterId}/broker=${broker}` },
    cluster_id: api.clusterId,
    broker_id: broker,
    host: expect.any(String),
    port: expect.any(Number),
    rack: null,
    configs: { related: `${self}/configs` },
    partition_replicas: { related: `${self}/partition-replicas` },
  });
  expect(replicas.json.kind).toBe("KafkaReplicaList");
  expect(replicas.json.data.filter(({ topic_name }: { topic_name: string }) => topic_name === topic)).toHaveLength(2);
});

test.each(["/brokers/777", "/brokers/x", "/brokers/-1", "/brokers/777/partition-replicas"])("a missing broker is 404: %s", async (path) => {
  const answer = await api.v3(`GET ${path}`);

  expect([answer.status, answer.json.error_code]).toEqual([404, 404]);
});

test("reassignments are listed, of all topics and of one", async () => {
  const topic = await api.topic();

  const all = await api.v3("GET /topics/-/partitions/-/reassignment");
  const one = await api.v3(`GET /topics/${topic}/partitions/-/reassignment`);

  expect([all.json.kind, one.json.kind, one.json.data]).toEqual(["KafkaReassignmentList", "KafkaReassignmentList", []]);
});

test("each partition that is moved, or cancelled, has its own answer", async () => {
  const topic = await api.topic({ partitions: 2 });

  const { status, json } = await api.v3("POST /reassignments:alter", {
    body: {
      data: [
        { topic_name: topic, partition_id: 0, replicas: [broker] },
        { topic_name: topic, partition_id: 1, replicas: [777] },
        { topic_name: topic, partition_id: 9, replicas: [broker] },
        { topic_name: "__consumer_offsets", partition_id: 0, replicas: [broker] },
      ],
    },
  });
  const cancelled = await api.v3("POST /reassignments:alter", { body: { data: [{ topic_name: topic, partition_id: 0, replicas: null }] } });

  expect(status).toBe(207);
  expect(json.data.map(({ error_code }: { error_code?: number }) => error_code)).toEqual([undefined, 40002, 40403, 40002]);
  expect(cancelled.json.data[0].error_code).toBe(404);
});

test("leaders are elected for the partitions named, each with its outcome", async () => {
  const topic = await api.topic({ partitions: 2 });

  const { status, json } = await api.v3("POST /leaders:elect", {
    body: {
      partitions: [
        { topic_name: topic, partition_id: 0 },
        { topic_name: topic, partition_id: 9 },
      ],
    },
  });
  const all = await api.v3("POST /leaders:elect", { body: {} });

  expect(status).toBe(200);
  expect(json.data.map(({ outcome, error_code }: { outcome: string; error_code?: number }) => [outcome, error_code])).toEqual([
    ["NOT_NEEDED", undefined],
    ["FAILED", 40403],
  ]);
  expect(all.status).toBe(200);
});

test.each([
  ["POST /reassignments:alter", { data: [] }, 400],
  ["POST /reassignments:alter", { data: [{ topic_name: "t", partition_id: 0 }] }, 400],
  ["POST /reassignments:alter", { data: [{ topic_name: "t", partition_id: 0, replicas: [] }] }, 400],
  ["POST /reassignments:alter", { data: [{ topic_name: "t", partition_id: 0, replicas: [99_999_999_999] }] }, 400],
  ["POST /leaders:elect", { election_type: "DIRTY" }, 400],
  ["POST /leaders:elect", { partitions: [{ topic_name: "t".repeat(32_768), partition_id: 0 }] }, 400],
  ["POST /leaders:elect", { partition: 0 }, 422],
])("%s with a body that makes no sense is refused: %j", async (methodAndPath, body, status) => {
  expect((await api.v3(methodAndPath, { body })).status).toBe(status);
});
