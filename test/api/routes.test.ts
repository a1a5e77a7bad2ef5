/** The routes over HTTP, as a function behind the gateway answers for them. The routes' functions and the trigger's status are real, behind Lambda's own HTTP API. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { relay } from "../../lib/relay/relay.js";
import { defineRoute } from "../../lib/relay/route.js";
import { createRouteJournal } from "../../lib/relay/status/route-journal.js";
import { defineSource } from "../../lib/sources/define-source.js";
import { source } from "../../lib/sources/source.js";
import { sharedSecret } from "../../lib/sources/webhook/plain-schemes.js";
import { webhooks } from "../../lib/sources/webhook.js";
import { topic } from "../../lib/targets/topic.js";
import { type Api, createApi, testConfig } from "../support/api/api.js";
import { testKafka } from "../support/broker/kafka.js";

const kafka = testKafka();
const handlers = {
  "relay-strongQuakes": relay(
    defineRoute<{ readonly mag: number }>({
      name: "strong-quakes",
      filter: { value: { mag: [{ numeric: [">=", 4] }] } },
      transform: ({ key, value }) => {
        if (value.mag > 12) throw new Error("no such magnitude");
        return value.mag === 11 ? null : { key: `${key}!`, value: { magnitude: value.mag }, headers: { by: "test" } };
      },
      target: topic({ topic: "strong" }),
    }),
    { config: testConfig(), kafka },
  ),
  "relay-hooks": source(
    defineSource({
      name: "hooks",
      from: webhooks({ verify: sharedSecret({ secrets: ["the secret itself"], header: "x-secret" }) }),
      to: { topic: "arrivals" },
      envelope: "cloudevents",
      filter: { value: { kind: ["order"] } },
    }),
    { config: testConfig(), kafka },
  ),
};
const answers: Record<string, unknown> = {};
let server: Server;
const endpoint = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [, name = ""] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? "") ?? [];
    if (name === "") return response.end(JSON.stringify(answers[request.url ?? ""]));
    const handler = handlers[name as keyof typeof handlers];
    if (handler === undefined)
      return response.writeHead(200, { "x-amz-function-error": "Unhandled" }).end('{"errorMessage":"QUAKES_URL is not set"}');
    return response.end(JSON.stringify(await handler(JSON.parse(Buffer.concat(chunks).toString()))));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  server.close();
  await kafka.close();
});

const apiWith = (env: Record<string, string>): Promise<Api> =>
  createApi({
    kafka,
    log: () => {},
    env: {
      RELAY_FUNCTION_PREFIX: "relay-",
      RELAY_FUNCTION_ENDPOINT: endpoint(),
      RELAY_ROUTES: "strong-quakes=earthquakes broken=orders",
      AWS_REGION: "eu-central-1",
      ...env,
    },
  });
const tried = async (record: object) => {
  const api = await apiWith({});
  return api.call("POST /routes/strong-quakes/try", { body: { record } });
};

test("every route says what it is; one whose function fails says why", async () => {
  const api = await apiWith({});

  const { status, json } = await api.call("GET /routes");

  expect(status).toBe(200);
  expect(json.routes).toHaveLength(2);
  expect(json.routes[0]).toMatchObject({
    name: "strong-quakes",
    state: "unknown",
    sources: [{ topic: "earthquakes", group: null, state: null, partitions: null }],
    activity: null,
    definition: {
      filter: { value: { mag: [{ numeric: [">=", 4] }] } },
      transform: { kind: "function" },
      target: { kind: "topic", name: "strong", options: { topic: "strong" } },
      order: "partition",
      retry: { attempts_max: 20, deadline_ms: 60_000 },
      dead_letters: { topics: ["earthquakes.dead-letters"], retention_ms: -1 },
    },
  });
  expect(json.routes[1]).toMatchObject({
    name: "broken",
    state: "faulty",
    fault: { code: "target-failed", message: "The route broken failed: QUAKES_URL is not set" },
    definition: null,
  });
});

test("with the trigger's status, a route shows its group, positions and lag, what it did, and what holds it", async () => {
  const journal = createRouteJournal();
  const failure = {
    verdict: "given-back" as const,
    ...{ code: "target-failed", message: "503", topic: "earthquakes", partition: 1, offset: "6", timeMs: 1_000 },
  };
  journal.note({
    route: "strong-quakes",
    timeMs: 1_000,
    counts: { records: 4, delivered: 1, filtered: 2, deadLettered: 0, givenBack: 1 },
    failures: [failure],
    breaker: { state: "open", untilMs: 5_000, reason: "the target failed 5 times in a row" },
    partitions: [{ topic: "earthquakes", partition: 1, held: failure }],
  });
  answers["/_kafka-trigger"] = {
    mappings: [
      {
        function: "strongQuakes",
        ...{ topic: "earthquakes", consumerGroupId: "quakers", batchSize: 500, windowMs: 1_000, startingPosition: "TRIM_HORIZON" },
        state: "polling",
        partitions: [{ partition: 1, committed: 6, end: 9, lag: 3, waiting: 2, isWithFunction: true, failure: null }],
        activity: journal.activity(),
      },
    ],
  };
  const api = await apiWith({ RELAY_TRIGGER_STATUS_URL: `${endpoint()}/_kafka-trigger` });

  const { json } = await api.call("GET /routes/strong-quakes");

  expect(json).toMatchObject({
    state: "held",
    held: [{ code: "target-failed", message: "503", topic: "earthquakes", partition: 1, offset: "6", since: "1970-01-01T00:00:01.000Z" }],
    breaker: { state: "open", until: "1970-01-01T00:00:05.000Z", reason: "the target failed 5 times in a row" },
    lag: 3,
    sources: [
      {
        ...{ topic: "earthquakes", group: "quakers", enabled: true, lag: 3, batch: { records_max: 500, window_ms: 1_000 } },
        partitions: [{ partition: 1, committed: 6, end: 9, lag: 3, waiting: 2, in_progress: true, failure: null }],
      },
    ],
    activity: { batches: 1, counts: { records: 4, delivered: 1, filtered: 2, dead_lettered: 0, given_back: 1 } },
    failures: [{ verdict: "given-back", code: "target-failed", offset: "6", time: "1970-01-01T00:00:01.000Z" }],
  });
});

test("a record that is tried shows the messages that would be delivered, and nothing is sent", async () => {
  const { status, json } = await tried({ key: { text: "k" }, value: { json: { mag: 5 } }, partition: 3, offset: 12, timestamp: 7 });

  expect(status).toBe(200);
  expect(json).toEqual({
    route: "strong-quakes",
    outcome: "delivered",
    filter: { matches: true },
    error: null,
    target: { kind: "topic", name: "strong" },
    messages: [
      {
        id: "kafka/earthquakes/3/12",
        key: { text: "k!" },
        value: { text: '{"magnitude":5}' },
        headers: [{ name: "by", value: { text: "test" } }],
        timestamp: 7,
      },
    ],
  });
});

test.each([
  ["is filtered", { json: { mag: 1 } }, { outcome: "filtered", filter: { matches: false }, messages: [] }],
  ["is dropped by the transform", { json: { mag: 11 } }, { outcome: "filtered", filter: { matches: true }, messages: [] }],
  [
    "makes the transform throw",
    { text: '{"mag":13}' },
    {
      outcome: "dead-lettered",
      error: { stage: "transform", code: "transform-failed", message: "The transform threw Error: no such magnitude" },
    },
  ],
])("a record that %s says so", async (_, value, expected) => {
  expect((await tried({ value })).json).toMatchObject(expected);
});

test.each([
  ["GET /routes/strong-quake", undefined, 404, /Did you mean "strong-quakes"/],
  ["POST /routes/nothing/try", { record: {} }, 404, /Route "nothing" does not exist/],
  ["POST /routes/strong-quakes/try", {}, 400, /record is missing/],
  ["POST /routes/strong-quakes/try", { record: { value: "x" } }, 400, /must be null, \{"text"\}/],
  ["POST /routes/strong-quakes/try", { record: { topic: "a b" } }, 400, /not a valid topic name/],
] as const)("%s with %o is refused", async (call, body, status, message) => {
  const api = await apiWith({});

  const answer = await api.call(call, body === undefined ? {} : { body });

  expect(answer.status).toBe(status);
  expect(answer.json.message).toMatch(message);
});

test("without routes in its configuration, the function says what would make them known", async () => {
  const api = await createApi({ kafka, log: () => {} });

  const { status, json } = await api.call("GET /routes");

  expect(status).toBe(501);
  expect(json.message).toContain("kafka-relay serve --routes");
});

test("a caller sees the routes of its grants, and may try one only with route:try", async () => {
  const grants = [{ who: ["anonymous"], may: ["route:describe"], on: ["strong-*"] }];
  const api = await apiWith({ RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: JSON.stringify(grants) });

  expect((await api.call("GET /routes")).json.routes.map(({ name }: { name: string }) => name)).toEqual(["strong-quakes"]);
  expect((await api.call("GET /routes/broken")).status).toBe(403);
  expect((await api.call("POST /routes/strong-quakes/try", { body: { record: {} } })).status).toBe(403);
});

test("sources are listed with where they read, what they write and their rules, and without their secrets", async () => {
  const api = await apiWith({ RELAY_SOURCES: "hooks missing" });

  const answer = await api.call("GET /sources");

  expect(answer.json.sources[0]).toMatchObject({
    name: "hooks",
    fault: null,
    definition: {
      from: { kind: "webhook", name: "shared-secret" },
      topic: "arrivals",
      envelope: "cloudevents",
      filter: { value: { kind: ["order"] } },
      transform: { kind: "none" },
      dead_letters: { topic: "hooks.dead-letters", retention_ms: -1 },
    },
  });
  expect(answer.text).not.toContain("the secret itself");
  expect(answer.json.sources[1]).toMatchObject({ name: "missing", definition: null, fault: { code: "target-failed" } });
});

test("a caller sees only the sources that its grants name, and none where no source runs", async () => {
  const env = {
    RELAY_ACCESS: "grants",
    RELAY_ACCESS_GRANTS: JSON.stringify([{ who: ["anonymous"], may: ["route:describe"], on: ["strong-*"] }]),
  };

  const answer = await (await apiWith({ ...env, RELAY_SOURCES: "hooks" })).call("GET /sources");

  expect([answer.status, answer.json]).toEqual([200, { sources: [] }]);
  expect((await (await apiWith({})).call("GET /sources")).json).toEqual({ sources: [] });
});
