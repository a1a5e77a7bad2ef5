/** Moving partitions and their leaders on three nodes, over HTTP. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { RelayError } from "../../lib/errors.js";
import { createTopics, deleteTopics, describeTopic } from "../../lib/kafka/admin/topics.js";
import { type Api, createApi } from "../support/api/api.js";
import { until } from "../support/broker/kafka.js";
import { type ThreeNodes, threeNodes } from "../support/broker/three-nodes.js";
import { uniqueName } from "../support/broker/unique-names.js";

let cluster: ThreeNodes;
let api: Api;
let v3: string;
const topic = uniqueName("moving");
const deadline = () => createDeadline(20_000);

beforeAll(async () => {
  cluster = await threeNodes();
  api = await createApi({ env: { KAFKA_BROKERS: cluster.brokers.join(",") } });
  v3 = `/v3/clusters/${(await api.kafka.metadata.describe([], deadline())).clusterId}`;
  const [created] = await createTopics(api.kafka, [{ name: topic, replicas: new Map([[0, [1, 2]]]) }], deadline());
  if (created instanceof RelayError) throw created;
}, 300_000);
afterAll(async () => {
  await deleteTopics(api.kafka, [topic], deadline());
  await api.close();
  await cluster.release();
});

const partition = async () => (await describeTopic(api.kafka, topic, deadline())).partitions[0];

test("a partition is moved to other brokers, and has no reassignment under way when it is there", async () => {
  const body = { data: [{ topic_name: topic, partition_id: 0, replicas: [3, 2] }] };

  const moved = await api.call(`POST ${v3}/reassignments:alter`, { body });
  await until(async () => JSON.stringify((await partition())?.replicas) === "[3,2]" && (await partition())?.isr.length === 2);

  expect([moved.status, moved.json.data]).toEqual([207, [{ topic_name: topic, partition_id: 0 }]]);
  expect((await api.call(`GET ${v3}/topics/${topic}/partitions/0/reassignment`)).status).toBe(404);
  const replicas = (await api.call(`GET ${v3}/topics/${topic}/partitions/0/replicas`)).json.data;
  expect(replicas.map(({ broker_id }: { broker_id: number }) => broker_id)).toEqual([3, 2]);
});

test("while a broker is down, moves to it are listed and cancelled, and everything else is listed in full", async () => {
  const [victim] = cluster.nodes;
  const led = await partition();
  await victim?.kill();
  const body = { data: [{ topic_name: topic, partition_id: 0, replicas: [1, led?.replicas[0]] }] };

  await api.call(`POST ${v3}/reassignments:alter`, { body });
  const one = await api.call(`GET ${v3}/topics/${topic}/partitions/0/reassignment`);
  const all = await api.call(`GET ${v3}/topics/-/partitions/-/reassignment`);
  const cancelled = await api.call(`POST ${v3}/reassignments:alter`, {
    body: { data: [{ topic_name: topic, partition_id: 0, replicas: null }] },
  });
  const others = await Promise.all(
    ["/topics", "/consumer-groups", `/topics/${topic}/configs`, `/topics/${topic}/offsets`, "/brokers"].map((path) =>
      api.call(`GET ${v3}${path}`),
    ),
  );

  expect(one.json).toMatchObject({ kind: "KafkaReassignment", adding_replicas: [1] });
  expect(all.json.data).toEqual([one.json]);
  expect(cancelled.json.data).toEqual([{ topic_name: topic, partition_id: 0 }]);
  expect(others.map(({ status }) => status)).toEqual(others.map(() => 200));
});

test("a partition is led by its preferred replica again once an election is run", async () => {
  await cluster.heal();
  const replicas = (await partition())?.replicas ?? [];
  // The other replica leads once the order is turned round: a reassignment moves the preference, not the leader.
  const turned = [...replicas].reverse();
  await api.call(`POST ${v3}/reassignments:alter`, { body: { data: [{ topic_name: topic, partition_id: 0, replicas: turned }] } });
  await until(
    async () => JSON.stringify((await partition())?.replicas) === JSON.stringify(turned) && (await partition())?.isr.length === 2,
  );

  const elected = await api.call(`POST ${v3}/leaders:elect`, { body: { partitions: [{ topic_name: topic, partition_id: 0 }] } });

  expect(elected.json.data).toEqual([{ topic_name: topic, partition_id: 0, outcome: "ELECTED" }]);
  await until(async () => (await partition())?.leader === turned[0]);
});
