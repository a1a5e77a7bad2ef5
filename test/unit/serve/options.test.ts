/** What is wrong with the configuration of `serve` is reported in one message. */
import { expect, test } from "vitest";
import { parseServeOptions } from "../../../local/serve/options.js";

test("values that are wrong by themselves and those that do not go together are reported at once", () => {
  const env = {
    KAFKA_BROKERS: "127.0.0.1:9092",
    RELAY_SERVE_PORT: "x",
    RELAY_SERVE_HEADERS_TIMEOUT_MS: "5000",
    RELAY_SERVE_REQUEST_TIMEOUT_MS: "1000",
    RELAY_CALLER_HEADER: "x-user",
    OTEL_TRACES_EXPORTER: "jaeger",
  };

  expect(() => parseServeOptions({ workers: "0" }, env)).toThrow(
    [
      "The configuration is not valid:",
      "RELAY_SERVE_PORT: must be a whole number",
      "RELAY_SERVE_WORKERS: must be at least 1",
      "RELAY_SERVE_REQUEST_TIMEOUT_MS: must be at least RELAY_SERVE_HEADERS_TIMEOUT_MS, which is 5000",
      "RELAY_TRUSTED_PROXIES: must be set, because any client could send the header that RELAY_CALLER_HEADER names",
      "OTEL_TRACES_EXPORTER: must be one or more of otlp, console, zipkin, none",
    ].join("\n  "),
  );
});
