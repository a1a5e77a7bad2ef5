/**
 * Where the value of a parameter comes from: `--param`, else `params` of the stage in serverless.yml, else `params.default`, else a variable of the shell, else a default.
 * docs/aws.md describes each. Pure.
 */
import type { GivenSettings } from "./parameters.js";

interface Origin {
  /** Of the shell. */
  readonly variable?: string;
  /** By default empty, which means "not given". */
  readonly value?: string;
}

/** How the functions are configured, whatever else is deployed. */
type FunctionParameter = "access" | "logLevel" | "jwtScopeClaims" | "jwtGroupsClaim";
type ParameterName = keyof GivenSettings | FunctionParameter;

export type ParameterValues = Readonly<Record<ParameterName, string>>;

const origins: Readonly<Record<ParameterName, Origin>> = {
  clusterArn: { variable: "MSK_CLUSTER_ARN" },
  // By default, the brokers are looked up through Amazon MSK's API, which requires network access to it.
  brokers: { variable: "KAFKA_BROKERS" },
  kafkaAuthentication: { value: "iam" },
  kafkaSecret: { variable: "KAFKA_SASL_SECRET_ARN" },
  // A secret for single functions, so that each signs in as a Kafka user of its own: produce=arn:...,records=arn:...
  kafkaSecrets: { variable: "KAFKA_SASL_SECRET_ARNS" },
  // The connection to an MSK cluster of another account.
  vpcConnectionArn: { variable: "MSK_VPC_CONNECTION_ARN" },
  // For a Kafka that is not MSK (brokers without clusterArn): the secret of the mappings, if it differs; the authority of its certificates; and OAUTHBEARER.
  mappingSecret: { variable: "RELAY_MAPPING_SECRET" },
  caSecret: { variable: "KAFKA_SSL_CA_SECRET_ARN" },
  oauthTokenUrl: { variable: "KAFKA_SASL_OAUTH_TOKEN_URL" },
  oauthScope: { variable: "KAFKA_SASL_OAUTH_SCOPE" },
  oauthExtensions: { variable: "KAFKA_SASL_OAUTH_EXTENSIONS" },
  // The topics and groups that the API's functions can access (default: all).
  topicPrefix: { variable: "RELAY_TOPIC_PREFIX" },
  // The beginning of every route's consumer group (default: <service>-<stage>-): a group must be the only one of its name on a cluster, so it names the stage.
  groupPrefix: { variable: "RELAY_GROUP_PREFIX" },
  // Source topics of routes that allow larger records than Lambda delivers, but never contain one.
  largeTopics: { variable: "RELAY_LARGE_TOPICS" },
  subnets: { variable: "RELAY_SUBNETS" },
  securityGroups: { variable: "RELAY_SECURITY_GROUPS" },
  // How the subnets reach services outside: nat, or endpoints only.
  egress: { value: "nat" },
  // How callers authenticate: iam (signed requests), jwt (tokens) or none.
  authorizer: { value: "iam" },
  jwtIssuer: { variable: "RELAY_JWT_ISSUER" },
  jwtAudience: { variable: "RELAY_JWT_AUDIENCE" },
  // The claims with a token's scopes (default: scope and scp), and the claim with its groups (default: no groups).
  jwtScopeClaims: { variable: "RELAY_JWT_SCOPE_CLAIMS" },
  jwtGroupsClaim: { variable: "RELAY_JWT_GROUPS_CLAIM" },
  // The address of the issuer's key set, where functions check tokens themselves (frontDoor alb or rest-private).
  jwtKeys: { variable: "RELAY_JWT_KEYS" },
  // What stands in front of the functions: http (an HTTP API), rest-private, alb or url. docs/aws.md compares them.
  frontDoor: { value: "http" },
  vpcEndpoints: { variable: "RELAY_VPC_ENDPOINTS" },
  albSecurityGroups: { variable: "RELAY_ALB_SECURITY_GROUPS" },
  domain: { variable: "RELAY_DOMAIN" },
  certificateArn: { variable: "RELAY_CERTIFICATE_ARN" },
  basePath: {},
  wafAcl: { variable: "RELAY_WAF_ACL" },
  // How a new version takes over: direct, or by an alias and CodeDeploy: allAtOnce, canary10, linear.
  deployment: { value: "direct" },
  corsOrigins: { variable: "RELAY_CORS_ORIGINS" },
  access: { value: "grants" },
  // The grants, in a file or as JSON.
  grantsFile: {},
  grants: { variable: "RELAY_ACCESS_GRANTS" },
  // Or where they are read from, again and again: s3://bucket/key, dynamodb://table/id, appconfig://application/environment/profile.
  grantsFrom: { variable: "RELAY_ACCESS_GRANTS_FROM" },
  grantsReloadSeconds: {},
  grantsKey: { variable: "RELAY_GRANTS_KEY" },
  logLevel: { value: "info" },
  throttleRate: { value: "100" },
  throttleBurst: { value: "200" },
  reservedConcurrency: { value: "on" },
  // The environments of the function that produces: each has a connection to each broker.
  produceConcurrency: { value: "50" },
  alarmsTopic: { variable: "RELAY_ALARMS_TOPIC" },
  // A policy that limits every role, tags of every resource (team=orders,cost-centre=1234), and a key for variables and logs.
  permissionsBoundary: { variable: "RELAY_PERMISSIONS_BOUNDARY" },
  tags: { variable: "RELAY_TAGS" },
  kmsKey: { variable: "RELAY_KMS_KEY" },
  // Keys of encrypted queues, topics, buckets and tables that routes write to.
  targetKeys: { variable: "RELAY_TARGET_KEYS" },
  // AWS X-Ray.
  tracing: { value: "off" },
  // Whether functions whose triggers are off, such as the demo's, are deployed all the same.
  disabledFunctions: { value: "keep" },
  // The schema registry: its address and a secret with username and password; or the name of a registry in AWS Glue.
  schemaRegistryUrl: {},
  schemaRegistrySecret: { variable: "SCHEMA_REGISTRY_SECRET_ARN" },
  glueRegistry: { variable: "GLUE_REGISTRY" },
};

export const parameterNames = Object.keys(origins) as readonly ParameterName[];

/** @param given by name, the most important first: what the command line says, then the service, then its stage. */
export function parameterValues(
  given: readonly Readonly<Record<string, unknown>>[],
  shell: Readonly<Record<string, string | undefined>>,
): ParameterValues {
  const valueFor = (name: ParameterName): string => {
    const { variable, value = "" } = origins[name];
    const named = given.find((values) => isGiven(values[name]))?.[name];
    return toText(named ?? (variable === undefined ? undefined : shell[variable]) ?? value);
  };
  return Object.fromEntries(parameterNames.map((name) => [name, valueFor(name)])) as ParameterValues;
}

/** As `--param` has it: lists and pairs separated by commas, anything deeper as JSON. */
function toText(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const parts = Array.isArray(value)
    ? value
    : Object.entries(value).map(([name, one]) => (typeof one === "object" ? one : `${name}=${one}`));
  return parts.some((part) => typeof part === "object") ? JSON.stringify(value) : parts.join(",");
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
