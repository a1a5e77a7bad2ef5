/** The IAM statements that a mapping and its destination need, and no more (https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html). Pure. */
import type { Declaration } from "../declaration/members.js";
import type { RoleStatement } from "./template.js";

const allow = (Action: readonly string[], Resource: unknown): RoleStatement => ({ Effect: "Allow", Action, Resource });

/** A mapping in a VPC creates network interfaces with the function's role. */
const networkStatement = allow(
  [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeVpcs",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
  ],
  "*",
);

/** `typeOf` gives the type of a resource of the template: a destination may be one of them. */
export function statementsOf(
  declaration: Declaration,
  kind: "msk" | "kafka",
  typeOf: (logicalId: string) => string | undefined = () => undefined,
): readonly RoleStatement[] {
  return [
    ...("arn" in declaration && kind === "msk" ? clusterStatements(declaration) : selfManagedStatements(declaration)),
    ...destinationStatements(declaration, typeOf),
    ...registryStatements(declaration),
  ];
}

function registryStatements({ schemaRegistryConfig: registry }: Declaration): readonly RoleStatement[] {
  if (registry === undefined) return [];
  const { schemaRegistryURI: uri, accessConfigs = [] } = registry;
  const isGlue = typeof uri !== "string" || uri.startsWith("arn:");
  const secrets = accessConfigs.map((access) => access.uri);
  return [
    // A version id does not say in which registry its schema is.
    ...(isGlue ? [allow(["glue:GetRegistry"], uri), allow(["glue:GetSchemaVersion"], "*")] : []),
    ...(secrets.length === 0 ? [] : [allow(["secretsmanager:GetSecretValue"], secrets)]),
  ];
}

function clusterStatements(declaration: Extract<Declaration, { readonly arn: unknown }>): readonly RoleStatement[] {
  const { arn, topic, saslScram512, consumerGroupId } = declaration;
  // https://docs.aws.amazon.com/lambda/latest/dg/with-msk-cross-account.html: the connection does not name the cluster, so its topics have to be granted beside this.
  if (typeof arn === "string" && arn.includes(":vpc-connection/"))
    return [
      allow(["kafka:DescribeVpcConnection"], arn),
      networkStatement,
      ...(saslScram512 === undefined ? [] : [allow(["secretsmanager:GetSecretValue"], saslScram512)]),
    ];
  const control = allow(["kafka:DescribeClusterV2", "kafka:DescribeCluster", "kafka:GetBootstrapBrokers"], arn);
  if (saslScram512 !== undefined) {
    return [control, networkStatement, allow(["kafka:ListScramSecrets"], arn), allow(["secretsmanager:GetSecretValue"], saslScram512)];
  }
  return [
    control,
    networkStatement,
    allow(["kafka-cluster:Connect", "kafka-cluster:DescribeClusterDynamicConfiguration"], arn),
    allow(["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"], resourceArn(arn, "topic", topic)),
    // Without a configured group id the mapping creates one, which is known only after the deployment.
    allow(["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"], resourceArn(arn, "group", consumerGroupId ?? "*")),
  ];
}

function selfManagedStatements(declaration: Declaration): readonly RoleStatement[] {
  const access = "accessConfigurations" in declaration ? declaration.accessConfigurations : {};
  const isInVpc = access.vpcSubnet !== undefined;
  const secrets = Object.entries(access)
    .filter(([name]) => !name.startsWith("vpc"))
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value]));
  return [...(isInVpc ? [networkStatement] : []), ...(secrets.length === 0 ? [] : [allow(["secretsmanager:GetSecretValue"], secrets)])];
}

function destinationStatements(declaration: Declaration, typeOf: (logicalId: string) => string | undefined): readonly RoleStatement[] {
  const destination = declaration.onFailureDestination;
  if (typeof destination === "string" && destination.startsWith("kafka://")) {
    const arn = "arn" in declaration ? declaration.arn : undefined;
    if (arn === undefined) return [];
    const topic = destination.slice("kafka://".length);
    return [allow(["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"], resourceArn(arn, "topic", topic))];
  }
  switch (typeof destination === "string" ? destination.split(":")[2] : services[typeOf(logicalIdOf(destination) ?? "") ?? ""]) {
    case "sqs":
      return [allow(["sqs:SendMessage"], destination)];
    case "sns":
      return [allow(["sns:Publish"], destination)];
    case "s3":
      return [allow(["s3:PutObject"], objectsOf(destination)), allow(["s3:ListBucket"], destination)];
    default:
      return [];
  }
}

const objectsOf = (bucket: unknown): unknown => (typeof bucket === "string" ? `${bucket}/*` : { "Fn::Join": ["", [bucket, "/*"]] });
const services: Readonly<Record<string, string>> = { "AWS::SQS::Queue": "sqs", "AWS::SNS::Topic": "sns", "AWS::S3::Bucket": "s3" };

/** "MyRole", or { "Fn::GetAtt": ["MyRole", "Arn"] }, or { Ref: "MyTopic" }; an ARN or an import is somebody else's. */
export function logicalIdOf(value: unknown): string | undefined {
  if (typeof value === "string") return value.startsWith("arn:") ? undefined : value;
  const { "Fn::GetAtt": attribute, Ref: reference } = (value ?? {}) as { readonly "Fn::GetAtt"?: unknown; readonly Ref?: unknown };
  const id: unknown = Array.isArray(attribute) ? attribute[0] : typeof attribute === "string" ? attribute.split(".")[0] : reference;
  return typeof id === "string" ? id : undefined;
}

/** `arn:...:cluster/name/uuid` -> `arn:...:topic/name/uuid/<topic>`; an ARN that is known only at deployment is cut by CloudFormation. */
function resourceArn(clusterArn: unknown, type: "topic" | "group", name: string): unknown {
  if (typeof clusterArn === "string") return `${clusterArn.replace(":cluster/", `:${type}/`)}/${name}`;
  return { "Fn::Join": ["", [{ "Fn::Join": [`:${type}/`, { "Fn::Split": [":cluster/", clusterArn] }] }, `/${name}`]] };
}
