/** The records that a view shows: read back from the end, forward from a place, or live. All of it is bounded, says how far it looked, and can be stopped. */
import { signal as createSignal, type Signal } from "@preact/signals";
import type { ApiError } from "../../client/api-error.js";
import { liveReader } from "./live-list.js";
import { isSearch, type RecordSearch, SearchStep } from "./record-search.js";
import { asText, loadRanges, newestFirst, type PartitionRange, readBack, roundsOf, type ShownRecord, toShownRecord } from "./records.js";
import { api, noteFailure } from "./session.js";

export const recordStarts = ["newest", "beginning", "offset", "time", "live"] as const;
export type RecordStart = (typeof recordStarts)[number];

interface RecordChoice {
  readonly topic: string;
  readonly start: RecordStart;
  readonly partition: number | undefined;
  readonly offset: string;
  readonly time: string;
  readonly search: RecordSearch;
}

export interface RecordListState {
  readonly records: readonly ShownRecord[];
  readonly isReading: boolean;
  readonly hasMore: boolean;
  readonly error: ApiError | undefined;
  /** Records that were looked at, and at most how many there are from the start on; undefined: not known. */
  readonly looked: number;
  readonly total: number | undefined;
  /** Of the newest records: partitions that were read, and those with records. */
  readonly partitions: { readonly read: number; readonly all: number } | undefined;
  /** As many records as the page keeps are shown. */
  readonly isFull: boolean;
  /** Live: records per second; all that arrived, also those that are no longer shown. */
  readonly rate: number;
  readonly arrived: number;
}

export interface RecordList {
  readonly state: Signal<RecordListState>;
  readonly more: () => void;
  /** Ends what is read now; `more` goes on where it was. */
  readonly pause: () => void;
  readonly close: () => void;
}

const perPage = 200;
const shownMax = 20_000;

const atFirst: RecordListState = {
  records: [],
  isReading: true,
  hasMore: false,
  error: undefined,
  looked: 0,
  total: undefined,
  partitions: undefined,
  isFull: false,
  rate: 0,
  arrived: 0,
};

export function openRecordList(choice: RecordChoice): RecordList {
  const state = createSignal<RecordListState>(atFirst);
  let step = new AbortController();
  const read = choice.start === "live" ? liveReader() : choice.start === "newest" ? backReader() : forwardReader();
  const more = () => {
    const { signal } = step;
    const change = (changes: Partial<RecordListState>) => {
      if (!signal.aborted) state.value = { ...state.value, ...changes };
    };
    change({ isReading: true, error: undefined });
    read(choice, state, change, signal).catch((thrown) => change({ error: noteFailure(thrown), isReading: false }));
  };
  const end = (why: string) => {
    step.abort(new Error(why));
    step = new AbortController();
  };
  more();
  return {
    state,
    more,
    pause: () => {
      end("The reading was paused.");
      state.value = { ...state.value, isReading: false, hasMore: true };
    },
    close: () => end("The view was closed."),
  };
}

export type ListReading = (
  choice: RecordChoice,
  state: Signal<RecordListState>,
  change: (changes: Partial<RecordListState>) => void,
  signal: AbortSignal,
) => Promise<void>;

/** From the ends of all partitions back, in rounds; the first page has read every partition unless it is paused. */
function backReader(): ListReading {
  let rounds: (readonly PartitionRange[])[] | undefined;
  let next: PartitionRange[] = [];
  return async ({ topic, partition, search }, state, change, signal) => {
    if (rounds === undefined) {
      const ranges = (await loadRanges(topic, signal)).filter((one) => partition === undefined || one.partition === partition);
      rounds = [...roundsOf(ranges)];
      const all = rounds.reduce((sum, round) => sum + round.length, 0);
      change({ total: sizeOf(ranges), partitions: { read: 0, all } });
    }
    const step = new SearchStep(state.value.records.length, perPage, Date.now());
    const inPass = [...rounds.flat(), ...next].length;
    // Without a search, a pass through all partitions is one page.
    while (rounds.length > 0) {
      const round = rounds[0] ?? [];
      const page = await readBack(topic, round, { count: perPage, partitionsInAll: inPass }, search, signal);
      if (signal.aborted) return;
      rounds.shift();
      next.push(...page.before);
      step.add(page.looked);
      const { partitions, looked } = state.value;
      const isFirstPass = partitions !== undefined && partitions.read < partitions.all;
      change({
        ...withRecords(newestFirst([...state.value.records, ...page.records])),
        looked: looked + page.looked,
        ...(isFirstPass ? { partitions: { ...partitions, read: partitions.read + round.length } } : {}),
      });
      if (rounds.length === 0) {
        const pass = roundsOf(next);
        next = [];
        rounds = [...pass];
        if (!isSearch(search)) break;
      }
      if (isSearch(search) && step.isOver(state.value.records.length, Date.now())) break;
      if (state.value.isFull) break;
    }
    change({ isReading: false, hasMore: rounds.length > 0 && !state.value.isFull });
  };
}

const withRecords = (records: readonly ShownRecord[]): Pick<RecordListState, "records" | "isFull"> => ({
  records: records.slice(0, shownMax),
  isFull: records.length >= shownMax,
});

const sizeOf = (ranges: readonly PartitionRange[]): number => ranges.reduce((sum, { begin, end }) => sum + end - begin, 0);

/** From a place to the end, page by page. */
function forwardReader(): ListReading {
  let cursor: string | undefined;
  return async (choice, state, change, signal) => {
    const { topic, search } = choice;
    if (state.value.total === undefined) change({ total: await sizeAfter(choice, signal) });
    const step = new SearchStep(state.value.records.length, perPage, Date.now());
    let isAtEnd = false;
    while (!isAtEnd && !state.value.isFull) {
      const place = cursor === undefined ? startOf(choice) : { cursor };
      const query = { ...asText, ...place, limit: perPage, ...search };
      const page = await api.call("GET /topics/{topic}/records", { path: { topic }, query, signal });
      if (signal.aborted) return;
      cursor = page.cursor;
      isAtEnd = page.partitions.every(({ next_offset, high_watermark }) => high_watermark === null || next_offset >= high_watermark);
      const looked = page.scanned ?? page.records.length;
      step.add(looked);
      change({
        ...withRecords([...state.value.records, ...page.records.map(toShownRecord)]),
        looked: state.value.looked + looked,
      });
      if (!isSearch(search) || step.isOver(state.value.records.length, Date.now())) break;
    }
    change({ isReading: false, hasMore: !isAtEnd && !state.value.isFull });
  };
}

function startOf({ start, partition, offset, time }: RecordChoice) {
  const from = start === "offset" ? { offset } : start === "time" ? { timestamp: time } : { from: "beginning" as const };
  return { ...from, ...(partition === undefined ? {} : { partition }) };
}

/** How many records there are at most from the start on; undefined for a time, whose offsets only the brokers know. */
async function sizeAfter({ topic, start, partition, offset }: RecordChoice, signal: AbortSignal): Promise<number | undefined> {
  if (start === "time") return undefined;
  const ranges = (await loadRanges(topic, signal)).filter((one) => partition === undefined || one.partition === partition);
  const from = start === "offset" ? Number(offset) : 0;
  return sizeOf(ranges.map(({ begin, end, ...rest }) => ({ ...rest, begin: Math.min(end, Math.max(begin, from)), end })));
}
