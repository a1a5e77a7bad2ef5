/** Whether traces are written and where they go, by the standard variables. */
import { expect, test } from "vitest";
import { toTraceChoice } from "../../../local/serve/traces/choice.js";

test.each([
  ["nothing is set", {}, { kind: "off" }],
  ["a variable is empty", { OTEL_EXPORTER_OTLP_ENDPOINT: " " }, { kind: "off" }],
  [
    "only a name is set",
    { OTEL_SERVICE_NAME: "orders" },
    { kind: "off", why: "OTEL_SERVICE_NAME is set, but neither OTEL_EXPORTER_OTLP_ENDPOINT nor OTEL_TRACES_EXPORTER" },
  ],
  ["the SDK is disabled", { OTEL_SDK_DISABLED: "TRUE", OTEL_TRACES_EXPORTER: "otlp" }, { kind: "off", why: "OTEL_SDK_DISABLED is true" }],
  ["the exporter is none", { OTEL_TRACES_EXPORTER: "none" }, { kind: "off", why: "OTEL_TRACES_EXPORTER is none" }],
  ["an address is set", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" }, { kind: "on", to: "http://collector:4318 (OTLP)" }],
  [
    "an address of its own is set for traces",
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://user:secret@b/v1/traces?key=secret" },
    { kind: "on", to: "https://b/v1/traces (OTLP)" },
  ],
  ["exporters are named", { OTEL_TRACES_EXPORTER: "otlp, console" }, { kind: "on", to: "http://localhost:4318 (OTLP), console" }],
])("when %s", (_, env, choice) => {
  expect(toTraceChoice(env)).toEqual(choice);
});

test("values by which no trace would arrive are reported together, and without the value", () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "collector", OTEL_TRACES_EXPORTER: "jaeger", OTEL_EXPORTER_OTLP_PROTOCOL: "udp" };

  expect(() => toTraceChoice(env)).toThrow(
    [
      "OTEL_TRACES_EXPORTER: must be one or more of otlp, console, zipkin, none",
      "OTEL_EXPORTER_OTLP_ENDPOINT: must be an address such as http://localhost:4318",
      "OTEL_EXPORTER_OTLP_PROTOCOL: must be one of http/protobuf, http/json, grpc",
    ].join("\n"),
  );
});
