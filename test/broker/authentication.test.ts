/** How a client proves itself to a broker and knows it: every mechanism on its own listener, and the message when it fails. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { createAcls } from "../../lib/kafka/admin/acls.js";
import type { Kafka, KafkaOptions } from "../../lib/kafka/kafka.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { createTlsSecrets } from "../../lib/kafka/tls-secrets.js";
import { type Cluster, startBroker } from "../../local/broker/cluster.js";
import { freePorts } from "../../local/processes/ports.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { startTcpProxy, type TcpProxy } from "../support/broker/tcp-proxy.js";
import { runFolder } from "../support/run/run-folder.js";

const certificates = join(import.meta.dirname, "certificates");
const pem = (name: string) => readFileSync(join(certificates, `${name}.pem`), "utf8");
const trusted = { ca: pem("ca") };
const secret = "correct-horse-battery";
const sessionMs = 2_500;

let cluster: Cluster;
let admin: Kafka;
let topic: TopicName;
let proxy: TcpProxy;
const ports = { sasl: 0, tls: 0, mutual: 0, saslTls: 0, short: 0 };

beforeAll(async () => {
  const [port = 0, controllerPort = 0, sasl = 0, tls = 0, mutual = 0, saslTls = 0, short = 0, proxyPort = 0] = await freePorts(8);
  Object.assign(ports, { sasl, tls, mutual, saslTls, short: proxyPort });
  proxy = await startTcpProxy(proxyPort, { host: "127.0.0.1", port: short });
  const at = (number: number) => `127.0.0.1:${number}`;
  cluster = await startBroker({
    nodes: 1,
    dataFolder: join(runFolder(), "authentication"),
    ports: [port, controllerPort],
    scramUsers: ["SCRAM-SHA-256", "SCRAM-SHA-512"].map((mechanism) => `${mechanism}=[name=alice,password=${secret}]`),
    extraListeners: [
      { name: "SASL", protocol: "SASL_PLAINTEXT", ports: [sasl] },
      { name: "TLS", protocol: "SSL", ports: [tls] },
      { name: "MUTUAL", protocol: "SSL", ports: [mutual] },
      { name: "SASLTLS", protocol: "SASL_SSL", ports: [saslTls] },
      { name: "SHORT", protocol: "SASL_PLAINTEXT", ports: [short] },
    ],
    properties: {
      "advertised.listeners": `PLAINTEXT://${at(port)},SASL://${at(sasl)},TLS://${at(tls)},MUTUAL://${at(mutual)},SASLTLS://${at(saslTls)},SHORT://${at(proxyPort)}`,
      "super.users": "User:ANONYMOUS;User:alice;User:CN=client",
      "connection.failed.authentication.delay.ms": "0",
      ...saslProperties("sasl", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]),
      ...saslProperties("sasltls", ["SCRAM-SHA-512"]),
      ...saslProperties("short", ["OAUTHBEARER"]),
      "listener.name.short.oauthbearer.connections.max.reauth.ms": String(sessionMs),
      ...tlsProperties("tls"),
      ...tlsProperties("mutual"),
      ...tlsProperties("sasltls"),
      "listener.name.mutual.ssl.client.auth": "required",
    },
  });
  admin = testKafka({ brokers: cluster.brokers });
  topic = await createTestTopic(admin);
}, 180_000);
afterAll(async () => {
  await admin?.close();
  await proxy?.close();
  for (const node of cluster?.nodes ?? []) await node.kill();
});

function saslProperties(listener: string, mechanisms: readonly string[]): Record<string, string> {
  const modules: Readonly<Record<string, string>> = {
    PLAIN: `org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="${secret}" user_bob="${secret}";`,
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
    OAUTHBEARER: "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;",
  };
  const start = `listener.name.${listener}`;
  return Object.fromEntries([
    [`${start}.sasl.enabled.mechanisms`, mechanisms.join(",")],
    ...mechanisms.map((mechanism) => [`${start}.${mechanism.toLowerCase()}.sasl.jaas.config`, modules[mechanism] ?? ""]),
  ]);
}

function tlsProperties(listener: string): Record<string, string> {
  const start = `listener.name.${listener}.ssl`;
  return {
    [`${start}.keystore.type`]: "PEM",
    [`${start}.keystore.location`]: join(certificates, "broker-keystore.pem"),
    [`${start}.truststore.type`]: "PEM",
    [`${start}.truststore.location`]: join(certificates, "ca.pem"),
  };
}

/** Writes one record as a client with these options would. */
async function write(port: number, options: Partial<KafkaOptions>, to: TopicName = topic): Promise<string> {
  const kafka = testKafka({ ...options, brokers: [`127.0.0.1:${port}`] });
  try {
    const [outcome] = await kafka.producer.produce(to, [{ key: null, value: Buffer.from("x"), headers: [] }], createDeadline(20_000));
    return outcome?.outcome ?? "none";
  } finally {
    await kafka.close();
  }
}

const password = (mechanism: "plain" | "scram-sha-256" | "scram-sha-512", text = secret, username = "alice") =>
  ({ sasl: { mechanism, username, password: text } }) as const;

/** An unsecured JSON web token, which Kafka's default validator takes. */
function token(lifetimeMs = 60_000): string {
  const now = Date.now() / 1000;
  const claims = { sub: "alice", iat: now - 1, exp: now + lifetimeMs / 1000 };
  return `${[{ alg: "none" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.`;
}

test.each(["plain", "scram-sha-256", "scram-sha-512"] as const)("a client authenticates by %s", async (mechanism) => {
  expect(await write(ports.sasl, password(mechanism))).toBe("written");
});

test.each(["plain", "scram-sha-256", "scram-sha-512"] as const)(
  "a wrong password with %s is reported at once, and no message contains it",
  async (mechanism) => {
    const startMs = performance.now();

    const failure = await write(ports.sasl, password(mechanism, "wrong-password")).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: "kafka-unauthenticated", failure: { isRetriable: false, written: "no" } });
    expect(String(failure)).toContain(`by ${mechanism} as "alice"`);
    expect(everythingOf(failure)).not.toContain("wrong-password");
    expect(performance.now() - startMs).toBeLessThan(5_000); // and not tried again and again
  },
);

test("a password that was rotated is asked for again, once, when the brokers refuse the one before", async () => {
  const asked: boolean[] = [];
  const login = async ({ refresh }: { readonly refresh: boolean }) => {
    asked.push(refresh);
    return { username: "alice", password: refresh ? secret : "yesterday's" };
  };

  expect(await write(ports.sasl, { sasl: { mechanism: "scram-sha-512", login } })).toBe("written");

  expect(asked).toEqual([false, true]);
});

test("a mechanism that the listener does not have is an authentication failure", async () => {
  await expect(write(ports.saslTls, { ...password("plain"), tls: trusted })).rejects.toMatchObject({ code: "kafka-unauthenticated" });
});

test("TLS with a private authority, with SCRAM inside or alone", async () => {
  expect(await write(ports.saslTls, { ...password("scram-sha-512"), tls: trusted })).toBe("written");
  expect(await write(ports.tls, { tls: trusted })).toBe("written");
});

test("a broker whose certificate we do not trust is refused, and the message names what to set", async () => {
  await expect(write(ports.tls, { tls: {} })).rejects.toMatchObject({
    code: "kafka-unauthenticated",
    message: expect.stringContaining("KAFKA_SSL_CA"),
  });
});

test("mutual TLS: our certificate says who we are, and without one the broker refuses", async () => {
  expect(await write(ports.mutual, { tls: { ...trusted, cert: pem("client"), key: pem("client-key") } })).toBe("written");
  await expect(write(ports.mutual, { tls: trusted })).rejects.toMatchObject({ code: "kafka-unauthenticated" });
});

test("mutual TLS with certificates from secrets, in the form of Lambda's mappings", async () => {
  const secrets: Readonly<Record<string, string>> = {
    own: JSON.stringify({ certificate: pem("client"), privateKey: pem("client-key") }),
    authority: JSON.stringify({ certificate: trusted.ca }),
  };
  const read = createTlsSecrets("own", "authority", async (arn) => secrets[arn] ?? "");

  expect(await write(ports.mutual, { tls: { secrets: read } })).toBe("written");
});

test("TLS to a listener without it cannot be reached, and the message says why that may be", async () => {
  await expect(write(ports.sasl, { tls: trusted })).rejects.toMatchObject({ code: "kafka-unreachable" });
});

test("a session that ends is renewed on the same connection, also after it was idle for longer, with a new token each time", async () => {
  let tokens = 0;
  const source = async () => {
    tokens++;
    return token();
  };
  const kafka = testKafka({ brokers: [`127.0.0.1:${ports.short}`], sasl: { mechanism: "oauthbearer", token: source } });
  const send = () => kafka.producer.produce(topic, [{ key: null, value: Buffer.from("x"), headers: [] }], createDeadline(20_000));
  await send();
  const connections = proxy.accepted();
  for (let sends = 0; sends < 12; sends++) {
    expect(await send()).toMatchObject([{ outcome: "written" }]);
    await sleep(sessionMs / 10);
  }
  expect(tokens).toBeGreaterThan(1);
  const before = tokens;
  await sleep(sessionMs * 0.9);

  const outcomes = await Promise.all([send(), send(), send()]);

  expect(outcomes.flat().map(({ outcome }) => outcome)).toEqual(["written", "written", "written"]);
  expect(tokens).toBe(before + 1);
  expect(proxy.accepted()).toBe(connections);
  await kafka.close();
});

test("a token source that fails is an authentication failure, and its message is not shown", async () => {
  const source = () => Promise.reject(new Error("the secret is hunter2"));

  const failure = await write(ports.short, { sasl: { mechanism: "oauthbearer", token: source } }).catch((error: unknown) => error);

  expect(failure).toMatchObject({ code: "kafka-unauthenticated" });
  expect(String(failure)).not.toContain("hunter2");
});

test("a producer id that is refused fails the call whole, names the permission and the way out, and that way leads on", async () => {
  await allowToDescribe("bob", topic);

  const refused = write(ports.sasl, password("plain", secret, "bob"));

  await expect(refused).rejects.toMatchObject({
    code: "kafka-forbidden",
    message: expect.stringMatching(/WriteDataIdempotently.*IDEMPOTENT_WRITE.*KAFKA_IDEMPOTENCE=off/),
  });
  await expect(write(ports.sasl, { ...password("plain", secret, "bob"), idempotence: false })).rejects.toMatchObject({
    code: "kafka-forbidden",
    message: expect.stringMatching(/does not authorize us on this topic/),
  });
});

async function allowToDescribe(user: string, resourceName: string): Promise<void> {
  const what = { resourceType: "TOPIC", resourceName, patternType: "LITERAL", operation: "DESCRIBE", permission: "ALLOW" } as const;
  const [error] = await createAcls(admin, [{ ...what, principal: `User:${user}`, host: "*" }], createDeadline(20_000));
  if (error !== undefined) throw error;
}

/** What a log could show of an error: its texts and those of its causes. */
function everythingOf(error: unknown): string {
  return error instanceof Error ? `${error.stack} ${JSON.stringify(error)} ${everythingOf(error.cause)}` : String(error);
}
