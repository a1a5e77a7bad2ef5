/** GET /cluster: what Amazon MSK says of the cluster, as recorded, over a real socket. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { operations } from "../../functions/cluster.js";
import { createApi } from "../support/api/api.js";

const clusterArn = "arn:aws:kafka:eu-west-1:123456789012:cluster/orders/0a1b2c3d-1111-2222-3333-444455556666-7";
let controlPlane: Server;
let recorded: { readonly status: number; readonly error?: string; readonly body: object };

beforeAll(async () => {
  controlPlane = createServer((_, response) => {
    response.writeHead(recorded.status, { "content-type": "application/json", "x-amzn-errortype": recorded.error ?? "" });
    response.end(JSON.stringify(recorded.body));
  });
  await new Promise<void>((resolve) => controlPlane.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${(controlPlane.address() as AddressInfo).port}`);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  controlPlane.closeAllConnections();
  await new Promise((resolve) => controlPlane.close(resolve));
});

const ask = async (env: Readonly<Record<string, string>>) => {
  const api = await createApi({ env, operations, log: () => {} });
  const answer = await api.call("GET /cluster");
  await api.close();
  return answer;
};

test("a provisioned cluster tells its state, its Kafka version and its nodes", async () => {
  const provisioned = {
    numberOfBrokerNodes: 3,
    currentBrokerSoftwareInfo: { kafkaVersion: "3.9.x" },
    brokerNodeGroupInfo: { instanceType: "express.m7g.large", clientSubnets: [] },
  };
  recorded = {
    status: 200,
    body: { clusterInfo: { clusterArn, clusterName: "orders", clusterType: "PROVISIONED", state: "ACTIVE", provisioned } },
  };

  const { status, json } = await ask({ MSK_CLUSTER_ARN: clusterArn });

  expect([status, json]).toEqual([
    200,
    {
      cluster_arn: clusterArn,
      cluster_name: "orders",
      type: "PROVISIONED",
      state: "ACTIVE",
      kafka_version: "3.9.x",
      broker_nodes: 3,
      instance_type: "express.m7g.large",
    },
  ]);
});

test("a serverless cluster tells what it has", async () => {
  recorded = {
    status: 200,
    body: { clusterInfo: { clusterArn, clusterName: "orders", clusterType: "SERVERLESS", state: "CREATING", serverless: {} } },
  };

  const { json } = await ask({ MSK_CLUSTER_ARN: clusterArn });

  expect(json).toMatchObject({ type: "SERVERLESS", state: "CREATING", kafka_version: null, broker_nodes: null });
});

test("a cluster outside MSK is reported as such", async () => {
  const { status, json } = await ask({});

  expect([status, json.message]).toEqual([404, expect.stringContaining("MSK_CLUSTER_ARN is not set")]);
});

test("a role that may not ask is a fault of ours, and the answer gives nothing of it away", async () => {
  recorded = {
    status: 403,
    error: "ForbiddenException",
    body: { message: "User: arn:aws:sts::1:assumed-role/secret-role/x is not authorized" },
  };

  const { status, text } = await ask({ MSK_CLUSTER_ARN: clusterArn });

  expect([status, text.includes("secret-role")]).toEqual([500, false]);
});
