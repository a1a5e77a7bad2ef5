/** Finding an MSK cluster's brokers: which of several addresses, which message if there are none, and answers as MSK gives them over a real socket. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createMskDiscovery, type MskAuthentication, type MskNetwork, pickBrokers } from "../../../../lib/kafka/msk/discovery.js";

const clusterArn = "arn:aws:kafka:eu-west-1:123456789012:cluster/orders/0a1b2c3d-1111-2222-3333-444455556666-7";

test.each<[MskAuthentication, MskNetwork, string]>([
  ["none", "private", "BootstrapBrokerString"],
  ["tls", "private", "BootstrapBrokerStringTls"],
  ["scram", "private", "BootstrapBrokerStringSaslScram"],
  ["iam", "private", "BootstrapBrokerStringSaslIam"],
  ["tls", "public", "BootstrapBrokerStringPublicTls"],
  ["scram", "public", "BootstrapBrokerStringPublicSaslScram"],
  ["iam", "public", "BootstrapBrokerStringPublicSaslIam"],
  ["tls", "multi-vpc", "BootstrapBrokerStringVpcConnectivityTls"],
  ["scram", "multi-vpc", "BootstrapBrokerStringVpcConnectivitySaslScram"],
  ["iam", "multi-vpc", "BootstrapBrokerStringVpcConnectivitySaslIam"],
  ["none", "ipv6", "BootstrapBrokerStringIpv6"],
  ["iam", "ipv6", "BootstrapBrokerStringSaslIamIpv6"],
])("%s authentication over the %s network reads %s", (authentication, network, field) => {
  const brokers = pickBrokers({ [field]: "b-1.x:1, b-2.x:2" }, authentication, network);

  expect(brokers).toEqual(["b-1.x:1", "b-2.x:2"]);
});

test("a way in that the cluster does not offer is refused with the ways that it does", () => {
  const answer = { BootstrapBrokerStringTls: "b-1:9094", BootstrapBrokerStringPublicSaslIam: "b-1:9198" };

  expect(() => pickBrokers(answer, "iam", "private")).toThrow(
    "no brokers for iam authentication over its private network; it offers tls (private), iam (public)",
  );
});

test("text that is not a cluster's ARN is refused before anything is asked", () => {
  expect(() =>
    createMskDiscovery({ clusterArn: "arn:aws:sqs:eu-west-1:123456789012:q", authentication: "iam", network: "private" }),
  ).toThrow(/MSK_CLUSTER_ARN/);
});

let controlPlane: Server;
let answers: { status: number; errorType?: string; body: object }[];
const asked: string[] = [];

beforeEach(async () => {
  asked.length = 0;
  controlPlane = createServer((request, response) => {
    asked.push(`${request.method} ${decodeURIComponent(request.url ?? "")}`);
    const answer = answers.shift() ?? { status: 500, body: {} };
    response.writeHead(answer.status, {
      "content-type": "application/json",
      ...(answer.errorType === undefined ? {} : { "x-amzn-errortype": answer.errorType }),
    });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => controlPlane.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${(controlPlane.address() as AddressInfo).port}`);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  controlPlane.closeAllConnections();
  await new Promise((resolve) => controlPlane.close(resolve));
});

test("the brokers are asked for once, and a failure is not remembered", async () => {
  answers = [
    { status: 404, errorType: "NotFoundException", body: { message: "no" } },
    { status: 200, body: { bootstrapBrokerStringSaslIam: "b-1.orders:9098,b-2.orders:9098" } },
  ];
  const msk = createMskDiscovery({ clusterArn, authentication: "iam", network: "private" });

  await expect(msk.brokers()).rejects.toThrow(/does not exist in this account/);
  expect(await msk.brokers()).toEqual(["b-1.orders:9098", "b-2.orders:9098"]);
  expect(await msk.brokers()).toEqual(["b-1.orders:9098", "b-2.orders:9098"]);
  expect(asked).toEqual(Array(2).fill(`GET /v1/clusters/${clusterArn}/bootstrap-brokers`));
});

test("the state of a provisioned cluster tells its version and its nodes", async () => {
  answers = [
    {
      status: 200,
      body: {
        clusterInfo: {
          clusterArn,
          clusterName: "orders",
          clusterType: "PROVISIONED",
          state: "ACTIVE",
          creationTime: "2026-03-04T05:06:07.000Z",
          provisioned: {
            numberOfBrokerNodes: 3,
            currentBrokerSoftwareInfo: { kafkaVersion: "4.1.x.kraft" },
            brokerNodeGroupInfo: { instanceType: "kafka.m7g.large", clientSubnets: ["subnet-1"] },
          },
        },
      },
    },
  ];

  const state = await createMskDiscovery({ clusterArn, authentication: "iam", network: "private" }).state();

  expect(state).toEqual({
    arn: clusterArn,
    name: "orders",
    type: "PROVISIONED",
    state: "ACTIVE",
    kafkaVersion: "4.1.x.kraft",
    brokerNodes: 3,
    instanceType: "kafka.m7g.large",
  });
});

test("a serverless cluster reports neither version nor nodes, and that is accepted", async () => {
  answers = [
    {
      status: 200,
      body: { clusterInfo: { clusterArn, clusterName: "s", clusterType: "SERVERLESS", state: "ACTIVE", serverless: { vpcConfigs: [] } } },
    },
  ];

  const state = await createMskDiscovery({ clusterArn, authentication: "iam", network: "private" }).state();

  expect(state).toMatchObject({ type: "SERVERLESS", kafkaVersion: null, brokerNodes: null });
});

test("a role that may not ask learns which actions it lacks", async () => {
  answers = [{ status: 403, errorType: "ForbiddenException", body: { message: "no" } }];

  await expect(createMskDiscovery({ clusterArn, authentication: "iam", network: "private" }).state()).rejects.toThrow(
    /lacks kafka:GetBootstrapBrokers and kafka:DescribeClusterV2/,
  );
});
