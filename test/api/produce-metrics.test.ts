/** What a function that produces reports to CloudWatch: one line per call with what became of its records, whatever the call answered. */
import { expect, test } from "vitest";
import { httpApi } from "../../lib/http/hosts/http-api.js";
import { produceV2Operations } from "../../lib/http/operations/produce-v2-operations.js";
import { createTelemetry } from "../../lib/telemetry.js";
import { testConfig, toEvent } from "../support/api/api.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";

const contentType = "application/vnd.kafka.json.v2+json";

async function metricsOf(env: Readonly<Record<string, string>>, topic: string, records: readonly object[]) {
  const lines: string[] = [];
  const telemetry = createTelemetry({ level: "error", metrics: "emf", write: (line) => void lines.push(line) });
  const handler = httpApi(produceV2Operations, { config: testConfig(env), telemetry, log: () => {} });
  const event = toEvent(`POST /topics/${topic}`, { body: { records }, contentType }, Object.keys(produceV2Operations));
  const { statusCode } = await handler(event, { getRemainingTimeInMillis: () => 5_000 });
  const [counts] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { statusCode, counts };
}

test("records that are written, and a call that answers 200 although a record of it was refused", async () => {
  const kafka = testKafka();
  const topic = await createTestTopic(kafka, { configs: { "max.message.bytes": "1000" } });
  await kafka.close();

  const { statusCode, counts } = await metricsOf({}, topic, [{ value: 1 }, { value: "x".repeat(2_000) }]);

  expect(statusCode).toBe(200);
  expect(counts).toMatchObject({ ProducedRecords: 1, RefusedRecords: 1, FailedRecords: 0 });
});

test("records that reach no broker count as failed", async () => {
  const { statusCode, counts } = await metricsOf({ KAFKA_BROKERS: "127.0.0.1:1" }, "orders", [{ value: 1 }, { value: 2 }]);

  expect(statusCode).toBeGreaterThanOrEqual(500);
  expect(counts).toMatchObject({ ProducedRecords: 0, FailedRecords: 2 });
});
