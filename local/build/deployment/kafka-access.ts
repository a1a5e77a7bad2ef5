/** How functions and mappings sign in to the brokers: variables and secrets. Pure. */
import type { DeploymentSettings, GivenSettings } from "./parameters.js";

/** Without an MSK cluster, the brokers are named: a Kafka in a VPC, Confluent Cloud, and so on. */
export const isSelfManaged = ({ clusterArn }: Pick<GivenSettings, "clusterArn">): boolean => clusterArn === "";

/** What the mappings read: for a cluster of another account, our connection to it. */
export const sourceArnOf = ({ clusterArn, vpcConnectionArn }: Pick<GivenSettings, "clusterArn" | "vpcConnectionArn">): string =>
  vpcConnectionArn === "" ? clusterArn : vpcConnectionArn;

/** The secret that a function signs in with: its own, or the one that all others share. */
export function secretOf(
  { kafkaSecret, kafkaSecrets }: Pick<GivenSettings, "kafkaSecret" | "kafkaSecrets">,
  functionKey: string,
): string | undefined {
  return kafkaSecrets.get(functionKey) ?? (kafkaSecret === "" ? undefined : kafkaSecret);
}

/** Every secret that a function reads to reach the brokers. */
export function kafkaSecretsOf(
  settings: Pick<GivenSettings, "kafkaSecret" | "kafkaSecrets" | "caSecret">,
  functionKey: string,
): readonly string[] {
  const own = secretOf(settings, functionKey);
  return [...(own === undefined ? [] : [own]), ...(settings.caSecret === "" ? [] : [settings.caSecret])];
}

/** For every function alike. */
export function sharedVariables(settings: DeploymentSettings): Readonly<Record<string, string>> {
  const { kafkaSecret, caSecret, vpcConnectionArn } = settings;
  return {
    ...mechanismVariables(settings),
    ...secretVariables(settings, kafkaSecret),
    ...(caSecret === "" ? {} : { KAFKA_SSL_CA_SECRET_ARN: caSecret }),
    ...(vpcConnectionArn === "" ? {} : { MSK_NETWORK: "multi-vpc" }),
  };
}

function mechanismVariables({
  kafkaAuthentication,
  oauthTokenUrl,
  oauthScope,
  oauthExtensions,
}: DeploymentSettings): Record<string, string> {
  switch (kafkaAuthentication) {
    case "iam":
      return { KAFKA_SSL: "true", KAFKA_SASL_MECHANISM: "aws-iam" };
    case "scram":
      return { KAFKA_SSL: "true", KAFKA_SASL_MECHANISM: "scram-sha-512" };
    case "plain":
      return { KAFKA_SSL: "true", KAFKA_SASL_MECHANISM: "plain" };
    case "oauthbearer":
      return {
        KAFKA_SSL: "true",
        KAFKA_SASL_MECHANISM: "oauthbearer",
        KAFKA_SASL_OAUTH_TOKEN_URL: oauthTokenUrl,
        ...(oauthScope === "" ? {} : { KAFKA_SASL_OAUTH_SCOPE: oauthScope }),
        ...(oauthExtensions === "" ? {} : { KAFKA_SASL_OAUTH_EXTENSIONS: oauthExtensions }),
      };
    case "tls":
      return { KAFKA_SSL: "true" };
    case "none":
      return {};
  }
}

function secretVariables(
  { kafkaAuthentication }: Pick<GivenSettings, "kafkaAuthentication">,
  secret: string,
): Readonly<Record<string, string>> {
  if (secret === "") return {};
  switch (kafkaAuthentication) {
    case "scram":
    case "plain":
      return { KAFKA_SASL_SECRET_ARN: secret };
    case "oauthbearer":
      return { KAFKA_SASL_OAUTH_CLIENT_ID: `${secret}#clientId`, KAFKA_SASL_OAUTH_CLIENT_SECRET: `${secret}#clientSecret` };
    case "tls":
      return { KAFKA_SSL_SECRET_ARN: secret };
    default:
      return {};
  }
}

/** What a function has instead. */
export function ownVariables(settings: DeploymentSettings, functionKey: string): Readonly<Record<string, string>> {
  return secretVariables(settings, settings.kafkaSecrets.get(functionKey) ?? "");
}

/** The authentication of a mapping to a Kafka that is not MSK, by the names of the framework's `kafka` event. Lambda has no OAUTHBEARER: there, it signs in with a password. */
export function accessConfigurationsOf(settings: DeploymentSettings, functionKey: string): Readonly<Record<string, readonly string[]>> {
  const { kafkaAuthentication, mappingSecret, caSecret, subnets, securityGroups } = settings;
  const secret = mappingSecret === "" ? secretOf(settings, functionKey) : mappingSecret;
  const names = {
    scram: "saslScram512Auth",
    plain: "saslPlainAuth",
    oauthbearer: "saslPlainAuth",
    tls: "clientCertificateTlsAuth",
  } as const;
  const name = kafkaAuthentication === "iam" || kafkaAuthentication === "none" ? undefined : names[kafkaAuthentication];
  return {
    ...(subnets.length === 0 ? {} : { vpcSubnet: subnets, vpcSecurityGroup: securityGroups }),
    ...(name === undefined || secret === undefined ? {} : { [name]: [secret] }),
    ...(caSecret === "" ? {} : { serverRootCaCertificate: [caSecret] }),
  };
}

/** What the functions of the service decide: one sentence per fault. */
export function secretFaults(settings: DeploymentSettings, functionKeys: readonly string[]): readonly string[] {
  const { kafkaAuthentication, kafkaSecrets } = settings;
  const unknown = [...kafkaSecrets.keys()].filter((key) => !functionKeys.includes(key));
  const needsSecret = kafkaAuthentication === "scram" || kafkaAuthentication === "plain" || kafkaAuthentication === "oauthbearer";
  const without = functionKeys.filter((key) => needsSecret && secretOf(settings, key) === undefined);
  return [
    ...unknown.map(
      (key) => `kafkaSecrets: there is a secret for ${key}, but no such function; the functions are ${functionKeys.join(", ")}`,
    ),
    ...(without.length > 0
      ? [`kafkaSecrets: ${without.join(", ")} have no secret; add them, or set kafkaSecret for all functions without one`]
      : []),
  ];
}
