/** Two stages in one account, on one cluster: whatever must be unique there differs between them. */
import { beforeAll, expect, test } from "vitest";
import { type Packaged, packageService, parameters } from "../support/package/packaged.js";

let dev: Packaged;
let prod: Packaged;
beforeAll(() => {
  [dev, prod] = [packageService("dev"), packageService("prod")] as [Packaged, Packaged];
  for (const { status, output } of [dev, prod]) if (status !== 0) throw new Error(output);
}, 180_000);

const groupsOf = ({ ofType }: Packaged): readonly string[] =>
  ofType("AWS::Lambda::EventSourceMapping").map((mapping) => mapping.AmazonManagedKafkaEventSourceConfig.ConsumerGroupId);
const both = (values: (packaged: Packaged) => readonly unknown[]) => {
  const [ofDev, ofProd] = [values(dev), values(prod)];
  return { count: ofProd.length, shared: ofDev.filter((one) => ofProd.some((other) => JSON.stringify(one) === JSON.stringify(other))) };
};

test.each<readonly [string, (packaged: Packaged) => readonly unknown[]]>([
  ["consumer groups", groupsOf],
  ["functions", ({ ofType }) => ofType("AWS::Lambda::Function").map(({ FunctionName }) => FunctionName)],
  ["log groups", ({ ofType }) => ofType("AWS::Logs::LogGroup").map(({ LogGroupName }) => LogGroupName)],
  ["alarms", ({ ofType }) => ofType("AWS::CloudWatch::Alarm").map(({ AlarmName }) => AlarmName)],
  ["APIs", ({ ofType }) => ofType("AWS::ApiGatewayV2::Api").map(({ Name }) => Name)],
])("%s of two stages are different ones", (_, values) => {
  expect(both(values)).toEqual({ count: expect.toSatisfy((count: number) => count > 0), shared: [] });
});

test("no alarm of one stage reads a metric that the other writes, and each has its own API", () => {
  const metricsOf = ({ ofType }: Packaged) =>
    ofType("AWS::CloudWatch::Alarm")
      .filter(({ Namespace }) => Namespace === "AWS/Lambda" || Namespace === "KafkaRelay")
      .map(({ Namespace, MetricName, Dimensions, Metrics }) => ({ Namespace, MetricName, Dimensions, Metrics }));

  expect(both(metricsOf)).toMatchObject({ shared: [] });
});

test("functions name their stage in the metrics that they write", () => {
  for (const { Environment, FunctionName } of prod.ofType("AWS::Lambda::Function")) {
    expect(Environment.Variables.RELAY_STAGE, FunctionName).toBe("prod");
  }
});

test("a deployment that exists keeps its groups by their old beginning, and is warned that another stage could have them", () => {
  const kept = packageService("prod", { ...parameters, groupPrefix: "kafka-relay-" });

  expect(groupsOf(kept)).toContain("kafka-relay-strong-quakes");
  expect(kept.output).toContain("function strongQuakes: its group kafka-relay-strong-quakes does not contain the stage prod");
});
