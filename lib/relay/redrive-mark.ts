/** The header that a redriven record carries through its route: how often it was redriven, and where it first lay. The relay takes it off before anybody sees it. */
import type { KafkaRecord, RecordHeader } from "../kafka/records.js";

export const redriveHeader = "relay.redrive";

export interface RedriveMark {
  /** How often, this time included. */
  readonly count: number;
  /** The record's first coordinates, by which its delivery id is made. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** The namespace of its delivery id; absent: the one it arrives in. */
  readonly namespace?: string | undefined;
}

export function toRedriveHeader({ count, topic, partition, offset, namespace }: RedriveMark): RecordHeader {
  return { name: redriveHeader, value: Buffer.from(JSON.stringify({ count, topic, partition, offset: String(offset), namespace })) };
}

/** The record without its mark and at its first coordinates, and the count; a header that is no mark stays a header. */
export function takeRedriveMark(record: KafkaRecord): {
  readonly source: KafkaRecord;
  readonly redrives: number;
  readonly namespace?: string | undefined;
} {
  const header = record.headers.find(({ name }) => name === redriveHeader);
  const mark = header === undefined ? undefined : parseMark(header.value);
  if (mark === undefined) return { source: record, redrives: 0 };
  const { timestampMs, timestampType, key, value, headers } = record;
  const { topic, partition, offset, count, namespace } = mark;
  const others = headers.filter((one) => one !== header);
  return { source: { topic, partition, offset, timestampMs, timestampType, key, value, headers: others }, redrives: count, namespace };
}

function parseMark(value: Buffer | null): RedriveMark | undefined {
  try {
    const { count, topic, partition, offset, namespace } = JSON.parse(value?.toString() ?? "") as Record<string, unknown>;
    if (!Number.isSafeInteger(count) || typeof topic !== "string" || !Number.isSafeInteger(partition) || !/^\d+$/.test(String(offset)))
      return undefined;
    return {
      count: count as number,
      topic,
      partition: partition as number,
      offset: BigInt(String(offset)),
      namespace: typeof namespace === "string" ? namespace : undefined,
    };
  } catch {
    return undefined;
  }
}
