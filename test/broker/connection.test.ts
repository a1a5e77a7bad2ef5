/** The connection where brokers hang up or take their time: what a failure says of what may have happened. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { Connection } from "../../lib/kafka/connection.js";
import { createConnection } from "../../lib/kafka/kafkajs/connection.js";
import { incrementalAlterConfigsApi } from "../../lib/kafka/protocol/configs.js";
import { metadataApi } from "../../lib/kafka/protocol/metadata.js";
import { createTopicsApi } from "../../lib/kafka/protocol/topics.js";
import { freePorts } from "../../local/processes/ports.js";
import { startTcpProxy, type TcpProxy } from "../support/broker/tcp-proxy.js";
import { uniqueName } from "../support/broker/unique-names.js";

const silenceMaxMs = 400;
const deadline = () => createDeadline(8_000);
const brokersAlone = {
  topics: [],
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
} as const;
const noChange = { resources: [], validateOnly: true } as const;

let proxy: TcpProxy;
let connection: Connection;
beforeEach(async () => {
  const [proxyPort = 0] = await freePorts(1);
  const [broker = ""] = (process.env.KAFKA_BROKERS ?? "").split(",");
  const [host = "", port = ""] = broker.split(":");
  proxy = await startTcpProxy(proxyPort, { host, port: Number(port) });
  connection = createConnection({ brokers: [`127.0.0.1:${proxyPort}`], clientId: "connection", connectTimeoutMs: 2_000, silenceMaxMs });
  await connection.versionOf(metadataApi, "any", deadline()); // connected, and no other address known
});
afterEach(async () => {
  await connection.close();
  await proxy.close();
});

test("a broker that hangs up while it is asked leaves a question unanswered, and may have made a change", async () => {
  proxy.hangUp();
  const question = connection.request(metadataApi, brokersAlone, "any", deadline());
  await expect(question).rejects.toMatchObject({ code: "kafka-unreachable", failure: { written: "no", isRetriable: true } });
  proxy.heal();
  await connection.versionOf(metadataApi, "any", deadline());

  proxy.hangUp();
  const change = connection.request(incrementalAlterConfigsApi, noChange, "any", deadline());
  await expect(change).rejects.toMatchObject({ code: "maybe-written", failure: { written: "maybe", isRetriable: true } });
});

test("a change that the broker is given time for may outlast its silence; a question may not", async () => {
  const topic = { name: uniqueName("slow"), partitionsCount: 1, replicationFactor: 1, assignments: [], configs: [] };
  proxy.holdAnswers(silenceMaxMs * 2.5);

  const slow = await connection.request(createTopicsApi, { topics: [topic], timeoutMs: 5_000, validateOnly: true }, "any", deadline());
  const question = connection.request(metadataApi, brokersAlone, "any", deadline());

  expect(slow.topics.map(({ errorCode }) => errorCode)).toEqual([0]);
  await expect(question).rejects.toMatchObject({ code: "kafka-unreachable" });
});
