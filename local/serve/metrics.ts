/** What the host counts, for Prometheus: calls, refusals and connections, in the namespace that the metrics have in CloudWatch. */
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { namespace, type Telemetry } from "../../lib/telemetry.js";

interface HostCounts {
  readonly callsInProgress: () => number;
  readonly connections: () => number;
}

export interface Metrics {
  readonly contentType: string;
  readonly call: (method: string, operation: string, status: number, tookMs: number) => void;
  /** Requests that never reached an operation. */
  readonly refused: (why: "overloaded" | "shutting-down" | "malformed" | "too-many-connections") => void;
  /** Of routes: their log, and the same counts as in CloudWatch. */
  readonly telemetry: (log: (entry: Readonly<Record<string, unknown>>) => void) => Telemetry;
  readonly observe: (counts: HostCounts) => void;
  readonly observeStreams: (count: () => number) => void;
  readonly text: () => Promise<string>;
  /** For the sum over several workers. */
  readonly json: () => Promise<unknown>;
}

/** Milliseconds. A produce call takes one to ten; an operation at most 29 seconds. */
const latencyBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000];
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const name = (short: string): string => `${namespace}_${short}`;
  const calls = new Counter({ name: name("Calls"), help: "Answered calls.", labelNames: ["Method", "Operation", "Status"], registers });
  const latency = new Histogram({
    name: name("CallLatency"),
    help: "Milliseconds from a call's headers to its answer.",
    labelNames: ["Operation"],
    buckets: latencyBuckets,
    registers,
  });
  const refused = new Counter({
    name: name("Refused"),
    help: "Requests refused before an operation ran.",
    labelNames: ["Reason"],
    registers,
  });
  return {
    contentType: registry.contentType,
    call: (method, operation, status, tookMs) => {
      calls.inc({ Method: knownMethod(method), Operation: operation, Status: status });
      latency.observe({ Operation: operation }, tookMs);
    },
    refused: (why) => refused.inc({ Reason: why }),
    telemetry: (log) => {
      const routes = createRouteMetrics(name, registers);
      return {
        log: (level, message, fields = {}) => log({ level, message, ...fields }),
        metrics: ({ Route = "" }, given) => {
          for (const [metric, { value }] of Object.entries(given)) routes.count(Route, metric, value);
        },
      };
    },
    observeStreams: (count) => gauge(name("Streams"), "Open streams.", count, registers),
    observe: (counts) => {
      gauge(name("CallsInProgress"), "Calls in progress.", counts.callsInProgress, registers);
      gauge(name("Connections"), "Open connections.", counts.connections, registers);
    },
    text: () => registry.metrics(),
    json: () => registry.getMetricsAsJSON(),
  };
}

const verdicts: Readonly<Record<string, string>> = {
  RecordsIn: "Records that a route has read.",
  Delivered: "Records that their target has accepted.",
  Filtered: "Records that a filter or a transform dropped.",
  DeadLettered: "Records written to a dead letter topic.",
  GivenBack: "Records that are delivered again later.",
};
/** Milliseconds from a record's own time to its delivery. */
const deliveryBuckets = [5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 60_000, 600_000];

function createRouteMetrics(name: (short: string) => string, registers: Registry[]) {
  const labelNames = ["Route"];
  const counters = new Map(
    Object.entries(verdicts).map(([short, help]) => [short, new Counter({ name: name(short), help, labelNames, registers })]),
  );
  const latency = new Histogram({
    name: name("DeliveryLatency"),
    help: "Milliseconds from a record's own time to its delivery.",
    labelNames,
    buckets: deliveryBuckets,
    registers,
  });
  return {
    count: (Route: string, metric: string, value: number | readonly number[]): void => {
      if (typeof value === "number") counters.get(metric)?.inc({ Route }, value);
      else if (metric === "DeliveryLatency") for (const one of value) latency.observe({ Route }, one);
    },
  };
}

/** The sum over workers, as text. */
export function sumOfMetrics(all: readonly unknown[]): Promise<string> {
  return AggregatorRegistry.aggregate(all as never).metrics();
}

/** Any text may be sent as a method, and each label value takes memory for ever. */
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const knownMethod = (method: string): string => (methods.has(method) ? method : "other");

function gauge(name: string, text: string, read: () => number, registers: Registry[]): void {
  new Gauge({
    name,
    help: text,
    registers,
    collect() {
      this.set(read());
    },
  });
}
