/** The producer through many faults in a row on three nodes: kills, controlled stops, freezes and moved leaders, in an order that the seed decides. Writes its table. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { alterReassignmentsApi } from "../../lib/kafka/protocol/topics.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { onThreeNodes, type ThreeNodes } from "../support/broker/three-nodes.js";
import { Ledger, nothingLost } from "../support/relay/ledger.js";
import { createRandom, partitionsOf, reportSoak } from "../support/run/soak.js";

const faultsCount = Number(process.env.SOAK_FAULTS ?? 60);
const seed = Number(process.env.SOAK_SEED ?? 1);
const partitions = 6;
const frozenMs = 5_000;

let cluster: ThreeNodes;
let kafka: Kafka;
onThreeNodes((nodes, client) => {
  cluster = nodes;
  kafka = client;
});

test("nothing that was acknowledged is lost or doubled through many faults in a row", async () => {
  const topic = await createTestTopic(kafka, { partitions, replicas: 3, configs: { "min.insync.replicas": "2" } });
  const ledger = new Ledger(kafka, topic);
  const random = createRandom(seed);
  const done: Record<string, number> = {};

  await ledger.writeDuring({ writers: 4, recordsPerCall: 12, deadlineMs: 20_000 }, async () => {
    for (let fault = 0; fault < faultsCount; fault++) {
      const name = faultNames[Math.floor(random() * faultNames.length)] ?? "kill";
      done[name] = (done[name] ?? 0) + 1;
      await faults[name](topic, Math.floor(random() * 3));
      const soFar = ledger.acknowledged;
      await until(() => ledger.acknowledged > soFar + 200, 60_000);
      await cluster.heal();
      await until(async () => (await partitionsOf(kafka, topic)).every(({ isr }) => isr.length === 3), 90_000);
    }
  });

  const table = await ledger.table();
  reportSoak("producer", { seed, faults: done, ...table, failures: Object.fromEntries(ledger.failures) });
  expect(table).toMatchObject(nothingLost);
});

const faults = {
  kill: async (_: TopicName, node: number) => {
    await cluster.nodes[node]?.kill();
  },
  stop: async (_: TopicName, node: number) => {
    await cluster.nodes[node]?.stop();
  },
  freeze: async (_: TopicName, node: number) => {
    cluster.nodes[node]?.freeze();
    await sleep(frozenMs);
    cluster.nodes[node]?.thaw();
  },
  move: async (topic: TopicName, node: number) => {
    const all = [1, 2, 3];
    const replicas = (first: number) => [first, ...all.filter((id) => id !== first)];
    await reassign(topic, () => replicas(all[node] ?? 1).slice(0, 2));
    await until(async () => (await partitionsOf(kafka, topic)).every((one) => one.replicas.length === 2 && one.isr.length === 2), 60_000);
    await reassign(topic, (partition) => replicas(all[(node + partition) % 3] ?? 1));
  },
} as const;
const faultNames = ["kill", "stop", "freeze", "move"] as const satisfies readonly (keyof typeof faults)[];

async function reassign(topic: TopicName, replicasOf: (partition: number) => readonly number[]): Promise<void> {
  const numbers = Array.from({ length: partitions }, (_, partition) => partition);
  const topics = [{ name: topic, partitions: numbers.map((partition) => ({ partition, replicas: replicasOf(partition) })) }];
  await kafka.connection.request(alterReassignmentsApi, { timeoutMs: 15_000, topics }, "controller", createDeadline(15_000));
}
