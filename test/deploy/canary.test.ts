/** The canary as it is deployed: its schedule, what it may do, what it watches, and the alarms that expect its data. */
import { expect, test } from "vitest";
import { packageService, parameters } from "../support/package/packaged.js";

const packaged = packageService("prod", { ...parameters, canary: "on" });
const alarm = (name: string) =>
  packaged.ofType("AWS::CloudWatch::Alarm").find(({ AlarmName }) => AlarmName === `kafka-relay-prod-canary-${name}`);

test("it runs every minute, with a topic that names the stage", () => {
  const lambda = packaged.ofType("AWS::Lambda::Function").find(({ FunctionName }) => FunctionName === "kafka-relay-prod-canary");

  expect(packaged.status, packaged.output).toBe(0);
  expect(packaged.resources.CanaryEventsRuleSchedule1?.Properties).toMatchObject({
    ScheduleExpression: "rate(1 minute)",
    State: "ENABLED",
  });
  expect(lambda.Environment.Variables.RELAY_CANARY_TOPIC).toBe("kafka-relay-prod-canary");
});

test("its role uses its own topic alone, and reads the state of the mappings that are on", () => {
  const statements = packaged.statementsOf("canary");
  const kafka = statements.filter(({ Action }) => Action.some((action) => action.startsWith("kafka-cluster:")));
  const mappings = Object.keys(packaged.resources).filter((id) => id.includes("EventSourceMapping"));
  const watched = JSON.stringify(statements.find(({ Sid }) => Sid === "Mappings")?.Resource);

  expect(
    kafka.map(({ Resource }) =>
      String(Resource)
        .replace(/^.*:kafka:[^:]+:\d+:/, "")
        .replace(/\/1+-.*-1/, ""),
    ),
  ).toEqual(["cluster/prod", "topic/prod/kafka-relay-prod-canary", "group/prod/kafka-relay-prod-canary"]);
  expect(mappings).toHaveLength(3);
  for (const id of mappings) expect(watched).toContain(`:event-source-mapping:\${${id}}`);
  expect(packaged.statementsOf("produce").flatMap(({ Action }) => Action)).not.toContain("lambda:GetEventSourceMapping");
});

test("its alarms treat missing data as bad, and fire on a record that did not arrive and on a mapping that stopped", () => {
  const ofStage = { Namespace: "KafkaRelay", Dimensions: [{ Name: "Stage", Value: "prod" }], TreatMissingData: "breaching", Threshold: 1 };

  expect(alarm("Records")).toMatchObject({ ...ofStage, MetricName: "CanaryRecords", ComparisonOperator: "LessThanThreshold" });
  expect(alarm("Mappings")).toMatchObject({
    ...ofStage,
    MetricName: "StoppedMappings",
    ComparisonOperator: "GreaterThanOrEqualToThreshold",
  });
});

test("without mappings that are on, no alarm expects their state; without the parameter, there is no canary", () => {
  const { demo: _, ...others } = parameters;
  const quiet = packageService("prod", { ...others, canary: "on" });
  const alarms = quiet.ofType("AWS::CloudWatch::Alarm").map(({ AlarmName }) => AlarmName);

  expect(alarms).toContain("kafka-relay-prod-canary-Records");
  expect(alarms).not.toContain("kafka-relay-prod-canary-Mappings");
  expect(Object.keys(packageService("prod").resources).filter((id) => id.startsWith("Canary"))).toEqual([]);
});
