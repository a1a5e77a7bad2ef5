/** OpenTelemetry traces of `kafka-relay serve`, as a collector receives them: calls, the records that they produce, and the routes that relay them. */
import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import type { ServeProcess } from "../support/serve/process.js";
import { createTracedServe, newTrace, produceNumbers, type TracedServe, traceHeadersIn } from "../support/serve/traced-serve.js";

const kafka = testKafka();
let traced: TracedServe;
let server: ServeProcess;
let source: Awaited<ReturnType<typeof createTestTopic>>;
const group = uniqueName("copiers");

beforeAll(async () => {
  source = await createTestTopic(kafka, { partitions: 1 });
  const target = await createTestTopic(kafka);
  traced = await createTracedServe();
  server = await traced.start({ TEST_SOURCE: source, TEST_TARGET: target, TEST_GROUP: group, NODE_OPTIONS: "--import tsx" }, ["--routes"]);
}, 60_000);
afterAll(async () => {
  await server?.end();
  await traced?.close();
  await kafka.close();
});

test("a call continues the caller's trace, its records carry the producer's span, and a route's batch is linked to it", async () => {
  const { traceId, traceparent } = newTrace();
  expect(
    (await produceNumbers(server, source, { traceparent, tracestate: "vendor=1", baggage: "user=secret", "user-agent": "shop/1" })).status,
  ).toBe(200);

  const [call, sent] = (await traced.receivedSpans(traceId, 2)).toSorted((one, other) => one.kind.localeCompare(other.kind)).toReversed();
  expect(call).toMatchObject({
    name: "POST /topics/{topic}",
    kind: "server",
    parentSpanId: "b7ad6b7169203331",
    isError: false,
    attributes: {
      "http.request.method": "POST",
      "http.route": "/topics/{topic}",
      "http.response.status_code": 200,
      "url.path": `/topics/${source}`,
      "url.query": "tag=a",
      "url.scheme": "http",
      "server.address": "127.0.0.1",
      "server.port": server.port,
      "client.address": "127.0.0.1",
      "user_agent.original": "shop/1",
    },
    resource: { "service.name": "orders-api", "deployment.environment.name": "test" },
  });
  expect(sent).toMatchObject({
    name: `send ${source}`,
    kind: "producer",
    parentSpanId: call?.spanId,
    isError: false,
    attributes: {
      "messaging.system": "kafka",
      "messaging.operation.name": "send",
      "messaging.operation.type": "send",
      "messaging.destination.name": source,
      "messaging.destination.partition.id": "0",
      "messaging.kafka.offset": 0,
    },
  });
  expect(await traceHeadersIn(kafka, source)).toEqual([`traceparent: 00-${traceId}-${sent?.spanId}-01`, "tracestate: vendor=1"]);

  const batch = () =>
    traced.receiver.spans().find(({ kind, links }) => kind === "consumer" && links.some((link) => link.traceId === traceId));
  await until(() => batch() !== undefined, 20_000);
  expect(batch()).toMatchObject({
    name: `process ${source}`,
    links: [{ traceId, spanId: sent?.spanId }],
    isError: false,
    attributes: {
      "messaging.operation.type": "process",
      "messaging.consumer.group.name": group,
      "messaging.batch.message_count": 1,
      "kafka_relay.route": "copy",
    },
  });
  expect(server.output()).toContain(`traces   ${traced.receiver.url} (OTLP)`);
});

test("a call that fails says why in its span, and a fault of the caller is not an error of the server", async () => {
  const { traceId, traceparent } = newTrace();
  expect((await produceNumbers(server, "no-such-topic", { traceparent })).status).toBe(404);
  const { traceId: other, traceparent: otherTrace } = newTrace();
  expect((await fetch(`${server.url}/nowhere/at-all`, { headers: { traceparent: otherTrace } })).status).toBe(404);

  expect((await traced.receivedSpans(traceId, 1)).find(({ kind }) => kind === "server")).toMatchObject({
    isError: false,
    attributes: { "http.response.status_code": 404 },
  });
  expect((await traced.receivedSpans(other, 1)).map(({ name }) => name)).toEqual(["GET"]);
});

test("a call without a trace starts one, and its records carry it; a trace that is not sampled is passed on as such", async () => {
  const [started, passedOn] = [await createTestTopic(kafka), await createTestTopic(kafka)];
  const { traceId, traceparent } = newTrace("00");

  await produceNumbers(server, started, {}, 3);
  await produceNumbers(server, passedOn, { traceparent });

  const headers = await traceHeadersIn(kafka, started);
  expect(new Set(headers).size).toBe(1);
  expect(headers[0]).toMatch(/^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  const [, , spanId] = headers[0]?.split("-") ?? [];
  await until(() => traced.receiver.spans().some((span) => span.spanId === spanId));
  expect(traced.receiver.spans().find((span) => span.spanId === spanId)?.attributes["messaging.batch.message_count"]).toBe(3);
  const [kept] = await traceHeadersIn(kafka, passedOn);
  expect(kept).toMatch(new RegExp(`^traceparent: 00-${traceId}-[0-9a-f]{16}-00$`));
  expect(traced.receiver.spans().some((span) => span.traceId === traceId)).toBe(false);
});

test("a Host header that is not an address does not keep a call from being answered, and probes make no spans", async () => {
  const { traceId, traceparent } = newTrace();
  const status = await new Promise((resolve) =>
    request(`${server.url}/v3`, { headers: { host: "a:99999", traceparent } }, (response) => resolve(response.resume().statusCode)).end(),
  );
  await fetch(`${server.url}/health`, { headers: { traceparent } });

  expect(status).toBeLessThan(500);
  expect(await traced.receivedSpans(traceId, 1)).toHaveLength(1);
});
