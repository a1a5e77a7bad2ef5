/** What a function reports to its operators: JSON log lines, and metrics in CloudWatch's embedded format. No payloads, and no agent is needed. */

import type { Config } from "./config.js";

type LogLevel = "debug" | "info" | "warn" | "error";
const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export type LogFields = Readonly<Record<string, string | number | bigint | boolean | null | undefined>>;

export interface Telemetry {
  readonly log: (level: LogLevel, message: string, fields?: LogFields) => void;
  /**
   * One line of metrics (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
   * A list is a distribution. CloudWatch accepts 100 values per line, so a longer list is thinned out evenly.
   */
  readonly metrics: (dimensions: Readonly<Record<string, string>>, metrics: Readonly<Record<string, Metric>>) => void;
}

interface Metric {
  readonly unit: "Count" | "Milliseconds";
  readonly value: number | readonly number[];
}

interface TelemetryOptions {
  readonly level: LogLevel;
  readonly metrics: "emf" | "off";
  /** The first dimension of every metric, so that the stages of one account stay apart. */
  readonly stage?: string | undefined;
  readonly now?: () => number;
  /** Writes one line, given without its line end. */
  readonly write?: (line: string) => void;
}

/** Of the metrics, in CloudWatch and Prometheus alike. */
export const namespace = "KafkaRelay";
const valuesMax = 100;

export function toTelemetryOptions(config: Pick<Config, "RELAY_LOG_LEVEL" | "RELAY_METRICS" | "RELAY_STAGE">): TelemetryOptions {
  return { level: config.RELAY_LOG_LEVEL, metrics: config.RELAY_METRICS, stage: config.RELAY_STAGE };
}

export function createTelemetry({ level, metrics, stage, now = Date.now, write = writeLine }: TelemetryOptions): Telemetry {
  return {
    log: (lineLevel, message, fields = {}) => {
      if (levels.indexOf(lineLevel) < levels.indexOf(level)) return;
      write(toJson({ time: new Date(now()).toISOString(), level: lineLevel, message, ...fields }));
    },
    metrics: (own, given) => {
      if (metrics === "off") return;
      const dimensions = stage === undefined ? own : { Stage: stage, ...own };
      const names = Object.keys(given);
      const definitions = names.map((name) => ({ Name: name, Unit: given[name]?.unit }));
      const values = Object.fromEntries(names.map((name) => [name, thinned(given[name]?.value ?? 0)]));
      write(
        toJson({
          _aws: {
            Timestamp: now(),
            CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [Object.keys(dimensions)], Metrics: definitions }],
          },
          ...dimensions,
          ...values,
        }),
      );
    },
  };
}

/** The trace a record belongs to, by its W3C `traceparent` (https://www.w3.org/TR/trace-context/), for log lines. */
export function traceIdOf(headers: readonly { readonly name: string; readonly value: Buffer | null }[]): string | undefined {
  const text = headers.find(({ name }) => name === "traceparent")?.value?.toString("latin1");
  return text === undefined ? undefined : /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(text)?.[1];
}

function thinned(value: number | readonly number[]): number | readonly number[] {
  if (typeof value === "number" || value.length <= valuesMax) return value;
  return Array.from({ length: valuesMax }, (_, index) => value[Math.floor((index * value.length) / valuesMax)] ?? 0);
}

function toJson(line: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(line, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

/** Not by `console`, because Lambda would add its own words before the line. */
function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
