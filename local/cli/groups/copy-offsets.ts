/** `kafka-relay groups copy-offsets`: a new group continues where another one stands, for a mapping or a consumer that gets a new group. */
import type { Command } from "commander";
import { RelayError } from "../../../lib/errors.js";
import { commitForGroup, committedOffsets, type OffsetTable } from "../../../lib/kafka/admin/group-offsets.js";
import { type Cli, type CliContext, usageError, withExamples } from "../cli.js";

export function registerCopyOffsets(cli: Cli, groups: Command): void {
  withExamples(
    groups
      .command("copy-offsets")
      .description("Give a group without offsets the committed offsets of another group. The new group must have no members.")
      .argument("<from>", "the group that has the offsets")
      .argument("<to>", "the group that gets them")
      .option("-t, --topic <topic>", "only this topic (default: every topic)")
      .option("--dry-run", "show the result without changing anything")
      .action(cli.action(copy)),
    ["kafka-relay groups copy-offsets billing billing-v2", "kafka-relay groups copy-offsets billing billing-v2 --topic orders --dry-run"],
  );
}

interface CopyOptions {
  readonly topic?: string;
  readonly dryRun?: boolean;
}

async function copy(context: CliContext, { topic, dryRun }: CopyOptions, [from = "", to = ""]: readonly string[]): Promise<void> {
  if (from === to) throw usageError("The two groups must be different ones.");
  const kafka = await context.kafka();
  const tables = await committedOffsets(kafka, [from, to], context.deadline());
  const source = only(tableOf(tables.get(from)), topic);
  const present = only(tableOf(tables.get(to)), topic);
  if (source.size === 0) {
    const where = topic === undefined ? "" : ` for topic ${JSON.stringify(topic)}`;
    throw new RelayError("not-found", `Group ${JSON.stringify(from)} has no committed offsets${where}.`);
  }
  const [taken] = [...present.keys()].filter((name) => source.has(name));
  if (taken !== undefined) {
    throw new RelayError(
      "conflict",
      `Group ${JSON.stringify(to)} already has committed offsets for topic ${JSON.stringify(taken)}. Delete them first with kafka-relay groups delete-offsets.`,
    );
  }
  if (dryRun !== true) {
    const failed = (await commitForGroup(kafka, to, source, context.deadline())).find(({ error }) => error !== undefined);
    if (failed?.error !== undefined) throw failed.error;
  }
  const rows = [...source].flatMap(([topic_name, offsets]) =>
    [...offsets].map(([partition_id, offset]) => ({ topic_name, partition_id, offset })),
  );
  context.print(rows, [
    { title: "topic", cell: (row) => row.topic_name },
    { title: "partition", cell: (row) => row.partition_id },
    { title: dryRun === true ? "would be" : "offset", cell: (row) => row.offset },
  ]);
}

/** A group that does not exist has committed nothing. */
function tableOf(answer: OffsetTable | RelayError | undefined): OffsetTable {
  if (answer instanceof RelayError) throw answer;
  return answer ?? new Map();
}

const only = (table: OffsetTable, topic: string | undefined): OffsetTable =>
  topic === undefined ? table : new Map([...table].filter(([name]) => name === topic));
