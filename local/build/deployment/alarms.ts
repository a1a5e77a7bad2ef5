/** The alarms: errors, throttles, how far a route is behind, and dead letters. Pure. */
import type { FunctionNeeds } from "./needs.js";
import type { Resource } from "./roles.js";

const periodSeconds = 60;
/** Three bad minutes of five: a single failed call is retried by its caller. */
const periods = 5;
const badPeriods = 3;
/** Records behind; a route that keeps up is near 0. */
const lagMax = 10_000;

interface Alarm {
  readonly name: string;
  readonly description: string;
  readonly metric: string;
  readonly namespace: string;
  readonly dimensions: Readonly<Record<string, unknown>>;
  readonly statistic: "Sum" | "Maximum";
  readonly threshold: number;
  readonly period?: number;
  readonly evaluationPeriods?: number;
  readonly datapoints?: number;
}

export function toAlarms(
  needs: readonly FunctionNeeds[],
  functionNameOf: (key: string) => string,
  stage: string,
  alarmsTopic: string,
): Readonly<Record<string, Resource>> {
  const alarms = needs.flatMap((one) => alarmsOf(one, functionNameOf(one.key), stage).map((alarm) => [one.key, alarm] as const));
  return Object.fromEntries(alarms.map(([key, alarm]) => [idOf(key, alarm.name), toResource(alarm, functionNameOf(key), alarmsTopic)]));
}

function alarmsOf({ key, route }: FunctionNeeds, functionName: string, stage: string): readonly Alarm[] {
  const ofFunction = { namespace: "AWS/Lambda", dimensions: { FunctionName: functionName } } as const;
  const shared: readonly Alarm[] = [
    { ...ofFunction, name: "Errors", description: `${key} throws.`, metric: "Errors", statistic: "Sum", threshold: 1 },
    {
      ...ofFunction,
      name: "Throttles",
      description: `${key} receives more requests than its concurrency allows.`,
      metric: "Throttles",
      statistic: "Sum",
      threshold: 1,
    },
  ];
  if (route === undefined) return shared;
  return [
    ...shared,
    {
      ...ofFunction,
      name: "OffsetLag",
      description: `${route.name} falls behind ${route.sourceTopics.join(", ")}: its target is slow or down; no records are lost.`,
      metric: "OffsetLag",
      statistic: "Maximum",
      threshold: lagMax,
    },
    {
      name: "DeadLetters",
      description: `${route.name} wrote dead letters into ${route.deadLetterTopics.join(", ")}.`,
      namespace: "KafkaRelay",
      metric: "DeadLettered",
      dimensions: { Stage: stage, Route: route.name },
      statistic: "Sum",
      threshold: 1,
      evaluationPeriods: 1,
      datapoints: 1,
    },
  ];
}

const idOf = (key: string, name: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}${name}Alarm`;

function toResource(alarm: Alarm, functionName: string, alarmsTopic: string): Resource {
  return {
    Type: "AWS::CloudWatch::Alarm",
    Properties: {
      AlarmName: `${functionName}-${alarm.name}`,
      AlarmDescription: alarm.description,
      Namespace: alarm.namespace,
      MetricName: alarm.metric,
      Dimensions: Object.entries(alarm.dimensions).map(([Name, Value]) => ({ Name, Value })),
      Statistic: alarm.statistic,
      Period: periodSeconds,
      EvaluationPeriods: alarm.evaluationPeriods ?? periods,
      DatapointsToAlarm: alarm.datapoints ?? badPeriods,
      Threshold: alarm.threshold,
      ComparisonOperator: "GreaterThanOrEqualToThreshold",
      // A function that nobody calls at night is healthy.
      TreatMissingData: "notBreaching",
      ...(alarmsTopic === "" ? {} : { AlarmActions: [alarmsTopic], OKActions: [alarmsTopic] }),
    },
  };
}
