/** `kafka-relay groups reset-offsets` and `delete-offsets`. */
import type { Command } from "commander";
import { RelayError } from "../../../lib/errors.js";
import { committedOffsets, deleteOffsets } from "../../../lib/kafka/admin/group-offsets.js";
import { type ResetTo, resetOffsets, resetOffsetsOfAllTopics } from "../../../lib/kafka/admin/offset-reset.js";
import { toNumbers, toOffset, toTimeMs } from "../arguments.js";
import { type Cli, type CliContext, usageError, withExamples } from "../cli.js";

/** Adds `reset-offsets` and `delete-offsets` to `groups`. */
export function registerGroupOffsets(cli: Cli, groups: Command): void {
  withExamples(
    resetTargets(groups.command("reset-offsets").description("Move a group's committed offsets. The group must have no members."))
      .argument("<group>")
      .option("-t, --topic <topic>", "the topic")
      .option("--all-topics", "every topic for which the group has committed offsets")
      .option("--partitions <list>", "only these partitions: 0,1,2", toNumbers)
      .option("--dry-run", "show the result without changing anything")
      .action(cli.action(reset)),
    [
      "kafka-relay groups reset-offsets billing --topic orders --to-earliest",
      "kafka-relay groups reset-offsets billing -t orders --to-time 2026-05-01T00:00:00Z --dry-run",
      "kafka-relay groups reset-offsets billing --all-topics --to-latest --dry-run",
      "kafka-relay groups reset-offsets billing -t orders --shift-by -100 --partitions 0,1",
    ],
  );

  withExamples(
    groups
      .command("delete-offsets")
      .description("Delete a group's committed offsets for a topic that it no longer reads.")
      .argument("<group>")
      .requiredOption("-t, --topic <topic>", "the topic")
      .option("--partitions <list>", "only these partitions: 0,1,2", toNumbers)
      .action(cli.action(removeOffsets)),
    ["kafka-relay groups delete-offsets billing --topic orders"],
  );
}

function resetTargets(command: Command): Command {
  return command
    .option("--to-earliest", "to the first available record")
    .option("--to-latest", "to the end of the partition")
    .option("--to-offset <offset>", "to this offset", toOffset)
    .option(
      "--to-time <time>",
      "to the first record at or after this time: milliseconds since 1970, or ISO-8601 such as 2026-05-01T12:00:00Z",
      toTimeMs,
    )
    .option("--shift-by <records>", "forward by this many records; a negative number moves backward", toOffset);
}

interface ResetOptions {
  readonly topic?: string;
  readonly allTopics?: boolean;
  readonly partitions?: readonly number[];
  readonly dryRun?: boolean;
  readonly toEarliest?: boolean;
  readonly toLatest?: boolean;
  readonly toOffset?: bigint;
  readonly toTime?: number;
  readonly shiftBy?: bigint;
}

function toTarget(options: ResetOptions): ResetTo {
  const targets: ResetTo[] = [];
  if (options.toEarliest === true) targets.push({ to: "earliest" });
  if (options.toLatest === true) targets.push({ to: "latest" });
  if (options.toOffset !== undefined) targets.push({ to: "offset", offset: options.toOffset });
  if (options.toTime !== undefined) targets.push({ to: "timestamp", timestampMs: BigInt(options.toTime) });
  if (options.shiftBy !== undefined) targets.push({ to: "shift", shift: options.shiftBy });
  const [target, another] = targets;
  if (target !== undefined && another === undefined) return target;
  throw usageError("Use exactly one of --to-earliest, --to-latest, --to-offset, --to-time and --shift-by.");
}

async function reset(context: CliContext, options: ResetOptions, [groupId = ""]: readonly string[]): Promise<void> {
  const target = toTarget(options);
  const validateOnly = options.dryRun === true;
  const { topic, allTopics = false, partitions } = options;
  if (allTopics === (topic !== undefined)) throw usageError("Use either --topic <topic> or --all-topics.");
  if (allTopics && partitions !== undefined) throw usageError("--partitions requires --topic <topic>.");
  const kafka = await context.kafka();
  const plan =
    topic === undefined
      ? await resetOffsetsOfAllTopics(kafka, groupId, target, context.deadline(), { validateOnly })
      : await resetOffsets(kafka, groupId, topic, partitions ?? "all", target, context.deadline(), { validateOnly });
  const rows = plan.map(({ topic, partition, before, after }) => ({
    topic_name: topic,
    partition_id: partition,
    offset_before: before,
    offset_after: after,
  }));
  context.print(rows, [
    { title: "topic", cell: (row) => row.topic_name },
    { title: "partition", cell: (row) => row.partition_id },
    { title: "before", cell: (row) => row.offset_before },
    { title: validateOnly ? "would be" : "after", cell: (row) => row.offset_after },
  ]);
}

async function removeOffsets(
  context: CliContext,
  options: { topic: string; partitions?: readonly number[] },
  [groupId = ""]: readonly string[],
): Promise<void> {
  const kafka = await context.kafka();
  const table = (await committedOffsets(kafka, [groupId], context.deadline())).get(groupId);
  if (table instanceof RelayError) throw table;
  const committed = [...(table?.get(options.topic)?.keys() ?? [])].sort((one, other) => one - other);
  const partitions = options.partitions ?? committed;
  if (committed.length === 0) {
    throw new RelayError(
      "not-found",
      `Group ${JSON.stringify(groupId)} has no committed offsets for topic ${JSON.stringify(options.topic)}.`,
    );
  }
  await deleteOffsets(kafka, groupId, new Map([[options.topic, partitions]]), context.deadline());
  context.printOne({ group_id: groupId, topic_name: options.topic, deleted_partitions: partitions });
}
