/** What CloudFormation would replace in an order that Lambda refuses is found before anything is sent. */
import { expect, test } from "vitest";
import { replacedMappingFaults } from "../../../local/build/deployment/replaced-mappings.js";

const cluster = "arn:aws:kafka:eu-central-1:123456789012:cluster/prod/1-1";
const mapping = (topic: string, group: string, arn = cluster) => ({
  Type: "AWS::Lambda::EventSourceMapping",
  Properties: {
    EventSourceArn: arn,
    FunctionName: { "Fn::GetAtt": ["BillingLambdaFunction", "Arn"] },
    Topics: [topic],
    AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: group },
  },
});

test("the same mapping again, a batch size that changes, and a mapping that is new are accepted", () => {
  const before = { BillingMSKProdOrders: mapping("orders", "billing") };
  const changed = mapping("orders", "billing");

  expect(replacedMappingFaults(before, before)).toEqual([]);
  expect(
    replacedMappingFaults(before, { BillingMSKProdOrders: { ...changed, Properties: { ...changed.Properties, BatchSize: 7 } } }),
  ).toEqual([]);
  expect(replacedMappingFaults({}, before)).toEqual([]);
  expect(replacedMappingFaults(before, {})).toEqual([]);
});

test("a topic that is renamed while the group stays takes two deployments, and the offsets stay with the group", () => {
  const [fault, ...others] = replacedMappingFaults(
    { BillingMSKProdOrders: mapping("orders", "billing") },
    { BillingMSKProdOrdersv2: mapping("orders.v2", "billing") },
  );

  expect(others).toEqual([]);
  expect(fault).toContain("BillingLambdaFunction: its topic changes from orders to orders.v2 while the group stays billing");
  expect(fault).toContain("Deploy twice");
});

test.each([
  ["a group that changes", mapping("orders", "billing-v2"), "kafka-relay groups copy-offsets billing billing-v2"],
  ["a cluster that changes", mapping("orders", "billing", cluster.replace("prod", "other")), "the cluster of its mapping changes"],
])("%s replaces the mapping, which takes two deployments", (_, after, words) => {
  const faults = replacedMappingFaults({ BillingMSKProdOrders: mapping("orders", "billing") }, { BillingMSKProdOrders: after });

  expect(faults).toEqual([expect.stringContaining(words)]);
});

test("a mapping with another group may come beside one that goes", () => {
  expect(
    replacedMappingFaults(
      { BillingMSKProdOrders: mapping("orders", "billing") },
      { BillingMSKProdOrdersv2: mapping("orders.v2", "billing-v2") },
    ),
  ).toEqual([]);
});
