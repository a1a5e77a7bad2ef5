/**
 * The parameters of a deployment that stay open in a module: its variables. A package is written with a stand-in for each, and what the template makes of a stand-in is
 * what the module makes of the variable. Parameters that decide which resources there are (how brokers and callers sign in, for example) are settled when a module is written.
 */

type VariableType = "text" | "number" | "list" | "map";

export interface ModuleVariable {
  /** As `--param` calls it. */
  readonly name: string;
  readonly type: VariableType;
  readonly meaning: string;
  /** The value that the package is written with. No template contains it by chance. */
  readonly standIn: string;
  /** Absent, with no `isOptional`: the variable is required. */
  readonly standard?: string | number;
  /** Without a value, whatever needs it is left out of the deployment. */
  readonly isOptional?: boolean;
  /** Only where a value is given when the module is written: without one, the deployment has other resources. */
  readonly isOnRequest?: boolean;
}

const account = "999888777666";
const region = "mx-central-1";
const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${account}:${rest}`;
export const standInCluster = {
  prefix: `arn:aws:kafka:${region}:${account}`,
  name: "relaystandin",
  id: "aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb-7",
};
const standInStage = "relaystandinstage";
export const standInTag = { key: "relaystandintag", value: "relaystandinvalue" };

const onRequest = (name: string, type: VariableType, standIn: string, meaning: string): ModuleVariable => ({
  name,
  type,
  meaning,
  standIn,
  isOnRequest: true,
});
const optional = (name: string, type: VariableType, standIn: string, meaning: string): ModuleVariable => ({
  name,
  type,
  meaning,
  standIn,
  isOptional: true,
});
const preset = (name: string, type: VariableType, standIn: string, standard: string | number, meaning: string): ModuleVariable => ({
  name,
  type,
  meaning,
  standIn,
  standard,
});

/** `{stage}` in a standard stands for the variable of that name. */
export const moduleVariables: readonly ModuleVariable[] = [
  { name: "stage", type: "text", standIn: standInStage, meaning: "The stage: part of the names of functions, groups, metrics and alarms." },
  onRequest(
    "clusterArn",
    "text",
    `${standInCluster.prefix}:cluster/${standInCluster.name}/${standInCluster.id}`,
    "The ARN of the MSK cluster.",
  ),
  onRequest(
    "vpcConnectionArn",
    "text",
    arn("kafka", `vpc-connection/${account}/relaystandinconnection/1`),
    "The ARN of the VPC connection to the cluster.",
  ),
  onRequest("brokers", "list", "relaystandinbroker.example.com:9092", "The brokers, as host:port."),
  onRequest("subnets", "list", "subnet-0aa00aa00aa00aa00", "The subnets of the functions."),
  onRequest("securityGroups", "list", "sg-0bb00bb00bb00bb00", "The security groups of the functions."),
  onRequest(
    "kafkaSecret",
    "text",
    arn("secretsmanager", "secret:AmazonMSK_relaystandin-AbCdEf"),
    "The ARN of the secret that functions and mappings sign in with.",
  ),
  onRequest(
    "mappingSecret",
    "text",
    arn("secretsmanager", "secret:relaystandinmapping-AbCdEf"),
    "The ARN of the secret that mappings sign in with.",
  ),
  onRequest(
    "caSecret",
    "text",
    arn("secretsmanager", "secret:relaystandinca-AbCdEf"),
    "The ARN of the secret with the certificate of the brokers' authority.",
  ),
  onRequest("oauthTokenUrl", "text", "https://relaystandinoauth.example.com/token", "Where functions get tokens for the brokers."),
  onRequest("oauthScope", "text", "relaystandinscope", "The scope of these tokens."),
  onRequest("oauthExtensions", "text", "relaystandinextension=1", "The SASL extensions that are sent with a token."),
  onRequest("jwtIssuer", "text", "https://relaystandinissuer.example.com/", "The issuer of the callers' tokens."),
  onRequest("jwtAudience", "list", "relaystandinaudience", "The audience of the callers' tokens."),
  onRequest("corsOrigins", "list", "https://relaystandinorigin.example.com", "Origins of web pages that may call the API."),
  onRequest("targetKeys", "list", arn("kms", "key/relaystandintarget"), "The ARNs of keys that targets of routes are encrypted with."),
  onRequest("schemaRegistryUrl", "text", "https://relaystandinregistry.example.com", "The address of the schema registry."),
  onRequest(
    "schemaRegistrySecret",
    "text",
    arn("secretsmanager", "secret:relaystandinregistry-AbCdEf"),
    "The ARN of the secret for the schema registry.",
  ),
  onRequest("glueRegistry", "text", "relaystandinglue", "The name of the registry in AWS Glue."),
  preset("grants", "text", '[{"who":["relaystandincaller"],"may":["service:describe"]}]', "", "Who may call what, as JSON (docs/aws.md)."),
  preset("groupPrefix", "text", "relaystandingroups-", "kafka-relay-{stage}-", "The beginning of the routes' consumer groups."),
  preset("logLevel", "text", "relaystandinlevel", "info", "debug, info, warn or error."),
  preset("throttleRate", "number", "918273", 100, "Requests per second for the whole API."),
  preset("throttleBurst", "number", "918274", 200, "How many requests may arrive at once."),
  preset("produceConcurrency", "number", "9182", 50, "Environments of the function that produces."),
  optional("topicPrefix", "text", "relaystandinprefix.", "The beginning of the topics and groups that the API can access."),
  optional("alarmsTopic", "text", arn("sns", "relaystandinalarms"), "The ARN of the SNS topic that alarms notify."),
  optional(
    "permissionsBoundary",
    "text",
    `arn:aws:iam::${account}:policy/relaystandinboundary`,
    "The ARN of a policy that limits every role.",
  ),
  optional("kmsKey", "text", arn("kms", "key/relaystandinkey"), "The ARN of a key for variables of functions and for logs."),
  optional("tags", "map", `${standInTag.key}=${standInTag.value}`, "Tags of every resource."),
];

export const isRequired = ({ standard, isOptional }: ModuleVariable): boolean => standard === undefined && isOptional !== true;

/** "clusterArn" is cluster_arn in Terraform. */
export const toSnake = (name: string): string =>
  name
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .replace(/([a-z\d])([A-Z])/g, "$1_$2")
    .toLowerCase();
