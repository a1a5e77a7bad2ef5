/** The brokers the tests and `npm start` run on: what is started is found, shared, killed, frozen and brought back. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runningCluster } from "../../local/broker/cluster.js";
import { askBroker } from "../../local/broker/probe.js";
import { type ThreeNodes, threeNodes } from "../support/broker/three-nodes.js";
import { runFolder } from "../support/run/run-folder.js";

let cluster: ThreeNodes;
beforeAll(async () => {
  cluster = await threeNodes();
}, 300_000);
afterAll(() => cluster.release());

const askNode = (index: number, timeoutMs = 10_000) => askBroker("127.0.0.1", Number(cluster.brokers[index]?.split(":")[1]), timeoutMs);

test("three nodes know each other and their cluster by its id", async () => {
  const answers = await Promise.all([0, 1, 2].map((index) => askNode(index)));

  expect(answers.map(({ clusterId }) => clusterId)).toEqual([cluster.clusterId, cluster.clusterId, cluster.clusterId]);
  expect(answers.map(({ nodeIds }) => [...nodeIds].sort())).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ]);
});

test("another process finds the running cluster by its folder", () => {
  const found = runningCluster(join(runFolder(), "three-nodes"));

  expect(found?.nodes.map(({ pid }) => pid)).toEqual(cluster.nodes.map(({ pid }) => pid));
});

test("a killed node is gone, a frozen one says nothing, and healing brings both back", async () => {
  const [, second, third] = cluster.nodes;
  await second?.kill();
  third?.freeze();
  await expect(askNode(1)).rejects.toThrow("cannot be reached");
  await expect(askNode(2, 2_000)).rejects.toThrow("did not answer within 2000 ms");

  await cluster.heal();

  expect((await askNode(0)).nodeIds).toHaveLength(3);
});
