/** Who may call what, through the handlers as the gateway calls them: by IAM identity, by the claims of a token, by a token that the laptop's gateway checks. Deny by default. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Permission } from "../../lib/access.js";
import { createDeadline } from "../../lib/deadline.js";
import { createTopics, deleteTopics } from "../../lib/kafka/admin/topics.js";
import { createToken, localAudience, localIssuer, publicKeyIn } from "../../local/auth/tokens.js";
import { createEventCheck } from "../../local/gateway/token-check.js";
import { type Api, type ApiRequest, createApi, operationsOfEveryFunction, toEvent } from "../support/api/api.js";
import { uniqueName } from "../support/broker/unique-names.js";

const operations = await operationsOfEveryFunction();
/** All but the files of the console, which hold no data. */
const routeKeys = Object.keys(operations).filter((key) => operations[key]?.isPublic !== true);
const role = "arn:aws:sts::123456789012:assumed-role/app/session";
const iam = (userArn: string) => ({ iam: { userArn, accountId: "123456789012" } });
const jwt = (sub: string, scope: string) => ({ jwt: { claims: { sub, scope, iss: "https://issuer.example.com" }, scopes: null } });
const claims = (more: object) => ({ jwt: { claims: { sub: "shop", iss: "https://issuer.example.com", ...more }, scopes: null } });

const ours = uniqueName("team-a");
const theirs = uniqueName("team-b");
/** One scope a permission, so that each is tried alone. */
const scopePerPermission = [...new Set(Object.values(operations).map(({ may }) => may))].map((may) => ({
  scopes: [`may-${may}`],
  may: [may],
}));
const grants = [
  ...scopePerPermission,
  { who: ["arn:aws:sts::123456789012:assumed-role/app/*"], may: ["record:*", "topic:describe"], on: ["team-a*"] },
  { scopes: ["team-a"], may: ["record:write", "topic:create"], on: ["team-a*"] },
  { groups: ["writers of a"], may: ["record:write"], on: ["team-a*"] },
];

let api: Api;
beforeAll(async () => {
  api = await createApi({
    env: { RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: JSON.stringify(grants), RELAY_JWT_GROUPS_CLAIM: "cognito:groups" },
    operations,
    log: () => {},
  });
  await createTopics(api.kafka, [{ name: ours }, { name: theirs }], createDeadline(20_000));
});
afterAll(async () => {
  await deleteTopics(api.kafka, [ours, theirs], createDeadline(20_000));
  await api.close();
});

/** A call of this route key, of things that are not there: whatever is allowed changes nothing. */
const callOf = (routeKey: string): string =>
  routeKey === "$default" ? "GET /no/such/path" : routeKey.replace(/\{\w+\}/g, "0").replace(/^(\w+) (.*)$/, "$1 $2");
const mayOf = (routeKey: string): Permission => operations[routeKey]?.may as Permission;
const statusOf = async (routeKey: string, request: ApiRequest) => (await api.call(callOf(routeKey), request)).status;

describe.each(routeKeys)("%s", (routeKey) => {
  test("is refused to callers that no grant names, and to callers that may only do other things", async () => {
    const others = scopePerPermission.flatMap(({ scopes, may }) => (may.includes(mayOf(routeKey)) ? [] : scopes)).join(" ");

    expect(await statusOf(routeKey, {})).toBe(403);
    expect(await statusOf(routeKey, { authorizer: iam("arn:aws:iam::999999999999:user/stranger") })).toBe(403);
    expect(await statusOf(routeKey, { authorizer: jwt("someone", others) })).toBe(403);
  });

  test("is allowed for callers with the permission", async () => {
    expect([401, 403]).not.toContain(await statusOf(routeKey, { authorizer: jwt("someone", `may-${mayOf(routeKey)}`) }));
  });
});

test("only the files of the console are public", async () => {
  const open = Object.keys(operations).filter((key) => operations[key]?.isPublic === true);

  expect(open).toEqual(["GET /console", "GET /console/assets/{file}"]);
  for (const key of open) expect([401, 403]).not.toContain(await statusOf(key, {}));
});

const records = { records: [{ value: { n: 1 } }] };
const v2 = "application/vnd.kafka.json.v2+json";

test.each([
  ["the role writes its topics", iam(role), ours, 200],
  ["the role does not write another team's", iam(role), theirs, 403],
  ["another session of another role writes neither", iam(role.replace("/app/", "/web/")), ours, 403],
  ["a scope writes its topics", jwt("shop", "openid team-a"), ours, 200],
  ["a scope does not write another team's", jwt("shop", "openid team-a"), theirs, 403],
  ["a token without the scope writes nothing", jwt("shop", "openid"), ours, 403],
  ["a token whose subject is the role's ARN is not the role", jwt(role, "openid"), ours, 403],
  ["a scope in scp, as a list that the gateway made a text of, counts", claims({ scp: "[openid team-a]" }), ours, 200],
  ["a scope in scp as a text counts", claims({ scp: "openid team-a" }), ours, 200],
  ["a group of the claim that is configured writes its topics", claims({ "cognito:groups": "writers of a" }), ours, 200],
  ["a group does not write another team's", claims({ "cognito:groups": "writers of a" }), theirs, 403],
  ["a group of another claim is none", claims({ groups: "writers of a" }), ours, 403],
  ["a claim that is inherited is none", claims({ scope: "openid", "cognito:groups": "toString" }), ours, 403],
])("%s", async (_, authorizer, topic, status) => {
  const answers = await api.callBothWays(`POST /topics/${topic}`, { body: records, contentType: v2, authorizer });

  expect(answers.map((answer) => answer.status)).toEqual([status, status]);
});

test("the same patterns apply to a name in the body as to one in the path", async () => {
  const { cluster_id: clusterId } = (await api.call("GET /v3/clusters", { authorizer: jwt("x", "may-cluster:describe") })).json.data[0];
  const made = { data: [{ topic_name: uniqueName("team-b") }] };

  const one = await api.call(`POST /v3/clusters/${clusterId}/topics`, { body: made.data[0], authorizer: jwt("shop", "team-a") });
  const many = await api.call(`POST /v3/clusters/${clusterId}/topics:batch`, { body: made, authorizer: jwt("shop", "team-a") });

  expect(one.status).toBe(403);
  expect([many.status, many.json.failures?.[0]?.error_code ?? many.json.error_code]).toEqual([expect.any(Number), 403]);
});

test("what a request says of itself gives it nothing", async () => {
  const pretended = { "x-amzn-iam-user-arn": role, authorization: "Bearer e30.e30.", "x-forwarded-user": role };

  expect(await statusOf("GET /topics", { headers: pretended })).toBe(403);
});

describe("where the laptop's gateway checks tokens", () => {
  const folder = mkdtempSync(join(tmpdir(), "kafka-relay-auth-"));
  const env = {
    RELAY_JWT_PUBLIC_KEY: publicKeyIn(folder).replaceAll("\n", "\\n"),
    RELAY_JWT_ISSUER: localIssuer,
    RELAY_JWT_AUDIENCE: localAudience,
  };
  const check = createEventCheck(env);
  const request = { subject: "anna", scopes: ["may-topic:list"], expiresInSeconds: 600 };
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What serverless-offline puts into the event by itself gives nothing: it is replaced by the claims that were checked. */
  const ask = async (token: string | undefined, path = "/topics") => {
    const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const checked = await check?.({ ...toEvent(`GET ${path}`, { authorizer: iam(role) }, routeKeys), headers });
    if (checked === undefined) throw new Error("tokens are not checked");
    if ("refusal" in checked) return { status: checked.refusal.statusCode, json: JSON.parse(checked.refusal.body ?? "") };
    const { requestContext } = checked.event as { readonly requestContext: { readonly authorizer: unknown } };
    return api.call(`GET ${path}`, { authorizer: requestContext.authorizer });
  };

  test("a valid token is accepted as far as its scopes go", async () => {
    const token = await createToken(folder, request, Date.now());

    expect((await ask(token)).status).toBe(200);
    const refused = await ask(token, "/brokers");
    expect([refused.status, refused.json.message]).toEqual([403, "anna may not cluster:describe."]);
  });

  test("a missing, forged, expired or malformed token is refused with 401 and the reason", async () => {
    const good = await createToken(folder, request, Date.now());
    const [header, payload, signature] = good.split(".");
    const part = (data: object) => Buffer.from(JSON.stringify(data)).toString("base64url");
    const grown = part({ ...JSON.parse(Buffer.from(payload ?? "", "base64url").toString()), scope: "may-acl:alter" });
    const stranger = mkdtempSync(join(tmpdir(), "kafka-relay-auth-"));
    const reasons: readonly (readonly [string | undefined, string])[] = [
      [undefined, "has no token"],
      ["", "has no token"],
      ["nonsense", "does not hold a signed token"],
      [`${part({ alg: "none" })}.${payload}.`, "must be signed with ES256"],
      [`${part({ alg: "none" })}.${payload}.${signature}`, "must be signed with ES256"],
      [`${part({ alg: "HS256" })}.${payload}.${signature}`, "must be signed with ES256"],
      [`${part({ alg: "ES256", crit: ["b64"], b64: false })}.${payload}.${signature}`, "not valid"],
      [`${header}.${grown}.${signature}`, "signature is not valid"],
      [await createToken(stranger, request, Date.now()), "signature is not valid"],
      [await createToken(folder, request, Date.now() - 3_600_000), "has expired"],
      [await createToken(folder, { ...request, subject: "" }, Date.now()), "does not name its subject"],
      ["a".repeat(10_000), "does not hold a signed token"],
    ];
    for (const [token, reason] of reasons) {
      const { status, json } = await ask(token);
      expect([status, json.error_code, json.message]).toEqual([401, 401, expect.stringContaining(reason)]);
      if (token !== undefined && token.length > 8) expect(json.message).not.toContain(token.slice(0, 9));
    }
    rmSync(stranger, { recursive: true, force: true });
  });

  test("an event that is not an HTTP call needs no token, and without a key no call does", async () => {
    const records = { eventSource: "aws:kafka", records: {} };

    expect(await check?.(records)).toEqual({ event: records });
    expect(createEventCheck({})).toBeUndefined();
  });

  test("an invalid key is a configuration error that does not show the key", () => {
    const pemOf = (pair: { privateKey: KeyObject }) => pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const keys = ["no key", pemOf(generateKeyPairSync("ed25519")), pemOf(generateKeyPairSync("ec", { namedCurve: "secp384r1" }))];
    for (const key of keys) {
      const start = () => createEventCheck({ RELAY_JWT_PUBLIC_KEY: key });
      expect(start).toThrow(/^RELAY_JWT_PUBLIC_KEY (is not a public key in PEM|must be an RSA key or a key on the curve P-256)\.$/);
    }
  });
});
