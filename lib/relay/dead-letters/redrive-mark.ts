/**
 * What tells a redriven record from a new one. A redrive to a route is an invocation that says so itself, in a member of the event that no record can set: its record
 * keeps its first coordinates. A record that was redriven to a topic carries a header, which anyone who writes to the topic can write too: nothing but a count is
 * taken from it. The relay takes the header off before anybody sees it.
 */
import type { KafkaRecord, RecordHeader } from "../../kafka/records.js";
import type { KafkaEvent } from "../../kafka-event/shape.js";

const redriveHeader = "relay.redrive";

export interface RedriveMark {
  /** How often, this time included. */
  readonly count: number;
  /** The namespace of its delivery id; absent: the one it arrives in. */
  readonly namespace?: string | undefined;
  /** Of the topic it first lay in; absent: the one of its route. */
  readonly generation?: number | undefined;
}

/** An invocation that is a redrive: its records stand at their first coordinates. */
export interface RedriveEvent extends KafkaEvent {
  readonly relayRedrive: RedriveMark;
}

/** The mark of an invocation; undefined: it brings records of a topic. No event source mapping sets the member, whatever its records hold. */
export function redriveMarkOf(event: unknown): RedriveMark | undefined {
  const { relayRedrive } = (event ?? {}) as { readonly relayRedrive?: unknown };
  if (typeof relayRedrive !== "object" || relayRedrive === null) return undefined;
  const { count, namespace, generation } = relayRedrive as Readonly<Record<string, unknown>>;
  return {
    count: toCount(count),
    namespace: typeof namespace === "string" ? namespace : undefined,
    generation: Number.isSafeInteger(generation) && (generation as number) >= 0 ? (generation as number) : undefined,
  };
}

interface FirstPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** For a record that is written to a topic again. Its first coordinates are information for readers; nothing relies on them. */
export function toRedriveHeader(count: number, { topic, partition, offset }: FirstPlace): RecordHeader {
  return { name: redriveHeader, value: Buffer.from(JSON.stringify({ count, topic, partition, offset: String(offset) })) };
}

/** The record without the header, where it lies, and the count; a header that is not a mark stays a header. */
export function takeRedriveHeader(record: KafkaRecord): { readonly source: KafkaRecord; readonly redrives: number } {
  const header = record.headers.find(({ name }) => name === redriveHeader);
  const redrives = header === undefined ? undefined : countIn(header.value);
  if (redrives === undefined) return { source: record, redrives: 0 };
  const { topic, partition, offset, timestampMs, timestampType, key, value, headers } = record;
  const others = headers.filter((one) => one !== header);
  return { source: { topic, partition, offset, timestampMs, timestampType, key, value, headers: others }, redrives };
}

function countIn(value: Buffer | null): number | undefined {
  try {
    const { count } = JSON.parse(value?.toString() ?? "") as Readonly<Record<string, unknown>>;
    return Number.isSafeInteger(count) ? toCount(count) : undefined;
  } catch {
    return undefined;
  }
}

const countMax = 1_000_000;

function toCount(given: unknown): number {
  return Number.isSafeInteger(given) ? Math.min(Math.max(0, given as number), countMax) : 1;
}
