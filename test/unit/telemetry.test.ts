/** Log lines and metrics as operators of the functions get them. */
import { expect, test } from "vitest";
import { createTelemetry, traceIdOf } from "../../lib/telemetry.js";

function recorded(level: "debug" | "info" | "warn" | "error", metrics: "emf" | "off" = "emf") {
  const lines: string[] = [];
  return { lines, telemetry: createTelemetry({ level, metrics, now: () => 1_769_860_800_000, write: (line) => void lines.push(line) }) };
}

test("a log line is one JSON object, with whole numbers of any size, and none below the level", () => {
  const { lines, telemetry } = recorded("warn");

  telemetry.log("info", "not logged");
  telemetry.log("warn", "told", { offset: 9007199254740993n, traceId: undefined });

  expect(lines).toEqual(['{"time":"2026-01-31T12:00:00.000Z","level":"warn","message":"told","offset":"9007199254740993"}']);
});

test("metrics are one line of the embedded format, a distribution thinned out to what CloudWatch takes", () => {
  const { lines, telemetry } = recorded("info");

  telemetry.metrics(
    { Route: "billing" },
    {
      Delivered: { unit: "Count", value: 3 },
      DeliveryLatency: { unit: "Milliseconds", value: Array.from({ length: 1_000 }, (_, index) => index) },
    },
  );

  const line = JSON.parse(lines[0] ?? "") as Record<string, unknown> & { DeliveryLatency: number[] };
  expect(line).toMatchObject({
    _aws: {
      Timestamp: 1_769_860_800_000,
      CloudWatchMetrics: [
        {
          Namespace: "KafkaRelay",
          Dimensions: [["Route"]],
          Metrics: [
            { Name: "Delivered", Unit: "Count" },
            { Name: "DeliveryLatency", Unit: "Milliseconds" },
          ],
        },
      ],
    },
    Route: "billing",
    Delivered: 3,
  });
  expect(line.DeliveryLatency).toHaveLength(100);
  expect(line.DeliveryLatency.at(-1)).toBe(990);
});

test("a stage is the first dimension of every metric", () => {
  const lines: string[] = [];
  const telemetry = createTelemetry({ level: "info", metrics: "emf", stage: "prod", write: (line) => void lines.push(line) });

  telemetry.metrics({ Route: "billing" }, { Delivered: { unit: "Count", value: 3 } });

  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    _aws: { CloudWatchMetrics: [{ Dimensions: [["Stage", "Route"]] }] },
    Stage: "prod",
    Route: "billing",
  });
});

test("metrics can be switched off", () => {
  const { lines, telemetry } = recorded("info", "off");

  telemetry.metrics({ Route: "billing" }, { Delivered: { unit: "Count", value: 3 } });

  expect(lines).toEqual([]);
});

test.each([
  ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "0af7651916cd43dd8448eb211c80319c"],
  ["nonsense", undefined],
])("the trace of %s is %s", (traceparent, expected) => {
  expect(traceIdOf([{ name: "traceparent", value: Buffer.from(traceparent) }])).toBe(expected);
});
