/** Topics to create when the broker is up: those in KAFKA_CREATE_TOPICS (in the format of the kafka-docker image), and those that the routes read. */
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { RelayError } from "../../lib/errors.js";
import { createTopics, type TopicSpec } from "../../lib/kafka/admin/topics.js";
import { createKafka, toKafkaOptions } from "../../lib/kafka/kafka.js";
import { isInternalTopic, isTopicName } from "../../lib/kafka/topic-name.js";

const createTimeoutMs = 30_000;
const shape = "a comma-separated list of name:partitions:replication[:cleanup.policy], for example test:1:1,orders:4:1:compact";

/** Parses `test:1:1,orders:4:1:compact`. Throws one message with every fault. */
export function parseCreateTopics(text: string): TopicSpec[] {
  const entries = text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  const faults = entries.flatMap((entry) => faultsOf(entry).map((fault) => `${JSON.stringify(entry)}: ${fault}`));
  const names = entries.map((entry) => entry.split(":")[0] ?? "");
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  faults.push(...[...new Set(repeated)].map((name) => `${JSON.stringify(name)} is named twice`));
  if (faults.length > 0) throw new Error(`KAFKA_CREATE_TOPICS is ${shape}.\n  ${faults.join("\n  ")}`);
  return entries.map((entry) => {
    const [name = "", partitions, replication, policy] = entry.split(":");
    return {
      name,
      partitionsCount: Number(partitions),
      replicationFactor: Number(replication),
      ...(policy === undefined ? {} : { configs: [{ name: "cleanup.policy", value: policy }] }),
    };
  });
}

function faultsOf(entry: string): string[] {
  const [name = "", partitions = "", replication = "", policy, ...rest] = entry.split(":");
  return [
    ...(isTopicName(name) ? [] : ["a topic name must have 1 to 249 letters, digits, dots, underscores or dashes"]),
    ...(isInternalTopic(name) ? ["names that begin with __ are reserved for Kafka's internal topics"] : []),
    ...(isCount(partitions, 10_000) ? [] : [`partitions must be a whole number from 1 to 10000, not ${JSON.stringify(partitions)}`]),
    ...(isCount(replication, 100) ? [] : [`replication must be a whole number from 1 to 100, not ${JSON.stringify(replication)}`]),
    ...(policy === undefined || policy === "delete" || policy === "compact"
      ? []
      : [`cleanup.policy must be delete or compact, not ${JSON.stringify(policy)}`]),
    ...(rest.length === 0 ? [] : [`there are ${4 + rest.length} parts, but at most 4 are allowed`]),
  ];
}

const isCount = (text: string, max: number): boolean => /^[1-9]\d{0,5}$/.test(text) && Number(text) <= max;

/** Creates the missing topics and returns their names. Throws one message with every topic that could not be created, and why. */
export async function ensureTopics(env: NodeJS.ProcessEnv, specs: readonly TopicSpec[]): Promise<readonly string[]> {
  if (specs.length === 0) return [];
  const kafka = createKafka(toKafkaOptions(parseConfig(env)));
  try {
    const deadline = createDeadline(createTimeoutMs);
    const { topics } = await kafka.metadata.describe(
      specs.map(({ name }) => name),
      deadline,
    );
    const missing = specs.filter(({ name }) => topics.get(name) instanceof RelayError || topics.get(name) === undefined);
    const results = await createTopics(kafka, missing, deadline);
    const failures = results.filter((result) => result instanceof RelayError && result.code !== "topic-exists") as RelayError[];
    if (failures.length > 0) throw new Error(`Topics could not be created:\n  ${failures.map(({ message }) => message).join("\n  ")}`);
    return missing.map(({ name }) => name);
  } finally {
    await kafka.close();
  }
}
