/** What is missing or contradicts itself in the parameters that describe the cluster: one sentence each. Pure. */
import { isSelfManaged } from "./kafka-access.js";
import type { GivenSettings } from "./parameters.js";

const onMsk = ["iam", "scram", "tls", "none"];
const elsewhere = ["scram", "plain", "tls", "none", "oauthbearer"];

export function clusterFaults(settings: GivenSettings): readonly string[] {
  const isNamed = !isSelfManaged(settings) || settings.brokers !== "";
  return [
    ...(isNamed
      ? []
      : [
          "clusterArn: is missing. It names the MSK cluster to read from and write to. Set --param clusterArn=arn:aws:kafka:... or MSK_CLUSTER_ARN, or set brokers for a Kafka that is not MSK",
        ]),
    ...networkFaults(settings, isNamed),
    ...authenticationFaults(settings, isNamed),
    ...placeFaults(settings),
  ];
}

/** Brokers on the internet need no network of ours. */
function networkFaults(settings: GivenSettings, isNamed: boolean): readonly string[] {
  const { subnets, securityGroups, kafkaAuthentication } = settings;
  const isOutside = isNamed && isSelfManaged(settings) && subnets.length === 0 && securityGroups.length === 0;
  if (isOutside)
    return kafkaAuthentication === "none" ? ["subnets: is missing. Lambda reads brokers without authentication only from a VPC"] : [];
  return [
    ...(subnets.length === 0
      ? [
          "subnets: is missing. It lists private subnets that can reach the brokers. Set --param subnets=subnet-...,subnet-... or RELAY_SUBNETS",
        ]
      : []),
    ...(securityGroups.length === 0
      ? [
          "securityGroups: is missing. It lists security groups that the brokers admit. Set --param securityGroups=sg-... or RELAY_SECURITY_GROUPS",
        ]
      : []),
  ];
}

function authenticationFaults(settings: GivenSettings, isNamed: boolean): readonly string[] {
  const { kafkaAuthentication: how, kafkaSecret, kafkaSecrets, mappingSecret, oauthTokenUrl } = settings;
  const isOwn = isSelfManaged(settings);
  const offered = isOwn ? elsewhere : onMsk;
  if (isNamed && !offered.includes(how)) {
    return [`kafkaAuthentication: ${isOwn ? `${how} is for MSK` : `MSK does not support ${how}`}; use one of ${offered.join(", ")}`];
  }
  const needsSecret = how === "scram" || how === "plain" || how === "oauthbearer";
  const mayHaveSecret = needsSecret || how === "tls";
  const words = `requires kafkaAuthentication scram, plain, tls or oauthbearer, but that is ${how}`;
  return [
    ...(needsSecret && kafkaSecret === "" && kafkaSecrets.size === 0
      ? [
          `kafkaSecret: is missing. kafkaAuthentication ${how} needs the ARN of a secret ${secretWords(how, isOwn)}. Set --param kafkaSecret=arn:aws:secretsmanager:...`,
        ]
      : []),
    ...(!mayHaveSecret && kafkaSecret !== "" ? [`kafkaSecret: ${words}`] : []),
    ...(!mayHaveSecret && kafkaSecrets.size > 0 ? [`kafkaSecrets: ${words}`] : []),
    ...(how === "oauthbearer" && oauthTokenUrl === ""
      ? [
          "oauthTokenUrl: is missing. kafkaAuthentication oauthbearer needs the token endpoint of the identity provider. Set --param oauthTokenUrl=https://...",
        ]
      : []),
    ...(how === "oauthbearer" && mappingSecret === ""
      ? [
          "mappingSecret: is missing. Lambda's mappings do not support OAUTHBEARER: name a secret with username and password (in Confluent Cloud, an API key and its secret)",
        ]
      : []),
  ];
}

function secretWords(how: string, isOwn: boolean): string {
  if (how === "oauthbearer") return "with clientId and clientSecret";
  return isOwn ? "with username and password" : "whose name starts with AmazonMSK_";
}

/** Parameters that belong to another kind of cluster. */
function placeFaults(settings: GivenSettings): readonly string[] {
  const { mappingSecret, caSecret, vpcConnectionArn } = settings;
  const isOwn = isSelfManaged(settings);
  return [
    ...(!isOwn && mappingSecret !== "" ? ["mappingSecret: is only for a Kafka that is not MSK; mappings of MSK use kafkaSecret"] : []),
    ...(!isOwn && caSecret !== ""
      ? ["caSecret: is only for a Kafka that is not MSK: AWS's own authority signs the certificates of MSK"]
      : []),
    ...(isOwn && vpcConnectionArn !== "" ? ["vpcConnectionArn: requires clusterArn, the ARN of the cluster in the other account"] : []),
  ];
}
