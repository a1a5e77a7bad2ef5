/** What is checked of all mappings together: the same list at a start and at package time. */
import { expect, test } from "vitest";
import { checkDeclarations } from "../../../local/kafka-trigger/src/declaration/check.js";
import { completeMappings } from "../../../local/kafka-trigger/src/package/template.js";
import { readMappings } from "../../../local/kafka-trigger/src/plugin/mappings.js";
import type { Serverless } from "../../../local/kafka-trigger/src/plugin/serverless.js";
import { readSettings } from "../../../local/kafka-trigger/src/plugin/settings.js";

const arn = "arn:aws:kafka:eu-west-1:111111111111:cluster/shop/00000000-0000-0000-0000-000000000000-1";
const otherArn = arn.replace("shop", "other");
const kafka = (topic: string, server = "b-1:9092", more: object = {}) => ({
  kafka: { topic, bootstrapServers: [server], accessConfigurations: { saslScram512Auth: "arn:aws:secretsmanager:a:b:c" }, ...more },
});
const msk = (topic: string, more: object = {}) => ({ msk: { arn, topic, ...more } });
const nowMs = Date.parse("2026-01-01");

function serviceOf(functions: Readonly<Record<string, readonly object[]>>, resources?: object): Serverless {
  return {
    service: {
      service: "shop",
      provider: { compiledCloudFormationTemplate: { Resources: {} } },
      resources,
      getAllFunctions: () => Object.keys(functions),
      getFunction: (key: string) => ({ handler: "orders.handler", events: functions[key] }),
    },
    config: { servicePath: "." },
  } as unknown as Serverless;
}

/** Of a start and of a package, which have to be the same. */
function faultsOf(serverless: Serverless): readonly string[] {
  const atStart = readMappings(serverless, readSettings({ brokers: { [arn]: "a:1", [otherArn]: "b:1" } }, {}), nowMs).faults;
  expect(completeMappings(serverless, nowMs).faults).toEqual(atStart);
  return atStart;
}

const raw = (topic: string) => ({
  Resources: {
    Own: {
      Type: "AWS::Lambda::EventSourceMapping",
      Properties: { FunctionName: { Ref: "OrdersLambdaFunction" }, EventSourceArn: arn, Topics: [topic] },
    },
  },
});

test.each<[string, readonly object[], object | undefined, RegExp]>([
  [
    "two msk events on one topic",
    [msk("t"), msk("t", { batchSize: 7 })],
    undefined,
    /two msk events name the topic t: AWS has one mapping/,
  ],
  [
    "two kafka events on one topic, though of two clusters",
    [kafka("t"), kafka("t", "b-2:9092")],
    undefined,
    /two kafka events name the topic t/,
  ],
  [
    "two topics that differ only in a dot",
    [msk("a.b"), msk("a-b")],
    undefined,
    /name the topics a\.b and a-b\. The framework names mappings by letters and digits only/,
  ],
  ["an event and a resource for one topic", [msk("t")], raw("t"), /two msk events name the topic t/],
])("%s are refused, at a start and at package", (_what, events, resources, fault) => {
  expect(faultsOf(serviceOf({ orders: events }, resources))).toEqual([expect.stringMatching(fault)]);
});

test("one topic in two functions or two clusters, and two topics, are fine", () => {
  const functions = { orders: [msk("t"), { msk: { arn: otherArn, topic: "t" } }, msk("u"), kafka("t")], other: [msk("t")] };

  expect(checkDeclarations(serviceOf(functions, raw("v")), nowMs).faults).toEqual([]);
});

test("a group that two mappings of a cluster name is refused, at a start and at package", () => {
  const named = { consumerGroupId: "shared" };

  expect(faultsOf(serviceOf({ orders: [msk("t", named)], other: [msk("u", named)] }))).toEqual([
    'function other: msk.consumerGroupId "shared" is already used by function orders; each mapping needs its own',
  ]);
});

test("what resources.extensions lays over an event is checked with it, at a start and at package", () => {
  const extensions = { OrdersEventSourceMappingMSKShopT: { Properties: { BatchSize: 20_000 } } };

  expect(faultsOf(serviceOf({ orders: [msk("t")] }, { extensions }))).toEqual([
    "function orders: msk.batchSize is 20000; it must be a whole number from 1 to 10000",
  ]);
});

const registry = (uri: string, more: object = {}) => ({
  schemaRegistryConfig: { schemaRegistryURI: uri, eventRecordFormat: "JSON", schemaValidationConfigs: [{ attribute: "VALUE" }], ...more },
});
const pollers = { provisionedPollerConfig: { minimumPollers: 1 } };
const glue = "arn:aws:glue:eu-west-1:111111111111:registry/shop";

test.each<[string, object, RegExp]>([
  [
    "without provisioned pollers",
    registry("https://a.example.com"),
    /schemaRegistryConfig needs provisionedPollerConfig: AWS has schema registries in provisioned mode only/,
  ],
  [
    "of AWS Glue with a login",
    { ...pollers, ...registry(glue, { accessConfigs: [{ type: "BASIC_AUTH", uri: "arn:a" }] }) },
    /accessConfigs must be omitted for AWS Glue/,
  ],
  ["at no address", { ...pollers, ...registry("shop") }, /schemaRegistryURI is .*; it must be https/],
  [
    "that validates nothing",
    { ...pollers, ...registry(glue, { schemaValidationConfigs: [] }) },
    /schemaValidationConfigs is .*; it must be a list of/,
  ],
  [
    "that validates values twice",
    { ...pollers, ...registry(glue, { schemaValidationConfigs: [{ attribute: "VALUE" }, { attribute: "VALUE" }] }) },
    /must be a list of/,
  ],
  [
    "with an unknown format",
    { ...pollers, ...registry(glue, { eventRecordFormat: "AVRO" }) },
    /eventRecordFormat is "AVRO"; it must be JSON or SOURCE/,
  ],
  ["with an unknown member", { ...pollers, ...registry(glue, { format: "JSON" }) }, /schemaRegistryConfig.format does not exist/],
])("a schema registry %s is refused, at a start as at package time", (_, members, fault) => {
  expect(faultsOf(serviceOf({ orders: [msk("t", members)] })).join("\n")).toMatch(fault);
});

test("a mapping with a schema registry and no destination is warned of: AWS drops what it cannot decode", () => {
  const warningsOf = (more: object) =>
    checkDeclarations(serviceOf({ orders: [msk("t", { ...pollers, ...registry(glue), ...more })] }), nowMs).warnings.join("\n");
  expect(warningsOf({})).toContain(
    "schemaRegistryConfig: records whose schema is missing, or that do not fit it, are dropped; add onFailureDestination",
  );
  expect(warningsOf({ onFailureDestination: "kafka://lost", maximumRetryAttempts: 3 })).toBe("");
});

test("a mapping that is a resource of its own keeps its schema registry", () => {
  const { Resources } = raw("t");
  const resources = {
    Resources: {
      Own: {
        ...Resources.Own,
        Properties: {
          ...Resources.Own.Properties,
          ProvisionedPollerConfig: { MinimumPollers: 1 },
          AmazonManagedKafkaEventSourceConfig: {
            SchemaRegistryConfig: { SchemaRegistryURI: glue, EventRecordFormat: "SOURCE", SchemaValidationConfigs: [{ Attribute: "KEY" }] },
          },
        },
      },
    },
  };
  const [event] = checkDeclarations(serviceOf({ orders: [] }, resources), nowMs).events;
  expect(event?.declaration.schemaRegistryConfig).toEqual({
    schemaRegistryURI: glue,
    eventRecordFormat: "SOURCE",
    schemaValidationConfigs: [{ attribute: "KEY" }],
  });
});
