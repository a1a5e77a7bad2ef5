/**
 * A dead letter: the record's key, value and headers byte for byte, and why it is one in `relay.error.*` headers. It carries the time it is written: with the
 * record's own time the broker's retention could delete it within minutes, or `message.timestamp.after.max.ms` refuse it for ever. Pure, both ways.
 */
import type { OutgoingRecord, RecordHeader } from "../../kafka/records.js";
import type { Entry } from "../batch/entry.js";

/** Every header of ours begins with this; a record that fails again has them replaced, never doubled. */
export const errorHeaderPrefix = "relay.error.";
/** Longer texts are cut. */
const headerBytesMax = 4096;
/** What the headers may add to a record: a dead letter topic takes that much more than the topic it stands beside. */
export const headersBytesMax = 64 * 1024;

export interface DeadLetterOrigin {
  readonly route: string;
  readonly targetKind: string;
  readonly targetName: string;
}

export function deadLetterTopicOf(topic: string, configured: string | undefined): string {
  return configured ?? `${topic}.dead-letters`;
}

/** The record that goes into the dead letter topic. */
export function toDeadLetter(entry: Entry, origin: DeadLetterOrigin, nowMs: number): OutgoingRecord {
  const { source, error, stage, attempts, redrives } = entry;
  const { key, value, timestampMs } = source;
  const texts: Readonly<Record<string, string | number | bigint | undefined>> = {
    route: origin.route,
    target: `${origin.targetKind} ${origin.targetName}`,
    code: error?.code ?? "internal",
    message: error?.message ?? "",
    stage,
    status: error?.details.targetStatus,
    answer: error?.details.targetAnswer,
    attempts,
    "first-time": new Date(entry.firstMs ?? nowMs).toISOString(),
    "last-time": new Date(entry.lastMs ?? nowMs).toISOString(),
    topic: source.topic,
    partition: source.partition,
    offset: source.offset,
    timestamp: timestampMs,
    namespace: entry.namespace,
    generation: entry.generation === 0 ? undefined : entry.generation,
    redrives,
  };
  const headers: RecordHeader[] = source.headers.filter(({ name }) => !name.startsWith(errorHeaderPrefix));
  for (const [name, text] of Object.entries(texts)) {
    if (text !== undefined) headers.push({ name: errorHeaderPrefix + name, value: cut(String(text)) });
  }
  return { key, value, headers, timestampMs: nowMs };
}

/** UTF-8 of at most `headerBytesMax`, no character cut in two. */
function cut(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length <= headerBytesMax) return bytes;
  let end = headerBytesMax;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}
