/** Who calls a server, on real sockets: tokens of an issuer whose keys change, proxies that name the caller, and the limits on connections and calls. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../support/broker/kafka.js";
import { connectRaw, type ServeProcess, startServe } from "../support/serve/process.js";

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

let issuer: Server;
let keys: readonly object[] = [];
let reads = 0;
const started: ServeProcess[] = [];
const pairs = new Map<string, KeyPair>();

beforeAll(async () => {
  issuer = createServer((_, response) => {
    reads++;
    response.setHeader("content-type", "application/json").end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
  for (const kid of ["one", "two"]) pairs.set(kid, await generateKeyPair("ES256"));
});
afterAll(async () => {
  await Promise.all(started.map((one) => one.end()));
  issuer.close();
});

const start = async (env: NodeJS.ProcessEnv, args: readonly string[] = []): Promise<ServeProcess> => {
  const one = await startServe(args, env);
  started.push(one);
  return one;
};
async function publish(...kids: readonly string[]): Promise<void> {
  keys = await Promise.all(kids.map(async (kid) => ({ ...(await exportJWK((pairs.get(kid) as KeyPair).publicKey)), kid, alg: "ES256" })));
}
const tokenOf = (kid: string, claims: object = {}): Promise<string> =>
  new SignJWT({ ...claims })
    .setProtectedHeader({ alg: "ES256", kid })
    .setSubject("alice")
    .setIssuer("https://issuer.example")
    .setAudience("kafka")
    .setExpirationTime("5m")
    .sign((pairs.get(kid) as KeyPair).privateKey);
const grants = JSON.stringify([{ who: ["alice"], may: ["topic:list"] }]);

test("a key that the issuer has added is accepted at once, and keys are read no more often than needed", async () => {
  await publish("one");
  const server = await start({
    RELAY_ACCESS_GRANTS: grants,
    RELAY_JWT_JWKS_URL: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/keys`,
    RELAY_JWT_ISSUER: "https://issuer.example",
    RELAY_JWT_AUDIENCE: "kafka",
  });
  const call = async (token?: string) =>
    fetch(`${server.url}/topics`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  await publish("one", "two");

  expect((await call(await tokenOf("two"))).status).toBe(200);
  expect((await call(await tokenOf("one"))).status).toBe(200);
  expect(reads).toBe(1);
  const nobody = await call();
  expect(nobody.status).toBe(401);
  expect(nobody.headers.get("www-authenticate")).toBe('Bearer realm="kafka-relay"');
  pairs.set("three", await generateKeyPair("ES256"));
  const strange = await Promise.all(Array.from({ length: 10 }, async () => call(await tokenOf("three"))));
  expect(new Set(strange.map(({ status }) => status))).toEqual(new Set([401]));
  // Strangers cannot make the server ask its issuer again and again.
  expect(reads).toBeLessThanOrEqual(2);
});

test("the caller's name counts from a trusted proxy, and from nobody else", async () => {
  const env = { RELAY_ACCESS_GRANTS: grants, RELAY_CALLER_HEADER: "x-user" };
  const [trusting, strict] = [
    await start({ ...env, RELAY_TRUSTED_PROXIES: "127.0.0.0/8" }),
    await start({ ...env, RELAY_TRUSTED_PROXIES: "10.0.0.7" }),
  ];
  const call = async ({ url }: ServeProcess, user: string) => (await fetch(`${url}/topics`, { headers: { "x-user": user } })).status;

  expect(await call(trusting, "alice")).toBe(200);
  expect(await call(trusting, "bob")).toBe(403);
  // The proxy has added its value to the client's: neither can be believed.
  expect(await call(trusting, "alice, bob")).toBe(401);
  expect(await call(strict, "alice")).toBe(403);
});

test("more connections than the limit are closed at once, and those within it go on", async () => {
  const server = await start({ RELAY_SERVE_CONNECTIONS_MAX: "5" }, ["--access", "everything"]);
  const connections = await Promise.all(Array.from({ length: 5 }, () => connectRaw(server.port)));

  const late = await connectRaw(server.port);
  await until(() => late.isClosed());

  for (const one of connections) {
    one.send("GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n");
    await until(() => one.received().startsWith("HTTP/1.1 200"));
    one.socket.destroy();
  }
  await until(async () => (await fetch(`${server.url}/health`).catch(() => undefined))?.status === 200);
});

test("more calls at the same time than the limit get 503 with Retry-After, and probes still get their answer", async () => {
  const server = await start({ RELAY_SERVE_CALLS_MAX: "2" }, ["--access", "everything"]);
  // Bodies that never come keep two calls busy.
  const busy = await Promise.all(Array.from({ length: 2 }, () => connectRaw(server.port)));
  for (const one of busy)
    one.send("POST /topics/x HTTP/1.1\r\nhost: x\r\ncontent-type: application/vnd.kafka.json.v2+json\r\ncontent-length: 10\r\n\r\n");
  await until(async () => (await fetch(`${server.url}/metrics`)).text().then((text) => text.includes("KafkaRelay_CallsInProgress 2")));

  const refused = await fetch(`${server.url}/topics`);

  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  for (const one of busy) one.socket.destroy();
  await until(async () => (await fetch(`${server.url}/topics`)).status === 200);
});

test("HEAD is answered like GET, without a body, on the server's own paths and on the API's", async () => {
  const server = await start({}, ["--access", "everything"]);

  for (const path of ["/health", "/ready", "/metrics", "/openapi.json", "/topics"]) {
    const [head, get] = [await fetch(`${server.url}${path}`, { method: "HEAD" }), await fetch(`${server.url}${path}`)];
    expect([path, head.status]).toEqual([path, get.status]);
    expect([path, head.headers.get("content-type")]).toEqual([path, get.headers.get("content-type")]);
    expect(await head.text()).toBe("");
  }
});
