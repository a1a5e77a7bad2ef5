/** The API and the cluster it speaks of, for tests of administration: paths below the cluster, topics made and deleted again, groups with and without members. */
import { Kafka as KafkaJs, logLevel } from "kafkajs";
import { createDeadline } from "../../../lib/deadline.js";
import { commitForGroup } from "../../../lib/kafka/admin/group-offsets.js";
import { createTopics, deleteTopics } from "../../../lib/kafka/admin/topics.js";
import { keepsEveryDate } from "../broker/kafka.js";
import { uniqueName } from "../broker/unique-names.js";
import { type Api, type ApiAnswer, type ApiOptions, type ApiRequest, createApi } from "./api.js";

export interface AdminApi extends Api {
  readonly clusterId: string;
  /** `GET /topics` below the cluster. */
  readonly v3: (methodAndPath: string, request?: ApiRequest) => Promise<ApiAnswer>;
  /** A topic of the test's own, deleted when the API is closed. */
  readonly topic: (spec?: { readonly partitions?: number; readonly configs?: Readonly<Record<string, string>> }) => Promise<string>;
  /** Forgets these topics too when it is closed. */
  readonly willDelete: (...topics: readonly string[]) => void;
  /** A group that has committed, and has no members. */
  readonly idleGroup: (groupId: string, topic: string, offsets: readonly bigint[]) => Promise<void>;
  /** A group with one member that reads the topic; the answer lets it go. */
  readonly activeGroup: (groupId: string, topic: string) => Promise<{ readonly memberId: string; readonly leave: () => Promise<void> }>;
}

const deadline = () => createDeadline(20_000);

export async function createAdminApi(options: ApiOptions = {}): Promise<AdminApi> {
  const api = await createApi(options);
  const { clusterId } = await api.kafka.metadata.describe([], deadline());
  const made: string[] = [];
  return {
    ...api,
    clusterId,
    v3: (methodAndPath, request) => {
      const [method, path = ""] = methodAndPath.split(/ (.*)/s);
      return api.call(`${method} /v3/clusters/${clusterId}${path}`, request);
    },
    topic: async ({ partitions = 1, configs = {} } = {}) => {
      const name = uniqueName("admin");
      const [result] = await createTopics(
        api.kafka,
        [
          {
            name,
            partitionsCount: partitions,
            configs: Object.entries({ ...keepsEveryDate, ...configs }).map(([key, value]) => ({ name: key, value })),
          },
        ],
        deadline(),
      );
      if (result instanceof Error) throw result;
      made.push(name);
      return name;
    },
    willDelete: (...topics) => void made.push(...topics),
    idleGroup: async (groupId, topic, offsets) => {
      const table = new Map([[topic, new Map(offsets.map((offset, partition) => [partition, offset]))]]);
      const answers = await commitForGroup(api.kafka, groupId, table, deadline());
      const refused = answers.find(({ error }) => error !== undefined);
      if (refused?.error !== undefined) throw refused.error;
    },
    activeGroup: async (groupId, topic) => {
      const client = new KafkaJs({
        clientId: "test-member",
        brokers: (process.env.KAFKA_BROKERS ?? "").split(","),
        logLevel: logLevel.NOTHING,
      });
      const consumer = client.consumer({ groupId, sessionTimeout: 10_000, maxWaitTimeInMs: 100 });
      const joined = new Promise<string>((resolve) => {
        consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => resolve(payload.memberId));
      });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({ autoCommit: false, eachMessage: async () => {} });
      const memberId = await joined;
      return { memberId, leave: () => consumer.disconnect() };
    },
    close: async () => {
      if (made.length > 0) await deleteTopics(api.kafka, made, deadline());
      await api.close();
    },
  };
}

/** Writes `count` records of a few bytes to a partition by kafkajs, whatever our own producer does; timestamps as given. */
export async function writeRecords(topic: string, partition: number, timestampsMs: readonly number[]): Promise<void> {
  const client = new KafkaJs({
    clientId: "test-writer",
    brokers: (process.env.KAFKA_BROKERS ?? "").split(","),
    logLevel: logLevel.NOTHING,
  });
  const producer = client.producer({ createPartitioner: () => () => partition });
  await producer.connect();
  await producer.send({
    topic,
    messages: timestampsMs.map((timestampMs, index) => ({ value: `record ${index}`, timestamp: String(timestampMs), partition })),
  });
  await producer.disconnect();
}
