/**
 * The alarms of a deployment: what callers of the API notice, what becomes of records, whether routes keep up, and whether functions fail or are throttled. Pure.
 * Handlers answer failures and do not throw, so Lambda's own count of errors says nothing about Kafka: the API's 5xx and the functions' metrics do.
 */

import { canaryAlarms } from "./canary.js";
import type { DoorMetric } from "./front-door/door-metrics.js";
import type { FunctionNeeds } from "./needs.js";
import type { Resource } from "./roles.js";

const periodSeconds = 60;
/** Three bad minutes of five: a single failed call is retried by its caller. */
const periods = 5;
const badPeriods = 3;
/** Records behind; a route that keeps up is near 0. */
const lagMax = 10_000;
/** Of the slowest hundredth of calls. The API answers within 29 seconds in any case. */
const latencyMaxMs = 10_000;

export interface Alarm {
  readonly name: string;
  readonly description: string;
  readonly metric: string;
  /** More metrics of the same namespace and dimensions: the alarm looks at their sum. */
  readonly andMetrics?: readonly string[];
  readonly namespace: DoorMetric["namespace"] | "AWS/Kafka" | "KafkaRelay";
  readonly dimensions: Readonly<Record<string, unknown>>;
  readonly statistic: "Sum" | "Maximum" | "p99";
  readonly threshold: number;
  /** Bad is what lies below the threshold. */
  readonly isLowBad?: boolean;
  /** 1: the first bad minute counts. */
  readonly badPeriods?: number;
  /** Missing data is a fault where the metric always has data. Absent: a function that nobody calls at night is healthy. */
  readonly isExpected?: boolean;
}

export interface AlarmScope {
  /** `kafka-relay-prod`: the beginning of alarm names. */
  readonly name: string;
  readonly stage: string;
  /** Of what stands in front of the functions: one entry, or one per function where each has an address of its own. */
  readonly door: readonly DoorMetric[];
  readonly functionNameOf: (key: string) => string;
  /** Of the MSK cluster, whose metrics have the lag of routes. */
  readonly clusterName: string;
  /** The functions of routes whose mapping is on. */
  readonly running: ReadonlySet<string>;
  readonly alarmsTopic: string;
  /** Whether a mapping is on, whose state the canary asks for. */
  readonly watchesMappings: boolean;
  /** Whether grants are read from a store. */
  readonly readsGrants: boolean;
}

export function toAlarms(needs: readonly FunctionNeeds[], scope: AlarmScope): Readonly<Record<string, Resource>> {
  const ofApi = apiAlarms(scope).map(
    (alarm) => [`Api${alarm.name.replaceAll("-", "")}Alarm`, toResource(alarm, `${scope.name}-api`, scope)] as const,
  );
  const ofFunctions = needs.flatMap((one) =>
    [
      ...functionAlarms(one, scope),
      ...(one.isCanary === true ? canaryAlarms(scope) : []),
      ...(one.route === undefined ? [] : routeAlarms(one.key, one.route, scope)),
    ].map((alarm) => [idOf(one.key, alarm.name), toResource(alarm, scope.functionNameOf(one.key), scope)] as const),
  );
  return Object.fromEntries([...ofApi, ...ofFunctions]);
}

/** Of all calls, and of the records that they write. */
function apiAlarms({ stage, door, readsGrants }: AlarmScope): readonly Alarm[] {
  return [
    ...door.flatMap(({ suffix, namespace, dimensions, serverErrors, latency, latencyUnitMs }): readonly Alarm[] => [
      {
        name: `5xx${suffix}`,
        description: "Calls fail on our side or at Kafka.",
        namespace,
        dimensions,
        metric: serverErrors,
        statistic: "Sum",
        threshold: 1,
      },
      {
        name: `Latency${suffix}`,
        description: `One call of a hundred takes ${latencyMaxMs / 1000} seconds or longer.`,
        namespace,
        dimensions,
        metric: latency,
        statistic: "p99",
        threshold: latencyMaxMs / latencyUnitMs,
      },
    ]),
    {
      namespace: "KafkaRelay",
      dimensions: { Stage: stage },
      name: "FailedRecords",
      description:
        "Records that callers sent were not written. The status of their calls may not show it: a v2 call returns 200 even then.",
      metric: "FailedRecords",
      statistic: "Sum",
      threshold: 1,
    },
    ...(readsGrants
      ? [
          {
            namespace: "KafkaRelay",
            dimensions: { Stage: stage },
            name: "GrantsReloadFailures",
            description: "The document with the grants cannot be read or is not valid: the last valid ones stay in force.",
            metric: "GrantsReloadFailures",
            statistic: "Sum",
            threshold: 1,
            badPeriods: 1,
          } as const,
        ]
      : []),
  ];
}

/** One alarm for both, because a template has a limited number of resources; its metrics show which of them it was. */
function functionAlarms({ key }: FunctionNeeds, { functionNameOf }: AlarmScope): readonly Alarm[] {
  return [
    {
      name: "Failures",
      description: `${key} throws, runs out of time or memory, cannot start, or receives more requests than its concurrency allows.`,
      namespace: "AWS/Lambda",
      metric: "Errors",
      andMetrics: ["Throttles"],
      dimensions: { FunctionName: functionNameOf(key) },
      statistic: "Sum",
      threshold: 1,
    },
  ];
}

function routeAlarms(key: string, route: NonNullable<FunctionNeeds["route"]>, scope: AlarmScope): readonly Alarm[] {
  const isRunning = scope.running.has(key);
  return [
    ...lagMetrics(key, route, scope).map(
      ({ name, ...metric }): Alarm => ({
        ...metric,
        name,
        description: `${route.name} falls behind ${route.sourceTopics.join(", ")}, or its mapping has stopped: the target is slow or down, or the mapping cannot reach the brokers; no records are lost.`,
        statistic: "Maximum",
        threshold: lagMax,
        isExpected: isRunning,
      }),
    ),
    {
      name: "DeadLetters",
      description: `${route.name} wrote dead letters into ${route.deadLetterTopics.join(", ")}.`,
      namespace: "KafkaRelay",
      metric: "DeadLettered",
      dimensions: { Stage: scope.stage, Route: route.name },
      statistic: "Sum",
      threshold: 1,
      badPeriods: 1,
    },
  ];
}

type LagMetric = Pick<Alarm, "name" | "namespace" | "metric" | "dimensions">;

/**
 * The cluster's own view of each group (https://docs.aws.amazon.com/msk/latest/developerguide/consumer-lag.html), which has data even while the mapping is stopped. Where
 * the cluster is not MSK, or Lambda names the group, there is Lambda's view.
 */
export function lagMetrics(
  key: string,
  { sourceTopics, groups }: NonNullable<FunctionNeeds["route"]>,
  { clusterName, functionNameOf }: Pick<AlarmScope, "clusterName" | "functionNameOf">,
): readonly LagMetric[] {
  // A source reads no topic.
  if (sourceTopics.length === 0) return [];
  const isKnown = clusterName !== "" && groups.every((group) => group !== undefined);
  if (!isKnown)
    return [{ name: "OffsetLag", namespace: "AWS/Lambda", metric: "OffsetLag", dimensions: { FunctionName: functionNameOf(key) } }];
  return sourceTopics.map((topic, index) => ({
    name: index === 0 ? "OffsetLag" : `OffsetLag${index + 1}`,
    namespace: "AWS/Kafka",
    metric: "MaxOffsetLag",
    dimensions: { "Cluster Name": clusterName, "Consumer Group": groups[index], Topic: topic },
  }));
}

const idOf = (key: string, name: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}${name}Alarm`;

function toResource(alarm: Alarm, prefix: string, { alarmsTopic }: AlarmScope): Resource {
  const isFirst = alarm.badPeriods === 1;
  return {
    Type: "AWS::CloudWatch::Alarm",
    Properties: {
      AlarmName: `${prefix}-${alarm.name}`,
      AlarmDescription: alarm.description,
      ...(alarm.andMetrics === undefined ? metricOf(alarm) : { Metrics: sumOf(alarm, alarm.andMetrics) }),
      EvaluationPeriods: isFirst ? 1 : periods,
      DatapointsToAlarm: isFirst ? 1 : badPeriods,
      Threshold: alarm.threshold,
      ComparisonOperator: alarm.isLowBad === true ? "LessThanThreshold" : "GreaterThanOrEqualToThreshold",
      TreatMissingData: alarm.isExpected === true ? "breaching" : "notBreaching",
      ...(alarmsTopic === "" ? {} : { AlarmActions: [alarmsTopic], OKActions: [alarmsTopic] }),
    },
  };
}

const toDimensions = ({ dimensions }: Alarm) => Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));

function metricOf(alarm: Alarm): Record<string, unknown> {
  return {
    Namespace: alarm.namespace,
    MetricName: alarm.metric,
    Dimensions: toDimensions(alarm),
    ...(alarm.statistic === "p99" ? { ExtendedStatistic: "p99" } : { Statistic: alarm.statistic }),
    Period: periodSeconds,
  };
}

/** A metric without data counts as 0, so that the other one decides (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html). */
function sumOf(alarm: Alarm, andMetrics: readonly string[]): readonly Record<string, unknown>[] {
  const names = [alarm.metric, ...andMetrics];
  const metrics = names.map((MetricName) => ({
    Id: MetricName.toLowerCase(),
    ReturnData: false,
    MetricStat: {
      Metric: { Namespace: alarm.namespace, MetricName, Dimensions: toDimensions(alarm) },
      Period: periodSeconds,
      Stat: alarm.statistic,
    },
  }));
  const Expression = metrics.map(({ Id }) => `FILL(${Id}, 0)`).join(" + ");
  return [...metrics, { Id: "sum", Expression, Label: names.join(" and "), ReturnData: true }];
}
