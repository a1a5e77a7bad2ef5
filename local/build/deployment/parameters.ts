/** The parameters of a deployment, each by the name that `--param` takes, and what it must look like. Pure. */
import * as v from "valibot";
import type { AccessPolicy } from "../../../lib/access.js";
import { locationForms, toGrantsLocation } from "../../../lib/grants/location.js";

const arn = (service: string) => new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]+:\\d{12}:.+`);
const text = v.pipe(
  v.union([v.string(), v.number(), v.boolean()]),
  v.transform((value) => String(value).trim()),
);
const list = (item: RegExp, example: string) =>
  v.pipe(
    text,
    v.transform((value) => (value === "" ? [] : value.split(",").map((one) => one.trim()))),
    v.check(
      (items) => items.every((one) => item.test(one)),
      () => `must be a comma-separated list such as ${example}`,
    ),
  );
const form = (pattern: RegExp, example: string) =>
  v.pipe(
    text,
    v.check(
      (value) => value === "" || pattern.test(value),
      () => `must be ${example}`,
    ),
  );
const picked = <const Options extends readonly string[]>(options: Options) =>
  v.pipe(text, v.picklist(options, `must be one of ${options.join(", ")}`));

/** `produce=<arn>,records=<arn>`, and `team=orders,cost-centre=1234`. */
function toPairs(list: string): ReadonlyMap<string, string> {
  const pairs = list
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

/** The framework requires an ARN before a deployment is checked. This placeholder counts as missing. */
export const noCluster = "arn:missing";

/** Every parameter by the name that `--param` takes. Empty: not given. */
export const parameters = v.strictObject({
  clusterArn: v.pipe(
    text,
    v.transform((value) => (value === noCluster ? "" : value)),
    v.check(
      (value) => value === "" || /^arn:aws[a-z-]*:kafka:[a-z0-9-]+:\d{12}:cluster\/[^/]+\/[\w-]+$/.test(value),
      () => "must be the ARN of an MSK cluster (arn:aws:kafka:<region>:<account>:cluster/<name>/<id>)",
    ),
  ),
  subnets: list(/^subnet-[0-9a-f]+$/, "subnet-0a1b2c3d,subnet-4e5f6a7b"),
  securityGroups: list(/^sg-[0-9a-f]+$/, "sg-0a1b2c3d"),
  vpcConnectionArn: form(
    /^arn:aws[a-z-]*:kafka:[a-z0-9-]+:\d{12}:vpc-connection\/.+/,
    "the ARN of a VPC connection to an MSK cluster of another account (arn:aws:kafka:<region>:<account>:vpc-connection/...)",
  ),
  kafkaAuthentication: picked(["iam", "scram", "tls", "none", "plain", "oauthbearer"]),
  mappingSecret: form(arn("secretsmanager"), "the ARN of a secret in Secrets Manager"),
  caSecret: form(arn("secretsmanager"), "the ARN of a secret in Secrets Manager"),
  oauthTokenUrl: form(/^https:\/\/\S+$/, "an https URL"),
  oauthScope: text,
  oauthExtensions: text,
  kafkaSecret: form(arn("secretsmanager"), "the ARN of a secret in Secrets Manager"),
  kafkaSecrets: v.pipe(
    text,
    v.check(
      (value) =>
        value === "" || value.split(",").every((one) => /^\s*\w+=arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:\S+\s*$/.test(one)),
      () => "must be a comma-separated list such as produce=arn:aws:secretsmanager:...,records=arn:aws:secretsmanager:...",
    ),
    v.transform(toPairs),
  ),
  brokers: text,
  groupPrefix: form(/^[A-Za-z0-9._-]{1,100}$/, "the beginning of consumer groups (letters, digits, dots, hyphens, underscores)"),
  largeTopics: list(/^[A-Za-z0-9._-]{1,249}$/, "orders,payments"),
  topicPrefix: form(/^[A-Za-z0-9._-]{1,200}$/, "the beginning of topic names (letters, digits, dots, hyphens, underscores)"),
  authorizer: picked(["iam", "jwt", "none"]),
  frontDoor: picked(["http", "rest-private", "alb", "url"]),
  vpcEndpoints: list(/^vpce-[0-9a-f]+$/, "vpce-0a1b2c3d,vpce-4e5f6a7b"),
  albSecurityGroups: list(/^sg-[0-9a-f]+$/, "sg-0a1b2c3d"),
  domain: form(
    /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
    "the name of a domain in lower case, such as kafka.example.com",
  ),
  certificateArn: form(arn("acm"), "the ARN of a certificate in ACM"),
  basePath: form(/^[A-Za-z0-9._~-]{1,100}$/, "one path segment without slashes, such as kafka"),
  wafAcl: form(
    /^arn:aws[a-z-]*:wafv2:[a-z0-9-]+:\d{12}:regional\/webacl\/.+/,
    "the ARN of a regional web ACL (arn:aws:wafv2:<region>:<account>:regional/webacl/...)",
  ),
  jwtKeys: form(/^https:\/\/\S+$/, "an https URL"),
  deployment: picked(["direct", "allAtOnce", "canary10", "linear"]),
  grantsFrom: v.pipe(
    text,
    v.check(
      (value) => value === "" || toGrantsLocation(value) !== undefined,
      () => `must be ${locationForms}`,
    ),
  ),
  grantsReloadSeconds: form(/^([1-9]\d{1,3}|[5-9])$/, "a whole number of seconds from 5 to 9999"),
  grantsKey: form(arn("kms"), "the ARN of a key in KMS"),
  jwtIssuer: form(/^https:\/\/\S+$/, "an https URL"),
  jwtAudience: list(/^\S+$/, "my-api"),
  corsOrigins: list(/^(\*|https?:\/\/[^/\s]+)$/, "https://app.example.com"),
  grantsFile: text,
  grants: text,
  throttleRate: form(/^[1-9]\d*$/, "a whole number of requests per second"),
  throttleBurst: form(/^[1-9]\d*$/, "a whole number of requests"),
  reservedConcurrency: picked(["on", "off"]),
  produceConcurrency: form(/^[1-9]\d{0,3}$/, "a whole number of environments from 1 to 9999"),
  alarmsTopic: form(arn("sns"), "the ARN of an SNS topic"),
  egress: picked(["nat", "endpoints"]),
  permissionsBoundary: form(/^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/.+/, "the ARN of a policy (arn:aws:iam::<account>:policy/<name>)"),
  tags: v.pipe(
    text,
    v.check(
      (value) => value === "" || value.split(",").every((one) => /^\s*[\w .:/+@-]{1,128}=[^,=]{0,256}$/.test(one)),
      () => "must be a comma-separated list such as team=orders,cost-centre=1234",
    ),
    v.transform(toPairs),
  ),
  kmsKey: form(arn("kms"), "the ARN of a key in KMS"),
  targetKeys: list(arn("kms"), "arn:aws:kms:<region>:<account>:key/<id>"),
  tracing: picked(["on", "off"]),
  disabledFunctions: picked(["keep", "omit"]),
  schemaRegistryUrl: form(/^https:\/\/[^\s@]+$/, "an https URL without a user (https://schemas.example.com)"),
  schemaRegistrySecret: form(arn("secretsmanager"), "the ARN of a secret in Secrets Manager"),
  glueRegistry: form(/^[\w$.#-]{1,255}$/, "the name of a registry in AWS Glue"),
});

export type GivenSettings = v.InferOutput<typeof parameters>;

export type DeploymentSettings = GivenSettings & {
  readonly policy: AccessPolicy;
};
