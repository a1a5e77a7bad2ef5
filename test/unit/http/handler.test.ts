/** The runner: from a gateway event to an answer, whatever comes in. */

import * as v from "valibot";
import { expect, test } from "vitest";
import { RelayError } from "../../../lib/errors.js";
import { httpApi } from "../../../lib/http/hosts/http-api.js";
import { operation } from "../../../lib/http/operation.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { createApi, testConfig, toEvent } from "../../support/api/api.js";

const noKafka = {} as Kafka;

const operations = {
  "POST /things/{thing}": operation({
    may: "topic:create",
    on: "thing",
    summary: "Makes a thing.",
    path: v.object({ thing: v.string() }),
    query: v.object({ dry: v.optional(v.string()) }),
    body: v.strictObject({ size: v.pipe(v.number(), v.integer()), owner: v.optional(v.strictObject({ name: v.string() })) }),
    answers: { 201: v.object({ thing: v.string(), size: v.number() }) },
    run: async ({ path, body }) => ({ status: 201, body: { thing: path.thing, size: body.size } }),
  }),
  "POST /lists": operation({
    may: "topic:create",
    summary: "Takes a list.",
    body: v.strictObject({ items: v.array(v.string()) }),
    answers: { 204: null },
    run: async () => ({ status: 204 }),
  }),
  "GET /offset": operation({
    may: "topic:list",
    summary: "A number beyond the doubles.",
    answers: { 200: v.object({ offset: v.number() }) },
    run: async () => ({ status: 200, body: { offset: 12345678901234567n } }),
  }),
  "GET /fails": operation({
    may: "topic:list",
    summary: "Fails as nobody expected.",
    answers: {},
    run: async () => {
      throw new Error("secret: hunter2");
    },
  }),
  "GET /throttled": operation({
    may: "topic:list",
    summary: "Has to wait.",
    answers: {},
    run: async () => {
      throw new RelayError("too-many-requests", "Kafka throttles this client.", { retryAfterMs: 1_200 });
    },
  }),
  "DELETE /things/{thing}": operation({
    may: "topic:delete",
    summary: "Nothing is left.",
    answers: { 204: null },
    run: async () => ({ status: 204 }),
  }),
};

const logged: Readonly<Record<string, unknown>>[] = [];
const api = await createApi({ operations, kafka: noKafka, env: { KAFKA_BROKERS: "127.0.0.1:1" }, log: (entry) => logged.push(entry) });

test("a body is read alike as text and in base64", async () => {
  for (const answer of await api.callBothWays("POST /things/a%2Fb", { body: { size: 3 } })) {
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({ thing: "a/b", size: 3 });
  }
});

test.each([
  ["no body", { body: "" }, 422, 42206, /body is missing/],
  ["white space for a body", { body: " \n" }, 422, 42206, /body is missing/],
  ["JSON that ends early", { body: '{"size":' }, 400, 400, /byte 8/],
  ["a member given twice", { body: '{"size":1,"size":2}' }, 400, 400, /"size" is given twice/],
  ["a member that is missing", { body: {} }, 400, 400, /body: size is missing/],
  ["a member of another type", { body: { size: "3" } }, 400, 400, /body: size: must be a number/],
  ["an unknown member", { body: { size: 3, colour: "red" } }, 422, 422, /body: colour is not a known member/],
  [
    "an unknown member, deeper down",
    { body: { size: 3, owner: { name: "a", age: 3 } } },
    422,
    422,
    /body: owner.age is not a known member/,
  ],
  ["a member called __proto__", { body: '{"size":3,"__proto__":{"polluted":true}}' }, 422, 422, /__proto__ is not a known member/],
  ["nesting without an end", { body: "[".repeat(100_000) }, 400, 400, /nested more than 1000/],
  ["bytes that are not UTF-8", { body: Buffer.from([0x7b, 0xff, 0x7d]), sentAs: "base64" }, 400, 400, /not valid UTF-8/],
  [
    "another media type",
    { body: "size=3", contentType: "application/x-www-form-urlencoded" },
    415,
    415,
    /x-www-form-urlencoded is not accepted/,
  ],
  ["an invalid Content-Type", { body: "{}", contentType: "json" }, 415, 415, /is not a valid media type/],
  ["an unsupported charset", { body: "{}", contentType: "application/json; charset=utf-16" }, 400, 400, /charset/],
  [
    "an Accept header that takes nothing of ours",
    { body: { size: 3 }, accept: "application/xml, application/json;q=0" },
    406,
    406,
    /application\/json/,
  ],
] as const)("%s is refused with the contract's code and the reason", async (_what, request, status, code, message) => {
  const answer = await api.call("POST /things/a", request);

  expect(answer.status).toBe(status);
  expect(answer.headers["content-type"]).toBe("application/json");
  expect(answer.json).toMatchObject({ error_code: code, status, retriable: false, maybe_written: false });
  expect(answer.json.message).toMatch(message);
});

test("a body above Lambda's limit is refused with the limit, as text by its escapes and in base64 by its growth", async () => {
  const quotes = JSON.stringify({ size: 3, name: '"'.repeat(1_600_000) });
  const [asText, asBase64] = await api.callBothWays("POST /things/a", { body: quotes.padEnd(4_800_000) });

  for (const answer of [asText, asBase64]) {
    expect(answer.status).toBe(413);
    expect(answer.json.message).toContain("6291556");
  }
});

test("of a list of a million faults the first are reported, in time", async () => {
  const answer = await api.call("POST /lists", { body: `{"items":[${"1,".repeat(1_000_000)}1]}` });

  expect(answer).toMatchObject({ status: 400, json: { message: "body: items[0]: must be a string." } });
});

test("a whole number beyond the doubles keeps its digits", async () => {
  const answer = await api.call("GET /offset");

  expect(answer.text).toBe('{"offset":12345678901234567}');
});

test("an answer without a body has none", async () => {
  const answer = await api.call("DELETE /things/a");

  expect(answer).toMatchObject({ status: 204, text: "" });
});

test("HEAD is served as GET: the server in front drops the body, and tells its length", async () => {
  const answer = await api.call("HEAD /offset");

  expect(answer).toMatchObject({ status: 200, text: '{"offset":12345678901234567}' });
});

test("a browser's question before its call is answered to anybody, and gives nothing away", async () => {
  const guarded = httpApi(operations, { config: testConfig({ RELAY_ACCESS: "grants", KAFKA_BROKERS: "127.0.0.1:1" }), kafka: noKafka });

  const preflight = await guarded(
    { ...toEvent("OPTIONS /things/x", {}, []), routeKey: "OPTIONS /{proxy+}" },
    { getRemainingTimeInMillis: () => 1_000 },
  );

  expect(preflight).toEqual({ statusCode: 204 });
});

test("an unexpected error is answered without details, and logged with them", async () => {
  const answer = await api.call("GET /fails");

  expect(answer.status).toBe(500);
  expect(answer.text).not.toMatch(/hunter2|\.ts/);
  expect(JSON.stringify(logged.at(-1))).toMatch(/hunter2/);
});

test("a throttled call learns when to repeat it", async () => {
  const answer = await api.call("GET /throttled");

  expect(answer).toMatchObject({ status: 429, headers: { "retry-after": "2" }, json: { error_code: 42901, retriable: true } });
});

test("a caller is allowed by the grants for the name the authorizer gave, on the resource of the path", async () => {
  const grants = JSON.stringify([{ who: ["arn:aws:iam::1:user/ada"], may: ["topic:create"], on: ["orders*"] }]);
  const guarded = await createApi({
    operations,
    kafka: noKafka,
    env: { KAFKA_BROKERS: "127.0.0.1:1", RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: grants },
  });
  const ada = { iam: { userArn: "arn:aws:iam::1:user/ada" } };

  const allowed = await guarded.call("POST /things/orders-1", { body: { size: 1 }, authorizer: ada });
  const otherTopic = await guarded.call("POST /things/payments", { body: { size: 1 }, authorizer: ada });
  const nobody = await guarded.call("POST /things/orders-1", { body: { size: 1 } });

  expect([allowed.status, otherTopic.status, nobody.status]).toEqual([201, 403, 403]);
  expect(nobody.json.message).toBe('anonymous may not topic:create on "orders-1".');
});

test("a token's subject and scopes are the caller's", async () => {
  const grants = JSON.stringify([{ scopes: ["relay/topics"], may: ["topic:*"] }]);
  const guarded = await createApi({
    operations,
    kafka: noKafka,
    env: { KAFKA_BROKERS: "127.0.0.1:1", RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: grants },
  });

  const allowed = await guarded.call("GET /offset", {
    authorizer: { jwt: { claims: { sub: "ada", scope: "openid relay/topics" }, scopes: null } },
  });
  const refused = await guarded.call("GET /offset", { authorizer: { jwt: { claims: { sub: "ada", scope: "openid" }, scopes: null } } });

  expect([allowed.status, refused.status]).toEqual([200, 403]);
});

test("a function that is configured wrongly says so in its log, and to the caller only that", async () => {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const misconfigured = await createApi({
    operations,
    kafka: noKafka,
    env: { KAFKA_BROKERS: "127.0.0.1:1", RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: "{hunter2" },
    log: (line) => lines.push(line),
  });

  const answer = await misconfigured.call("GET /offset");

  expect(answer.status).toBe(500);
  expect(answer.text).not.toContain("RELAY_ACCESS_GRANTS");
  expect(JSON.stringify(lines)).toContain("RELAY_ACCESS_GRANTS");
});

test("an event with hardly anything in it is answered, not thrown at", async () => {
  const handler = httpApi(operations, { kafka: noKafka });

  const result = await handler({} as never, { getRemainingTimeInMillis: () => 1_000 });

  expect(result.statusCode).toBe(404);
});

test("addresses in answers are built from the host the caller used, unless that host is invalid", async () => {
  const self = operation({
    may: "topic:list",
    summary: "Says where it is.",
    answers: {},
    run: async (_, { baseUrl }) => ({ status: 200, body: { baseUrl } }),
  });
  const handler = httpApi({ "GET /self": self }, { kafka: noKafka, config: { RELAY_ACCESS: "everything" } as never });
  const ask = async (host: string) => {
    const result = await handler(toEvent("GET /self", { headers: { host } }, ["GET /self"]), { getRemainingTimeInMillis: () => 1_000 });
    return JSON.parse(result.body ?? "").baseUrl;
  };

  expect(await ask("relay.example.com:8443")).toBe("https://relay.example.com:8443");
  expect(await ask('x"><script>')).toBe("https://api.example.com");
});
