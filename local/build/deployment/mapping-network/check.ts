/** Before a deployment: asks MSK and EC2, with the deployer's own credentials, whether mappings could work in the cluster's network. Only warns: what cannot be asked is named with the command that shows it. */
import { installed } from "../../../../lib/installed.js";
import type { AwsCredentials } from "../../../../lib/kafka/msk/token.js";
import { isSelfManaged, secretOf } from "../kafka-access.js";
import { isProvisioned } from "../mappings.js";
import type { DeploymentSettings } from "../parameters.js";
import { isOn, mappingsOf, type Service } from "../service.js";
import { askEndpoints, askRouteTables, askRules, askSubnets, type Ec2 } from "./ec2-questions.js";
import type { Asked, MappingNeeds, NetworkFacts } from "./network-facts.js";
import { networkProblems } from "./network-problems.js";

interface Deployer {
  /** As a client of the AWS SDK accepts it. */
  readonly sdkConfig: () => Promise<object>;
  readonly shell: NodeJS.ProcessEnv;
}

interface ClusterNetwork {
  readonly subnetIds: readonly string[];
  readonly groupIds: readonly string[];
}

const checkTimeoutMs = 20_000;
const attemptsMax = 2;
/** https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html */
const brokerPorts: Readonly<Record<string, number>> = { iam: 9098, scram: 9096, tls: 9094, none: 9092 };

/** What mappings without provisioned pollers need in the cluster's network. Undefined: no such mapping, or the cluster is not MSK in this account. */
function mappingNeedsOf(service: Service, settings: DeploymentSettings): MappingNeeds | undefined {
  if (isSelfManaged(settings) || settings.vpcConnectionArn !== "") return undefined;
  const mappings = service.getAllFunctions().flatMap((key) => {
    const definition = service.getFunction(key);
    if (!isOn(definition)) return [];
    return mappingsOf(definition)
      .filter((event) => !isProvisioned(event) && event.enabled !== false && event.enabled !== "false")
      .map(({ saslScram512 }) => ({ key, how: saslScram512 === undefined ? settings.kafkaAuthentication : "scram" }));
  });
  if (mappings.length === 0) return undefined;
  const hasSecret = mappings.some(({ key, how }) => how === "scram" || secretOf(settings, key) !== undefined);
  return {
    functionKeys: [...new Set(mappings.map(({ key }) => key))],
    ports: [...new Set(mappings.flatMap(({ how }) => brokerPorts[how] ?? []))],
    services: ["lambda", "sts", ...(hasSecret ? ["secretsmanager"] : [])],
  };
}

/** One sentence per problem, and per part that was not checked. Never throws. */
export async function checkMappingNetwork(service: Service, settings: DeploymentSettings, deployer: Deployer): Promise<readonly string[]> {
  const needs = mappingNeedsOf(service, settings);
  if (needs === undefined) return [];
  const { clusterArn } = settings;
  const region = clusterArn.split(":")[3] ?? "";
  const signal = AbortSignal.timeout(checkTimeoutMs);
  const asked = await attempt(() => askCluster(clusterArn, region, deployer, signal));
  if ("unknown" in asked)
    return [
      `the network of the mappings was not checked (${asked.unknown}); this shows the cluster's subnets and security groups: aws kafka describe-cluster-v2 --cluster-arn ${clusterArn} --region ${region}`,
    ];
  const { network, credentials } = asked.known;
  const facts = await askFacts(network, { endpoint: ec2Endpoint(clusterArn, region, deployer.shell), region, credentials, signal });
  return networkProblems(facts, needs, region);
}

/** MSK Serverless has a list of networks; a provisioned cluster has one. */
async function askCluster(
  ClusterArn: string,
  region: string,
  { sdkConfig }: Deployer,
  abortSignal: AbortSignal,
): Promise<{ readonly network: ClusterNetwork; readonly credentials: AwsCredentials }> {
  const { KafkaClient, DescribeClusterV2Command } = await installed("@aws-sdk/client-kafka", () => import("@aws-sdk/client-kafka"));
  const client = new KafkaClient({ ...(await sdkConfig()), region, maxAttempts: attemptsMax });
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
    const { ClusterInfo } = await client.send(new DescribeClusterV2Command({ ClusterArn }), { abortSignal });
    const nodes = ClusterInfo?.Provisioned?.BrokerNodeGroupInfo;
    const serverless = ClusterInfo?.Serverless?.VpcConfigs ?? [];
    const network = {
      subnetIds: [...(nodes?.ClientSubnets ?? []), ...serverless.flatMap(({ SubnetIds }) => SubnetIds ?? [])],
      groupIds: [...(nodes?.SecurityGroups ?? []), ...serverless.flatMap(({ SecurityGroupIds }) => SecurityGroupIds ?? [])],
    };
    if (network.subnetIds.length === 0 || network.groupIds.length === 0)
      throw new Error("kafka:DescribeClusterV2 names no subnets or no security groups");
    return { network, credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } };
  } finally {
    client.destroy();
  }
}

/** The groups of endpoints are known only after the endpoints. */
async function askFacts({ subnetIds, groupIds }: ClusterNetwork, ec2: Ec2): Promise<NetworkFacts> {
  const subnets = await attempt(() => askSubnets(ec2, subnetIds));
  const vpcIds = "known" in subnets ? [...new Set(subnets.known.map(({ vpcId }) => vpcId))] : [];
  const inVpc = <Fact>(ask: (ec2: Ec2, vpcIds: readonly string[]) => Promise<Fact>): Promise<Asked<Fact>> =>
    vpcIds.length === 0 ? Promise.resolve({ unknown: "the VPC is unknown" }) : attempt(() => ask(ec2, vpcIds));
  const [routeTables, endpoints] = await Promise.all([inVpc(askRouteTables), inVpc(askEndpoints)]);
  const endpointGroups = "known" in endpoints ? endpoints.known.flatMap((one) => one.groupIds) : [];
  const rules = await attempt(() => askRules(ec2, [...new Set([...groupIds, ...endpointGroups])]));
  return { subnetIds, groupIds, subnets, rules, routeTables, endpoints };
}

async function attempt<Fact>(ask: () => Promise<Fact>): Promise<Asked<Fact>> {
  try {
    return { known: await ask() };
  } catch (thrown) {
    return { unknown: reasonOf(thrown as Error) };
  }
}

/** The names of the AWS SDK and of the framework. */
const reasons: Readonly<Record<string, string>> = {
  AccessDeniedException: "kafka:DescribeClusterV2 is not allowed",
  ForbiddenException: "kafka:DescribeClusterV2 is not allowed",
  CredentialsProviderError: "no AWS credentials were found",
  AWS_CREDENTIALS_NOT_FOUND: "no AWS credentials were found",
  NotFoundException: "the cluster does not exist in this account and region",
  TimeoutError: `AWS did not answer within ${checkTimeoutMs / 1000} s`,
  AbortError: `AWS did not answer within ${checkTimeoutMs / 1000} s`,
};

function reasonOf({ name, message, cause, code }: Error & { readonly code?: unknown }): string {
  const known = reasons[String(code)] ?? reasons[name];
  const because = cause instanceof Error ? `: ${cause.message}` : "";
  return known ?? `${message.split("\n")[0]}${because}`;
}

function ec2Endpoint(clusterArn: string, region: string, shell: NodeJS.ProcessEnv): string {
  const suffix = clusterArn.startsWith("arn:aws-cn:") ? "amazonaws.com.cn" : "amazonaws.com";
  return shell.AWS_ENDPOINT_URL_EC2 || shell.AWS_ENDPOINT_URL || `https://ec2.${region}.${suffix}`;
}
