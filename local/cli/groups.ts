/** `kafka-relay groups`: list, describe, delete, reset-offsets, delete-offsets. */
import type { Command } from "commander";
import { RelayError } from "../../lib/errors.js";
import { committedOffsets, deleteOffsets } from "../../lib/kafka/admin/group-offsets.js";
import { deleteGroups, listGroups } from "../../lib/kafka/admin/groups.js";
import { groupLags, totalLag } from "../../lib/kafka/admin/lag.js";
import { type ResetTo, resetOffsets, resetOffsetsOfAllTopics } from "../../lib/kafka/admin/offset-reset.js";
import { toNumbers, toOffset, toTimeMs } from "./arguments.js";
import { type Cli, type CliContext, usageError, withExamples } from "./cli.js";

export function registerGroups(cli: Cli): void {
  const groups = cli.noun("groups", "Manage consumer groups: members, lag and committed offsets.", [
    "kafka-relay groups list --state stable",
    "kafka-relay groups describe billing",
    "kafka-relay groups reset-offsets billing --topic orders --to-earliest --dry-run",
  ]);

  withExamples(
    groups
      .command("list")
      .description("List groups of every protocol, with their state.")
      .option("--state <list>", "only groups in these states: stable,empty")
      .option("--type <list>", "only groups of these types: classic,consumer,share,streams")
      .action(cli.action(list)),
    ["kafka-relay groups list", "kafka-relay groups list --type share --json"],
  );

  withExamples(
    groups
      .command("describe")
      .description("Show members, committed offsets and lag of groups.")
      .argument("[group...]", "groups to show (default: all)")
      .option("--members", "show members instead of partitions")
      .action(cli.action(describe)),
    ["kafka-relay groups describe billing", "kafka-relay groups describe billing --members", "kafka-relay groups describe --json"],
  );

  withExamples(
    groups
      .command("delete")
      .description("Delete groups that have no members, together with their committed offsets.")
      .argument("<group...>")
      .action(cli.action(remove)),
    ["kafka-relay groups delete billing old-billing"],
  );

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

const states = [
  "stable",
  "empty",
  "preparing_rebalance",
  "completing_rebalance",
  "assigning",
  "reconciling",
  "not_ready",
  "dead",
  "unknown",
] as const;
const types = ["classic", "consumer", "share", "streams", "unknown"] as const;

function oneOf(known: readonly string[], what: string, list: string | undefined): ReadonlySet<string> | undefined {
  if (list === undefined) return undefined;
  const named = list.split(",").map((one) => one.trim().toLowerCase().replaceAll("-", "_"));
  const stray = named.find((one) => !known.includes(one));
  if (stray !== undefined) throw usageError(`${what} must be one of ${known.join(", ")}, not "${stray}".`);
  return new Set(named.map((one) => one.toUpperCase()));
}

async function list(context: CliContext, options: { state?: string; type?: string }): Promise<void> {
  const [inStates, ofTypes] = [oneOf(states, "A state", options.state), oneOf(types, "A type", options.type)];
  const { groups, failed } = await listGroups(await context.kafka(), context.deadline());
  for (const error of failed.values()) context.complain(error);
  const rows = groups
    .filter(({ state, type }) => (inStates?.has(state) ?? true) && (ofTypes?.has(type) ?? true))
    .map(({ groupId, type, state, protocolType, coordinatorId }) => ({
      group_id: groupId,
      type,
      state,
      protocol_type: protocolType,
      coordinator_id: coordinatorId,
    }));
  context.print(rows, [
    { title: "group", cell: (row) => row.group_id },
    { title: "type", cell: (row) => row.type.toLowerCase() },
    { title: "state", cell: (row) => row.state.toLowerCase() },
    { title: "coordinator", cell: (row) => row.coordinator_id },
  ]);
}

async function describe(context: CliContext, options: { members?: boolean }, given: readonly string[]): Promise<void> {
  const kafka = await context.kafka();
  const ids = given.length > 0 ? given : (await listGroups(kafka, context.deadline())).groups.map(({ groupId }) => groupId);
  const lags = await groupLags(kafka, ids, context.deadline());
  const described = ids.flatMap((groupId) => {
    const lag = lags.get(groupId);
    if (lag === undefined) return [];
    if (!(lag instanceof RelayError)) return [lag];
    context.complain(lag);
    return [];
  });
  if (context.isJson) {
    return context.print(
      described.map(({ group, lags: partitions }) => ({
        group_id: group.groupId,
        type: group.type,
        state: group.state,
        assignor: group.assignor,
        coordinator_id: group.coordinatorId,
        lag: totalLag(partitions),
        members: group.members.map(({ memberId, instanceId, clientId, clientHost, assignments }) => ({
          member_id: memberId,
          instance_id: instanceId,
          client_id: clientId,
          client_host: clientHost,
          assignments: assignments.map(({ topic, partition }) => ({ topic_name: topic, partition_id: partition })),
        })),
        partitions: partitions.map(({ topic, partition, currentOffset, endOffset, lag, member }) => ({
          topic_name: topic,
          partition_id: partition,
          current_offset: currentOffset,
          end_offset: endOffset,
          lag,
          member_id: member?.memberId ?? null,
        })),
      })),
      [],
    );
  }
  for (const { group, lags: partitions } of described) {
    const state = `${group.type.toLowerCase()}, ${group.state.toLowerCase()}, ${group.members.length} member(s)`;
    context.say(`${group.groupId}: ${state}, ${totalLag(partitions)} record(s) of lag`);
    if (options.members === true) {
      context.print(
        group.members.map((member) => ({ ...member })),
        [
          { title: "member", cell: (row) => row.memberId },
          { title: "client", cell: (row) => row.clientId },
          { title: "host", cell: (row) => row.clientHost },
          { title: "partitions", cell: (row) => row.assignments.map(({ topic, partition }) => `${topic}/${partition}`).join(" ") },
        ],
      );
    } else if (partitions.length > 0) {
      context.print(
        partitions.map((one) => ({ ...one })),
        [
          { title: "topic", cell: (row) => row.topic },
          { title: "partition", cell: (row) => row.partition },
          { title: "committed", cell: (row) => row.currentOffset },
          { title: "end", cell: (row) => row.endOffset },
          { title: "lag", cell: (row) => row.lag },
          { title: "client", cell: (row) => row.member?.clientId },
        ],
      );
    }
    context.say("");
  }
}

async function remove(context: CliContext, _options: unknown, ids: readonly string[]): Promise<void> {
  const answers = await deleteGroups(await context.kafka(), ids, context.deadline());
  const rows = ids.flatMap((groupId) => {
    const error = answers.get(groupId);
    if (error === undefined) return [{ group_id: groupId, deleted: true }];
    context.complain(error);
    return [];
  });
  if (context.isJson || rows.length > 0) context.print(rows, [{ title: "deleted", cell: (row) => row.group_id }]);
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
