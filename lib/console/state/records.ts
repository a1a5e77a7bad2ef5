/** Reading records for people: the newest first, going back page by page, or forward from a place. Keys and values come as text, or in base64 where they are not text. */
import type { RecordPage } from "../../client/topic-pages.js";
import { api, cluster } from "./session.js";

type WireRecord = RecordPage["records"][number];

export interface ShownRecord extends Omit<WireRecord, "key" | "value"> {
  readonly key: string | null;
  readonly value: string | null;
}

/** As text with all its digits, and headers as text. */
export const asText = { key_format: "string", value_format: "string", header_format: "string" } as const;

export const toShownRecord = (record: object): ShownRecord => {
  const { topic_name, partition_id, ...rest } = record as { readonly topic_name?: string; readonly partition_id?: number };
  return { ...(topic_name === undefined ? {} : { topic: topic_name, partition: partition_id }), ...rest } as unknown as ShownRecord;
};

export const placeText = ({ partition, offset }: { readonly partition: number; readonly offset: number }): string =>
  `${partition}/${offset}`;

export interface PartitionRange {
  readonly partition: number;
  readonly begin: number;
  readonly end: number;
}

export async function loadRanges(topic: string, signal: AbortSignal): Promise<readonly PartitionRange[]> {
  const { data } = await api.call("GET /v3/clusters/{cluster_id}/topics/{topic}/offsets", { path: { ...cluster.value, topic }, signal });
  return data.map(({ partition_id, earliest_offset, latest_offset }) => ({
    partition: partition_id,
    begin: earliest_offset,
    end: latest_offset,
  }));
}

const roundsMax = 8;
const callsAtOnce = 6;
/** Of topics with more partitions, the ones with the most records are read. */
export const partitionsAtOnce = 48;
const windowMin = 20;
/** With a filter most records do not match, so more are looked at. */
const filteredWindow = 5_000;

/** The records before `ends`, about `count` of them, the newest first; and where to continue further back. */
export async function readBack(
  topic: string,
  ranges: readonly PartitionRange[],
  count: number,
  filter: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly records: readonly ShownRecord[]; readonly before: readonly PartitionRange[] }> {
  const open = ranges.filter(({ begin, end }) => end > begin);
  const size = filter === undefined ? Math.max(windowMin, Math.ceil(count / Math.max(1, open.length))) : filteredWindow;
  const windows = open.map(({ partition, begin, end }) => ({ partition, begin, from: Math.max(begin, end - size), end }));
  const records: ShownRecord[] = [];
  const queue = [...windows];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      records.push(...(await readWindow(topic, next, filter, signal)));
  };
  await Promise.all(Array.from({ length: callsAtOnce }, worker));
  return { records: newestFirst(records), before: windows.map(({ partition, begin, from }) => ({ partition, begin, end: from })) };
}

interface Window {
  readonly partition: number;
  readonly from: number;
  readonly end: number;
}

async function readWindow(
  topic: string,
  { partition, from, end }: Window,
  filter: string | undefined,
  signal: AbortSignal,
): Promise<readonly ShownRecord[]> {
  const records: ShownRecord[] = [];
  let offset = from;
  for (let round = 0; round < roundsMax && offset < end; round++) {
    const query = { ...asText, partition, offset, limit: end - offset, ...(filter === undefined ? {} : { filter }) };
    const page = await api.call("GET /topics/{topic}/records", { path: { topic }, query, signal });
    records.push(...page.records.map(toShownRecord).filter((record) => record.offset < end));
    const next = page.partitions[0]?.next_offset ?? end;
    if (next <= offset) break;
    offset = next;
  }
  return records;
}

export const newestFirst = (records: readonly ShownRecord[]): readonly ShownRecord[] =>
  records.toSorted((one, other) => other.timestamp - one.timestamp || one.partition - other.partition || other.offset - one.offset);

/** One record by its place. */
export async function loadRecord(topic: string, recordPlace: string, signal: AbortSignal): Promise<ShownRecord> {
  const [partition = "", offset = ""] = recordPlace.split("/");
  const answer = await api.call("GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}/records/{offset}", {
    path: { ...cluster.value, topic, partition, offset },
    query: asText,
    signal,
  });
  return toShownRecord(answer);
}
