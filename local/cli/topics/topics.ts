/** `kafka-relay topics`: list, create, describe, alter, delete. */
import type { Command } from "commander";
import { RelayError } from "../../../lib/errors.js";
import { describeConfigs } from "../../../lib/kafka/admin/configs.js";
import type { TopicMetadata } from "../../../lib/kafka/metadata.js";
import { isInternalTopic } from "../../../lib/kafka/topic-name.js";
import { type Cli, type CliContext, withExamples } from "../cli.js";
import { registerTopicChanges } from "./topic-changes.js";

export function registerTopics(cli: Cli): void {
  const topics = cli.noun("topics", "Manage topics.", [
    "kafka-relay topics list",
    "kafka-relay topics create orders --partitions 6 --config cleanup.policy=compact",
    "kafka-relay topics describe orders",
    "kafka-relay topics delete orders",
  ]);
  registerList(cli, topics);
  registerDescribe(cli, topics);
  registerTopicChanges(cli, topics);
}

function registerList(cli: Cli, topics: Command): void {
  withExamples(
    topics
      .command("list")
      .description("List topics with their partition and replica counts.")
      .option("--internal", "include Kafka's internal topics")
      .action(cli.action(list)),
    ["kafka-relay topics list", "kafka-relay topics list --json | jq -r '.[].topic_name'"],
  );
}

function registerDescribe(cli: Cli, topics: Command): void {
  withExamples(
    topics
      .command("describe")
      .description("Show partitions, leaders, replicas and the settings made on topics.")
      .argument("[topic...]", "topics to show (default: all except Kafka's internal ones)")
      .action(cli.action(describe)),
    ["kafka-relay topics describe orders", "kafka-relay topics describe --json"],
  );
}

const replicationOf = (topic: TopicMetadata): number => topic.partitions[0]?.replicas.length ?? 0;

async function list(context: CliContext, options: { internal?: boolean }): Promise<void> {
  const kafka = await context.kafka();
  const { topics } = await kafka.metadata.describe("all", context.deadline());
  const rows = [...topics.values()]
    .filter((topic): topic is TopicMetadata => !(topic instanceof RelayError))
    .filter((topic) => options.internal === true || !(topic.isInternal || isInternalTopic(topic.name)))
    .map((topic) => ({
      topic_name: topic.name,
      partitions_count: topic.partitions.length,
      replication_factor: replicationOf(topic),
      is_internal: topic.isInternal,
    }))
    .sort((one, other) => (one.topic_name < other.topic_name ? -1 : 1));
  context.print(rows, [
    { title: "topic", cell: (row) => row.topic_name },
    { title: "partitions", cell: (row) => row.partitions_count },
    { title: "replicas", cell: (row) => row.replication_factor },
  ]);
}

async function describe(context: CliContext, _options: unknown, names: readonly string[]): Promise<void> {
  const kafka = await context.kafka();
  const { topics } = await kafka.metadata.describe(names.length === 0 ? "all" : names, context.deadline());
  const found: TopicMetadata[] = [];
  for (const topic of topics.values()) {
    if (topic instanceof RelayError) context.complain(topic);
    else if (names.length > 0 || !isInternalTopic(topic.name)) found.push(topic);
  }
  found.sort((one, other) => (one.name < other.name ? -1 : 1));
  const configs = await describeConfigs(
    kafka,
    found.map(({ name }) => ({ kind: "topic" as const, name })),
    context.deadline(),
    { synonyms: false },
  );
  const described = found.map((topic, index) => {
    const entries = configs[index];
    return {
      topic_name: topic.name,
      is_internal: topic.isInternal,
      partitions_count: topic.partitions.length,
      replication_factor: replicationOf(topic),
      configs:
        entries === undefined || entries instanceof RelayError
          ? null
          : Object.fromEntries(entries.filter(({ source }) => source === "DYNAMIC_TOPIC_CONFIG").map(({ name, value }) => [name, value])),
      partitions: topic.partitions.map(({ partition, leader, replicas, isr }) => ({ partition_id: partition, leader, replicas, isr })),
    };
  });
  if (context.isJson) return context.print(described, []);
  for (const topic of described) {
    const settings = Object.entries(topic.configs ?? {}).map(([name, value]) => `${name}=${value}`);
    context.say(`${topic.topic_name}: ${topic.partitions_count} partition(s), replicated ${topic.replication_factor} time(s)`);
    context.say(settings.length === 0 ? "no settings on the topic itself" : `set on the topic: ${settings.join(" ")}`);
    context.print(topic.partitions, [
      { title: "partition", cell: (row) => row.partition_id },
      { title: "leader", cell: (row) => row.leader ?? "none" },
      { title: "replicas", cell: (row) => row.replicas.join(",") },
      { title: "in sync", cell: (row) => row.isr.join(",") },
    ]);
    context.say("");
  }
}
