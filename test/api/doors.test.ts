/** Functions behind doors without an authorizer for tokens: they check each token themselves, with the keys that its issuer publishes. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Config, parseConfig } from "../../lib/config.js";
import { httpApi } from "../../lib/http/hosts/http-api.js";
import { operation } from "../../lib/http/operation.js";
import { startTokenServer, type TokenServer } from "../support/targets/token-server.js";

let issuer: TokenServer;
beforeAll(async () => {
  issuer = await startTokenServer({ clientId: "shop", clientSecret: "s" });
});
afterAll(() => issuer.stop());
afterEach(() => {
  delete process.env.RELAY_BASE_PATH;
});

const operations = {
  "GET /topics": operation({
    may: "topic:list",
    summary: "Says who calls, and by which address.",
    answers: { 200: null },
    run: async (_, { caller, baseUrl }) => ({ status: 200, body: { caller: caller.name, baseUrl } }),
  }),
};

function configured(more: NodeJS.ProcessEnv = {}): Config {
  return parseConfig({
    RELAY_ACCESS_GRANTS: '[{"who":["shop"],"may":["topic:list"]}]',
    RELAY_JWT_JWKS_URL: issuer.jwksUrl,
    RELAY_JWT_ISSUER: issuer.issuer,
    RELAY_JWT_AUDIENCE: "relay,other",
    ...more,
  });
}

const ofAlb = (headers: Record<string, string>) => ({
  requestContext: { elb: { targetGroupArn: "arn" } },
  httpMethod: "GET",
  path: "/topics",
  multiValueHeaders: Object.fromEntries(
    Object.entries({ "x-forwarded-for": "203.0.113.7", ...headers }).map(([name, value]) => [name, [value]]),
  ),
  body: "",
  isBase64Encoded: false,
});
const ofRestApi = (headers: Record<string, string>, path = "/topics", resource = "/topics") => ({
  resource,
  path,
  httpMethod: "GET",
  headers,
  multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
  requestContext: { path: `/prod${path}`, stage: "prod", domainName: "api.example.com", requestId: "1", identity: {} },
  body: null,
  isBase64Encoded: false,
});

async function ask(event: object, config = configured()) {
  const handler = httpApi(operations, { config, log: () => {} });
  const { statusCode, body = "{}" } = await handler(event as never, { getRemainingTimeInMillis: () => 20_000 });
  return {
    status: statusCode,
    json: JSON.parse(body) as { readonly caller?: string; readonly baseUrl?: string; readonly message?: string },
  };
}

const doors = [
  ["a load balancer", ofAlb],
  ["a REST API", ofRestApi],
] as const;

test.each(doors)("behind %s, a token of the issuer names the caller", async (_, eventWith) => {
  const { status, json } = await ask(eventWith({ authorization: `Bearer ${issuer.issue({ audience: "relay" })}` }));

  expect([status, json.caller]).toEqual([200, "shop"]);
});

test.each(doors)("behind %s, calls without a valid token are refused", async (_, eventWith) => {
  const refused = [
    await ask(eventWith({})),
    await ask(eventWith({ authorization: "Basic c2hvcDpz" })),
    await ask(eventWith({ authorization: `Bearer ${issuer.issue({ audience: "relay", isForged: true })}` })),
    await ask(eventWith({ authorization: `Bearer ${issuer.issue({ audience: "somebody-else" })}` })),
    // What the load balancer adds for people whom it has signed in is not proof here.
    await ask(eventWith({ "x-amzn-oidc-identity": "shop", "x-amzn-oidc-data": issuer.issue({ audience: "relay" }) })),
  ];

  expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
});

test("a key set without an issuer and an audience is a configuration error, and nobody is let in", async () => {
  const { status } = await ask(
    ofAlb({ authorization: `Bearer ${issuer.issue({ audience: "relay" })}` }),
    configured({ RELAY_JWT_AUDIENCE: "" }),
  );

  expect(status).toBe(500);
});

test("behind an HTTP API the gateway's authorizer decides, and a header proves nothing", async () => {
  const event = {
    version: "2.0",
    routeKey: "GET /topics",
    rawPath: "/topics",
    headers: { authorization: "Bearer anything" },
    requestContext: { http: { method: "GET" }, authorizer: { jwt: { claims: { sub: "shop" } } } },
  };

  expect((await ask(event)).json.caller).toBe("shop");
  expect((await ask({ ...event, requestContext: { http: { method: "GET" } } })).status).toBe(403);
});

test("the base path of a custom domain is not part of the path, and links contain it", async () => {
  process.env.RELAY_BASE_PATH = "/kafka";
  const token = { authorization: `Bearer ${issuer.issue({ audience: "relay" })}` };
  const byProxy = await ask(ofRestApi(token, "/kafka/topics", "/{proxy+}"));
  const byHttpApi = await ask({
    version: "2.0",
    routeKey: "GET /topics",
    rawPath: "/kafka/topics",
    headers: { host: "api.example.com" },
    requestContext: {
      http: { method: "GET" },
      domainName: "api.example.com",
      stage: "$default",
      authorizer: { jwt: { claims: { sub: "shop" } } },
    },
  });

  expect(byProxy.status).toBe(200);
  expect(byHttpApi.json.baseUrl).toBe("https://api.example.com/kafka");
});
