/** The producer while leaders move, and while brokers are killed and frozen: what was acknowledged is there, once, at the reported offset. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import type { PartitionMetadata } from "../../lib/kafka/metadata.js";
import { alterReassignmentsApi } from "../../lib/kafka/protocol/topics.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { onThreeNodes, type ThreeNodes } from "../support/broker/three-nodes.js";
import { Ledger, nothingLost, type Writing } from "../support/relay/ledger.js";

const writing: Writing = { writers: 3, recordsPerCall: 9, deadlineMs: 25_000 };
const partitions = 6;

let cluster: ThreeNodes;
let kafka: Kafka;
onThreeNodes((nodes, client) => {
  cluster = nodes;
  kafka = client;
});

const newTopic = () => createTestTopic(kafka, { partitions, replicas: 3, configs: { "min.insync.replicas": "2" } });

/** As a broker that knows the topic tells it: one of three may still be late. */
async function describe(topic: TopicName): Promise<readonly PartitionMetadata[]> {
  let partitions: readonly PartitionMetadata[] = [];
  await until(async () => {
    const described = (await kafka.metadata.describe([topic], createDeadline(10_000))).topics.get(topic);
    if (described !== undefined && "partitions" in described) partitions = described.partitions;
    return partitions.length > 0;
  });
  return partitions;
}

async function moveLeaders(
  topic: TopicName,
  replicasOf: (leader: number | null, replicas: readonly number[]) => readonly number[],
): Promise<void> {
  const args = {
    timeoutMs: 10_000,
    topics: [
      {
        name: topic,
        partitions: (await describe(topic)).map(({ partition, leader, replicas }) => ({
          partition,
          replicas: replicasOf(leader, replicas),
        })),
      },
    ],
  };
  const { errorCode } = await kafka.connection.request(alterReassignmentsApi, args, "controller", createDeadline(10_000));
  if (errorCode !== 0) throw new Error(`The reassignment was refused: ${errorCode}`);
}

test("a leader that moves while records are sent costs no record and doubles none", async () => {
  const topic = await newTopic();
  const ledger = new Ledger(kafka, topic);

  await ledger.writeDuring(writing, async () => {
    for (let move = 0; move < 3; move++) {
      const before = await describe(topic);
      await moveLeaders(topic, (leader, replicas) => replicas.filter((replica) => replica !== leader));
      await until(async () => (await describe(topic)).every(({ leader }, index) => leader !== null && leader !== before[index]?.leader));
      await moveLeaders(topic, (_, replicas) => [...replicas, ...[1, 2, 3].filter((node) => !replicas.includes(node))]);
      await until(async () => (await describe(topic)).every(({ isr, replicas }) => isr.length === 3 && replicas.length === 3));
    }
  });

  const table = await ledger.table();
  expect(table).toMatchObject({ ...nothingLost, inDoubt: 0 });
  expect(table.acknowledged).toBe(table.sent);
});

test("a broker that is killed and comes back costs no record and doubles none", async () => {
  const topic = await newTopic();
  const ledger = new Ledger(kafka, topic);

  await ledger.writeDuring(writing, async () => {
    await until(() => ledger.acknowledged > 500);
    const [, victim] = cluster.nodes;
    await victim?.kill();
    await until(async () => (await describe(topic)).every(({ leader }) => leader !== null && leader !== victim?.id));
    const soFar = ledger.acknowledged;
    await until(() => ledger.acknowledged > soFar + 500);
    await victim?.restart();
    await until(async () => (await describe(topic)).every(({ isr }) => isr.length === 3));
  });

  const table = await ledger.table();
  expect(table).toMatchObject({ ...nothingLost, inDoubt: 0 });
  expect(table.acknowledged).toBe(table.sent);
});

test("a broker that freezes and thaws costs no record and doubles none", async () => {
  const topic = await newTopic();
  const ledger = new Ledger(kafka, topic);

  await ledger.writeDuring(writing, async () => {
    await until(() => ledger.acknowledged > 500);
    const [, , victim] = cluster.nodes;
    victim?.freeze();
    await until(async () => (await describe(topic)).every(({ leader }) => leader !== null && leader !== victim?.id));
    const soFar = ledger.acknowledged;
    await until(() => ledger.acknowledged > soFar + 500);
    victim?.thaw();
    await sleep(500); // what was in its sockets when it froze is answered now
  });

  const table = await ledger.table();
  expect(table).toMatchObject({ ...nothingLost, inDoubt: 0 });
  expect(table.acknowledged).toBe(table.sent);
});
