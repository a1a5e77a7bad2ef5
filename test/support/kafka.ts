/** Kafka for tests: clients of the run's broker, and topics that nobody else uses. */
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { createKafka, type Kafka, type KafkaOptions, toKafkaOptions } from "../../lib/kafka/kafka.js";
import { metadataApi } from "../../lib/kafka/protocol/metadata.js";
import { createTopicsApi } from "../../lib/kafka/protocol/topics.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { uniqueName } from "./unique-names.js";

/** A client of the brokers named, by default those of the run. Close it when the test is over. */
export function testKafka(options: Partial<KafkaOptions> = {}): Kafka {
  // Where brokers are named, those of the run may be missing.
  const KAFKA_BROKERS = Array.isArray(options.brokers) ? options.brokers.join(",") : process.env.KAFKA_BROKERS;
  return createKafka({ ...toKafkaOptions(parseConfig({ KAFKA_BROKERS })), ...options });
}

export interface TestTopic {
  /** Absent: one that nobody else uses. */
  readonly name?: string;
  readonly partitions?: number;
  readonly replicas?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

/** Records keep whatever their date is: a broker's cleaner deletes what is older than seven days by its timestamp, and tests write fixed ones. */
export const keepsEveryDate = { "retention.ms": "-1" };

/** Creates a topic and waits until every broker knows its partitions' leaders. */
export async function createTestTopic(
  kafka: Kafka,
  { partitions = 1, replicas = 1, configs = {}, ...topic }: TestTopic = {},
): Promise<TopicName> {
  const name = (topic.name ?? uniqueName("test")) as TopicName;
  const deadline = createDeadline(50_000);
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
  if (topics[0]?.errorCode !== 0) throw new Error(`The topic was not created: ${topics[0]?.errorCode} ${topics[0]?.errorMessage}`);
  await until(async () => {
    // Each broker learns of it at its own time, and any of them may be the next that is asked.
    const { brokers } = await kafka.metadata.describe([name], deadline);
    return (await Promise.all(brokers.map(({ nodeId }) => knows(kafka, nodeId, name, replicas)))).every(Boolean);
  });
  return name;
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
