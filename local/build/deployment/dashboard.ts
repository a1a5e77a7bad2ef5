/** The dashboard of a stage: calls, errors, latency, records, lag, verdicts, dead letters, environments and throttles. Pure. */
import { type AlarmScope, lagMetrics } from "./alarms.js";
import type { FunctionNeeds } from "./needs.js";
import type { Resource } from "./roles.js";

/** A metric as CloudWatch's dashboards write it: namespace, name, then dimensions by name and value. */
type Line = readonly [...(string | { readonly label?: string; readonly stat?: string })[]];

interface Graph {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly stat: string;
}

const columns = 3;
/** The width of a dashboard is 24. */
const width = 24 / columns;
const height = 6;
const periodSeconds = 60;

export function toDashboard(needs: readonly FunctionNeeds[], scope: AlarmScope): Resource {
  const widgets = graphsOf(needs, scope).map(({ title, lines, stat }, index) => ({
    type: "metric",
    x: (index % columns) * width,
    y: Math.floor(index / columns) * height,
    width,
    height,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own
    properties: { title, metrics: lines, stat, period: periodSeconds, region: "${AWS::Region}", view: "timeSeries" },
  }));
  return {
    Type: "AWS::CloudWatch::Dashboard",
    Properties: { DashboardName: scope.name, DashboardBody: { "Fn::Sub": JSON.stringify({ widgets }) } },
  };
}

function graphsOf(needs: readonly FunctionNeeds[], scope: AlarmScope): readonly Graph[] {
  const routes = needs.flatMap(({ key, route }) => (route === undefined ? [] : [{ key, route }]));
  const ofRoutes = (metric: string): readonly Line[] =>
    routes.map(({ route }) => ["KafkaRelay", metric, "Stage", scope.stage, "Route", route.name, { label: route.name }]);
  const ofFunctions = (metric: string): readonly Line[] =>
    needs.map(({ key }) => ["AWS/Lambda", metric, "FunctionName", scope.functionNameOf(key), { label: key }]);
  const ofDoor = (metric: "calls" | "callerErrors" | "serverErrors" | "latency", options = {}): readonly Line[] =>
    scope.door.map((door) => [
      door.namespace,
      door[metric],
      ...Object.entries(door.dimensions).flatMap(([name, value]) => [name, inDashboard(value)]),
      options,
    ]);
  const ofRecords = (metric: string): Line => ["KafkaRelay", metric, "Stage", scope.stage];
  return [
    { title: "Calls", stat: "Sum", lines: ofDoor("calls") },
    { title: "Calls that failed", stat: "Sum", lines: [...ofDoor("callerErrors"), ...ofDoor("serverErrors")] },
    {
      title: "Latency of calls",
      stat: "p99",
      lines: [...ofDoor("latency", { stat: "p50", label: "p50" }), ...ofDoor("latency", { stat: "p99", label: "p99" })],
    },
    { title: "Records written over HTTP", stat: "Sum", lines: ["ProducedRecords", "RefusedRecords", "FailedRecords"].map(ofRecords) },
    { title: "Records behind, per route", stat: "Maximum", lines: routes.flatMap(({ key, route }) => lagLines(key, route, scope)) },
    { title: "Records delivered, per route", stat: "Sum", lines: ofRoutes("Delivered") },
    { title: "Records filtered out, per route", stat: "Sum", lines: ofRoutes("Filtered") },
    { title: "Records given back, per route", stat: "Sum", lines: ofRoutes("GivenBack") },
    { title: "Dead letters, per route", stat: "Sum", lines: ofRoutes("DeadLettered") },
    { title: "Time from record to delivery (ms)", stat: "p99", lines: ofRoutes("DeliveryLatency") },
    ...(needs.some(({ isCanary }) => isCanary === true)
      ? [
          {
            title: "Canary: records written and read, mappings that do not run",
            stat: "Sum",
            lines: ["CanaryRecords", "StoppedMappings"].map(ofRecords),
          },
          { title: "Canary: time to write and read a record (ms)", stat: "Maximum", lines: [ofRecords("CanaryLatency")] },
        ]
      : []),
    { title: "Environments in use", stat: "Maximum", lines: ofFunctions("ConcurrentExecutions") },
    { title: "Throttled calls of functions", stat: "Sum", lines: ofFunctions("Throttles") },
    { title: "Errors of functions", stat: "Sum", lines: ofFunctions("Errors") },
  ].filter(({ lines }) => lines.length > 0);
}

function lagLines(key: string, route: NonNullable<FunctionNeeds["route"]>, scope: AlarmScope): readonly Line[] {
  return lagMetrics(key, route, scope).map(({ namespace, metric, dimensions }) => [
    namespace,
    metric,
    ...Object.entries(dimensions).flatMap(([name, value]) => [name, String(value)]),
    { label: route.name },
  ]);
}

/** A reference, in the text of the dashboard that CloudFormation fills in. */
function inDashboard(value: unknown): string {
  if (typeof value === "string") return value;
  const { Ref, "Fn::GetAtt": attribute } = value as { readonly Ref?: string; readonly "Fn::GetAtt"?: readonly string[] };
  return `\${${Ref ?? attribute?.join(".")}}`;
}
