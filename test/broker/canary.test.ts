/** The canary: one record in and out of a real broker, what it says when it cannot, and what it learns of mappings from Lambda's API. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canary } from "../../lib/canary/canary.js";
import type { Config } from "../../lib/config.js";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { describeTopic } from "../../lib/kafka/admin/topics.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { createTelemetry } from "../../lib/telemetry.js";
import { freePorts } from "../../local/processes/ports.js";
import { testKafka } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";

let kafka: Kafka;
let lambda: Server;
const mappings: Readonly<Record<string, object>> = {
  "uuid-well": { State: "Enabled", LastProcessingResult: "No records processed" },
  "uuid-off": { State: "Disabled", StateTransitionReason: "User action" },
  "uuid-lost": {
    State: "Enabled",
    LastProcessingResult: "PROBLEM: Connection error. Please check your event source connection configuration.",
  },
};

beforeAll(async () => {
  kafka = testKafka();
  // As Lambda answers: https://docs.aws.amazon.com/lambda/latest/api/API_GetEventSourceMapping.html
  lambda = createServer(({ url = "" }, response) => {
    const found = mappings[url.split("/").at(-1) ?? ""];
    response.writeHead(found === undefined ? 404 : 200, {
      "content-type": "application/json",
      "x-amzn-errortype": "ResourceNotFoundException",
    });
    response.end(JSON.stringify(found ?? { Message: "The resource you requested does not exist." }));
  });
  await new Promise<void>((resolve) => lambda.listen(0, "127.0.0.1", resolve));
  process.env.AWS_ENDPOINT_URL_LAMBDA = `http://127.0.0.1:${(lambda.address() as AddressInfo).port}`;
  Object.assign(process.env, { AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
});
afterAll(async () => {
  lambda.close();
  await kafka.close();
});

/** A canary with a topic of its own, and the lines that it writes. */
function hatch(environment: NodeJS.ProcessEnv = {}, of: Kafka = kafka) {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const config: Config = parseConfig({ KAFKA_BROKERS: "unused:9092", RELAY_CANARY_TOPIC: uniqueName("canary"), ...environment });
  const telemetry = createTelemetry({ level: "info", metrics: "emf", stage: "prod", write });
  return { run: canary({ config, kafka: of, telemetry }), topic: config.RELAY_CANARY_TOPIC, lines };
}

test("it makes its topic with one partition, writes a record, reads it again, and reports both the success and the time", async () => {
  const { run, topic, lines } = hatch();

  const reports = [await run(), await run()];
  const { partitions } = (await describeTopic(kafka, topic as never, createDeadline(10_000))) as unknown as { partitions: unknown[] };

  expect(reports.map(({ record }) => record)).toEqual(["written and read", "written and read"]);
  expect(lines).toContainEqual(expect.objectContaining({ Stage: "prod", CanaryRecords: 1 }));
  expect(lines).toContainEqual(expect.objectContaining({ Stage: "prod", CanaryLatency: reports[0]?.latencyMs }));
  expect(partitions).toHaveLength(1);
});

test("without a broker it reports 0 and why, and does not throw", async () => {
  const [port = 0] = await freePorts(1);
  const nowhere = testKafka({ brokers: [`127.0.0.1:${port}`], connectTimeoutMs: 500, requestTimeoutMs: 500 });
  const { run, lines } = hatch({}, nowhere);

  const report = await run(undefined, { getRemainingTimeInMillis: () => 3_000 });
  await nowhere.close();

  expect(report.record).toBe("failed");
  expect(lines).toContainEqual(expect.objectContaining({ CanaryRecords: 0 }));
  expect(lines).toContainEqual(expect.objectContaining({ level: "error", message: "canary failed", failure: report.failure }));
  expect(lines.some((line) => "CanaryLatency" in line)).toBe(false);
});

test("a mapping that is off, and one that meets a problem, are counted and named with the reason", async () => {
  const { run, lines } = hatch({ RELAY_CANARY_MAPPINGS: "orders=uuid-well audit=uuid-off toSql=uuid-lost" });

  const { stopped } = await run();

  expect(stopped).toEqual({ audit: "its state is Disabled", toSql: expect.stringContaining("PROBLEM: Connection error") });
  expect(lines).toContainEqual(expect.objectContaining({ StoppedMappings: 2 }));
  expect(lines).toContainEqual(expect.objectContaining({ message: "mapping stopped", route: "audit", reason: "its state is Disabled" }));
});

test("if all mappings run, the count is 0, so that an alarm can expect data", async () => {
  const { run, lines } = hatch({ RELAY_CANARY_MAPPINGS: "orders=uuid-well" });

  expect((await run()).stopped).toEqual({});
  expect(lines).toContainEqual(expect.objectContaining({ StoppedMappings: 0 }));
});

test("where Lambda gives no answer about a mapping there is no count, and the record is checked all the same", async () => {
  const { run, lines } = hatch({ RELAY_CANARY_MAPPINGS: "orders=uuid-deleted" });

  const report = await run();

  expect(report).toMatchObject({ record: "written and read" });
  expect(report.stopped).toBeUndefined();
  expect(lines.some((line) => "StoppedMappings" in line)).toBe(false);
  expect(lines).toContainEqual(expect.objectContaining({ message: "mappings unknown" }));
});
