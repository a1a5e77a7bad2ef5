/** `kafka-relay cluster` and `brokers` describe the cluster; `reassignments` and `elections` change replicas and leaders; `records` deletes records. */
import { type ElectionType, electLeaders } from "../../lib/kafka/admin/elections.js";
import { alterReassignments, listReassignments, type ReassignmentChange } from "../../lib/kafka/admin/reassignments.js";
import { deleteRecords } from "../../lib/kafka/admin/records-delete.js";
import { describeTopic } from "../../lib/kafka/admin/topics.js";
import { toNumbers, toOffset, toReplicaMap } from "./arguments.js";
import { type Cli, type CliContext, usageError, withExamples } from "./cli.js";

export function registerCluster(cli: Cli): void {
  withExamples(cli.program.command("cluster").description("Show the cluster's id, controller and brokers.").action(cli.action(cluster)), [
    "kafka-relay cluster",
    "kafka-relay cluster --json | jq -r .cluster_id",
  ]);
  withExamples(cli.program.command("brokers").description("List the brokers and their addresses.").action(cli.action(brokers)), [
    "kafka-relay brokers",
  ]);
}

export function registerRecords(cli: Cli): void {
  const records = cli.noun("records", "Delete records of topics.", ["kafka-relay records delete orders --before 0:100"]);
  withExamples(
    records
      .command("delete")
      .description("Delete records before an offset, or all records.")
      .argument("<topic>")
      .option("--before <map>", 'partition:offset pairs: "0:100 1:250"')
      .option("--all", "all current records of every partition")
      .action(cli.action(removeRecords)),
    ['kafka-relay records delete orders --before "0:100 1:250"', "kafka-relay records delete orders --all"],
  );
}

export function registerReassignments(cli: Cli): void {
  const reassignments = cli.noun("reassignments", "Move partitions between brokers.", [
    'kafka-relay reassignments start orders --replicas "0:2,3 1:3,1"',
    "kafka-relay reassignments list",
  ]);
  withExamples(reassignments.command("list").description("List the reassignments in progress.").action(cli.action(list)), [
    "kafka-relay reassignments list",
  ]);
  withExamples(
    reassignments
      .command("start")
      .description("Move partitions. The first broker listed is the preferred leader.")
      .argument("<topic>")
      .requiredOption("--replicas <map>", 'brokers that will hold each partition: "0:2,3 1:3,1"', toReplicaMap)
      .action(cli.action(start)),
    ['kafka-relay reassignments start orders --replicas "0:2,3 1:3,1"'],
  );
  withExamples(
    reassignments
      .command("cancel")
      .description("Cancel reassignments and return to the previous replicas.")
      .argument("<topic>")
      .option("--partitions <list>", "only these partitions: 0,1,2", toNumbers)
      .action(cli.action(cancel)),
    ["kafka-relay reassignments cancel orders --partitions 0,1"],
  );
}

export function registerElections(cli: Cli): void {
  const elections = cli.noun("elections", "Elect partition leaders.", ["kafka-relay elections run --topic orders"]);
  withExamples(
    elections
      .command("run")
      .description("Elect the preferred replica as leader, for the partitions of one topic or of all topics.")
      .option("-t, --topic <topic>", "only partitions of this topic")
      .option("--partitions <list>", "only these partitions: 0,1,2", toNumbers)
      .option("--unclean", "elect any live replica, even one that lacks records")
      .action(cli.action(elect)),
    ["kafka-relay elections run", "kafka-relay elections run --topic orders --partitions 0"],
  );
}

async function cluster(context: CliContext): Promise<void> {
  const { clusterId, controllerId, brokers: known } = await (await context.kafka()).metadata.describe([], context.deadline());
  context.printOne({ cluster_id: clusterId, controller_id: controllerId, brokers: known.map(({ host, port }) => `${host}:${port}`) });
}

async function brokers(context: CliContext): Promise<void> {
  const { brokers: known, controllerId } = await (await context.kafka()).metadata.describe([], context.deadline());
  const rows = [...known]
    .sort((one, other) => one.nodeId - other.nodeId)
    .map(({ nodeId, host, port, rack }) => ({ broker_id: nodeId, host, port, rack, is_controller: nodeId === controllerId }));
  context.print(rows, [
    { title: "broker", cell: (row) => row.broker_id },
    { title: "address", cell: (row) => `${row.host}:${row.port}` },
    { title: "rack", cell: (row) => row.rack },
    { title: "controller", cell: (row) => (row.is_controller ? "yes" : "") },
  ]);
}

/** "0:100 1:250" */
function toOffsets(text: string): readonly { readonly partition: number; readonly beforeOffset: bigint }[] {
  return text
    .split(/[\s;]+/)
    .filter((part) => part !== "")
    .map((part) => {
      const [, partition, before] = /^(\d{1,9}):(-?\d{1,19})$/.exec(part) ?? [];
      if (partition === undefined || before === undefined)
        throw usageError('--before must have the form "0:100 1:250": partition:offset pairs.');
      return { partition: Number(partition), beforeOffset: toOffset(before) };
    });
}

async function removeRecords(
  context: CliContext,
  options: { before?: string; all?: boolean },
  [topic = ""]: readonly string[],
): Promise<void> {
  if ((options.before === undefined) === (options.all !== true)) throw usageError('Use either --before "0:100 1:250" or --all.');
  const named = options.before === undefined ? undefined : toOffsets(options.before);
  const kafka = await context.kafka();
  const everyPartition = async () =>
    (await describeTopic(kafka, topic, context.deadline())).partitions.map(({ partition }) => ({ partition, beforeOffset: -1n }));
  const deleted = await deleteRecords(kafka, topic, named ?? (await everyPartition()), context.deadline());
  for (const { error } of deleted) if (error !== undefined) context.complain(error);
  const rows = deleted
    .filter(({ error }) => error === undefined)
    .map(({ partition, lowWatermark }) => ({ topic_name: topic, partition_id: partition, low_watermark: lowWatermark }));
  context.print(rows, [
    { title: "partition", cell: (row) => row.partition_id },
    { title: "first kept", cell: (row) => row.low_watermark },
  ]);
}

async function list(context: CliContext): Promise<void> {
  const under = await listReassignments(await context.kafka(), "all", context.deadline());
  const rows = under.map(({ topic, partition, replicas, adding, removing }) => ({
    topic_name: topic,
    partition_id: partition,
    replicas,
    adding,
    removing,
  }));
  context.print(rows, [
    { title: "topic", cell: (row) => row.topic_name },
    { title: "partition", cell: (row) => row.partition_id },
    { title: "replicas", cell: (row) => row.replicas.join(",") },
    { title: "adding", cell: (row) => row.adding.join(",") },
    { title: "removing", cell: (row) => row.removing.join(",") },
  ]);
}

async function change(context: CliContext, changes: readonly ReassignmentChange[], title: string): Promise<void> {
  const outcomes = await alterReassignments(await context.kafka(), changes, context.deadline());
  for (const { error } of outcomes) if (error !== undefined) context.complain(error);
  const rows = outcomes
    .filter(({ error }) => error === undefined)
    .map(({ topic, partition }) => ({ topic_name: topic, partition_id: partition }));
  if (context.isJson || rows.length > 0) context.print(rows, [{ title, cell: (row) => `${row.topic_name}/${row.partition_id}` }]);
}

async function start(context: CliContext, options: { replicas: ReadonlyMap<number, readonly number[]> }, [topic = ""]: readonly string[]) {
  await change(
    context,
    [...options.replicas].map(([partition, replicas]) => ({ topic, partition, replicas })),
    "moving",
  );
}

async function cancel(context: CliContext, options: { partitions?: readonly number[] }, [topic = ""]: readonly string[]): Promise<void> {
  const kafka = await context.kafka();
  const underWay = async () =>
    (await listReassignments(kafka, "all", context.deadline())).filter((one) => one.topic === topic).map(({ partition }) => partition);
  const partitions = options.partitions ?? (await underWay());
  if (partitions.length === 0) {
    await describeTopic(kafka, topic, context.deadline());
    context.say(`No partition of ${topic} is being moved.`);
  }
  await change(
    context,
    partitions.map((partition) => ({ topic, partition, replicas: null })),
    "cancelled",
  );
}

async function elect(context: CliContext, options: { topic?: string; partitions?: readonly number[]; unclean?: boolean }): Promise<void> {
  const { topic, partitions } = options;
  if (partitions !== undefined && topic === undefined) throw usageError("--partitions requires --topic <topic>.");
  const kafka = await context.kafka();
  const known = async (name: string) => (await describeTopic(kafka, name, context.deadline())).partitions.map(({ partition }) => partition);
  const type: ElectionType = options.unclean === true ? "UNCLEAN" : "PREFERRED";
  const of = topic === undefined ? ("all" as const) : new Map([[topic, partitions ?? (await known(topic))]]);
  const outcomes = await electLeaders(kafka, type, of, context.deadline());
  for (const { error } of outcomes) if (error !== undefined) context.complain(error);
  const rows = outcomes.map(({ topic: name, partition, outcome }) => ({ topic_name: name, partition_id: partition, outcome }));
  context.print(rows, [
    { title: "topic", cell: (row) => row.topic_name },
    { title: "partition", cell: (row) => row.partition_id },
    { title: "outcome", cell: (row) => row.outcome },
  ]);
}
