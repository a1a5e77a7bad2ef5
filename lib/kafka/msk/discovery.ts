/** What Amazon MSK says of a cluster: where its brokers are, and how it is. The SDK is loaded only when somebody asks. */
import type { GetBootstrapBrokersCommandOutput, Cluster as MskCluster } from "@aws-sdk/client-kafka";
import { RelayError } from "../../errors.js";
import { installed } from "../../installed.js";

/** How a client authenticates, as far as it decides which listener it needs. */
export type MskAuthentication = "none" | "tls" | "scram" | "iam";
/** From where it comes. */
export type MskNetwork = "private" | "public" | "multi-vpc" | "ipv6";

type BrokerStrings = Partial<Record<keyof GetBootstrapBrokersCommandOutput, unknown>>;
type BrokerField = Extract<keyof GetBootstrapBrokersCommandOutput, `Bootstrap${string}`>;

/** The member of GetBootstrapBrokers for each way in; null where MSK has no such listener. */
const fields: Readonly<Record<MskNetwork, Readonly<Record<MskAuthentication, BrokerField | null>>>> = {
  private: {
    none: "BootstrapBrokerString",
    tls: "BootstrapBrokerStringTls",
    scram: "BootstrapBrokerStringSaslScram",
    iam: "BootstrapBrokerStringSaslIam",
  },
  public: {
    none: null,
    tls: "BootstrapBrokerStringPublicTls",
    scram: "BootstrapBrokerStringPublicSaslScram",
    iam: "BootstrapBrokerStringPublicSaslIam",
  },
  "multi-vpc": {
    none: null,
    tls: "BootstrapBrokerStringVpcConnectivityTls",
    scram: "BootstrapBrokerStringVpcConnectivitySaslScram",
    iam: "BootstrapBrokerStringVpcConnectivitySaslIam",
  },
  ipv6: {
    none: "BootstrapBrokerStringIpv6",
    tls: "BootstrapBrokerStringTlsIpv6",
    scram: "BootstrapBrokerStringSaslScramIpv6",
    iam: "BootstrapBrokerStringSaslIamIpv6",
  },
};

/** The brokers (`host:port`) for one way in; `bad-configuration` names the ways that the cluster does offer. */
export function pickBrokers(answer: BrokerStrings, authentication: MskAuthentication, network: MskNetwork): readonly string[] {
  const field = fields[network][authentication];
  const brokers = field === null ? [] : splitBrokers(answer[field]);
  if (brokers.length > 0) return brokers;
  const offered = Object.entries(fields).flatMap(([way, byAuthentication]) =>
    Object.entries(byAuthentication)
      .filter(([, name]) => name !== null && splitBrokers(answer[name]).length > 0)
      .map(([how]) => `${how} (${way})`),
  );
  throw new RelayError(
    "bad-configuration",
    `The MSK cluster offers no brokers for ${authentication} authentication over its ${network} network; it offers ${offered.join(", ") || "none yet"}.`,
  );
}

function splitBrokers(list: unknown): readonly string[] {
  return typeof list === "string"
    ? list
        .split(",")
        .map((broker) => broker.trim())
        .filter((broker) => broker !== "")
    : [];
}

/** What `GET /cluster` says about a cluster's state. */
export interface MskClusterState {
  readonly arn: string;
  readonly name: string | null;
  readonly type: "PROVISIONED" | "SERVERLESS" | null;
  /** ACTIVE, CREATING, MAINTENANCE, REBOOTING_BROKER... as MSK writes it. */
  readonly state: string | null;
  /** Null for serverless clusters, which do not report it. */
  readonly kafkaVersion: string | null;
  readonly brokerNodes: number | null;
  readonly instanceType: string | null;
}

/** The state of a cluster from DescribeClusterV2's answer. */
export function toClusterState(arn: string, cluster: MskCluster | undefined): MskClusterState {
  const provisioned = cluster?.Provisioned;
  return {
    arn,
    name: cluster?.ClusterName ?? null,
    type: cluster?.ClusterType ?? null,
    state: cluster?.State ?? null,
    kafkaVersion: provisioned?.CurrentBrokerSoftwareInfo?.KafkaVersion ?? null,
    brokerNodes: provisioned?.NumberOfBrokerNodes ?? null,
    instanceType: provisioned?.BrokerNodeGroupInfo?.InstanceType ?? null,
  };
}

export interface MskDiscovery {
  readonly brokers: () => Promise<readonly string[]>;
  readonly state: () => Promise<MskClusterState>;
}

export interface MskDiscoveryOptions {
  readonly clusterArn: string;
  readonly authentication: MskAuthentication;
  readonly network: MskNetwork;
  /** A try at MSK's control plane ends after this long. */
  readonly timeoutMs?: number;
}

const attemptsMax = 3;

/** Asks MSK, once an environment for the brokers (a failure is not remembered), each time for the state. */
export function createMskDiscovery({ clusterArn, authentication, network, timeoutMs = 5000 }: MskDiscoveryOptions): MskDiscovery {
  const region = clusterArn.split(":")[3];
  if (!/^arn:[^:]+:kafka:[^:]+:\d{12}:cluster\/.+/.test(clusterArn) || region === undefined) {
    throw new RelayError(
      "bad-configuration",
      `MSK_CLUSTER_ARN must be an ARN such as arn:aws:kafka:eu-west-1:123456789012:cluster/name/uuid, not ${JSON.stringify(clusterArn.slice(0, 200))}.`,
    );
  }
  const ask = async <Answer>(send: (sdk: typeof import("@aws-sdk/client-kafka"), client: KafkaClient) => Promise<Answer>) => {
    const sdk = await installed("@aws-sdk/client-kafka", () => import("@aws-sdk/client-kafka"));
    const client = new sdk.KafkaClient({
      region,
      maxAttempts: attemptsMax,
      requestHandler: { requestTimeout: timeoutMs, connectionTimeout: timeoutMs },
    });
    try {
      return await send(sdk, client);
    } catch (thrown) {
      throw toMskError(thrown, clusterArn);
    } finally {
      client.destroy();
    }
  };
  let brokers: Promise<readonly string[]> | undefined;
  return {
    brokers: () => {
      brokers ??= ask(async (sdk, client) =>
        pickBrokers(await client.send(new sdk.GetBootstrapBrokersCommand({ ClusterArn: clusterArn })), authentication, network),
      ).catch((error: unknown) => {
        brokers = undefined;
        throw error;
      });
      return brokers;
    },
    state: () =>
      ask(async (sdk, client) =>
        toClusterState(clusterArn, (await client.send(new sdk.DescribeClusterV2Command({ ClusterArn: clusterArn }))).ClusterInfo),
      ),
  };
}

type KafkaClient = InstanceType<typeof import("@aws-sdk/client-kafka")["KafkaClient"]>;

/** What MSK's refusals mean to the operator, by the name of its error. */
const refusals: Readonly<Record<string, string>> = {
  NotFoundException: "the cluster does not exist in this account and region",
  ForbiddenException: "the role lacks kafka:GetBootstrapBrokers and kafka:DescribeClusterV2",
  AccessDeniedException: "the role lacks kafka:GetBootstrapBrokers and kafka:DescribeClusterV2",
  UnauthorizedException: "the credentials are not accepted",
  CredentialsProviderError: "no AWS credentials were found",
  BadRequestException: "it does not accept the ARN",
  TimeoutError: "it did not answer in time; from private subnets it needs NAT or an interface endpoint (com.amazonaws.<region>.kafka)",
};

function toMskError(thrown: unknown, clusterArn: string): RelayError {
  if (thrown instanceof RelayError) return thrown;
  const name = thrown instanceof Error ? thrown.name : "";
  const reason = refusals[name] ?? `it failed${name === "" ? "" : ` (${name})`}`;
  return new RelayError(
    name in refusals && name !== "TimeoutError" ? "bad-configuration" : "kafka-unreachable",
    `The brokers of ${clusterArn} could not be looked up at Amazon MSK: ${reason}. If KAFKA_BROKERS is set, no lookup is needed.`,
    { cause: thrown },
  );
}
