/** Reading records for people: the newest first, going back page by page, or forward from a place. Keys and values come as text, or in base64 where they are not text. */
import type { RecordPage } from "../../client/topic-pages.js";
import { isSearch, type RecordSearch } from "./record-search.js";
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

const callsAtOnce = 6;
/** Of so many partitions at least this many records each are read, of more partitions fewer. */
const recordsAtLeast = 960;
const windowMax = 20;
/** With a search most records do not match, so more are looked at: this many in all partitions together. */
const searchedPerRound = 100_000;
const searchedWindowMin = 500;
/** Partitions that are read before the page shows what they hold, and asks whether to go on. */
const partitionsPerRound = 96;

interface BackRound {
  readonly records: readonly ShownRecord[];
  /** Where each partition continues further back. */
  readonly before: readonly PartitionRange[];
  /** Records that were read or looked at. */
  readonly looked: number;
}

/** The records before the ends of some partitions. Of all partitions together they are about `count`. */
export async function readBack(
  topic: string,
  ranges: readonly PartitionRange[],
  { count, partitionsInAll }: { readonly count: number; readonly partitionsInAll: number },
  search: RecordSearch,
  signal: AbortSignal,
): Promise<BackRound> {
  const size = isSearch(search) ? searchedWindowOf(ranges.length) : windowOf(partitionsInAll, count);
  const windows = ranges.map(({ partition, begin, end }) => ({ partition, begin, from: Math.max(begin, end - size), end }));
  const records: ShownRecord[] = [];
  const queue = [...windows];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      records.push(...(await readWindow(topic, next, search, signal)));
  };
  await Promise.all(Array.from({ length: callsAtOnce }, worker));
  return {
    records,
    before: windows.map(({ partition, begin, from }) => ({ partition, begin, end: from })),
    looked: windows.reduce((sum, { from, end }) => sum + end - from, 0),
  };
}

/** Partitions with records that were not read yet, in rounds: those with the most records come first. */
export function roundsOf(ranges: readonly PartitionRange[]): readonly (readonly PartitionRange[])[] {
  const open = ranges.filter(({ begin, end }) => end > begin).sort((one, other) => other.end - other.begin - (one.end - one.begin));
  return Array.from({ length: Math.ceil(open.length / partitionsPerRound) }, (_, round) =>
    open.slice(round * partitionsPerRound, (round + 1) * partitionsPerRound),
  );
}

const windowOf = (partitions: number, count: number): number =>
  Math.max(Math.ceil(count / partitions), Math.min(windowMax, Math.ceil(recordsAtLeast / partitions)));

const searchedWindowOf = (partitions: number): number => Math.max(searchedWindowMin, Math.ceil(searchedPerRound / partitions));

interface Window {
  readonly partition: number;
  readonly from: number;
  readonly end: number;
}

async function readWindow(
  topic: string,
  { partition, from, end }: Window,
  search: RecordSearch,
  signal: AbortSignal,
): Promise<readonly ShownRecord[]> {
  const records: ShownRecord[] = [];
  let offset = from;
  // Every answer goes further, and the window has an end.
  while (offset < end) {
    const bounds = isSearch(search) ? { scan_max: end - offset } : { limit: end - offset };
    const query = { ...asText, partition, offset, ...bounds, ...search };
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

/** Undefined: the topic has no records. Of the partitions with the most records, where there are very many. */
export async function loadNewest(topic: string, signal: AbortSignal): Promise<ShownRecord | undefined> {
  const [round = []] = roundsOf(await loadRanges(topic, signal));
  const { records } = await readBack(topic, round, { count: 1, partitionsInAll: round.length }, {}, signal);
  return newestFirst(records)[0];
}

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
