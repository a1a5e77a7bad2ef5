/** Brokers found by the cluster's ARN: asked of an emulated MSK (MiniStack), and then spoken to for real. */
import { CreateClusterCommand, KafkaClient } from "@aws-sdk/client-kafka";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { createKafka, toKafkaOptions } from "../../lib/kafka/kafka.js";
import { startMiniStack } from "../support/targets/ministack.js";

vi.stubEnv("MINISTACK_MSK_BOOTSTRAP", process.env.KAFKA_BROKERS);
const aws = await startMiniStack("test/deploy: brokers asked of an emulated MSK");
const onAws = aws === undefined ? test.skip : test;
let clusterArn = "";

beforeAll(async () => {
  if (aws === undefined) return;
  vi.stubEnv("AWS_ENDPOINT_URL", aws.endpoint);
  const msk = new KafkaClient(aws.client);
  const brokers = { ClientSubnets: ["subnet-0a1b2c3d"], InstanceType: "kafka.m7g.large" };
  const { ClusterArn } = await msk.send(
    new CreateClusterCommand({ ClusterName: "orders", KafkaVersion: "3.9.x", NumberOfBrokerNodes: 3, BrokerNodeGroupInfo: brokers }),
  );
  clusterArn = ClusterArn ?? "";
  msk.destroy();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await aws?.stop();
});

onAws("a function that has only the cluster's ARN finds its brokers and is answered by them", async () => {
  const kafka = createKafka(toKafkaOptions(parseConfig({ MSK_CLUSTER_ARN: clusterArn })));

  const { brokers } = await kafka.metadata.describe([], createDeadline(20_000));
  await kafka.close();

  expect(brokers.length).toBeGreaterThan(0);
});

onAws("a listener that the cluster does not offer is reported with those that it does", async () => {
  const kafka = createKafka(toKafkaOptions(parseConfig({ MSK_CLUSTER_ARN: clusterArn, MSK_NETWORK: "public", KAFKA_SSL: "true" })));

  await expect(kafka.metadata.describe([], createDeadline(20_000))).rejects.toThrow(
    /no brokers for tls authentication over its public network/,
  );
  await kafka.close();
});
