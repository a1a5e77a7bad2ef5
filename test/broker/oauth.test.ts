/** OAUTHBEARER by client credentials: a token server on loopback, and a broker that validates its tokens by the server's published keys. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { createKafka, type Kafka, toKafkaOptions } from "../../lib/kafka/kafka.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { type Cluster, startBroker } from "../../local/broker/cluster.js";
import { freePorts } from "../../local/processes/ports.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { runFolder } from "../support/run/run-folder.js";
import { startTokenServer, type TokenServer } from "../support/targets/token-server.js";

const clientId = "orders relay";
const clientSecret = "correct horse+battery/staple=";
const reauthenticationMs = 60_000;

let tokenServer: TokenServer;
let cluster: Cluster;
let admin: Kafka;
let topic: TopicName;
let port = 0;
const opened: Kafka[] = [];

beforeAll(async () => {
  tokenServer = await startTokenServer({ clientId, clientSecret });
  const [plain = 0, controller = 0, oauth = 0] = await freePorts(3);
  port = oauth;
  // A broker fetches keys from named addresses alone (Kafka 3.9.1 and newer), and names are given to its JVM.
  vi.stubEnv("JAVA_TOOL_OPTIONS", `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${tokenServer.jwksUrl}`);
  cluster = await startBroker({
    nodes: 1,
    dataFolder: join(runFolder(), "oauth"),
    ports: [plain, controller],
    extraListeners: [{ name: "OAUTH", protocol: "SASL_PLAINTEXT", ports: [oauth] }],
    properties: {
      "super.users": `User:ANONYMOUS;User:${clientId}`,
      "connection.failed.authentication.delay.ms": "0",
      "listener.name.oauth.sasl.enabled.mechanisms": "OAUTHBEARER",
      "listener.name.oauth.oauthbearer.sasl.jaas.config": "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;",
      "listener.name.oauth.oauthbearer.sasl.server.callback.handler.class":
        "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler",
      // The default one of 4.1.1 accepts forged tokens: the two tests of refused tokens fail with it.
      "sasl.oauthbearer.jwt.validator.class": "org.apache.kafka.common.security.oauthbearer.BrokerJwtValidator",
      "listener.name.oauth.oauthbearer.connections.max.reauth.ms": String(reauthenticationMs),
      "sasl.oauthbearer.jwks.endpoint.url": tokenServer.jwksUrl,
      "sasl.oauthbearer.expected.audience": "kafka",
      "sasl.oauthbearer.expected.issuer": tokenServer.issuer,
    },
  });
  vi.unstubAllEnvs();
  admin = testKafka({ brokers: cluster.brokers });
  topic = await createTestTopic(admin);
}, 180_000);
afterEach(async () => {
  await Promise.all(opened.splice(0).map((kafka) => kafka.close()));
  tokenServer.requests.length = 0;
  tokenServer.answer = undefined;
  tokenServer.settings.lifetimeSeconds = 3_600;
});
afterAll(async () => {
  await admin?.close();
  for (const node of cluster?.nodes ?? []) await node.kill();
  await tokenServer?.stop();
});

const environment = {
  KAFKA_SASL_MECHANISM: "oauthbearer",
  KAFKA_SASL_OAUTH_CLIENT_ID: clientId,
  KAFKA_SASL_OAUTH_CLIENT_SECRET: clientSecret,
};

function connect(variables: Readonly<Record<string, string>> = {}): Kafka {
  const KAFKA_BROKERS = `127.0.0.1:${port}`;
  const kafka = createKafka(
    toKafkaOptions(parseConfig({ ...environment, KAFKA_BROKERS, KAFKA_SASL_OAUTH_TOKEN_URL: tokenServer.tokenUrl, ...variables })),
  );
  opened.push(kafka);
  return kafka;
}

const write = async (kafka: Kafka, limitMs = 20_000) => {
  const [outcome] = await kafka.producer.produce(topic, [{ key: null, value: Buffer.from("x"), headers: [] }], createDeadline(limitMs));
  return outcome?.outcome;
};

test("the environment alone signs in: the token server is asked once, and its token serves every connection", async () => {
  const kafka = connect({ KAFKA_SASL_OAUTH_SCOPE: "produce consume", KAFKA_SASL_OAUTH_PARAMETERS: "audience=kafka&resource=a%26b" });

  expect(await write(kafka)).toBe("written");
  await kafka.reader.offsets(topic, "all", createDeadline(10_000));
  const another = kafka.openConnection();
  await kafka.reader.read([{ topic, partition: 0, offset: 0n }], { bytesMax: 1_000, recordsMax: 1, waitMs: 100 }, createDeadline(10_000));
  await another.close();

  expect(tokenServer.requests).toEqual([
    {
      clientId,
      by: "basic",
      form: { grant_type: "client_credentials", scope: "produce consume", audience: "kafka", resource: "a&b" },
    },
  ]);
});

test("id and secret go in the form for servers that want them there, and extensions go to the broker", async () => {
  const kafka = connect({
    KAFKA_SASL_OAUTH_CLIENT_AUTHENTICATION: "body",
    KAFKA_SASL_OAUTH_EXTENSIONS: "logicalCluster=lkc-1,identityPoolId=pool-1",
  });

  expect(await write(kafka)).toBe("written");

  expect(tokenServer.requests).toMatchObject([{ by: "body", form: { client_id: clientId, client_secret: clientSecret } }]);
});

test("a client that the token server refuses is reported at once: which server, which client, why, and not the secret", async () => {
  const startMs = performance.now();

  const failure = await write(connect({ KAFKA_SASL_OAUTH_CLIENT_SECRET: "hunter2" })).catch((error: unknown) => error);

  expect(failure).toMatchObject({ code: "kafka-unauthenticated", failure: { isRetriable: false, written: "no" } });
  expect(String(failure)).toContain(`The token server ${tokenServer.tokenUrl} refused the client "orders relay": 401, invalid_client`);
  expect(String(failure)).not.toContain("hunter2");
  expect(performance.now() - startMs).toBeLessThan(5_000);
});

test("a token that the broker refuses, because it is for another audience, is an authentication failure", async () => {
  await expect(write(connect({ KAFKA_SASL_OAUTH_PARAMETERS: "audience=elsewhere" }))).rejects.toMatchObject({
    code: "kafka-unauthenticated",
    message: expect.stringContaining("refused the authentication by oauthbearer"),
  });
});

test("a kept token that the broker refuses is replaced once, and the connection is tried again", async () => {
  const given = [tokenServer.issue({ isForged: true }), tokenServer.issue()];
  const doubted: string[] = [];
  const kafka = testKafka({
    brokers: [`127.0.0.1:${port}`],
    sasl: {
      mechanism: "oauthbearer",
      token: async () => given[Math.min(1, doubted.length)] as string,
      doubt: (token) => doubted.push(token) > 0,
    },
  });
  opened.push(kafka);

  expect(await write(kafka)).toBe("written");

  expect(doubted).toEqual([given[0]]);
});

test("while the token server is away a client cannot sign in, which is worth a retry; when it is back, the same client goes on", async () => {
  const kafka = connect();
  await tokenServer.stop();

  await expect(write(kafka, 3_000)).rejects.toMatchObject({
    code: "kafka-unreachable",
    message: expect.stringContaining(`The token server ${tokenServer.tokenUrl} cannot be asked`),
    failure: { isRetriable: true, written: "no" },
  });

  await tokenServer.start();
  await sleep(1_100); // the failure is kept for a second
  expect(await write(kafka)).toBe("written");
});

test("tokens of ten seconds are renewed before they expire, while records are written without a gap", async () => {
  tokenServer.settings.lifetimeSeconds = 10;
  const kafka = connect();

  const endMs = Date.now() + 18_000;
  while (Date.now() < endMs) {
    expect(await write(kafka)).toBe("written");
    await sleep(100);
  }

  expect(tokenServer.requests.length).toBeGreaterThanOrEqual(2);
});

test.each([
  [{ KAFKA_SASL_OAUTH_CLIENT_SECRET: "" }, "not set: KAFKA_SASL_OAUTH_CLIENT_SECRET."],
  [{ KAFKA_SASL_OAUTH_TOKEN_URL: "", KAFKA_SASL_OAUTH_CLIENT_ID: "" }, "not set: KAFKA_SASL_OAUTH_TOKEN_URL, KAFKA_SASL_OAUTH_CLIENT_ID."],
  [{ KAFKA_SASL_OAUTH_TOKEN_URL: "login.example/token" }, "KAFKA_SASL_OAUTH_TOKEN_URL: must start with https://"],
  [{ KAFKA_SASL_OAUTH_TOKEN_URL: "https://a:b@login.example/token" }, "KAFKA_SASL_OAUTH_TOKEN_URL: The address of a token server"],
  [{ KAFKA_SASL_OAUTH_PARAMETERS: "audience" }, "KAFKA_SASL_OAUTH_PARAMETERS: must be form-encoded"],
  [{ KAFKA_SASL_OAUTH_PARAMETERS: "client_secret=x" }, "KAFKA_SASL_OAUTH_PARAMETERS: client_secret is set by the token request itself"],
  [{ KAFKA_SASL_OAUTH_EXTENSIONS: "logical-cluster=1" }, "KAFKA_SASL_OAUTH_EXTENSIONS: must be name=value"],
  [{ KAFKA_SASL_OAUTH_EXTENSIONS: "auth=Bearer" }, "KAFKA_SASL_OAUTH_EXTENSIONS must not contain auth"],
])("what is wrong in the environment is named before anything is asked: %j", (variables, message) => {
  expect(() => connect(variables as Readonly<Record<string, string>>)).toThrow(message);
  expect(tokenServer.requests).toEqual([]);
});
