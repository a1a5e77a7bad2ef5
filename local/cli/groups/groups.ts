/** `kafka-relay groups`: list, describe, delete; the commands for offsets are in `group-offsets.ts`. */
import type { Command } from "commander";
import { RelayError } from "../../../lib/errors.js";
import { deleteGroups, listGroups } from "../../../lib/kafka/admin/groups.js";
import { type GroupLag, groupLags, totalLag } from "../../../lib/kafka/admin/lag.js";
import { type Cli, type CliContext, usageError, withExamples } from "../cli.js";
import { registerCopyOffsets } from "./copy-offsets.js";
import { registerGroupOffsets } from "./group-offsets.js";

export function registerGroups(cli: Cli): void {
  const groups = cli.noun("groups", "Manage consumer groups: members, lag and committed offsets.", [
    "kafka-relay groups list --state stable",
    "kafka-relay groups describe billing",
    "kafka-relay groups reset-offsets billing --topic orders --to-earliest --dry-run",
  ]);
  registerList(cli, groups);
  registerDescribe(cli, groups);
  registerDelete(cli, groups);
  registerGroupOffsets(cli, groups);
  registerCopyOffsets(cli, groups);
}

function registerList(cli: Cli, groups: Command): void {
  withExamples(
    groups
      .command("list")
      .description("List groups of every protocol, with their state.")
      .option("--state <list>", "only groups in these states: stable,empty")
      .option("--type <list>", "only groups of these types: classic,consumer,share,streams")
      .action(cli.action(list)),
    ["kafka-relay groups list", "kafka-relay groups list --type share --json"],
  );
}

function registerDescribe(cli: Cli, groups: Command): void {
  withExamples(
    groups
      .command("describe")
      .description("Show members, committed offsets and lag of groups.")
      .argument("[group...]", "groups to show (default: all)")
      .option("--members", "show members instead of partitions")
      .action(cli.action(describe)),
    ["kafka-relay groups describe billing", "kafka-relay groups describe billing --members", "kafka-relay groups describe --json"],
  );
}

function registerDelete(cli: Cli, groups: Command): void {
  withExamples(
    groups
      .command("delete")
      .description("Delete groups that have no members, together with their committed offsets.")
      .argument("<group...>")
      .action(cli.action(remove)),
    ["kafka-relay groups delete billing old-billing"],
  );
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
  if (context.isJson) return context.print(described.map(toJson), []);
  for (const one of described) {
    const { group, lags: partitions } = one;
    const state = `${group.type.toLowerCase()}, ${group.state.toLowerCase()}, ${group.members.length} member(s)`;
    context.say(`${group.groupId}: ${state}, ${totalLag(partitions)} record(s) of lag`);
    if (options.members === true) printMembers(context, one);
    else if (partitions.length > 0) printPartitions(context, one);
    context.say("");
  }
}

function toJson({ group, lags: partitions }: GroupLag) {
  return {
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
  };
}

function printMembers(context: CliContext, { group }: GroupLag): void {
  context.print(
    group.members.map((member) => ({ ...member })),
    [
      { title: "member", cell: (row) => row.memberId },
      { title: "client", cell: (row) => row.clientId },
      { title: "host", cell: (row) => row.clientHost },
      { title: "partitions", cell: (row) => row.assignments.map(({ topic, partition }) => `${topic}/${partition}`).join(" ") },
    ],
  );
}

function printPartitions(context: CliContext, { lags }: GroupLag): void {
  context.print(
    lags.map((one) => ({ ...one })),
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
