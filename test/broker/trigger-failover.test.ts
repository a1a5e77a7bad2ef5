/** A mapping while a broker is down that alone holds one of its partitions: the others are polled, and that one joins when the broker is back. */
import { expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { onThreeNodes, type ThreeNodes } from "../support/broker/three-nodes.js";
import { outgoing, write } from "../support/relay/relay-on-broker.js";
import { runMapping, valuesOf } from "../support/trigger/trigger-on-broker.js";

let cluster: ThreeNodes;
let kafka: Kafka;
onThreeNodes((nodes, client) => {
  cluster = nodes;
  kafka = client;
});

test("a partition whose only broker is down is named with the reason, the others are polled, and it joins them later", async () => {
  const topic = await createTestTopic(kafka, { partitions: 3, replicas: 1 });
  await write(
    kafka,
    topic,
    [0, 1, 2].map((partition) => outgoing({ value: Buffer.from(`of ${partition}`), partition })),
  );
  const { partitions } = await kafka.metadata.topic(topic, createDeadline(10_000), { ageMaxMs: 0 });
  const victim = cluster.nodes[1];
  const lost = partitions.find(({ leader }) => leader === 2)?.partition ?? -1;
  await victim?.kill();
  const run = runMapping(kafka, topic, undefined, { windowMs: 0 });
  try {
    await until(() => run.status().partitions.filter(({ committed }) => committed === 1).length === 2, 90_000);
    const [failing] = run.status().partitions.filter(({ partition }) => partition === lost);
    expect(failing?.failure?.message).toMatch(new RegExp(`(artition ${lost} of|cannot be reached)`));

    await victim?.restart();
    await until(() => run.status().partitions.filter(({ committed, failure }) => committed === 1 && failure === null).length === 3, 90_000);

    expect(run.events.flatMap(valuesOf).sort()).toEqual(["of 0", "of 1", "of 2"]);
  } finally {
    await run.stop(5_000);
  }
}, 240_000);
