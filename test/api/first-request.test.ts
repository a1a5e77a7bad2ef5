/** What the first request of a cold environment waits for: every wait is a round trip that a caller feels. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { clusterId } from "../../lib/kafka/admin/cluster.js";
import { createClusterIdentity } from "../../lib/kafka/cluster-identity.js";
import type { Connection } from "../../lib/kafka/connection.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { createMetadata } from "../../lib/kafka/metadata.js";
import { createProducer } from "../../lib/kafka/produce/producer.js";
import { createApi } from "../support/api/api.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";

let kafka: Kafka;
let topic: string;
let cluster: string;
beforeAll(async () => {
  kafka = testKafka();
  topic = await createTestTopic(kafka);
  cluster = await clusterId(kafka, createDeadline(10_000));
});
afterAll(() => kafka.close());

/** A client that knows nothing yet, and the requests it sends: those of one round stand together, sent before any of them was answered. */
function coldKafka() {
  const rounds: string[][] = [];
  let isAnswered = true;
  const connection: Connection = {
    ...kafka.connection,
    request: async (api, args, to, deadline) => {
      if (isAnswered) rounds.push([]);
      isAnswered = false;
      rounds.at(-1)?.push(api.name);
      const answer = await kafka.connection.request(api, args, to, deadline);
      isAnswered = true;
      return answer;
    },
  };
  const metadata = createMetadata(connection);
  const producer = createProducer({ connection, metadata }, { idempotence: true, compression: "none", ackTimeoutMs: 5_000 });
  return { cold: { ...kafka, identity: createClusterIdentity(), connection, metadata, producer }, rounds };
}

test("v2 waits for the topic beside a producer id, and then for the records", async () => {
  const { cold, rounds } = coldKafka();
  const api = await createApi({ kafka: cold });

  const answer = await api.call(`POST /topics/${topic}`, { body: { records: [{ value: 1 }] } });

  expect(answer.json.offsets[0].error_code).toBeNull();
  expect(rounds).toEqual([["Metadata", "InitProducerId"], ["Produce"]]);
});

test("v3 waits no longer: it asks for the cluster's id beside them", async () => {
  const { cold, rounds } = coldKafka();
  const api = await createApi({ kafka: cold });

  const answer = await api.call(`POST /v3/clusters/${cluster}/topics/${topic}/records`, { body: {} });

  expect(answer.json.error_code).toBe(200);
  expect(rounds.map((round) => round.sort())).toEqual([["InitProducerId", "Metadata", "Metadata"], ["Produce"]]);
});
