/** What `serverless package` writes for a stranger's project, property by property. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lintTemplate } from "../support/package/cfn-lint.js";
import { createOfflineProject, notingHandler } from "../support/trigger/offline-project.js";

const arn = "arn:aws:kafka:eu-west-1:111111111111:cluster/shop/00000000-0000-0000-0000-000000000000-1";
const secret = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:shop-AbCdEf";
const registry = "arn:aws:glue:eu-west-1:111111111111:registry/shop";
const registrySecret = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:schemas-AbCdEf";
const queue = "arn:aws:sqs:eu-west-1:111111111111:lost";

const msk = {
  arn,
  topic: "orders",
  consumerGroupId: "shop-orders",
  maximumBatchingWindow: 0,
  maximumRetryAttempts: 3,
  maximumRecordAgeInSeconds: 3_600,
  bisectBatchOnFunctionError: true,
  functionResponseTypes: ["ReportBatchItemFailures"],
  onFailureDestination: queue,
  provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 3 },
  filterPatterns: [{ value: { a: [1] } }],
  metricsConfig: { metrics: ["EventCount"] },
  schemaRegistryConfig: {
    schemaRegistryURI: registry,
    eventRecordFormat: "SOURCE",
    schemaValidationConfigs: [{ attribute: "KEY" }, { attribute: "VALUE" }],
  },
};
const kafka = {
  topic: "payments",
  bootstrapServers: ["b-1.example.com:9096"],
  accessConfigurations: { saslScram512Auth: secret },
  maximumBatchingWindow: 0,
  onFailureDestination: "kafka://lost-payments",
  provisionedPollers: { min: 1, max: 2, group: "shop" },
  loggingConfig: { systemLogLevel: "INFO" },
  schemaRegistryConfig: {
    schemaRegistryURI: "https://schemas.example.com",
    eventRecordFormat: "JSON",
    schemaValidationConfigs: [{ attribute: "VALUE" }],
    accessConfigs: [{ type: "BASIC_AUTH", uri: registrySecret }],
  },
};

const paymentsMapping = {
  SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ["b-1.example.com:9096"] } },
  SourceAccessConfigurations: [{ Type: "SASL_SCRAM_512_AUTH", URI: secret }],
  MaximumBatchingWindowInSeconds: 0,
  DestinationConfig: { OnFailure: { Destination: "kafka://lost-payments" } },
  ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 2, PollerGroupName: "shop" },
  LoggingConfig: { SystemLogLevel: "INFO" },
  SelfManagedKafkaEventSourceConfig: {
    SchemaRegistryConfig: {
      SchemaRegistryURI: "https://schemas.example.com",
      EventRecordFormat: "JSON",
      SchemaValidationConfigs: [{ Attribute: "VALUE" }],
      AccessConfigs: [{ Type: "BASIC_AUTH", URI: registrySecret }],
    },
  },
};
const ordersMapping = {
  EventSourceArn: arn,
  Topics: ["orders"],
  MaximumBatchingWindowInSeconds: 0,
  MaximumRetryAttempts: 3,
  MaximumRecordAgeInSeconds: 3_600,
  BisectBatchOnFunctionError: true,
  FunctionResponseTypes: ["ReportBatchItemFailures"],
  DestinationConfig: { OnFailure: { Destination: queue } },
  ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 3 },
  FilterCriteria: { Filters: [{ Pattern: '{"value":{"a":[1]}}' }] },
  MetricsConfig: { Metrics: ["EventCount"] },
  AmazonManagedKafkaEventSourceConfig: {
    ConsumerGroupId: "shop-orders",
    SchemaRegistryConfig: {
      SchemaRegistryURI: registry,
      EventRecordFormat: "SOURCE",
      SchemaValidationConfigs: [{ Attribute: "KEY" }, { Attribute: "VALUE" }],
    },
  },
};

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
test("members that the framework does not know are properties of the mapping, and its role may do what they need and no more", {
  timeout: 400_000,
}, async () => {
  const project = await createOfflineProject();
  try {
    project.write("orders.js", notingHandler());
    project.configure({
      orders: { handler: "orders.handler", events: [{ msk }] },
      payments: { handler: "orders.handler", events: [{ kafka }] },
    });

    const run = project.run(["package"]);
    expect(await run.ended(), run.output()).toBe(0);
    const file = join(project.folder, ".serverless/cloudformation-template-update-stack.json");
    const template = JSON.parse(readFileSync(file, "utf8"));
    // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's own shapes, looked into by path
    const resources = Object.values(template.Resources) as { Type: string; Properties: any }[];

    const mappingOf = (topic: string) =>
      resources.find(({ Type, Properties }) => Type === "AWS::Lambda::EventSourceMapping" && Properties.Topics[0] === topic)?.Properties;
    expect(mappingOf("payments")).toMatchObject(paymentsMapping);
    expect(mappingOf("orders")).toMatchObject(ordersMapping);
    const role = resources.find(({ Type }) => Type === "AWS::IAM::Role")?.Properties;
    const policy = role.Policies.find(({ PolicyName }: { PolicyName: unknown }) => PolicyName === "kafka-trigger");
    const allowed = new Map<string, unknown>();
    for (const { Action, Resource } of policy.PolicyDocument.Statement) for (const action of Action) allowed.set(action, Resource);
    expect(Object.fromEntries([...allowed].filter(([action]) => /^(kafka-cluster|sqs|glue):/.test(action)))).toEqual({
      "kafka-cluster:Connect": arn,
      "kafka-cluster:DescribeClusterDynamicConfiguration": arn,
      "kafka-cluster:DescribeTopic": `${arn.replace(":cluster/", ":topic/")}/orders`,
      "kafka-cluster:ReadData": `${arn.replace(":cluster/", ":topic/")}/orders`,
      "kafka-cluster:DescribeGroup": `${arn.replace(":cluster/", ":group/")}/shop-orders`,
      "kafka-cluster:AlterGroup": `${arn.replace(":cluster/", ":group/")}/shop-orders`,
      "sqs:SendMessage": queue,
      "glue:GetRegistry": registry,
      "glue:GetSchemaVersion": "*",
    });
    expect(JSON.stringify(policy)).toContain(registrySecret);
    expect((await lintTemplate(file, "cfn-lint on the trigger's template")) ?? []).toEqual([]);
  } finally {
    project.remove();
  }
});

test("two events of one function on one topic are refused, since the framework would package the last one alone", async () => {
  const project = await createOfflineProject();
  try {
    project.write("orders.js", notingHandler());
    project.configure({
      orders: { handler: "orders.handler", events: [{ msk: { arn, topic: "orders" } }, { msk: { arn, topic: "orders", batchSize: 7 } }] },
    });

    const run = project.run(["package"]);

    expect(await run.ended()).not.toBe(0);
    expect(run.output().replace(/\s+/g, " ")).toContain("function orders: two msk events name the topic orders");
  } finally {
    project.remove();
  }
});
