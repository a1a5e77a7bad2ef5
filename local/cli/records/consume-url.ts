/** `kafka-relay consume --url`: the same through the HTTP API: live where it streams, else page by page. Records come as bytes, so they are printed unchanged, or decoded here. */

import { ApiError } from "../../../lib/client/api-error.js";
import { createClient, type RelayClient } from "../../../lib/client/client.js";
import type { RecordPage } from "../../../lib/client/topic-pages.js";
import { type FailureCode, failures, RelayError } from "../../../lib/errors.js";
import type { KafkaRecord } from "../../../lib/kafka/records.js";
import { type CliContext, usageError } from "../cli.js";
import type { ConsumeOptions } from "./consume.js";
import { createRecordDecoder } from "./consume-decoding.js";
import { formatter } from "./record-lines.js";

export interface ConsumeUrlOptions {
  readonly url?: string;
  readonly token?: string;
}

type ApiRecord = RecordPage["records"][number];

/** An instance may end, and a gateway may let go: the command goes on with the next one. */
const retry = { attemptsMax: 20, firstPauseMs: 200, pauseMaxMs: 5_000 };
const newline = Buffer.from("\n");

export async function consumeUrl(
  context: CliContext,
  options: ConsumeOptions & ConsumeUrlOptions,
  [topic = ""]: readonly string[],
): Promise<void> {
  const format = formatter(context, options.print);
  const client = toClient(context, options);
  const { interrupted: signal } = context.world;
  const read = { ...startOf(options), ...searchOf(options), ...asBytes, signal };
  const { partitions } = options;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  const decoder = createRecordDecoder(context, options);
  try {
    for await (const records of options.untilEnd === true ? untilEnd(client, topic, read) : live(client, topic, read, context)) {
      const wanted = records.filter(({ partition }) => partitions === undefined || partitions.includes(partition)).slice(0, left);
      left -= wanted.length;
      for (const record of wanted) if (record.omitted !== undefined) context.complain(tooLarge(record));
      const lines: Buffer[] = [];
      for (const record of wanted) lines.push(format(await decoder.decode(toRecord(record))), newline);
      if (lines.length > 0) await context.write(Buffer.concat(lines));
      if (left <= 0) return;
    }
  } catch (thrown) {
    if (signal.aborted) return;
    throw thrown instanceof ApiError ? toRelayFailure(thrown) : thrown;
  } finally {
    decoder.close();
  }
}

const searchOf = ({ filter, contains }: ConsumeOptions) => ({
  ...(filter === undefined ? {} : { filter: filter.text }),
  ...(contains === undefined ? {} : { contains }),
});

const asBytes = { key_format: "base64", value_format: "base64", header_format: "base64" } as const;

function toClient(context: CliContext, { url = "", token = context.world.env.RELAY_TOKEN }: ConsumeUrlOptions): RelayClient {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw usageError("--url must be an address that starts with http:// or https://.");
  return createClient({ baseUrl: url, retry, ...(token === undefined ? {} : { token }) });
}

function startOf({ fromBeginning, fromOffset, fromTime, partitions }: ConsumeOptions) {
  const ways = [fromBeginning === true, fromOffset !== undefined, fromTime !== undefined].filter(Boolean);
  if (ways.length > 1) throw usageError("Use only one of --from-beginning, --from-offset and --from-time.");
  const [partition, ...others] = partitions ?? [];
  const one = partition === undefined || others.length > 0 ? {} : { partition: String(partition) };
  if (fromOffset !== undefined && one.partition === undefined)
    throw usageError("With --url, --from-offset needs one partition: add --partitions 0.");
  if (fromOffset !== undefined) return { ...one, offset: String(fromOffset) };
  if (fromTime !== undefined) return { ...one, timestamp: String(fromTime) };
  return { ...one, from: fromBeginning === true ? ("beginning" as const) : ("end" as const) };
}

type UrlRead = ReturnType<typeof startOf> & { readonly signal: AbortSignal };

async function* live(client: RelayClient, topic: string, read: UrlRead, context: CliContext): AsyncGenerator<readonly ApiRecord[]> {
  for await (const { records, gap } of client.live(topic, read)) {
    if (gap !== undefined)
      context.complain(
        new RelayError("offset-out-of-range", `Some records of partition ${gap.partition} were not printed: ${JSON.stringify(gap)}.`),
      );
    yield records;
  }
}

/** Up to the end that the topic had at first. */
async function* untilEnd(client: RelayClient, topic: string, { signal, ...read }: UrlRead): AsyncGenerator<readonly ApiRecord[]> {
  const partition = read.partition === undefined ? {} : { partition: read.partition };
  const end = await client.call("GET /topics/{topic}/records", {
    path: { topic },
    query: { ...partition, from: "end", limit: "1" },
    signal,
  });
  const ends = new Map(end.partitions.map(({ partition: number, next_offset }) => [number, next_offset]));
  for await (const { records, partitions } of client.pages(topic, { ...read, signal })) {
    yield records.filter(({ partition: number, offset }) => offset < (ends.get(number) ?? 0));
    if (partitions.every(({ partition: number, next_offset }) => next_offset >= (ends.get(number) ?? 0))) return;
  }
}

function toRecord({ topic, partition, offset, timestamp, timestamp_type, key, value, headers }: ApiRecord): KafkaRecord {
  return {
    topic,
    partition,
    offset: BigInt(offset),
    timestampMs: Number(timestamp),
    timestampType: timestamp_type,
    key: toBytes(key),
    value: toBytes(value),
    headers: headers.map((header) => ({ name: header.name, value: toBytes(header.value) })),
  };
}

const toBytes = (text: unknown): Buffer | null => (typeof text === "string" ? Buffer.from(text, "base64") : null);

function tooLarge({ partition, offset }: ApiRecord): RelayError {
  return new RelayError(
    "record-too-large",
    `The record in partition ${partition} at offset ${offset} is too large for an answer of this API. Read it from the brokers.`,
  );
}

function toRelayFailure({ message, kind, status }: ApiError): RelayError {
  const known = Object.hasOwn(failures, kind) ? (kind as FailureCode) : status === 0 ? "target-failed" : "target-refused";
  return new RelayError(known, message);
}
