/** What becomes of a template in the CDK construct and in the Terraform module. test/deploy/modules.test.ts compares whole deployments. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Terraform's and TypeScript's own
import { expect, test } from "vitest";
import { toConstruct } from "../../../local/build/modules/cdk/construct.js";
import { readModule, type Template } from "../../../local/build/modules/module.js";
import { toTerraformFiles } from "../../../local/build/modules/terraform/files.js";
import { moduleVariables } from "../../../local/build/modules/variables.js";

const standIn = (name: string) => moduleVariables.find((one) => one.name === name)?.standIn ?? "";
const cluster = standIn("clusterArn");
const resource = (Type: string, Properties: Record<string, unknown>) => ({ Type, Properties });
const written = (Resources: Template["Resources"]) => {
  const module = readModule({ Resources }, moduleVariables, ["authorizer=iam"]);
  return { cdk: () => toConstruct(module), terraform: () => toTerraformFiles(module)["main.tf"] ?? "" };
};
const policy = (statements: readonly unknown[]) =>
  resource("AWS::IAM::Role", {
    AssumeRolePolicyDocument: {},
    Policies: [{ PolicyName: "function", PolicyDocument: { Statement: statements } }],
  });

test("a parameter inside a text becomes the variable, and so do the parts of a cluster's ARN", () => {
  const { cdk, terraform } = written({
    ProduceRole: policy([{ Sid: "Topics", Resource: `${cluster.replace(":cluster/", ":topic/")}/orders` }]),
    ProduceLogGroup: resource("AWS::Logs::LogGroup", { LogGroupName: `/aws/lambda/kafka-relay-${standIn("stage")}-produce` }),
  });

  expect(terraform()).toContain('Resource = "${local.cluster_prefix}:topic/${local.cluster_path}/orders"');
  expect(cdk()).toContain("Resource: `${clusterPrefix}:topic/${clusterPath}/orders`");
  expect(terraform()).toContain('name = "/aws/lambda/kafka-relay-${var.stage}-produce"');
});

test("without an optional value, the statement and the list that need it are left out", () => {
  const { cdk, terraform } = written({
    ProduceRole: policy([
      { Sid: "Key", Resource: standIn("kmsKey") },
      { Sid: "Other", Resource: "*" },
    ]),
    Alarm: resource("AWS::CloudWatch::Alarm", { AlarmName: "api", AlarmActions: [standIn("alarmsTopic")] }),
  });

  expect(cdk()).toMatch(/policies: \[\n +\{\n +policyName: "function"/);
  expect(terraform()).toContain("alarm_actions = var.alarms_topic == null ? null : [var.alarms_topic]");
  expect(terraform()).toContain("var.kms_key == null ? null : {");
  expect(cdk()).toContain("alarmActions: alarmsTopic === undefined ? undefined : [alarmsTopic]");
  expect(cdk()).toContain("...(kmsKey === undefined ? [] : [{");
});

test("a list is one in a list, one text in a text, and one block for each value where a block holds it", () => {
  const { cdk, terraform } = written({
    RouteEventSourceMapping: resource("AWS::Lambda::EventSourceMapping", {
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: [standIn("brokers")] } },
      SourceAccessConfigurations: [{ Type: "VPC_SUBNET", URI: `subnet:${standIn("subnets")}` }],
    }),
    RouteLambdaFunction: resource("AWS::Lambda::Function", { Environment: { Variables: { KAFKA_BROKERS: standIn("brokers") } } }),
  });

  expect(terraform()).toContain('endpoints = { KAFKA_BOOTSTRAP_SERVERS = join(",", var.brokers) }');
  expect(terraform()).toContain('KAFKA_BROKERS = "${join(",", var.brokers)}"');
  expect(terraform()).toMatch(
    /dynamic "source_access_configuration" \{\n\s+for_each = var.subnets\n[^}]*uri = "subnet:\$\{source_access_configuration.value\}"/,
  );
  expect(cdk()).toContain("kafkaBootstrapServers: [...brokers]");
});

test("a reference becomes one, and what is referred to comes first", () => {
  const { cdk, terraform } = written({
    ProduceLambdaFunction: resource("AWS::Lambda::Function", { Role: { "Fn::GetAtt": ["ProduceRole", "Arn"] } }),
    ProduceRole: policy([]),
  });

  expect(terraform()).toContain("role = aws_iam_role.produce.arn");
  expect(cdk()).toContain("role: produceRole.attrArn");
  expect(cdk().indexOf("const produceRole")).toBeLessThan(cdk().indexOf("const produceLambdaFunction"));
});

test("text that looks like a variable of Terraform or TypeScript stays text", () => {
  const { cdk, terraform } = written({ ALogGroup: resource("AWS::Logs::LogGroup", { LogGroupName: `\${x}%{y}\`${standIn("stage")}"` }) });

  expect(terraform()).toContain('name = "$${x}%%{y}`${var.stage}\\""');
  expect(cdk()).toContain('logGroupName: `\\${x}%{y}\\`${stage}"`');
});

test("a type that the Terraform module cannot express is refused by its name; the construct takes every type", () => {
  const { cdk, terraform } = written({ Web: resource("AWS::WAFv2::WebACL", { Scope: "REGIONAL" }) });

  expect(terraform).toThrow("AWS::WAFv2::WebACL, which the Terraform module cannot express");
  expect(cdk()).toContain('new aws_wafv2.CfnWebACL(this, "Web"');
});

test("a function of CloudFormation that a module cannot express is refused by its name", () => {
  expect(() => written({ Rule: resource("AWS::Events::Rule", { Name: { "Fn::ImportValue": "x" } }) })).toThrow("Fn::ImportValue");
});
