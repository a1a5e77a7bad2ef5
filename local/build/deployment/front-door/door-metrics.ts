/** The metrics of each kind of front door, for alarms and the dashboard. Pure. */
import type { DeploymentSettings } from "../parameters.js";

export interface DoorMetric {
  /** For the name of an alarm: "", or "-produce" where each function has an address of its own. */
  readonly suffix: string;
  readonly namespace: "AWS/ApiGateway" | "AWS/ApplicationELB" | "AWS/Lambda";
  readonly dimensions: Readonly<Record<string, unknown>>;
  readonly calls: string;
  readonly callerErrors: string;
  readonly serverErrors: string;
  readonly latency: string;
  /** What the metric of latency counts in: 1, or 1000 for seconds. */
  readonly latencyUnitMs: number;
}

interface Named {
  readonly name: string;
  readonly stage: string;
  readonly functionNameOf: (key: string) => string;
  /** The functions that are called. */
  readonly keys: readonly string[];
}

type Names = Omit<DoorMetric, "suffix" | "dimensions">;

const names: Readonly<Record<DeploymentSettings["frontDoor"], Names>> = {
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
  http: {
    namespace: "AWS/ApiGateway",
    calls: "Count",
    callerErrors: "4xx",
    serverErrors: "5xx",
    latency: "Latency",
    latencyUnitMs: 1,
  },
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
  "rest-private": {
    namespace: "AWS/ApiGateway",
    calls: "Count",
    callerErrors: "4XXError",
    serverErrors: "5XXError",
    latency: "Latency",
    latencyUnitMs: 1,
  },
  // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
  alb: {
    namespace: "AWS/ApplicationELB",
    calls: "RequestCount",
    callerErrors: "HTTPCode_Target_4XX_Count",
    serverErrors: "HTTPCode_Target_5XX_Count",
    latency: "TargetResponseTime",
    latencyUnitMs: 1_000,
  },
  // https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html
  url: {
    namespace: "AWS/Lambda",
    calls: "UrlRequestCount",
    callerErrors: "Url4xxCount",
    serverErrors: "Url5xxCount",
    latency: "UrlRequestLatency",
    latencyUnitMs: 1,
  },
};

export function doorMetrics(
  { frontDoor }: Pick<DeploymentSettings, "frontDoor">,
  { name, stage, functionNameOf, keys }: Named,
): readonly DoorMetric[] {
  const one = (dimensions: DoorMetric["dimensions"], suffix = ""): DoorMetric => ({ ...names[frontDoor], suffix, dimensions });
  switch (frontDoor) {
    case "http":
      return [one({ ApiId: { Ref: "HttpApi" } })];
    case "rest-private":
      return [one({ ApiName: name, Stage: stage })];
    case "alb":
      return [one({ LoadBalancer: { "Fn::GetAtt": ["FrontDoorLoadBalancer", "LoadBalancerFullName"] } })];
    case "url":
      return keys.map((key) => one({ FunctionName: functionNameOf(key) }, `-${key}`));
  }
}
