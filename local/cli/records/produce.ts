/** `kafka-relay produce`: writes one record per line of standard input, byte for byte. */
import { createReadStream } from "node:fs";
import { access, constants, stat } from "node:fs/promises";
import { RelayError, toRelayError } from "../../../lib/errors.js";
import { inLots } from "../../../lib/kafka/admin/coordinators.js";
import { describeTopic, refuseInternalTopic } from "../../../lib/kafka/admin/topics.js";
import type { Kafka } from "../../../lib/kafka/port.js";
import type { OutgoingRecord, RecordHeader, TopicName } from "../../../lib/kafka/records.js";
import { collectPairs, type NameAndValue, toCount } from "../arguments.js";
import { type Cli, type CliContext, usageError, withExamples } from "../cli.js";
import { parseJsonLine } from "./json-line.js";
import { createRecordEncoder, encodingOptions, type ProduceSchemaOptions, type RecordEncoder } from "./produce-encoding.js";

export function registerProduce(cli: Cli): void {
  withExamples(
    encodingOptions(
      cli.program
        .command("produce")
        .description(
          "Write one record per line of standard input or a file. With --json, each line is a record in the format of consume --json.",
        )
        .argument("<topic>")
        .option("-k, --key-separator <text>", "the text before it is the key; a line without it has a null key")
        .option("-H, --header <name=value>", "add a header to every record; repeatable", collectPairs)
        .option("--headers-separator <text>", "lines start with headers (name:value,name:value), up to this text")
        .option("--partition <number>", "write to this partition (default: chosen by key, or spread without a key)", toCount)
        .option("--null-marker <text>", "a key or value equal to this text is null (a null value is a tombstone)")
        .option("-f, --file <path>", "read this file instead of standard input"),
    ).action(cli.action(produce)),
    [
      "echo hello | kafka-relay produce orders",
      "printf 'k1:one\\nk2:two\\n' | kafka-relay produce orders --key-separator :",
      "kafka-relay produce orders -f orders.ndjson -H content-type=application/json",
      "kafka-relay consume orders --from-beginning --until-end --json | kafka-relay produce orders-copy --json",
      "echo 'k1:-' | kafka-relay produce orders -k : --null-marker -",
      `echo '{"id":1}' | kafka-relay produce orders --value-format avro --schema-file order.avsc`,
    ],
  );
}

interface ProduceOptions extends ProduceSchemaOptions {
  readonly keySeparator?: string;
  readonly header?: readonly NameAndValue[];
  readonly headersSeparator?: string;
  readonly partition?: number;
  readonly nullMarker?: string;
  readonly file?: string;
}

const recordsAtOnceMax = 1_000;
/** Errors are printed for this many lines; further failures are only counted. */
const failuresToldMax = 20;

async function produce(context: CliContext, options: ProduceOptions, [topic = ""]: readonly string[]): Promise<void> {
  if (context.isJson && [options.keySeparator, options.headersSeparator, options.nullMarker].some((given) => given !== undefined)) {
    throw usageError("--key-separator, --headers-separator and --null-marker cannot be combined with --json: each line is a whole record.");
  }
  const refusal = refuseInternalTopic(topic);
  if (refusal !== undefined) throw refusal;
  const kafka = await context.kafka();
  // Checked before any line is read, so an unknown topic gives one message, not one per line.
  const { name } = await describeTopic(kafka, topic, context.deadline());
  const encoder = await createRecordEncoder(context, options, topic);
  const input = options.file === undefined ? context.world.stdin : createReadStream(await readable(options.file));
  const tally = { written: 0, failed: 0, line: 0 };
  // Only a file has a known size.
  const progress = options.file === undefined ? undefined : context.progress(`writing to ${name}`, (await stat(options.file)).size);
  try {
    for await (const lines of linesOf(input, context.world.interrupted)) {
      for (const lot of inLots(lines, recordsAtOnceMax)) {
        await writeLines(context, kafka, name as TopicName, lot, { ...options, encoder }, tally);
        progress?.add(lot.reduce((bytes, line) => bytes + line.length + 1, 0));
      }
    }
  } finally {
    progress?.stop();
    encoder?.close();
  }
  const summary = { topic_name: name, written: tally.written, failed: tally.failed };
  if (context.isJson) context.printOne(summary);
  else context.world.stderr.write(`${tally.written} record(s) written to ${name}${tally.failed === 0 ? "" : `, ${tally.failed} failed`}\n`);
}

/** The path, once the file is known to be readable; otherwise a usage error. */
async function readable(path: string): Promise<string> {
  await access(path, constants.R_OK).catch((cause: Error) => {
    throw usageError(`${path} cannot be read: ${cause.message}.`);
  });
  return path;
}

async function writeLines(
  context: CliContext,
  kafka: Kafka,
  topic: TopicName,
  lines: readonly Buffer[],
  options: LineOptions,
  tally: { written: number; failed: number; line: number },
): Promise<void> {
  const records = lines.map((line) => recordOf(line, options, context.isJson));
  const outcomes = await kafka.producer.produce(
    topic,
    records.filter((record): record is OutgoingRecord => !(record instanceof RelayError)),
    context.deadline(),
  );
  const written = outcomes.values();
  for (const record of records) {
    tally.line++;
    const result = record instanceof RelayError ? { outcome: "failed" as const, error: record } : written.next().value;
    if (result === undefined) throw new RelayError("internal", "The producer did not return a result for each record.");
    if (result.outcome === "written") tally.written++;
    else {
      tally.failed++;
      if (tally.failed <= failuresToldMax) context.complain(withLine(result.error, tally.line));
    }
  }
}

interface LineOptions extends ProduceOptions {
  readonly encoder: RecordEncoder | undefined;
}

/** Only the line that cannot be parsed or encoded fails. */
function recordOf(line: Buffer, options: LineOptions, isJson: boolean): OutgoingRecord | RelayError {
  const { encoder } = options;
  try {
    const record = isJson ? toJsonRecord(line, options) : toRecord(line, options);
    return encoder === undefined ? record : encoder.encode(record);
  } catch (thrown) {
    return toRelayError(thrown);
  }
}

function toJsonRecord(line: Buffer, options: LineOptions): OutgoingRecord {
  const record = parseJsonLine(line, options.encoder?.encodes ?? { key: false, value: false });
  return {
    ...record,
    headers: [...headersOfAll(options), ...record.headers],
    ...(options.partition === undefined ? {} : { partition: options.partition }),
  };
}

function headersOfAll({ header = [] }: ProduceOptions): readonly RecordHeader[] {
  return header.map(({ name, value }) => ({ name, value: Buffer.from(value) }));
}

/** The same failure, with the line number before its message. */
function withLine(error: RelayError, line: number): RelayError {
  return Object.assign(Object.create(Object.getPrototypeOf(error)), error, { message: `line ${line}: ${error.message}` });
}

/** `headers, separator, key, separator, value`. Without its separator option, a part is not parsed. */
function toRecord(line: Buffer, options: ProduceOptions): OutgoingRecord {
  const [headerText, afterHeaders] = splitAt(line, options.headersSeparator);
  const [key, value] = splitAt(afterHeaders, options.keySeparator);
  const nullIfMarked = (bytes: Buffer | null): Buffer | null =>
    bytes === null || (options.nullMarker !== undefined && bytes.equals(Buffer.from(options.nullMarker))) ? null : bytes;
  return {
    key: nullIfMarked(key),
    value: nullIfMarked(value),
    headers: [...headersOfAll(options), ...toHeaders(headerText)],
    ...(options.partition === undefined ? {} : { partition: options.partition }),
  };
}

function splitAt(line: Buffer, separator: string | undefined): readonly [before: Buffer | null, after: Buffer] {
  if (separator === undefined || separator === "") return [null, line];
  const at = line.indexOf(separator);
  return at < 0 ? [null, line] : [line.subarray(0, at), line.subarray(at + Buffer.byteLength(separator))];
}

/** "name:value,name:value"; a name without a colon has a null value. */
function toHeaders(text: Buffer | null): readonly RecordHeader[] {
  if (text === null || text.length === 0) return [];
  return text
    .toString("utf8")
    .split(",")
    .map((pair) => {
      const at = pair.indexOf(":");
      return at < 0 ? { name: pair, value: null } : { name: pair.slice(0, at), value: Buffer.from(pair.slice(at + 1)) };
    });
}

const newline = 0x0a;
const carriageReturn = 0x0d;

/** Whole lines as they arrive, several at a time: fast input makes large batches, slow input is written at once. Ends early when interrupted. */
async function* linesOf(input: AsyncIterable<Buffer | string>, interrupted: AbortSignal): AsyncGenerator<readonly Buffer[]> {
  const iterator = input[Symbol.asyncIterator]();
  const stopped = new Promise<{ readonly done: true; readonly value: undefined }>((resolve) => {
    interrupted.addEventListener("abort", () => resolve({ done: true, value: undefined }), { once: true });
  });
  let rest: readonly Buffer[] = [];
  for (;;) {
    const next = await Promise.race([iterator.next(), stopped]);
    if (next.done === true) break;
    const chunk = Buffer.from(next.value);
    if (chunk.indexOf(newline) < 0) {
      rest = [...rest, chunk];
      continue;
    }
    const whole = Buffer.concat([...rest, chunk]);
    const lines: Buffer[] = [];
    let from = 0;
    for (let at = whole.indexOf(newline); at >= 0; at = whole.indexOf(newline, from)) {
      lines.push(whole.subarray(from, at > from && whole[at - 1] === carriageReturn ? at - 1 : at));
      from = at + 1;
    }
    rest = [whole.subarray(from)];
    yield lines;
  }
  const last = Buffer.concat(rest);
  if (last.length > 0) yield [last];
}
