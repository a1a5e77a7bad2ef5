/** The producer behind a network that cuts, swallows and loses answers: a TCP proxy stands between it and a broker of its own. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { RelayError } from "../../lib/errors.js";
import type { Connection } from "../../lib/kafka/connection.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { createConnection } from "../../lib/kafka/kafkajs/connection.js";
import { createProducer } from "../../lib/kafka/produce/producer.js";
import { incrementalAlterConfigsApi } from "../../lib/kafka/protocol/configs.js";
import { apiVersionsApi } from "../../lib/kafka/protocol/metadata.js";
import { type ProduceAnswer, type ProduceRequest, produceApi } from "../../lib/kafka/protocol/produce.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { type Cluster, startBroker } from "../../local/broker/cluster.js";
import { freePorts } from "../../local/processes/ports.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { startTcpProxy, type TcpProxy } from "../support/broker/tcp-proxy.js";
import { Ledger, nothingLost, type Writing } from "../support/relay/ledger.js";
import { runFolder } from "../support/run/run-folder.js";

const idleMaxMs = 1_500;
/** So long a broker remembers a producer that is silent. */
const producerIdMaxMs = 1_000;
const requestTimeoutMs = 1_000;
const invalidProducerEpoch = 47;
/** How late a machine may be that does other things too. */
const lateMs = 3_000;
const writing: Writing = { writers: 3, recordsPerCall: 6, deadlineMs: 20_000 };

let cluster: Cluster;
let proxy: TcpProxy;
let kafka: Kafka;
beforeAll(async () => {
  const [port = 0, controllerPort = 0, wirePort = 0, proxyPort = 0] = await freePorts(4);
  proxy = await startTcpProxy(proxyPort, { host: "127.0.0.1", port: wirePort });
  cluster = await startBroker({
    nodes: 1,
    dataFolder: join(runFolder(), "behind-a-proxy"),
    ports: [port, controllerPort],
    extraListeners: [{ name: "WIRE", protocol: "PLAINTEXT", ports: [wirePort] }],
    properties: {
      "advertised.listeners": `PLAINTEXT://127.0.0.1:${port},WIRE://127.0.0.1:${proxyPort}`,
      "connections.max.idle.ms": String(idleMaxMs),
      "producer.id.expiration.check.interval.ms": "100",
    },
  });
  kafka = testKafka({ brokers: [`127.0.0.1:${proxyPort}`], requestTimeoutMs, connectTimeoutMs: 1_500 });
}, 180_000);
afterEach(() => proxy.heal());
afterAll(async () => {
  await kafka?.close();
  await proxy?.close();
  for (const node of cluster?.nodes ?? []) await node.kill();
});

const newTopic = () => createTestTopic(kafka, { partitions: 3 });
const one = (value: string) => [{ key: null, value: Buffer.from(value), headers: [] }];
const send = (topic: TopicName, value: string, timeoutMs = 8_000) => kafka.producer.produce(topic, one(value), createDeadline(timeoutMs));

test("connections that are cut again and again cost no record and double none", async () => {
  const ledger = new Ledger(kafka, await newTopic());

  await ledger.writeDuring(writing, async () => {
    for (let cuts = 0; cuts < 12; cuts++) {
      const soFar = ledger.acknowledged;
      await until(() => ledger.acknowledged > soFar + 30);
      proxy.cut();
    }
  });

  const table = await ledger.table();
  expect(table).toMatchObject({ ...nothingLost, inDoubt: 0 });
  expect(table.acknowledged).toBe(table.sent);
});

test("a request whose answer is lost is sent again, and is in the topic once", async () => {
  const ledger = new Ledger(kafka, await newTopic());

  await ledger.writeDuring(writing, async () => {
    for (let losses = 0; losses < 25; losses++) {
      const soFar = ledger.acknowledged;
      await until(() => ledger.acknowledged > soFar + 10);
      proxy.cutAfterRequests(1);
    }
  });

  const table = await ledger.table();
  expect(table).toMatchObject({ ...nothingLost, inDoubt: 0 });
  expect(table.acknowledged).toBe(table.sent);
});

test("a connection that swallows everything in silence is replaced, and the records go on", async () => {
  const ledger = new Ledger(kafka, await newTopic());

  await ledger.writeDuring(writing, async () => {
    await until(() => ledger.acknowledged > 100);
    proxy.swallow();
    await sleep(requestTimeoutMs * 1.5);
    proxy.heal();
    const soFar = ledger.acknowledged;
    await until(() => ledger.acknowledged > soFar + 100);
  });

  const table = await ledger.table();
  expect(table).toMatchObject({ ...nothingLost, inDoubt: 0 });
  expect(table.acknowledged).toBe(table.sent);
});

test("a record that was sent and never answered is reported at the deadline as maybe written, and the partition goes on under the next epoch", async () => {
  const topic = await newTopic();
  await send(topic, "before");
  proxy.swallowAnswers();
  const startMs = performance.now();

  const [outcome] = await send(topic, "in doubt", 1_600);

  expect(performance.now() - startMs).toBeLessThan(1_600 + lateMs);
  expect(outcome).toMatchObject({ outcome: "failed", error: { code: "maybe-written", failure: { written: "maybe", isRetriable: true } } });
  proxy.heal();
  for (let call = 0; call < 6; call++) expect((await send(topic, `after ${call}`))[0]).toMatchObject({ outcome: "written" });
});

test("a batch in doubt that arrives late, behind newer records, is refused by the broker", async () => {
  const topic = await createTestTopic(kafka);
  let late: ProduceRequest | undefined;
  let isHeldBack = false;
  const request: Connection["request"] = async (api, args, to, deadline) => {
    if ((api as { readonly key: number }).key !== produceApi.key || !isHeldBack) return kafka.connection.request(api, args, to, deadline);
    late ??= args as ProduceRequest;
    throw new RelayError("maybe-written", "The request is still on its way.");
  };
  const producer = createProducer(
    { connection: { ...kafka.connection, request }, metadata: kafka.metadata },
    { idempotence: true, compression: "none", ackTimeoutMs: 1_000 },
  );
  const write = (value: string, timeoutMs: number) => producer.produce(topic, one(value), createDeadline(timeoutMs));
  await write("before", 8_000);
  isHeldBack = true;
  expect(await write("in doubt", 300)).toMatchObject([{ error: { code: "maybe-written" } }]);
  isHeldBack = false;
  expect(await write("after", 8_000)).toMatchObject([{ outcome: "written", offset: 1n }]);
  if (late === undefined) throw new Error("nothing was held back");

  const { topics } = await kafka.connection.request(produceApi, late, { nodeId: 1 }, createDeadline(8_000));

  expect(topics[0]?.partitions[0]?.errorCode).toBe(invalidProducerEpoch);
  expect(await write("last", 8_000)).toMatchObject([{ outcome: "written", offset: 2n }]);
});

test("a batch that was written despite an unknown error is not mistaken for the next one", async () => {
  const topic = await createTestTopic(kafka);
  let answers = 0;
  const request: Connection["request"] = async (api, args, to, deadline) => {
    const answer = await kafka.connection.request(api, args, to, deadline);
    if ((api as { readonly key: number }).key !== produceApi.key || answers++ > 0) return answer;
    const { topics, ...rest } = answer as ProduceAnswer;
    const unknown = topics.map((each) => ({ ...each, partitions: each.partitions.map((told) => ({ ...told, errorCode: -1 })) }));
    return { ...rest, topics: unknown } as typeof answer;
  };
  const producer = createProducer(
    { connection: { ...kafka.connection, request }, metadata: kafka.metadata },
    { idempotence: true, compression: "none", ackTimeoutMs: 1_000 },
  );

  expect(await producer.produce(topic, one("in doubt"), createDeadline(8_000))).toMatchObject([{ error: { code: "maybe-written" } }]);

  expect(await producer.produce(topic, one("next"), createDeadline(8_000))).toMatchObject([{ outcome: "written", offset: 1n }]);
});

test("a call that cannot reach any broker fails whole, within its deadline, and says that nothing was written", async () => {
  const topic = await newTopic();
  const cold = testKafka({ brokers: [`127.0.0.1:${proxy.port}`], requestTimeoutMs });
  proxy.swallow();
  const startMs = performance.now();

  const call = cold.producer.produce(topic, one("never sent"), createDeadline(2_500));

  await expect(call).rejects.toMatchObject({ code: "kafka-unreachable", failure: { written: "no", isRetriable: true } });
  expect(performance.now() - startMs).toBeLessThan(2_500 + lateMs);
  await cold.close();
});

test("a connection that the broker has closed between two calls is replaced without a word", async () => {
  const topic = await newTopic();
  await send(topic, "before");
  const before = proxy.accepted();
  await sleep(idleMaxMs * 2); // the broker closes what is idle

  const [outcome] = await send(topic, "after");

  expect(outcome).toMatchObject({ outcome: "written" });
  expect(proxy.accepted()).toBeGreaterThan(before);
});

test("a cold client writes its first record over one connection to each broker it needs", async () => {
  const topic = await newTopic();
  const before = proxy.accepted();
  const cold = testKafka({ brokers: [`127.0.0.1:${proxy.port}`], requestTimeoutMs });

  const calls = await Promise.all([1, 2, 3].map((call) => cold.producer.produce(topic, one(`${call}`), createDeadline(5_000))));

  expect(calls.flat().map(({ outcome }) => outcome)).toEqual(["written", "written", "written"]);
  expect(proxy.accepted()).toBe(before + 1);
  await cold.close();
});

test("a connection that was unused for long is replaced before it is used again", async () => {
  const unusedMaxMs = 300;
  const brokers = [`127.0.0.1:${proxy.port}`];
  const connection = createConnection({ brokers, clientId: "unused", connectTimeoutMs: 1_000, silenceMaxMs: 1_000, unusedMaxMs });
  const ask = () => connection.request(apiVersionsApi, {}, "any", createDeadline(3_000));
  await ask();
  const before = proxy.accepted();
  await ask();
  expect(proxy.accepted()).toBe(before);
  await sleep(unusedMaxMs * 1.5);

  await ask();

  expect(proxy.accepted()).toBe(before + 1);
  await connection.close();
});

test("a producer that the broker has forgotten goes on, in order", async () => {
  const topic = await createTestTopic(kafka);
  await send(topic, "first");
  await send(topic, "second");
  await forgetProducersAfter(producerIdMaxMs);
  await sleep(producerIdMaxMs * 1.5);

  const outcomes = [...(await send(topic, "third")), ...(await send(topic, "fourth"))];

  expect(outcomes).toMatchObject([{ offset: 2n }, { offset: 3n }]);
});

test("a client closes at once, also while the broker is silent", async () => {
  const topic = await newTopic();
  const client = testKafka({ brokers: [`127.0.0.1:${proxy.port}`], requestTimeoutMs });
  await client.producer.produce(topic, one("before"), createDeadline(5_000));
  proxy.swallow();
  const open = client.producer.produce(topic, one("open"), createDeadline(20_000));
  const connecting = testKafka({ brokers: [`127.0.0.1:${proxy.port}`] });
  const described = connecting.metadata.describe([], createDeadline(20_000)).catch((error: unknown) => error);
  await sleep(50);
  const startMs = performance.now();

  await Promise.all([client.close(), connecting.close()]);

  expect(performance.now() - startMs).toBeLessThan(lateMs);
  expect(await open).toMatchObject([{ outcome: "failed", error: { code: "maybe-written" } }]);
  expect(await described).toMatchObject({ code: "kafka-unreachable" });
  expect(performance.now() - startMs).toBeLessThan(lateMs);
});

async function forgetProducersAfter(ms: number): Promise<void> {
  const configs = [{ name: "producer.id.expiration.ms", operation: 0, value: String(ms) }];
  const args = { resources: [{ type: 4, name: "", configs }], validateOnly: false };
  const { resources } = await kafka.connection.request(incrementalAlterConfigsApi, args, "any", createDeadline(5_000));
  expect(resources.map(({ errorCode }) => errorCode)).toEqual([0]);
}
