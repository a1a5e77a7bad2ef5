/** `kafka-relay configs`: settings of topics, brokers and the cluster. */
import { RelayError } from "../../../lib/errors.js";
import { alterConfigs, type ConfigChange } from "../../../lib/kafka/admin/config-changes.js";
import { type ConfigResource, describeConfigs } from "../../../lib/kafka/admin/configs.js";
import { refuseInternalTopic } from "../../../lib/kafka/admin/topics.js";
import { collect, collectPairs, type NameAndValue, toCount } from "../arguments.js";
import { type Cli, type CliContext, usageError, withExamples } from "../cli.js";

export function registerConfigs(cli: Cli): void {
  const configs = cli.noun("configs", "Manage the settings of topics, brokers and the whole cluster.", [
    "kafka-relay configs describe topic orders",
    "kafka-relay configs alter topic orders --set retention.ms=86400000",
  ]);

  withExamples(
    configs
      .command("describe")
      .description("Show explicit settings, or with --all also the defaults.")
      .argument("<kind>", "topic, broker, or cluster")
      .argument("[name]", "topic name or broker id")
      .option("--all", "defaults too")
      .action(cli.action(describe)),
    ["kafka-relay configs describe topic orders --all", "kafka-relay configs describe broker 1", "kafka-relay configs describe cluster"],
  );

  withExamples(
    configs
      .command("alter")
      .description("Change settings. Settings that are not named stay as they are.")
      .argument("<kind>", "topic, broker, or cluster")
      .argument("[name]", "topic name or broker id")
      .option("-s, --set <name=value>", "set a value; repeatable", collectPairs)
      .option("-d, --delete <name>", "reset to the default; repeatable", collect)
      .option("--append <name=value>", "add to a list; repeatable", collectPairs)
      .option("--subtract <name=value>", "remove from a list; repeatable", collectPairs)
      .option("--validate-only", "check whether the change is possible, without making it")
      .action(cli.action(alter)),
    [
      "kafka-relay configs alter topic orders --set retention.ms=86400000 --delete cleanup.policy",
      "kafka-relay configs alter cluster --set log.cleaner.threads=2",
    ],
  );
}

function toResource(kind: string, name: string | undefined): ConfigResource {
  if (kind === "cluster" && name === undefined) return { kind };
  if (kind === "topic" && name !== undefined) return { kind, name };
  if (kind === "broker" && name !== undefined) return { kind, id: toCount(name) };
  throw usageError("Name the resource: topic <name>, broker <id>, or cluster.");
}

async function describe(context: CliContext, options: { all?: boolean }, [kind = "", name]: readonly string[]): Promise<void> {
  const resource = toResource(kind, name);
  const [entries] = await describeConfigs(await context.kafka(), [resource], context.deadline(), { synonyms: false });
  if (entries === undefined || entries instanceof RelayError) throw entries;
  const rows = entries
    .filter(
      ({ isDefault, source }) => options.all === true || (!isDefault && (resource.kind !== "topic" || source === "DYNAMIC_TOPIC_CONFIG")),
    )
    .map(({ name: setting, value, source, isReadOnly, isSensitive }) => ({
      name: setting,
      value,
      source,
      is_read_only: isReadOnly,
      is_sensitive: isSensitive,
    }));
  context.print(rows, [
    { title: "setting", cell: (row) => row.name },
    { title: "value", cell: (row) => (row.is_sensitive ? "(hidden)" : row.value) },
    { title: "from", cell: (row) => row.source.toLowerCase().replaceAll("_", " ").replace(" config", "") },
  ]);
}

interface AlterOptions {
  readonly set?: readonly NameAndValue[];
  readonly delete?: readonly string[];
  readonly append?: readonly NameAndValue[];
  readonly subtract?: readonly NameAndValue[];
  readonly validateOnly?: boolean;
}

async function alter(context: CliContext, options: AlterOptions, [kind = "", name]: readonly string[]): Promise<void> {
  const resource = toResource(kind, name);
  const pairs = (operation: ConfigChange["operation"], list: readonly NameAndValue[] = []): readonly ConfigChange[] =>
    list.map((pair) => ({ ...pair, operation }));
  const changes: readonly ConfigChange[] = [
    ...pairs("SET", options.set),
    ...(options.delete ?? []).map((setting) => ({ name: setting, operation: "DELETE" as const, value: null })),
    ...pairs("APPEND", options.append),
    ...pairs("SUBTRACT", options.subtract),
  ];
  if (changes.length === 0) throw usageError("Nothing to alter. Use --set, --delete, --append or --subtract.");
  const refusal = resource.kind === "topic" ? refuseInternalTopic(resource.name) : undefined;
  if (refusal !== undefined) throw refusal;
  const validateOnly = options.validateOnly ?? false;
  const [error] = await alterConfigs(await context.kafka(), [{ resource, changes }], context.deadline(), { validateOnly });
  if (error !== undefined) throw error;
  context.print(
    changes.map(({ name: setting, operation, value }) => ({ name: setting, operation, value, altered: !validateOnly })),
    [
      { title: validateOnly ? "could be altered" : "altered", cell: (row) => row.name },
      { title: "how", cell: (row) => row.operation.toLowerCase() },
      { title: "value", cell: (row) => row.value },
    ],
  );
}
