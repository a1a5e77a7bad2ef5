/** Kafka for tests: clients of the run's broker, and topics that no other test uses. */
import { parseConfig } from "../../../lib/config.js";
import { createDeadline, type Deadline } from "../../../lib/deadline.js";
import { createKafka, type Kafka, type KafkaOptions, toKafkaOptions } from "../../../lib/kafka/kafka.js";
import { metadataApi } from "../../../lib/kafka/protocol/metadata.js";
import { createTopicsApi } from "../../../lib/kafka/protocol/topics.js";
import type { TopicName } from "../../../lib/kafka/records.js";
import { uniqueName } from "./unique-names.js";

/** A client of the brokers named, by default those of the run. Close it when the test is over. */
export function testKafka(options: Partial<KafkaOptions> = {}): Kafka {
  // Where brokers are named, those of the run may be missing.
  const KAFKA_BROKERS = Array.isArray(options.brokers) ? options.brokers.join(",") : process.env.KAFKA_BROKERS;
  return createKafka({ ...toKafkaOptions(parseConfig({ KAFKA_BROKERS })), ...options });
}

export interface TestTopic {
  /** Absent: one that no other test uses. */
  readonly name?: string;
  readonly partitions?: number;
  readonly replicas?: number;
  readonly configs?: Readonly<Record<string, string>>;
  /** How far ahead of the broker's clock a record's time may lie; absent: as far as the broker's default allows. */
  readonly aheadMaxMs?: bigint;
}

/** Any time at all. */
export const anyTimeAheadMs = 9_223_372_036_854_775_807n;

const invalidConfig = 40;
const alreadyExists = 36;

/** Records keep whatever their date is: a broker's cleaner deletes what is older than seven days by its timestamp, and tests write fixed ones. */
export const keepsEveryDate = { "retention.ms": "-1" };
/** The same, as `createTopics` takes it. */
export const keptForAnyTime = Object.entries(keepsEveryDate).map(([name, value]) => ({ name, value }));

/** Creates a topic and waits until every broker knows its partitions' leaders. */
export async function createTestTopic(kafka: Kafka, topic: TestTopic = {}): Promise<TopicName> {
  const name = (topic.name ?? uniqueName("test")) as TopicName;
  const deadline = createDeadline(50_000);
  await create(kafka, { ...topic, name }, deadline);
  await until(async () => {
    // Each broker learns of it at its own time, and any of them may be the next that is asked.
    const { brokers } = await kafka.metadata.describe([name], deadline);
    return (await Promise.all(brokers.map(({ nodeId }) => knows(kafka, nodeId, name, topic.replicas ?? 1)))).every(Boolean);
  });
  return name;
}

/** Asks again while a topic of the same name is still being deleted: with ZooKeeper that goes on after the answer. */
async function create(kafka: Kafka, topic: TestTopic, deadline: Deadline): Promise<void> {
  const { aheadMaxMs, configs = {} } = topic;
  // Brokers before 3.6 have one limit for times behind and ahead, and refuse the name of the newer one.
  const settings: Record<string, string>[] =
    aheadMaxMs === undefined
      ? [configs]
      : ["message.timestamp.after.max.ms", "message.timestamp.difference.max.ms"].map((limit) => ({
          ...configs,
          [limit]: `${aheadMaxMs}`,
        }));
  let refusal: { readonly errorCode: number; readonly errorMessage?: string | null } | undefined;
  for (const setting of settings) {
    await until(async () => {
      refusal = await askForTopic(kafka, topic, setting, deadline);
      return refusal?.errorCode !== alreadyExists;
    });
    if (refusal === undefined || refusal.errorCode === 0) return;
    if (refusal.errorCode !== invalidConfig) break;
  }
  throw new Error(`The topic was not created: ${refusal?.errorCode} ${refusal?.errorMessage}`);
}

async function askForTopic(kafka: Kafka, { name = "", partitions = 1, replicas = 1 }: TestTopic, configs: object, deadline: Deadline) {
  const { topics } = await kafka.connection.request(
    createTopicsApi,
    {
      topics: [
        {
          name,
          partitionsCount: partitions,
          replicationFactor: replicas,
          assignments: [],
          configs: Object.entries({ ...keepsEveryDate, ...configs }).map(([key, value]) => ({ name: key, value })),
        },
      ],
      timeoutMs: 15_000,
      validateOnly: false,
    },
    "controller",
    deadline,
  );
  return topics[0];
}

async function knows(kafka: Kafka, nodeId: number, name: string, replicas: number): Promise<boolean> {
  const question = { topics: [name], allowAutoTopicCreation: false, includeClusterAuthorizedOperations: false };
  const answer = await kafka.connection
    .request(metadataApi, { ...question, includeTopicAuthorizedOperations: false }, { nodeId }, createDeadline(5_000))
    .catch(() => undefined);
  const topic = answer?.topics[0];
  return topic?.errorCode === 0 && topic.partitions.every(({ leader, isr }) => leader >= 0 && isr.length === replicas);
}

/** Asks again and again until it is true; fails the test after `limitMs`. */
export async function until(isTrue: () => boolean | Promise<boolean>, limitMs = 50_000): Promise<void> {
  const deadline = createDeadline(limitMs);
  while (!(await isTrue())) {
    if (deadline.leftMs() <= 0) throw new Error(`It did not become true within ${limitMs} ms: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
