/** What is particular to a host: where its path and its caller come from, its health checks, and its limits. */
import * as v from "valibot";
import { expect, test } from "vitest";
import { alb } from "../../../lib/http/hosts/alb.js";
import { functionUrl } from "../../../lib/http/hosts/function-url.js";
import { restApi } from "../../../lib/http/hosts/rest-api.js";
import { operation } from "../../../lib/http/operation.js";
import { createRouter } from "../../../lib/http/router.js";
import type { Kafka } from "../../../lib/kafka/port.js";
import { testConfig } from "../../support/api/api.js";

const where = operation({
  may: "topic:describe",
  on: "topic",
  summary: "Says where it is, and who asks.",
  path: v.object({ topic: v.string() }),
  answers: {},
  run: async ({ path }, { baseUrl, caller }) => ({ status: 200, body: { topic: path.topic, baseUrl, caller: caller.name } }),
});
const long = operation({
  may: "topic:describe",
  summary: "A long answer.",
  answers: {},
  run: async () => ({ status: 200, body: { text: "x".repeat(1_100_000) } }),
});
const operations = { "GET /topics/{topic}": where, "GET /long": long };
const options = { kafka: {} as Kafka, config: testConfig({ KAFKA_BROKERS: "127.0.0.1:1" }), log: () => {} };
const context = { getRemainingTimeInMillis: () => 10_000 };
const answerOf = (result: unknown) => {
  const { statusCode, body } = result as { readonly statusCode: number; readonly body: string };
  return { status: statusCode, json: JSON.parse(body) };
};

test.each([
  ["at the stage of a REST API", "/topics/{topic}", "/topics/a%2Fb", "/prod/topics/a%2Fb", "https://api.example.com/prod"],
  ["below the base path of a custom domain", "/topics/{topic}", "/v1/topics/a%2Fb", "/v1/topics/a%2Fb", "https://api.example.com/v1"],
  ["with a trailing slash", "/topics/{topic}", "/topics/a%2Fb/", "/prod/topics/a%2Fb/", "https://api.example.com/prod"],
  ["through one resource for everything", "/{proxy+}", "/topics/a%2Fb", "/prod/topics/a%2Fb", "https://api.example.com/prod"],
])("a call %s finds its operation, and links lead back there", async (_, resource, path, whole, baseUrl) => {
  const handler = restApi(operations, options);
  const requestContext = { path: whole, stage: "prod", domainName: "api.example.com", identity: { userArn: "arn:aws:iam::1:user/ada" } };

  const result = await handler({ resource, path, httpMethod: "GET", headers: {}, requestContext } as never, context);

  expect(answerOf(result)).toEqual({ status: 200, json: { topic: "a/b", baseUrl, caller: "arn:aws:iam::1:user/ada" } });
});

test("the claims that a REST API's authorizer has checked are the caller", async () => {
  const requestContext = { path: "/topics/a", authorizer: { claims: { sub: "anna" } }, identity: {} };

  const result = await restApi(operations, options)({ path: "/topics/a", httpMethod: "GET", requestContext } as never, context);

  expect(answerOf(result).json.caller).toBe("anna");
});

test("without binary media types, a REST API is not given bytes", async () => {
  const event = { path: "/long", httpMethod: "GET", headers: { "accept-encoding": "gzip" }, requestContext: {} };

  const plain = await restApi(operations, options)(event as never, context);
  const compressed = await restApi(operations, { ...options, hasBinaryMediaTypes: true })(event as never, context);

  expect([plain.isBase64Encoded, plain.headers?.["content-encoding"]]).toEqual([undefined, undefined]);
  expect([compressed.isBase64Encoded, compressed.headers?.["content-encoding"]]).toEqual([true, "gzip"]);
});

test("a Function URL's caller is the identity that signed the call", async () => {
  const event = {
    rawPath: "/topics/a%2Fb",
    routeKey: "$default",
    headers: {},
    requestContext: {
      http: { method: "GET" },
      domainName: "x.lambda-url.eu-central-1.on.aws",
      authorizer: { iam: { userArn: "arn:aws:iam::1:user/ada" } },
    },
  };

  const result = await functionUrl(operations, options)(event as never, context);

  expect(answerOf(result).json).toEqual({
    topic: "a/b",
    baseUrl: "https://x.lambda-url.eu-central-1.on.aws",
    caller: "arn:aws:iam::1:user/ada",
  });
});

const fromAlb = (headers: Readonly<Record<string, string>>, path: string) => ({
  httpMethod: "GET",
  path,
  headers,
  requestContext: { elb: {} },
  body: "",
});
const checker = { "user-agent": "ELB-HealthChecker/2.0" };

test("a load balancer's health check is answered without access, and nobody else's call that looks like one", async () => {
  const closed = alb(operations, { ...options, config: testConfig({ KAFKA_BROKERS: "127.0.0.1:1", RELAY_ACCESS: "grants" }) });

  expect(await closed(fromAlb(checker, "/topics/a") as never, context)).toMatchObject({
    statusCode: 200,
    statusDescription: "200 OK",
    body: "{}",
  });
  const pretended = await closed(fromAlb({ ...checker, "x-forwarded-for": "203.0.113.7" }, "/topics/a") as never, context);
  expect([pretended.statusCode, pretended.statusDescription]).toEqual([403, "403 Forbidden"]);
});

test("an answer beyond the load balancer's megabyte is an error that names the limit, unless it fits compressed", async () => {
  const handler = alb(operations, options);

  const plain = await handler(fromAlb({ "x-forwarded-for": "203.0.113.7" }, "/long") as never, context);
  const compressed = await handler(fromAlb({ "x-forwarded-for": "203.0.113.7", "accept-encoding": "br" }, "/long") as never, context);

  expect(answerOf(plain)).toMatchObject({ status: 413, json: { message: expect.stringContaining("returns at most 1048576 bytes") } });
  expect(compressed).toMatchObject({ statusCode: 200, isBase64Encoded: true, headers: { "content-encoding": "br" } });
});

const router = createRouter(["GET /a/{x}", "GET /a/b", "POST /a/b", "GET /a/{x}/c:reset", "GET /", "$default"]);

test.each([
  ["GET", "/a/b", "GET /a/b", {}],
  ["GET", "/a/%62", "GET /a/b", {}],
  ["GET", "/a/c", "GET /a/{x}", { x: "c" }],
  ["GET", "/a/c%2Fd", "GET /a/{x}", { x: "c/d" }],
  ["GET", "/a/c/", "GET /a/{x}", { x: "c" }],
  ["HEAD", "/a/c", "GET /a/{x}", { x: "c" }],
  ["GET", "/a/__proto__", "GET /a/{x}", { x: "__proto__" }],
  ["GET", "/a/z/c%3Areset", "GET /a/{x}/c:reset", { x: "z" }],
  ["GET", "/", "GET /", {}],
])("%s %s is the operation %s", (method, path, key, parameters) => {
  expect(router.find(method, path)).toEqual({ key, path: parameters });
});

test.each([
  ["GET", "/a//"],
  ["GET", "/a"],
  ["GET", "//a/b"],
  ["POST", "/a/c"],
  ["get", "/a/b"],
  ["GET", "/a/b/c/d"],
])("%s %s has no operation", (method, path) => {
  expect(router.find(method, path)).toBeUndefined();
});

test("the methods of a path are those of every route that fits it", () => {
  expect(router.methodsAt("/a/b")).toEqual(["GET", "HEAD", "OPTIONS", "POST"]);
  expect(router.methodsAt("/nothing/here")).toBeUndefined();
});

test("a percent escape that is not valid is the caller's mistake", () => {
  expect(() => router.find("GET", "/a/%zz")).toThrow('The path has a percent escape that is not valid: "%zz".');
});
