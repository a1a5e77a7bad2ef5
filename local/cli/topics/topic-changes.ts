/** `kafka-relay topics create`, `alter` and `delete`. */
import type { Command } from "commander";
import { RelayError } from "../../../lib/errors.js";
import { alterConfigs, type ConfigChange } from "../../../lib/kafka/admin/config-changes.js";
import { inLots } from "../../../lib/kafka/admin/coordinators.js";
import { createTopics, deleteTopics, describeTopic, growTopic, refuseInternalTopic } from "../../../lib/kafka/admin/topics.js";
import { collect, collectPairs, type NameAndValue, toCount, toReplicaMap } from "../arguments.js";
import { type Cli, type CliContext, usageError, withExamples } from "../cli.js";

export function registerTopicChanges(cli: Cli, topics: Command): void {
  registerCreate(cli, topics);
  registerAlter(cli, topics);
  registerDelete(cli, topics);
}

function registerCreate(cli: Cli, topics: Command): void {
  withExamples(
    topics
      .command("create")
      .description("Create topics.")
      .argument("<topic...>")
      .option("-p, --partitions <count>", "number of partitions (default: set by the broker)", toCount)
      .option("-r, --replication-factor <count>", "replicas per partition (default: set by the broker)", toCount)
      .option("--replicas <map>", 'brokers that hold each partition: "0:1,2 1:2,3"', toReplicaMap)
      .option("-c, --config <name=value>", "a topic setting; repeatable", collectPairs)
      .option("--if-not-exists", "succeed if the topic already exists")
      .option("--validate-only", "check whether it could be created, without creating it")
      .action(cli.action(create)),
    [
      "kafka-relay topics create orders payments -p 6 -r 3",
      "kafka-relay topics create users -p 1 -c cleanup.policy=compact -c retention.ms=-1",
    ],
  );
}

function registerAlter(cli: Cli, topics: Command): void {
  withExamples(
    topics
      .command("alter")
      .description("Add partitions and change settings. Settings that are not named stay as they are.")
      .argument("<topic>")
      .option("-p, --partitions <count>", "new number of partitions; must be greater than the current number", toCount)
      .option("-c, --config <name=value>", "set a topic setting; repeatable", collectPairs)
      .option("--delete-config <name>", "reset a setting to its default; repeatable", collect)
      .option("--validate-only", "check whether the change is possible, without making it")
      .action(cli.action(alter)),
    [
      "kafka-relay topics alter orders --partitions 12",
      "kafka-relay topics alter orders -c retention.ms=86400000 --delete-config cleanup.policy",
    ],
  );
}

function registerDelete(cli: Cli, topics: Command): void {
  withExamples(
    topics
      .command("delete")
      .description("Delete topics and all their records.")
      .argument("<topic...>")
      .option("--if-exists", "succeed if a topic does not exist")
      .action(cli.action(remove)),
    ["kafka-relay topics delete orders", "kafka-relay topics delete orders payments --if-exists"],
  );
}

/** Topics per request to the controller, which creates this many in a second or two. */
const topicsAtOnceMax = 50;

async function inLotsWithProgress<Item, Result>(
  context: CliContext,
  what: string,
  items: readonly Item[],
  run: (lot: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const progress = items.length > topicsAtOnceMax ? context.progress(what, items.length) : undefined;
  const results: Result[] = [];
  try {
    for (const lot of inLots(items, topicsAtOnceMax)) {
      results.push(...(await run(lot)));
      progress?.add(lot.length);
    }
  } finally {
    progress?.stop();
  }
  return results;
}

interface CreateOptions {
  readonly partitions?: number;
  readonly replicationFactor?: number;
  readonly replicas?: ReadonlyMap<number, readonly number[]>;
  readonly config?: readonly NameAndValue[];
  readonly ifNotExists?: boolean;
  readonly validateOnly?: boolean;
}

async function create(context: CliContext, options: CreateOptions, names: readonly string[]): Promise<void> {
  const { partitions, replicationFactor, replicas, config = [], validateOnly = false } = options;
  if (replicas !== undefined && (partitions !== undefined || replicationFactor !== undefined)) {
    throw usageError("--replicas already sets the partitions and the replication factor. Omit --partitions and --replication-factor.");
  }
  const kafka = await context.kafka();
  const specs = names.map((name) => ({
    name,
    configs: config,
    ...(partitions === undefined ? {} : { partitionsCount: partitions }),
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
    ...(replicas === undefined ? {} : { replicas }),
  }));
  const results = await inLotsWithProgress(context, "creating topics", specs, (lot) =>
    createTopics(kafka, lot, context.deadline(), { validateOnly }),
  );
  const rows = results.flatMap((result, index) => {
    if (!(result instanceof RelayError)) return [{ ...toSnake(result), created: !validateOnly }];
    if (options.ifNotExists === true && result.code === "topic-exists") context.say(`${names[index] ?? ""} already exists.`);
    else context.complain(result);
    return [];
  });
  if (context.isJson || rows.length > 0) {
    context.print(rows, [
      { title: validateOnly ? "could be created" : "created", cell: (row) => row.topic_name },
      { title: "partitions", cell: (row) => row.partitions_count },
      { title: "replicas", cell: (row) => row.replication_factor },
    ]);
  }
}

const toSnake = (topic: { readonly name: string; readonly partitionsCount: number; readonly replicationFactor: number }) => ({
  topic_name: topic.name,
  partitions_count: topic.partitionsCount,
  replication_factor: topic.replicationFactor,
});

interface AlterOptions {
  readonly partitions?: number;
  readonly config?: readonly NameAndValue[];
  readonly deleteConfig?: readonly string[];
  readonly validateOnly?: boolean;
}

async function alter(context: CliContext, options: AlterOptions, [name = ""]: readonly string[]): Promise<void> {
  const { partitions, config = [], deleteConfig = [], validateOnly = false } = options;
  const changes: readonly ConfigChange[] = [
    ...config.map(({ name: setting, value }) => ({ name: setting, operation: "SET" as const, value })),
    ...deleteConfig.map((setting) => ({ name: setting, operation: "DELETE" as const, value: null })),
  ];
  if (partitions === undefined && changes.length === 0)
    throw usageError("Nothing to alter. Use --partitions, --config or --delete-config.");
  const refusal = refuseInternalTopic(name);
  if (refusal !== undefined) throw refusal;
  const kafka = await context.kafka();
  await describeTopic(kafka, name, context.deadline());
  if (partitions !== undefined) await growTopic(kafka, name, partitions, context.deadline(), { validateOnly });
  if (changes.length > 0) {
    const [error] = await alterConfigs(kafka, [{ resource: { kind: "topic", name }, changes }], context.deadline(), { validateOnly });
    if (error !== undefined) throw error;
  }
  const topic = await describeTopic(kafka, name, context.deadline());
  const altered = {
    topic_name: name,
    partitions_count: topic.partitions.length,
    changed_settings: changes.map((change) => change.name),
  };
  if (context.isJson) return context.printOne({ ...altered, altered: !validateOnly });
  const { changed_settings: changed, ...others } = altered;
  context.printOne(changed.length === 0 ? others : altered);
  if (validateOnly) context.say("The change is valid. Nothing was altered.");
}

async function remove(context: CliContext, options: { ifExists?: boolean }, names: readonly string[]): Promise<void> {
  const kafka = await context.kafka();
  const results = await inLotsWithProgress(context, "deleting topics", names, (lot) => deleteTopics(kafka, lot, context.deadline()));
  const rows = results.flatMap((error, index) => {
    if (error === undefined) return [{ topic_name: names[index] ?? "", deleted: true }];
    if (!(options.ifExists === true && error.code === "unknown-topic-or-partition")) context.complain(error);
    return [];
  });
  if (context.isJson || rows.length > 0) context.print(rows, [{ title: "deleted", cell: (row) => row.topic_name }]);
}
