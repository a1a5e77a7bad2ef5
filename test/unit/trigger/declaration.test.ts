/** What an event may say: wrong values are named with their place and what would be right; differences from AWS give a warning. */
import { expect, test } from "vitest";
import { parseDeclaration } from "../../../local/kafka-trigger/src/declaration/parse.js";

const place = { functionKey: "orders", kind: "msk", timeoutSeconds: 6, nowMs: Date.parse("2026-01-01") } as const;
const msk = (more: object) => ({ arn: "arn:aws:kafka:eu-west-1:1:cluster/c/1", topic: "orders", ...more });
const faultsOf = (more: object) => {
  const parsed = parseDeclaration(msk(more), place);
  return parsed.ok ? "" : parsed.faults.join("\n");
};
const warningsOf = (more: object, timeoutSeconds = 6) => {
  const parsed = parseDeclaration(msk(more), { ...place, timeoutSeconds });
  return parsed.ok ? parsed.warnings.join("\n") : `refused: ${parsed.faults}`;
};

test.each<[string, object, RegExp]>([
  ["a batch size below 1", { batchSize: 0 }, /function orders: msk\.batchSize is 0; it must be a whole number from 1 to 10000/],
  ["a window above 300", { maximumBatchingWindow: 301 }, /maximumBatchingWindow is 301/],
  ["an age below 60", { maximumRecordAgeInSeconds: 59 }, /maximumRecordAgeInSeconds is 59; it must be -1, or/],
  ["retries below -1", { maximumRetryAttempts: -2 }, /maximumRetryAttempts is -2/],
  ["an unknown position", { startingPosition: "EARLIEST" }, /startingPosition is "EARLIEST"; it must be TRIM_HORIZON/],
  ["AT_TIMESTAMP without a time", { startingPosition: "AT_TIMESTAMP" }, /startingPositionTimestamp is missing/],
  ["a time in milliseconds", { startingPosition: "AT_TIMESTAMP", startingPositionTimestamp: 1_700_000_000_000 }, /seconds since 1970/],
  ["the source as destination", { onFailureDestination: "kafka://orders" }, /the topic that the mapping reads/],
  ["a misspelt member", { batchsize: 5 }, /batchsize does not exist; did you mean batchSize\?/],
  ["share groups", { consumptionMode: "Queue" }, /consumptionMode Queue/],
  ["no cluster", { arn: undefined }, /msk\.arn is missing: the ARN of a cluster, a Ref, or Fn::ImportValue/],
  ["a cluster that is not an ARN", { arn: "shop" }, /msk\.arn is "shop"; it must be the ARN of a cluster/],
  ["an unknown destination", { onFailureDestination: "http://x" }, /is "http:\/\/x"; it must be kafka:\/\/topic, or the ARN/],
  ["a misspelt member inside", { provisionedPollerConfig: { min: 1 } }, /provisionedPollerConfig\.min does not exist$/],
  ["a pattern that is a text", { filterPatterns: ["{}"] }, /filterPatterns\[0\] is "\{\}"; it must be a map of fields/],
])("%s is refused in words", (_what, more, message) => {
  expect(faultsOf(more)).toMatch(message);
});

test.each<[string, object, RegExp]>([
  ["retry controls without provisioned mode", { maximumRetryAttempts: 3 }, /maximumRetryAttempts: AWS documents this for provisioned mode/],
  ["a Kafka destination without provisioned mode", { onFailureDestination: "kafka://lost" }, /provisioned mode only/],
  ["retries without end and a destination", { onFailureDestination: "arn:aws:sqs:eu-west-1:1:q" }, /AWS stops after 10 retries/],
  ["a filter on the key", { filterPatterns: [{ key: ["k"] }] }, /a pattern for key/],
  ["LATEST", { startingPosition: "LATEST" }, /may be missed/],
])("%s is warned of", (_what, more, message) => {
  expect(warningsOf(more)).toMatch(message);
});

test("a timeout above 14 minutes is warned of", () => {
  expect(warningsOf({}, 900)).toMatch(/function orders: its timeout is 900 s; AWS allows at most 840 s/);
});

test.each([{ provisionedPollerConfig: { minimumPollers: 1 } }, { provisionedPollers: { min: 1 } }])(
  "provisioned mode is known in both spellings",
  (spelling) => {
    expect(warningsOf({ maximumRetryAttempts: 3, ...spelling })).toBe("");
  },
);

test.each<[string, object, RegExp]>([
  ["servers in one text", { bootstrapServers: ["a:1,b:2"] }, /kafka\.bootstrapServers is .*it must be a list of 1 to 10 "host:port"/],
  ["no servers", { bootstrapServers: undefined }, /bootstrapServers is missing: a list of 1 to 10 "host:port"/],
  ["an unknown access", { accessConfigurations: { basicAuth: "arn" } }, /accessConfigurations is .*it must be a map of vpcSubnet/],
])("a kafka event with %s is refused in words", (_what, wrong, message) => {
  const given = { topic: "orders", bootstrapServers: ["a:1"], accessConfigurations: { saslPlainAuth: "arn" }, ...wrong };

  const parsed = parseDeclaration(given, { ...place, kind: "kafka" });

  expect(parsed.ok ? "" : parsed.faults.join("\n")).toMatch(message);
});
