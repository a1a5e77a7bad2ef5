/** Credentials at a registry that are replaced while they are used, and mutual TLS: over real sockets. */
import { readFileSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../../lib/config.js";
import { createDeadline } from "../../../lib/deadline.js";
import { openRegistry } from "../../../lib/schemas/registry/open.js";
import type { SchemaRegistry } from "../../../lib/schemas/registry/registry.js";
import { createSecrets } from "../../../lib/secrets.js";
import { until } from "../../support/broker/kafka.js";
import { certificate, privateKey } from "../../support/broker/localhost-certificate.js";
import { closers, listen, receiver } from "../../support/targets/http-receivers.js";
import { startTokenServer } from "../../support/targets/token-server.js";

const deadline = () => createDeadline(20_000);
const arn = (name: string) => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}`;
const pem = (name: string) => readFileSync(join(import.meta.dirname, "../../broker/certificates", `${name}.pem`), "utf8");
const schema = '{"schema":"\\"string\\"","schemaType":"AVRO"}';

/** Secrets by name, which a test may replace, and a clock that it may move. */
function open(env: Readonly<Record<string, string>>, secrets: Readonly<Record<string, string>>, clock: { ms: number }): SchemaRegistry {
  const secret = createSecrets({
    secretsManager: async (given) => secrets[given.slice(given.lastIndexOf(":") + 1)] ?? "",
    now: () => clock.ms,
  });
  const registry = openRegistry(parseConfig(env), secret);
  if (registry === undefined) throw new Error("no registry is configured");
  closers.push(async () => registry.close());
  return registry;
}

test.each([
  ["a password", { SCHEMA_REGISTRY_USERNAME: "u", SCHEMA_REGISTRY_PASSWORD: arn("one") }, (value: string) => `Basic ${btoa(`u:${value}`)}`],
  ["a bearer token", { SCHEMA_REGISTRY_TOKEN: arn("one") }, (value: string) => `Bearer ${value}`],
] as const)("%s that was replaced is read again when the registry refuses it, and the call succeeds", async (_, env, headerOf) => {
  const secrets = { one: "old" };
  const clock = { ms: 0 };
  let accepted = headerOf("old");
  const server = await receiver((response, { headers }) =>
    headers.authorization === accepted ? response.end(schema) : response.writeHead(401).end('{"error_code":40101,"message":"no"}'),
  );
  const registry = open({ SCHEMA_REGISTRY_URL: server.url, ...env }, secrets, clock);
  expect(await registry.byId(1, deadline())).toMatchObject({ type: "AVRO" });

  secrets.one = "new";
  accepted = headerOf("new");
  clock.ms += 60_000;
  expect(await registry.byId(2, deadline())).toMatchObject({ type: "AVRO" });
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(["old", "old", "new"].map(headerOf));

  accepted = "none";
  clock.ms += 60_000;
  await expect(registry.byId(3, deadline())).rejects.toMatchObject({ code: "registry-unauthenticated", failure: { status: 401 } });
});

test("an OAuth client's secret that was replaced is read again when the token endpoint refuses it", async () => {
  const secrets = { one: "s3cret" };
  const clock = { ms: 0 };
  const before = await startTokenServer({ clientId: "relay", clientSecret: "s3cret" });
  closers.push(before.stop);
  const server = await receiver((response) => response.end(schema));
  const env = {
    SCHEMA_REGISTRY_URL: server.url,
    SCHEMA_REGISTRY_OAUTH_TOKEN_URL: before.tokenUrl,
    SCHEMA_REGISTRY_OAUTH_CLIENT_ID: "relay",
    SCHEMA_REGISTRY_OAUTH_CLIENT_SECRET: arn("one"),
  };
  secrets.one = "outdated";
  const registry = open(env, secrets, clock);
  await expect(registry.byId(1, deadline())).rejects.toMatchObject({ code: "registry-unauthenticated" });
  secrets.one = "s3cret";
  clock.ms += 60_000;
  // A refusal is remembered for a second.
  await until(async () => registry.byId(1, deadline()).then(Boolean, () => false));
});

test("a registry that asks for a certificate gets ours, which is read again when connections fail; without one it cannot be reached", async () => {
  const tls = { key: pem("broker-keystore"), cert: pem("broker-keystore"), ca: pem("ca"), requestCert: true, rejectUnauthorized: true };
  const url = (await listen(createHttpsServer(tls, (_, response) => response.end(schema)))).replace(
    "http://127.0.0.1",
    "https://localhost",
  );
  const secrets = { cert: certificate, key: privateKey };
  const clock = { ms: 0 };
  const env = { SCHEMA_REGISTRY_URL: url, SCHEMA_REGISTRY_CA: pem("ca") };

  await expect(open(env, secrets, clock).byId(1, deadline())).rejects.toMatchObject({ code: "registry-unavailable" });
  await expect(open({ SCHEMA_REGISTRY_URL: url }, secrets, clock).byId(1, deadline())).rejects.toMatchObject({
    code: "registry-unavailable",
    message: expect.stringMatching(/certificate/),
  });
  const given = open({ ...env, SCHEMA_REGISTRY_CERT: pem("client"), SCHEMA_REGISTRY_KEY: pem("client-key") }, secrets, clock);
  expect(await given.byId(1, deadline())).toMatchObject({ type: "AVRO" });

  const replaced = open({ ...env, SCHEMA_REGISTRY_CERT: arn("cert"), SCHEMA_REGISTRY_KEY: arn("key") }, secrets, clock);
  await expect(replaced.byId(1, deadline())).rejects.toMatchObject({ code: "registry-unavailable" });
  Object.assign(secrets, { cert: pem("client"), key: pem("client-key") });
  clock.ms += 60_000;
  // An outage is remembered for a second.
  await until(async () => replaced.byId(1, deadline()).then(Boolean, () => false));
});
