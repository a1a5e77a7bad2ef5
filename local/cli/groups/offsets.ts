/** `kafka-relay offsets`: the first and end offsets of partitions, and the offset at a given time. */

import { describeTopic } from "../../../lib/kafka/admin/topics.js";
import { listOffsets, type PartitionPoint } from "../../../lib/kafka/list-offsets.js";
import { toNumbers, toTimeMs } from "../arguments.js";
import { type Cli, type CliContext, withExamples } from "../cli.js";

export function registerOffsets(cli: Cli): void {
  const offsets = cli.noun("offsets", "Look up offsets of topics.", ["kafka-relay offsets get orders"]);

  withExamples(
    offsets
      .command("get")
      .description("Show the first and end offset of each partition, and with --time the offset at that time.")
      .argument("<topic>")
      .option("--partitions <list>", "only these partitions: 0,1,2", toNumbers)
      .option("--time <time>", "milliseconds since 1970, or ISO-8601 such as 2026-05-01T12:00:00Z", toTimeMs)
      .action(cli.action(get)),
    ["kafka-relay offsets get orders", "kafka-relay offsets get orders --time 2026-05-01T00:00:00Z --json"],
  );
}

async function get(context: CliContext, options: { partitions?: readonly number[]; time?: number }, [topic = ""]: readonly string[]) {
  const kafka = await context.kafka();
  const known = (await describeTopic(kafka, topic, context.deadline())).partitions.map(({ partition }) => partition);
  const partitions = options.partitions ?? known;
  const kinds: readonly PartitionPoint["at"][] = ["earliest", "latest", ...(options.time === undefined ? [] : [BigInt(options.time)])];
  const listed = await listOffsets(
    kafka,
    kinds.flatMap((at) => partitions.map((partition) => ({ topic, partition, at }))),
    context.deadline(),
  );
  const of = (kind: number, index: number) => listed[kind * partitions.length + index];
  const rows = partitions.flatMap((partition, index) => {
    const [first, end, atTime] = [of(0, index), of(1, index), of(2, index)];
    const error = first?.error ?? end?.error ?? atTime?.error;
    if (first === undefined || end === undefined || error !== undefined) {
      if (error !== undefined) context.complain(error);
      return [];
    }
    const timed = atTime === undefined ? {} : { timestamp_offset: atTime.offset < 0n ? end.offset : atTime.offset };
    return [{ topic_name: topic, partition_id: partition, earliest_offset: first.offset, latest_offset: end.offset, ...timed }];
  });
  context.print(rows, [
    { title: "partition", cell: (row) => row.partition_id },
    { title: "first", cell: (row) => row.earliest_offset },
    { title: "end", cell: (row) => row.latest_offset },
    ...(options.time === undefined ? [] : [{ title: "at time", cell: (row: { timestamp_offset?: bigint }) => row.timestamp_offset }]),
  ]);
}
