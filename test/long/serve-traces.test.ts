/** What the traces of `kafka-relay serve` depend on: workers, the standard variables, the packages that are installed, and a collector that is down. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { projectFolder } from "../../local/build/service-map.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { startTraceReceiver } from "../support/serve/trace-receiver.js";
import { createTracedServe, newTrace, produceNumbers, type TracedServe, traceHeadersIn } from "../support/serve/traced-serve.js";

const kafka = testKafka();
let traced: TracedServe;
beforeAll(async () => {
  traced = await createTracedServe();
}, 60_000);
afterAll(async () => {
  await traced?.close();
  await kafka.close();
});

test("workers send their spans too, as Protobuf, and all that wait are sent when the server ends", async () => {
  const topic = await createTestTopic(kafka);
  const two = await traced.start({ OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf", OTEL_BSP_SCHEDULE_DELAY: "60000" }, ["--workers", "2"]);
  const { traceId, traceparent } = newTrace();
  for (let call = 0; call < 4; call++) await produceNumbers(two, topic, { traceparent, connection: "close" });

  expect(await two.end()).toBe(0);

  const spans = await traced.receivedSpans(traceId, 8);
  expect(spans.map(({ kind }) => kind).toSorted()).toEqual([...Array(4).fill("producer"), ...Array(4).fill("server")]);
  expect(new Set(spans.map(({ resource }) => resource["process.pid"])).size).toBe(2);
  expect(traced.receiver.contentTypes()).toContain("application/x-protobuf");
});

test("the standard variables decide: no sampler's choice, a disabled SDK and no exporter send nothing, and the first lines say so", async () => {
  const off = await Promise.all([
    traced.start({ OTEL_TRACES_SAMPLER: "always_off" }),
    traced.start({ OTEL_SDK_DISABLED: "true" }),
    traced.start({ OTEL_TRACES_EXPORTER: "none" }),
    traced.start({ OTEL_EXPORTER_OTLP_ENDPOINT: "" }),
  ]);
  const traces = off.map(() => newTrace());
  const topics = await Promise.all(off.map(() => createTestTopic(kafka)));
  for (const [index, one] of off.entries())
    await produceNumbers(one, topics[index] ?? "", { traceparent: traces[index]?.traceparent ?? "" });
  await Promise.all(off.map((one) => one.end()));

  const lines = off.map((one) => /traces +(.*)/.exec(one.output())?.[1]);
  expect(lines).toEqual([
    `${traced.receiver.url} (OTLP)`,
    "off: OTEL_SDK_DISABLED is true",
    "off: OTEL_TRACES_EXPORTER is none",
    "off: OTEL_EXPORTER_OTLP_PROTOCOL is set, but neither OTEL_EXPORTER_OTLP_ENDPOINT nor OTEL_TRACES_EXPORTER",
  ]);
  expect(traced.receiver.spans().filter((span) => traces.some(({ traceId }) => traceId === span.traceId))).toEqual([]);
  // As without OpenTelemetry: the caller's own trace stays on the records.
  expect(await traceHeadersIn(kafka, topics[1] as never)).toEqual([`traceparent: ${traces[1]?.traceparent}`]);
});

test("without the packages, the server starts, says which command installs them, and answers", async () => {
  const far = await createTracedServe("alone");
  onTestFinished(far.close);
  const alone = await far.start();
  const [topic, { traceparent }] = [await createTestTopic(kafka), newTrace()];

  expect((await produceNumbers(alone, topic, { traceparent })).status).toBe(200);
  expect(await traceHeadersIn(kafka, topic)).toEqual([`traceparent: ${traceparent}`]);
  expect(alone.output()).toContain(
    "traces   off: The package @opentelemetry/api is not installed. Install it with: npm install @opentelemetry/api @opentelemetry/sdk-node",
  );
  expect(await alone.end()).toBe(0);
});

test("an SDK that the process was started with is used, and no second one is started", async () => {
  const folder = mkdtempSync(join(projectFolder, ".build", "own-sdk-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const own = join(folder, "own-sdk.mjs");
  writeFileSync(
    own,
    'import { NodeSDK } from "@opentelemetry/sdk-node";\nnew NodeSDK({ serviceName: "of-the-project", metricReaders: [] }).start();\n',
  );
  const server = await traced.start({ NODE_OPTIONS: `--import ${own}`, OTEL_BSP_SCHEDULE_DELAY: "60000" });
  const { traceId, traceparent } = newTrace();

  expect((await produceNumbers(server, await createTestTopic(kafka), { traceparent })).status).toBe(200);
  expect(await server.end()).toBe(0);

  expect(server.output()).toContain("traces   by the SDK that this process was started with");
  expect((await traced.receivedSpans(traceId, 2)).map(({ kind, resource }) => [kind, resource["service.name"]]).toSorted()).toEqual([
    ["producer", "of-the-project"],
    ["server", "of-the-project"],
  ]);
});

test("a collector that is down costs a warning, and does not hold up the end", async () => {
  const down = await startTraceReceiver();
  await down.close();
  const one = await traced.start({ OTEL_EXPORTER_OTLP_ENDPOINT: down.url, OTEL_EXPORTER_OTLP_TIMEOUT: "500" });
  expect((await produceNumbers(one, await createTestTopic(kafka))).status).toBe(200);
  await until(() => one.output().includes("OpenTelemetry: "), 20_000);

  const startedMs = Date.now();
  expect(await one.end()).toBe(0);
  expect(Date.now() - startedMs).toBeLessThan(10_000);
});
