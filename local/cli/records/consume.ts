/** `kafka-relay consume`: prints the records of a topic as they arrive. It does not join a group or commit offsets. */
import { setTimeout as sleep } from "node:timers/promises";
import { RelayError } from "../../../lib/errors.js";
import { describeTopic } from "../../../lib/kafka/admin/topics.js";
import type { Kafka } from "../../../lib/kafka/port.js";
import type { PartitionRead, ReadPosition } from "../../../lib/kafka/read/reader.js";
import { compileRecordFilter, compileRecordSearch, type RecordFilter } from "../../../lib/relay/route/record-filter.js";
import { toCount, toNumbers, toOffset, toTimeMs } from "../arguments.js";
import { type Cli, type CliContext, usageError, withExamples } from "../cli.js";
import type { ProgressBar } from "../output.js";
import { registryFlag, registryHelp } from "../schemas/registry-context.js";
import { type ConsumeSchemaOptions, createRecordDecoder } from "./consume-decoding.js";
import { type ConsumeUrlOptions, consumeUrl } from "./consume-url.js";
import { formatter, type LineOf } from "./record-lines.js";

export function registerConsume(cli: Cli): void {
  withExamples(
    cli.program
      .command("consume")
      .description("Print records until Ctrl-C or --limit, by default only new ones. Does not join a group or commit offsets.")
      .argument("<topic>")
      .option("--from-beginning", "start at the first available record")
      .option("--from-offset <offset>", "start at this offset in each partition", toOffset)
      .option(
        "--from-time <time>",
        "start at the first record at or after this time: milliseconds since 1970, or ISO-8601 such as 2026-05-01T12:00:00Z",
        toTimeMs,
      )
      .option("--partitions <list>", "only these partitions: 0,1,2", toNumbers)
      .option("-n, --limit <count>", "stop after this many records", toCount)
      .option("--filter <pattern>", "only records that match this event pattern, as JSON (see docs/patterns.md)", compileRecordFilterOption)
      .option("--contains <text>", "only records that contain this text in their key, value or headers, in any case")
      .option("--until-end", "stop at the end that the topic had when the command started")
      .option(
        "--print <parts>",
        "comma-separated parts to print, with tabs between them: partition,offset,timestamp,key,headers,value",
        "value",
      )
      .option("--no-decode", "print keys and values with a schema as their bytes, although a registry is configured")
      .option("--logical", "Avro: print decimals as numbers, days and times as text")
      .option(registryFlag, registryHelp)
      .option("--url <url>", "read through the HTTP API at this address, live where it streams, instead of from the brokers")
      .option("--token <token>", "with --url: the bearer token that the API requires (default: RELAY_TOKEN)")
      .action(
        cli.action((context, options: ConsumeOptions & ConsumeUrlOptions, args) =>
          options.url === undefined ? consume(context, options, args) : consumeUrl(context, options, args),
        ),
      ),
    [
      "kafka-relay consume orders --from-beginning",
      "kafka-relay consume orders --from-beginning --until-end --print key,value",
      "kafka-relay consume orders --from-beginning --until-end --contains order-17",
      `kafka-relay consume orders --from-beginning --until-end --filter '{ "value": { "total": [{ "numeric": [">", 100] }] } }'`,
      "kafka-relay consume orders --from-beginning --registry http://127.0.0.1:8081/apis/ccompat/v7",
      "kafka-relay consume orders --from-time 2026-05-01T00:00:00Z --limit 10 --json",
      "kafka-relay consume orders --url http://localhost:8082 --print key,value",
    ],
  );
}

/** An invalid pattern is a usage error. */
function compileRecordFilterOption(text: string): ConsumeFilter {
  try {
    return { text, matches: compileRecordFilter(text) };
  } catch (thrown) {
    throw thrown instanceof RelayError ? usageError(thrown.message) : thrown;
  }
}

/** What `--filter` and `--contains` ask for together. */
function searchOf({ filter, contains }: ConsumeOptions): RecordFilter | undefined {
  try {
    return compileRecordSearch({ filter: filter?.text, contains });
  } catch (thrown) {
    throw thrown instanceof RelayError ? usageError(`--${thrown.message}`) : thrown;
  }
}

interface ConsumeFilter {
  readonly text: string;
  readonly matches: RecordFilter;
}

export interface ConsumeOptions extends ConsumeSchemaOptions {
  readonly fromBeginning?: boolean;
  readonly fromOffset?: bigint;
  readonly fromTime?: number;
  readonly partitions?: readonly number[];
  readonly limit?: number;
  readonly filter?: ConsumeFilter;
  readonly contains?: string;
  readonly untilEnd?: boolean;
  readonly print: string;
}

const readBytesMax = 1_000_000;
const readRecordsMax = 1_000;
const waitMs = 500;
/** Pause after a partition could not be read: its leader may be moving. */
const pauseMs = 500;
/** A partition that cannot be read this many times in a row is given up. */
const failuresInRowMax = 20;

async function consume(context: CliContext, options: ConsumeOptions, [topic = ""]: readonly string[]): Promise<void> {
  const format = formatter(context, options.print);
  const kafka = await context.kafka();
  const known = (await describeTopic(kafka, topic, context.deadline())).partitions.map(({ partition }) => partition);
  const unknown = options.partitions?.find((partition) => !known.includes(partition));
  if (unknown !== undefined) throw usageError(`Topic "${topic}" has no partition ${unknown}. Its partitions are 0 to ${known.length - 1}.`);
  const partitions = options.partitions ?? known;
  let open = partitions;
  const ends = new Map((await kafka.reader.offsets(topic, partitions, context.deadline())).map((one) => [one.partition, one]));
  const next = await startOffsets(context, kafka, topic, partitions, options, ends);
  const { interrupted } = context.world;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  const isAtEnd = () =>
    options.untilEnd === true && open.every((partition) => (next.get(partition) ?? 0n) >= (ends.get(partition)?.end ?? 0n));
  const progress = progressOf(context, options, partitions, next, ends);
  const failures = new Map<number, number>();
  const decoder = createRecordDecoder(context, options);
  const matches = searchOf(options);
  try {
    for (let round = 0; left > 0 && open.length > 0 && !interrupted.aborted && !isAtEnd(); round++) {
      const positions = turned(open, round).map((partition): ReadPosition => ({ topic, partition, offset: next.get(partition) ?? 0n }));
      const limits = {
        bytesMax: readBytesMax,
        recordsMax: matches === undefined ? Math.min(readRecordsMax, left) : readRecordsMax,
        waitMs,
      };
      const read = await orInterrupted(kafka.reader.read(positions, limits, context.deadline()), interrupted);
      if (read === undefined) break;
      const shown = { format, decode: decoder.decode, filter: matches, ends: options.untilEnd === true ? ends : undefined };
      const printed = await printRead(context, read, next, shown, left);
      left -= printed;
      progress?.add(printed);
      // A failing partition is reported and given up; the others continue.
      const given = read.filter((one) => isGivenUp(one, failures));
      for (const { error } of given) if (error !== undefined) context.complain(error);
      open = open.filter((partition) => given.every((one) => one.partition !== partition));
      if (given.length === 0 && read.some(({ error }) => error !== undefined)) await sleep(pauseMs);
    }
  } finally {
    progress?.stop();
    decoder.close();
  }
}

/** `failures` counts consecutive failures per partition. */
function isGivenUp({ partition, error }: PartitionRead, failures: Map<number, number>): boolean {
  if (error === undefined) {
    failures.delete(partition);
    return false;
  }
  const inRow = (failures.get(partition) ?? 0) + 1;
  failures.set(partition, inRow);
  return inRow > failuresInRowMax || !error.failure.isRetriable;
}

/** A progress bar, if the end is known and the records are not printed to the terminal. */
function progressOf(
  context: CliContext,
  options: ConsumeOptions,
  partitions: readonly number[],
  next: ReadonlyMap<number, bigint>,
  ends: ReadonlyMap<number, { readonly end: bigint }>,
): ProgressBar | undefined {
  if (context.world.stdout.isTTY === true || (options.limit === undefined && options.untilEnd !== true)) return undefined;
  const ahead = partitions.reduce((sum, partition) => sum + Number((ends.get(partition)?.end ?? 0n) - (next.get(partition) ?? 0n)), 0);
  return context.progress("reading", Math.min(options.limit ?? ahead, options.untilEnd === true ? ahead : Number.POSITIVE_INFINITY));
}

/** Rotates the partitions, so a busy one does not starve the others. */
const turned = (partitions: readonly number[], round: number): readonly number[] => {
  const at = partitions.length === 0 ? 0 : round % partitions.length;
  return [...partitions.slice(at), ...partitions.slice(0, at)];
};

function orInterrupted<T>(work: Promise<T>, interrupted: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined);
    if (interrupted.aborted) stop();
    interrupted.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => interrupted.removeEventListener("abort", stop));
  });
}

const newline = Buffer.from("\n");

interface Shown {
  readonly format: LineOf;
  readonly decode: ReturnType<typeof createRecordDecoder>["decode"];
  readonly filter: RecordFilter | undefined;
  readonly ends: ReadonlyMap<number, { readonly end: bigint }> | undefined;
}

async function printRead(
  context: CliContext,
  read: readonly PartitionRead[],
  next: Map<number, bigint>,
  { format, decode, filter = () => true, ends }: Shown,
  limit: number,
): Promise<number> {
  const lines: Buffer[] = [];
  for (const { partition, records, nextOffset } of read) {
    for (const record of records) {
      if (lines.length / 2 >= limit) break;
      const isBeforeEnd = record.offset < (ends?.get(partition)?.end ?? record.offset + 1n);
      if (!isBeforeEnd) continue;
      const shown = await decode(record);
      if (filter(shown.record)) lines.push(format(shown), newline);
    }
    next.set(partition, nextOffset);
  }
  if (lines.length > 0) await context.write(Buffer.concat(lines));
  return lines.length / 2;
}

const clamped = (offset: bigint, first: bigint, end: bigint): bigint => (offset < first ? first : offset < end ? offset : end);

async function startOffsets(
  context: CliContext,
  kafka: Kafka,
  topic: string,
  partitions: readonly number[],
  options: ConsumeOptions,
  ends: ReadonlyMap<number, { readonly beginning: bigint; readonly end: bigint }>,
): Promise<Map<number, bigint>> {
  const ways = [options.fromBeginning === true, options.fromOffset !== undefined, options.fromTime !== undefined].filter(Boolean);
  if (ways.length > 1) throw usageError("Use only one of --from-beginning, --from-offset and --from-time.");
  if (options.fromTime !== undefined) {
    return new Map(await kafka.reader.offsetsForTime(topic, partitions, options.fromTime, context.deadline()));
  }
  const { fromOffset, fromBeginning } = options;
  return new Map(
    partitions.map((partition) => {
      const { beginning = 0n, end = 0n } = ends.get(partition) ?? {};
      if (fromOffset === undefined) return [partition, fromBeginning === true ? beginning : end];
      return [partition, clamped(fromOffset, beginning, end)];
    }),
  );
}
