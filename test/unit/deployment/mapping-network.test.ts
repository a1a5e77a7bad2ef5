/** Whether mappings could work in the cluster's network: asked of a server that answers as MSK and EC2 do. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { checkMappingNetwork } from "../../../local/build/deployment/mapping-network/check.js";
import type { DeploymentSettings } from "../../../local/build/deployment/parameters.js";
import type { Service } from "../../../local/build/deployment/service.js";
import { projectFolder } from "../../../local/build/service-map.js";
import { clusterArn, type RecordedAws, type RecordedNetwork, startRecordedAws } from "../../support/deployment/recorded-network.js";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
/** A network as AWS's documentation asks for. */
const complete: RecordedNetwork = {
  rules: [
    { isEgress: false, port: 9098, other: "sg-0c" },
    { isEgress: true, port: -1, other: "0.0.0.0/0" },
  ],
  defaultTarget: "nat-0a",
  endpoints: [],
};
const bothEndpoints = [{ service: "lambda" }, { service: "sts" }];
const { defaultTarget: _, ...withoutNat } = complete;

let aws: RecordedAws | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await aws?.stop();
});

test("a network with a rule for the group itself and a NAT gateway has no problem", async () => {
  expect(await check(complete)).toEqual([]);
  expect(aws?.asked[0]).toBe(`/api/v2/clusters/${encodeURIComponent(clusterArn)}`);
});

test("so has one of MSK Serverless", async () => {
  expect(await check({ ...complete, isServerless: true })).toEqual([]);
});

test("a missing rule is reported for each direction, with the command that adds it", async () => {
  const problems = await check({ ...complete, rules: [{ isEgress: true, port: 443, other: "0.0.0.0/0" }] });

  expect(problems).toEqual([
    expect.stringContaining("the mappings of billing: no inbound rule of sg-0c allows TCP port 9098 from the same group"),
    expect.stringContaining("no outbound rule of sg-0c allows TCP port 9098 to the same group"),
  ]);
  expect(problems[0]).toContain(
    "aws ec2 authorize-security-group-ingress --group-id sg-0c --ip-permissions 'IpProtocol=tcp,FromPort=9098,ToPort=9098,UserIdGroupPairs=[{GroupId=sg-0c}]'",
  );
});

test.each([
  ["the addresses of both subnets", "10.0.0.0/16", 0],
  ["the addresses of one subnet", "10.0.1.0/24", 1],
  ["part of one subnet", "10.0.0.0/25", 1],
  ["another group", "sg-0f", 1],
])("a rule for %s (%s) is followed by %d problems", async (_who, other, count) => {
  const rules = [{ isEgress: false, port: 9098, other }, ...complete.rules.slice(1)];

  expect(await check({ ...complete, rules })).toHaveLength(count);
});

test("ranges of several rules count together, and ranges that cannot be compared with the subnets count as enough", async () => {
  const rules = [...complete.rules.slice(1), ...["10.0.0.0/24", "10.0.1.0/24"].map((other) => ({ isEgress: false, port: 9098, other }))];

  expect(await check({ ...complete, rules })).toEqual([]);
  await aws?.stop();
  const lines = await check({ ...complete, rules: rules.slice(0, 2), denied: ["DescribeSubnets"] });
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line).toContain("not checked");
});

test("the port follows from how mappings sign in", async () => {
  const [problem, ...others] = await check(complete, { kafkaAuthentication: "tls" });

  expect(problem).toContain("TCP port 9094");
  expect(others).toEqual([]);
});

test("without NAT and endpoints, it names the subnets, the services and the endpoints to add", async () => {
  const [problem, ...others] = await check(withoutNat);

  expect(problem).toContain("from the cluster's subnets subnet-0a, subnet-0b the mapping cannot reach Lambda and STS");
  expect(problem).toContain("have no default route");
  expect(problem).toContain(
    "to vpc-0d the interface endpoints com.amazonaws.eu-central-1.lambda, com.amazonaws.eu-central-1.sts with private DNS names",
  );
  expect(others).toEqual([]);
});

test("a subnet with a route table of its own is judged by that table", async () => {
  const [problem, ...others] = await check({ ...withoutNat, targetOfSecond: "nat-0b" });

  expect(problem).toContain("from the cluster's subnets subnet-0a the mapping");
  expect(others).toEqual([]);
});

test("an internet gateway and a route whose NAT gateway is gone do not count", async () => {
  expect(await check({ ...complete, defaultTarget: "igw-0a" })).toEqual([expect.stringContaining("no public addresses")]);
  await aws?.stop();
  expect(await check({ ...complete, routeState: "blackhole" })).toEqual([expect.stringContaining("have no default route")]);
});

test("with a secret, Secrets Manager must be reachable, too", async () => {
  const rules = [
    { isEgress: false, port: 9096, other: "sg-0c" },
    { isEgress: false, port: 443, other: "sg-0c", groupId: "sg-0e" },
    ...complete.rules.slice(1),
  ];
  const scram = {
    kafkaAuthentication: "scram",
    kafkaSecret: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_a",
  } as const;

  expect(await check({ ...withoutNat, rules, endpoints: bothEndpoints }, scram)).toEqual([
    expect.stringContaining("the mapping cannot reach Secrets Manager:"),
  ]);
  await aws?.stop();
  expect(await check({ ...withoutNat, rules, endpoints: [...bothEndpoints, { service: "secretsmanager" }] }, scram)).toEqual([]);
});

test("endpoints that admit the cluster's group are enough; those that do not are named", async () => {
  const admitted = [...complete.rules, { isEgress: false, port: 443, other: "sg-0c", groupId: "sg-0e" }];

  expect(await check({ ...withoutNat, rules: admitted, endpoints: bothEndpoints })).toEqual([]);
  await aws?.stop();
  expect(await check({ ...withoutNat, endpoints: bothEndpoints })).toEqual([
    expect.stringContaining("the interface endpoint vpce-0lambda (lambda) does not admit the mapping: no inbound rule of sg-0e"),
    expect.stringContaining("the interface endpoint vpce-0sts (sts) does not admit the mapping"),
  ]);
});

test("an endpoint without private DNS names does not help", async () => {
  const rules = [...complete.rules, { isEgress: false, port: 443, other: "sg-0c", groupId: "sg-0e" }];
  const endpoints = [{ service: "lambda", hasPrivateDns: false }, { service: "sts" }];

  expect(await check({ ...withoutNat, rules, endpoints })).toEqual([
    expect.stringContaining("(vpce-0lambda exist, but without private DNS names)"),
  ]);
});

test.each([
  ["DescribeSecurityGroupRules", "describe-security-group-rules --filters Name=group-id,Values=sg-0c"],
  ["DescribeRouteTables", "describe-route-tables --filters Name=vpc-id,Values=vpc-0d"],
  ["DescribeVpcEndpoints", "describe-vpc-endpoints --filters Name=vpc-id,Values=vpc-0d"],
])("without permission for %s, one line names the command that shows it", async (action, command) => {
  const lines = await check({ ...withoutNat, denied: [action] });
  const notChecked = lines.filter((line) => line.includes("not checked"));

  expect(notChecked).toEqual([
    expect.stringContaining(`(ec2:${action} is not allowed); this shows them: aws ec2 ${command} --region eu-central-1`),
  ]);
  expect(lines).toHaveLength(action === "DescribeSecurityGroupRules" ? 2 : 1);
});

test("without permission to describe the cluster, nothing is checked, and EC2 is not asked", async () => {
  expect(await check({ ...complete, denied: ["DescribeClusterV2"] })).toEqual([
    `the network of the mappings was not checked (kafka:DescribeClusterV2 is not allowed); this shows the cluster's subnets and security groups: aws kafka describe-cluster-v2 --cluster-arn ${clusterArn} --region eu-central-1`,
  ]);
  expect(aws?.asked).toHaveLength(1);
});

test("the printed policy of a deployer allows every call that the check makes", async () => {
  await check(complete);
  const { Statement } = JSON.parse(readFileSync(join(projectFolder, "docs/deploy-policy.json"), "utf8")) as {
    readonly Statement: readonly { readonly Action: readonly string[] }[];
  };
  const calls = (aws?.asked ?? [])
    .map((one) => new URLSearchParams(one).get("Action"))
    .map((action) => (action === null ? "kafka:DescribeClusterV2" : `ec2:${action}`));

  expect(new Set(calls).size).toBe(5);
  expect(Statement.flatMap(({ Action }) => Action)).toEqual(expect.arrayContaining(calls));
});

test("without credentials, nothing is asked", async () => {
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"]) vi.stubEnv(name, undefined);
  for (const name of ["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"]) vi.stubEnv(name, "/dev/null");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");

  expect(await check(complete, {}, {})).toEqual([expect.stringContaining("was not checked (no AWS credentials were found)")]);
  expect(aws?.asked).toEqual([]);
});

test("an address where nobody listens is a warning", async () => {
  aws = await startRecordedAws(complete);
  const { endpoint } = aws;
  await aws.stop();

  expect(await checkAt(endpoint, {}, { credentials })).toEqual([expect.stringContaining("the network of the mappings was not checked (")]);
});

test("mappings with provisioned pollers, and mappings that are off, ask nothing", async () => {
  aws = await startRecordedAws(withoutNat);
  const events = [
    { msk: { topic: "orders", provisionedPollerConfig: { minimumPollers: 1 } } },
    { msk: { topic: "orders", enabled: false } },
  ];

  expect(await checkAt(aws.endpoint, {}, { credentials }, events)).toEqual([]);
  expect(aws.asked).toEqual([]);
});

async function check(network: RecordedNetwork, settings: Partial<DeploymentSettings> = {}, config: object = { credentials }) {
  aws = await startRecordedAws(network);
  return checkAt(aws.endpoint, settings, config);
}

function checkAt(
  endpoint: string,
  settings: Partial<DeploymentSettings>,
  config: object,
  events: object[] = [{ msk: { topic: "orders" } }],
) {
  const all = { clusterArn, vpcConnectionArn: "", kafkaAuthentication: "iam", kafkaSecret: "", kafkaSecrets: new Map(), ...settings };
  const service = { getAllFunctions: () => ["billing"], getFunction: () => ({ handler: "functions/routes/billing.handler", events }) };
  return checkMappingNetwork(service as unknown as Service, all as DeploymentSettings, {
    sdkConfig: async () => ({ endpoint, ...config }),
    shell: { AWS_ENDPOINT_URL: endpoint },
  });
}
