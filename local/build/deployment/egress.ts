/** What each function must reach from private subnets, and by what it does: printed when the package is written, checked as far as the configuration tells. Pure. */
import { checksTokens } from "./front-door/door-variables.js";
import { grantsServiceOf } from "./grants-store.js";
import { isSelfManaged, kafkaSecretsOf } from "./kafka-access.js";
import type { FunctionNeeds } from "./needs.js";
import type { DeploymentSettings } from "./parameters.js";
import { registrySecrets, usesSchemas } from "./registry-access.js";

export interface EgressRow {
  readonly functionKey: string;
  readonly what: string;
  readonly port: string;
  /** In the VPC itself, an endpoint of it, or a NAT gateway. */
  readonly by: string;
}

type Settings = Pick<
  DeploymentSettings,
  | "clusterArn"
  | "vpcConnectionArn"
  | "kafkaAuthentication"
  | "kafkaSecret"
  | "kafkaSecrets"
  | "caSecret"
  | "brokers"
  | "egress"
  | "oauthTokenUrl"
  | "schemaRegistryUrl"
  | "schemaRegistrySecret"
  | "glueRegistry"
  | "authorizer"
  | "frontDoor"
  | "jwtKeys"
  | "grantsFrom"
>;

/** https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html */
const brokerPorts = { iam: "9098", scram: "9096", tls: "9094", none: "9092", plain: "as listed", oauthbearer: "as listed" } as const;

/** The service that an AWS target calls, by the name of its endpoint; S3 and DynamoDB have gateway endpoints, which cost nothing. */
const services: Readonly<Record<string, string>> = {
  sqs: "sqs",
  sns: "sns",
  s3: "s3",
  dynamodb: "dynamodb",
  eventbridge: "events",
  lambda: "lambda",
};
const gatewayServices = ["s3", "dynamodb"];

export function egressOf(
  needs: FunctionNeeds,
  settings: Settings,
  secretArns: readonly string[],
  environment: Readonly<Record<string, string>>,
): readonly EgressRow[] {
  const { key, may, route, source, isCanary } = needs;
  const secrets = [...secretArns, ...registrySecrets(needs, settings)];
  const row = (what: string, port: string, by: string): EgressRow => ({ functionKey: key, what, port, by });
  const service = (name: string) => row(`AWS: ${name}`, "443", byEndpoint(name, settings));
  const grantsService = may.length > 0 ? grantsServiceOf(settings) : undefined;
  return [
    brokerRow(settings, row),
    ...(settings.oauthTokenUrl === "" ? [] : [row(`token endpoint ${new URL(settings.oauthTokenUrl).host}`, "443", "NAT")]),
    ...(may.length > 0 && checksTokens(settings)
      ? [row(`key set ${new URL(settings.jwtKeys).host}`, "443", "inside the VPC, PrivateLink or NAT")]
      : []),
    ...(!isSelfManaged(settings) && (settings.brokers === "" || may.includes("cluster:describe")) ? [service("kafka")] : []),
    ...(kafkaSecretsOf(settings, key).length > 0 || secrets.length > 0 ? [service("secretsmanager")] : []),
    ...(isCanary === true || may.some((one) => one === "dead-letter:redrive" || one === "route:try") ? [service("lambda")] : []),
    ...(grantsService === undefined ? [] : [service(grantsService)]),
    ...(usesSchemas(needs) ? registryRows(settings, row, service) : []),
    ...(route === undefined ? [] : targetRows(route, environment, row, service)),
    ...(source?.kind === "outbox"
      ? [row(`database of ${source.name}`, "5432 or as its connection string says", "inside the VPC, peering or NAT")]
      : []),
    ...(source?.kind === "s3" ? [service("s3"), service("sqs")] : []),
  ];
}

function brokerRow(settings: Settings, row: (what: string, port: string, by: string) => EgressRow): EgressRow {
  if (isSelfManaged(settings)) return row(`brokers ${settings.brokers}`, "as listed", "inside the VPC, peering, PrivateLink or NAT");
  // https://docs.aws.amazon.com/msk/latest/developerguide/aws-access-mult-vpc.html
  if (settings.vpcConnectionArn !== "")
    return row("brokers, by the VPC connection", "14001-14200", "the connection's interfaces in this VPC");
  return row("brokers", brokerPorts[settings.kafkaAuthentication], "inside the VPC; the brokers' security group admits ours");
}

/**
 * A mapping without provisioned pollers reads through interfaces in the cluster's own subnets, with the cluster's security group, and calls Lambda, STS and Secrets
 * Manager from there (https://docs.aws.amazon.com/lambda/latest/dg/with-msk-cluster-network.html).
 */
export function mappingEgress(functionKey: string, isProvisioned: boolean, hasSecret: boolean): readonly EgressRow[] {
  if (isProvisioned) return [];
  const services = ["lambda", "sts", ...(hasSecret ? ["secretsmanager"] : [])];
  return [
    {
      functionKey,
      what: "brokers, by its mapping",
      port: "as above",
      by: "the cluster's own subnets and security group, which must admit itself on that port",
    },
    ...services.map((service) => ({
      functionKey,
      what: `AWS: ${service}, by its mapping`,
      port: "443",
      by: `from the cluster's own subnets: NAT, or interface endpoint com.amazonaws.<region>.${service}`,
    })),
  ];
}

function byEndpoint(service: string, { egress }: Settings): string {
  if (gatewayServices.includes(service)) return `gateway endpoint com.amazonaws.<region>.${service}, or NAT`;
  return egress === "endpoints"
    ? `interface endpoint com.amazonaws.<region>.${service}`
    : `NAT, or interface endpoint com.amazonaws.<region>.${service}`;
}

function registryRows(
  { schemaRegistryUrl, glueRegistry }: Settings,
  row: (what: string, port: string, by: string) => EgressRow,
  service: (name: string) => EgressRow,
): readonly EgressRow[] {
  const { host, port } = schemaRegistryUrl === "" ? { host: "", port: "" } : new URL(schemaRegistryUrl);
  return [
    ...(host === "" ? [] : [row(`schema registry ${host}`, port === "" ? "443" : port, "inside the VPC, peering, PrivateLink or NAT")]),
    ...(glueRegistry === "" ? [] : [service("glue")]),
  ];
}

function targetRows(
  { targetKind, targetName, targetOptions }: NonNullable<FunctionNeeds["route"]>,
  environment: Readonly<Record<string, string>>,
  row: (what: string, port: string, by: string) => EgressRow,
  service: (name: string) => EgressRow,
): readonly EgressRow[] {
  const known = services[targetKind];
  if (known !== undefined) return [service(known)];
  switch (targetKind) {
    case "topic":
      return targetOptions.cluster === undefined
        ? []
        : [row(`brokers of another cluster: ${targetName}`, "as listed", "peering, a transit gateway or NAT")];
    case "webhook":
      return [row(`webhook ${hostOf(targetName, environment)}`, "443", "NAT")];
    case "sql":
      return [row(`database of ${targetName}`, "5432 or as its connection string says", "inside the VPC, peering or NAT")];
    default:
      return [row(`the calls of ${targetKind} ${targetName}`, "?", "depends on the target")];
  }
}

function hostOf(name: string, environment: Readonly<Record<string, string>>): string {
  const variable = /env:(\w+)/.exec(name)?.[1];
  const value = variable === undefined ? name : (environment[variable] ?? "");
  return URL.canParse(value) && value.startsWith("http") ? new URL(value).host : `of ${variable ?? name}`;
}

/** What cannot work, one sentence each. */
export function egressFaults(rows: readonly EgressRow[], { egress }: Settings): readonly string[] {
  if (egress !== "endpoints") return [];
  return rows
    .filter(({ what }) => what.startsWith("webhook "))
    .map(
      ({ functionKey, what }) =>
        `egress: ${functionKey} calls ${what}, but without a NAT gateway (egress is endpoints) nothing outside AWS can be reached`,
    );
}

export function toMarkdown(rows: readonly EgressRow[]): string {
  const lines = rows.map(({ functionKey, what, port, by }) => `| ${functionKey} | ${what} | ${port} | ${by} |`);
  return ["| function | reaches | port | by |", "| --- | --- | --- | --- |", ...lines, ""].join("\n");
}
