/** Group members while their coordinator is killed and frozen: they come back, nobody holds a partition twice, and what was committed stays committed. */
import { expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { type Assignment, joinGroup } from "../../lib/kafka/membership/membership.js";
import { findCoordinatorApi } from "../../lib/kafka/protocol/metadata.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { onThreeNodes, type ThreeNodes } from "../support/broker/three-nodes.js";
import { uniqueName } from "../support/broker/unique-names.js";

let cluster: ThreeNodes;
let kafka: Kafka;
onThreeNodes((nodes, client) => {
  cluster = nodes;
  kafka = client;
});

async function coordinatorOf(groupId: string): Promise<number> {
  const deadline = createDeadline(20_000);
  let nodeId = -1;
  await until(async () => {
    const answer = await kafka.connection.request(findCoordinatorApi, { key: groupId, keyType: 0 }, "any", deadline);
    nodeId = answer.errorCode === 0 ? answer.nodeId : -1;
    return nodeId >= 0;
  });
  return nodeId;
}

test.each(["kill", "freeze"] as const)("members commit on after a %s of their coordinator", async (fault) => {
  const topic = await createTestTopic(kafka, { partitions: 4, replicas: 3 });
  const groupId = uniqueName("group");
  const current = new Map<string, Assignment>();
  const member = (name: string) =>
    joinGroup(kafka, {
      groupId,
      topic,
      sessionTimeoutMs: 6_000,
      onAssigned: (assignment) => void current.set(name, assignment),
      onRevoked: async () => void current.delete(name),
    });
  const members = ["first", "second"].map(member);
  const held = () => [...current.values()].flatMap(({ partitions }) => partitions).sort();
  await until(() => held().length === 4 && current.size === 2, 30_000);

  for (let round = 1n; round <= 3n; round++) {
    const node = cluster.nodes[(await coordinatorOf(groupId)) - 1];
    if (fault === "kill") await node?.kill();
    else node?.freeze();
    await until(async () => {
      const commits = [...current.values()].map(async (assignment) => {
        await assignment.commit(new Map(assignment.partitions.map((partition) => [partition, { offset: round }])), createDeadline(30_000));
        return assignment.partitions.length;
      });
      const done = await Promise.all(commits.map((commit) => commit.catch(() => 0)));
      return done.reduce((sum, count) => sum + count, 0) === 4;
    }, 60_000);
    await cluster.heal();
    const everything = await Promise.all([...current.values()].map((assignment) => assignment.committed(createDeadline(30_000))));
    expect(everything.flatMap((offsets) => [...offsets.values()])).toEqual([round, round, round, round]);
    expect(held()).toEqual([0, 1, 2, 3]);
  }
  await Promise.all(members.map((one) => one.leave(createDeadline(10_000))));
});
