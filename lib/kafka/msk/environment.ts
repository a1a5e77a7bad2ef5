/** What the environment says of an MSK cluster, as the connection needs it: where the brokers are, and tokens for IAM. Everything is asked for on first use. */
import type { Config } from "../../config.js";
import { RelayError } from "../../errors.js";
import { installed } from "../../installed.js";
import type { MskAuthentication, MskDiscovery } from "./discovery.js";
import { type AwsCredentials, createMskTokens } from "./token.js";

/** The cluster's control plane, or undefined where `MSK_CLUSTER_ARN` names none. */
export async function mskDiscovery(config: Config): Promise<MskDiscovery | undefined> {
  const clusterArn = config.MSK_CLUSTER_ARN;
  if (clusterArn === undefined) return undefined;
  const { createMskDiscovery } = await import("./discovery.js");
  return createMskDiscovery({ clusterArn, authentication: toMskAuthentication(config), network: config.MSK_NETWORK });
}

/** `KAFKA_BROKERS` where it is set; else a question to MSK, asked once; `bad-configuration` where neither names a cluster. */
export function brokersOf(config: Config): readonly string[] | (() => Promise<readonly string[]>) {
  if (config.KAFKA_BROKERS !== undefined) return config.KAFKA_BROKERS;
  if (config.MSK_CLUSTER_ARN === undefined) {
    throw new RelayError(
      "bad-configuration",
      "No cluster is configured: set KAFKA_BROKERS (host:port, comma-separated) or MSK_CLUSTER_ARN.",
    );
  }
  let discovery: Promise<MskDiscovery | undefined> | undefined;
  return async () => {
    discovery ??= mskDiscovery(config);
    return (await discovery)?.brokers() ?? [];
  };
}

/** The listener that a mechanism needs. */
function toMskAuthentication(config: Pick<Config, "KAFKA_SASL_MECHANISM" | "KAFKA_SSL">): MskAuthentication {
  switch (config.KAFKA_SASL_MECHANISM) {
    case "aws-iam":
      return "iam";
    case "scram-sha-512":
      return "scram";
    case undefined:
      return config.KAFKA_SSL ? "tls" : "none";
    default:
      throw new RelayError(
        "bad-configuration",
        `Amazon MSK does not support ${config.KAFKA_SASL_MECHANISM}: KAFKA_SASL_MECHANISM must be aws-iam or scram-sha-512, or not set.`,
      );
  }
}

/** Tokens for IAM. The region is the cluster's own where its ARN is known. */
export function mskTokensOf(config: Config): () => Promise<string> {
  const region = config.MSK_CLUSTER_ARN?.split(":")[3] ?? config.AWS_REGION;
  if (region === undefined) {
    throw new RelayError("bad-configuration", "KAFKA_SASL_MECHANISM aws-iam needs AWS_REGION (or MSK_CLUSTER_ARN, which names it).");
  }
  return createMskTokens(region, () => awsCredentialsOf(config, region));
}

/** Lambda hands its role's credentials over in the environment, so that no SDK is loaded there; anywhere else the SDK's own chain finds them. */
export async function awsCredentialsOf(config: Config, region: string): Promise<AwsCredentials> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = config;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  }
  const { KafkaClient } = await installed("@aws-sdk/client-kafka", () => import("@aws-sdk/client-kafka"));
  const client = new KafkaClient({ region });
  try {
    const found = await client.config.credentials();
    return {
      accessKeyId: found.accessKeyId,
      secretAccessKey: found.secretAccessKey,
      ...(found.sessionToken === undefined ? {} : { sessionToken: found.sessionToken }),
      ...(found.expiration === undefined ? {} : { expiresAtMs: found.expiration.getTime() }),
    };
  } catch (cause) {
    throw new RelayError("kafka-unauthenticated", "No AWS credentials were found.", { cause });
  } finally {
    client.destroy();
  }
}
