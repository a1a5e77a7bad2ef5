/** What is written into the CloudFormation template at package time, and the permissions that go with it. The real `serverless package` is in test/trigger. */
import { expect, test } from "vitest";
import { completeMappings } from "../../../local/kafka-trigger/src/package/template.js";
import type { Serverless, ServerlessFunction } from "../../../local/kafka-trigger/src/plugin/serverless.js";

const arn = "arn:aws:kafka:eu-west-1:111111111111:cluster/shop/00000000-0000-0000-0000-000000000000-1";
const otherArn = arn.replace("shop", "other");
const role = () => ({ Type: "AWS::IAM::Role", Properties: { Policies: [] as unknown[] } });

interface Given {
  readonly events: readonly object[];
  readonly own?: Partial<ServerlessFunction>;
  readonly resources: Record<string, object>;
  /** `resources` of serverless.yml. */
  readonly ofService?: object;
}

function packaged({ events, own = {}, resources, ofService }: Given) {
  const template = { Resources: { IamRoleLambdaExecution: role(), ...resources } };
  const serverless = {
    service: {
      service: "shop",
      provider: { compiledCloudFormationTemplate: template },
      resources: ofService,
      getAllFunctions: () => ["orders"],
      getFunction: () => ({ handler: "orders.handler", events, ...own }),
    },
    config: { servicePath: "." },
  } as unknown as Serverless;
  const report = completeMappings(serverless, Date.parse("2026-01-01"));
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's own shapes, looked into by path
  return { ...report, resources: template.Resources as any };
}

const mskMapping = (cluster: unknown, topic: string) => ({
  Type: "AWS::Lambda::EventSourceMapping",
  Properties: { EventSourceArn: cluster, Topics: [topic] },
});
const kafkaMapping = (topic: string) => ({
  Type: "AWS::Lambda::EventSourceMapping",
  Properties: { SelfManagedEventSource: {}, Topics: [topic] },
});

/** Action -> resources, of the policy that is ours. */
function allowed({ Properties }: ReturnType<typeof role>): Record<string, unknown> {
  const policy = (
    Properties.Policies as { PolicyName: string; PolicyDocument: { Statement: { Action: string[]; Resource: unknown }[] } }[]
  ).find(({ PolicyName }) => PolicyName === "kafka-trigger");
  const statements = policy?.PolicyDocument.Statement ?? [];
  return Object.fromEntries(statements.flatMap(({ Action, Resource }) => Action.map((action) => [action, Resource])));
}

test("each event's members go to the mapping of its own cluster, also where two clusters have a topic of that name", () => {
  const { faults, resources } = packaged({
    events: [{ msk: { arn, topic: "t", maximumRetryAttempts: 1 } }, { msk: { arn: otherArn, topic: "t", maximumRetryAttempts: 2 } }],
    resources: { OrdersEventSourceMappingMSKOtherT: mskMapping(otherArn, "t"), OrdersEventSourceMappingMSKShopT: mskMapping(arn, "t") },
  });

  expect(faults).toEqual([]);
  expect(resources.OrdersEventSourceMappingMSKShopT.Properties.MaximumRetryAttempts).toBe(1);
  expect(resources.OrdersEventSourceMappingMSKOtherT.Properties.MaximumRetryAttempts).toBe(2);
});

test("the other spelling of provisioned mode, a poller group and a system log level are written too", () => {
  const event = { arn, topic: "t", provisionedPollers: { min: 1, max: 2, group: "g" }, loggingConfig: { systemLogLevel: "INFO" } };

  const { resources } = packaged({ events: [{ msk: event }], resources: { OrdersEventSourceMappingMSKShopT: mskMapping(arn, "t") } });

  expect(resources.OrdersEventSourceMappingMSKShopT.Properties).toMatchObject({
    ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 2, PollerGroupName: "g" },
    LoggingConfig: { SystemLogLevel: "INFO" },
  });
});

test("a group's id is added to what else the source's configuration says", () => {
  const mapping = kafkaMapping("t");
  Object.assign(mapping.Properties, { SelfManagedKafkaEventSourceConfig: { SchemaRegistryConfig: { EventRecordFormat: "JSON" } } });
  const event = { topic: "t", bootstrapServers: ["b:1"], accessConfigurations: {}, consumerGroupId: "g" };

  packaged({ events: [{ kafka: event }], resources: { OrdersEventSourceMappingKafkaT: mapping } });

  expect(mapping.Properties).toMatchObject({
    SelfManagedKafkaEventSourceConfig: { SchemaRegistryConfig: { EventRecordFormat: "JSON" }, ConsumerGroupId: "g" },
  });
});

test.each<[string, object, Record<string, unknown>]>([
  ["a Kafka topic", { onFailureDestination: "kafka://lost" }, { "kafka-cluster:WriteData": `${arn.replace(":cluster/", ":topic/")}/lost` }],
  ["an SNS topic", { onFailureDestination: "arn:aws:sns:eu-west-1:1:lost" }, { "sns:Publish": "arn:aws:sns:eu-west-1:1:lost" }],
  [
    "a bucket",
    { onFailureDestination: "arn:aws:s3:::lost" },
    { "s3:PutObject": "arn:aws:s3:::lost/*", "s3:ListBucket": "arn:aws:s3:::lost" },
  ],
])("a mapping whose destination is %s may write there, and nowhere else", (_what, more, expected) => {
  const { resources } = packaged({
    events: [{ msk: { arn, topic: "t", ...more } }],
    resources: { OrdersEventSourceMappingMSKShopT: mskMapping(arn, "t") },
  });

  const actions = allowed(resources.IamRoleLambdaExecution);
  expect(actions).toMatchObject(expected);
  const writing = Object.keys(actions).filter((action) => /^(sqs|sns|s3):|WriteData$/.test(action));
  expect(writing.sort()).toEqual(Object.keys(expected).sort());
});

test("a destination that is a resource of the service gets the permission of its kind", () => {
  const queue = { "Fn::GetAtt": ["LostOrders", "Arn"] };

  const { resources } = packaged({
    events: [{ msk: { arn, topic: "t", onFailureDestination: queue } }],
    resources: { OrdersEventSourceMappingMSKShopT: mskMapping(arn, "t") },
    ofService: { Resources: { LostOrders: { Type: "AWS::SQS::Queue" } } },
  });

  expect(resources.OrdersEventSourceMappingMSKShopT.Properties.DestinationConfig).toEqual({ OnFailure: { Destination: queue } });
  expect(allowed(resources.IamRoleLambdaExecution)["sqs:SendMessage"]).toEqual(queue);
});

test("a cluster that logs in with a secret needs the secret in place of IAM's topics and groups", () => {
  const secret = "arn:aws:secretsmanager:eu-west-1:1:secret:AmazonMSK_x";

  const { resources } = packaged({
    events: [{ msk: { arn, topic: "t", saslScram512: secret } }],
    resources: { OrdersEventSourceMappingMSKShopT: mskMapping(arn, "t") },
  });

  const actions = allowed(resources.IamRoleLambdaExecution);
  expect(actions["secretsmanager:GetSecretValue"]).toBe(secret);
  expect(Object.keys(actions).filter((action) => action.startsWith("kafka-cluster:"))).toEqual([]);
});

test("a cluster known at deployment alone gets ARNs that CloudFormation makes", () => {
  const imported = { "Fn::ImportValue": "cluster" };

  const { resources } = packaged({
    events: [{ msk: { arn: imported, topic: "t", consumerGroupId: "g" } }],
    resources: { OrdersEventSourceMappingMSKClusterT: mskMapping(imported, "t") },
  });

  expect(allowed(resources.IamRoleLambdaExecution)["kafka-cluster:ReadData"]).toEqual({
    "Fn::Join": ["", [{ "Fn::Join": [":topic/", { "Fn::Split": [":cluster/", imported] }] }, "/t"]],
  });
});

test("a function with a role of its own gets its permissions there, and the shared role none", () => {
  const { resources } = packaged({
    events: [{ msk: { arn, topic: "t" } }],
    own: { role: { "Fn::GetAtt": ["OrdersRole", "Arn"] } },
    resources: { OrdersEventSourceMappingMSKShopT: mskMapping(arn, "t"), OrdersRole: role() },
  });

  expect(allowed(resources.OrdersRole)).toHaveProperty("kafka-cluster:ReadData");
  expect(allowed(resources.IamRoleLambdaExecution)).toEqual({});
});

test("a role that is not in the template is left alone, and the warning names what it needs", () => {
  const { warnings } = packaged({
    events: [{ msk: { arn, topic: "t" } }],
    own: { role: "arn:aws:iam::1:role/there" },
    resources: { OrdersEventSourceMappingMSKShopT: mskMapping(arn, "t") },
  });

  expect(warnings.join()).toMatch(
    /function orders: its role is not in this template. Grant it kafka:DescribeClusterV2, .*kafka-cluster:Connect/,
  );
});

test("a wrong declaration is a fault, and nothing is written for it", () => {
  const { faults, resources } = packaged({
    events: [{ msk: { arn, topic: "t", batchSize: 0 } }],
    resources: { OrdersEventSourceMappingMSKShopT: mskMapping(arn, "t") },
  });

  expect(faults.join()).toMatch(/function orders: msk\.batchSize is 0/);
  expect(allowed(resources.IamRoleLambdaExecution)).toEqual({});
});
