/** The records that a view shows: read back from the end, forward from a place, or live. All of it is bounded, and can be stopped. */
import { signal as createSignal, type Signal } from "@preact/signals";
import type { ApiError } from "../../client/api-error.js";
import {
  asText,
  loadRanges,
  newestFirst,
  type PartitionRange,
  partitionsAtOnce,
  readBack,
  type ShownRecord,
  toShownRecord,
} from "./records.js";
import { api, noteFailure } from "./session.js";

export const recordStarts = ["newest", "beginning", "offset", "time", "live"] as const;
export type RecordStart = (typeof recordStarts)[number];

interface RecordChoice {
  readonly topic: string;
  readonly start: RecordStart;
  readonly partition: number | undefined;
  readonly offset: string;
  readonly time: string;
  /** An event pattern, as JSON. */
  readonly filter: string | undefined;
}

interface RecordListState {
  readonly records: readonly ShownRecord[];
  readonly isReading: boolean;
  readonly hasMore: boolean;
  readonly error: ApiError | undefined;
  /** Live: records per second; all that arrived, also those that are no longer shown. */
  readonly rate: number;
  readonly arrived: number;
  /** Partitions that are not read, because there are too many. */
  readonly leftOut: number;
}

export interface RecordList {
  readonly state: Signal<RecordListState>;
  readonly more: () => void;
  readonly stop: () => void;
}

const perPage = 200;
const shownMax = 20_000;
const liveShownMax = 5_000;
/** The page is drawn at most this often while records arrive. */
const drawEveryMs = 250;
const livePauseAfterFailureMs = 2_000;

const atFirst: RecordListState = { records: [], isReading: true, hasMore: false, error: undefined, rate: 0, arrived: 0, leftOut: 0 };

export function openRecordList(choice: RecordChoice): RecordList {
  const controller = new AbortController();
  const state = createSignal<RecordListState>(atFirst);
  const change = (changes: Partial<RecordListState>) => {
    if (!controller.signal.aborted) state.value = { ...state.value, ...changes };
  };
  const read = choice.start === "live" ? followLive : choice.start === "newest" ? backReader(choice) : forwardReader(choice);
  const more = () => {
    change({ isReading: true, error: undefined });
    read(choice, state, change, controller.signal).catch((thrown) => {
      if (!controller.signal.aborted) change({ error: noteFailure(thrown), isReading: false });
    });
  };
  more();
  return { state, more, stop: () => controller.abort(new Error("The reading was stopped.")) };
}

type Reading = (
  choice: RecordChoice,
  state: Signal<RecordListState>,
  change: (changes: Partial<RecordListState>) => void,
  signal: AbortSignal,
) => Promise<void>;

function backReader({ partition }: RecordChoice): Reading {
  let before: readonly PartitionRange[] | undefined;
  return async ({ topic, filter }, state, change, signal) => {
    if (before === undefined) {
      const ranges = (await loadRanges(topic, signal)).filter((one) => partition === undefined || one.partition === partition);
      before = ranges.toSorted((one, other) => other.end - other.begin - (one.end - one.begin)).slice(0, partitionsAtOnce);
      change({ leftOut: ranges.length - before.length });
    }
    const page = await readBack(topic, before, perPage, filter, signal);
    before = page.before;
    const records = newestFirst([...state.value.records, ...page.records]).slice(0, shownMax);
    change({ records, isReading: false, hasMore: records.length < shownMax && before.some(({ begin, end }) => end > begin) });
  };
}

function forwardReader({ start, partition, offset, time }: RecordChoice): Reading {
  let cursor: string | undefined;
  return async ({ topic, filter }, state, change, signal) => {
    const from = start === "offset" ? { offset } : start === "time" ? { timestamp: time } : { from: "beginning" as const };
    const place = cursor === undefined ? { ...from, ...(partition === undefined ? {} : { partition }) } : { cursor };
    const query = { ...asText, ...place, limit: perPage, ...(filter === undefined ? {} : { filter }) };
    const page = await api.call("GET /topics/{topic}/records", { path: { topic }, query, signal });
    cursor = page.cursor;
    const isAtEnd = page.partitions.every(({ next_offset, high_watermark }) => high_watermark === null || next_offset >= high_watermark);
    const records = [...state.value.records, ...page.records.map(toShownRecord)].slice(0, shownMax);
    change({ records, isReading: false, hasMore: !isAtEnd && records.length < shownMax });
  };
}

/** By server-sent events where the API offers them, else by reads that wait; the client goes on by itself after failures that may pass, a few times. */
const followLive: Reading = async ({ topic, partition, filter }, _, change, signal) => {
  const shown = new LiveRecords(change);
  let cursor: string | undefined;
  while (!signal.aborted) {
    const place = cursor === undefined ? { from: "end" as const, ...(partition === undefined ? {} : { partition }) } : { cursor };
    try {
      for await (const batch of api.live(topic, { ...asText, ...place, ...(filter === undefined ? {} : { filter }), signal })) {
        cursor = batch.cursor || cursor;
        shown.add(batch.records.map(toShownRecord));
      }
    } catch (thrown) {
      if (signal.aborted) return;
      const error = noteFailure(thrown);
      change({ error });
      if (!error.retriable) return;
      await new Promise((resolve) => setTimeout(resolve, livePauseAfterFailureMs));
    }
  }
};

/** The last records that arrived, drawn a few times per second, and their rate. */
class LiveRecords {
  readonly #change: (changes: Partial<RecordListState>) => void;
  #records: readonly ShownRecord[] = [];
  #arrived = 0;
  readonly #counts: { readonly atMs: number; readonly arrived: number }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(change: (changes: Partial<RecordListState>) => void) {
    this.#change = change;
    change({ isReading: true, hasMore: false });
  }

  add(records: readonly ShownRecord[]): void {
    this.#arrived += records.length;
    this.#records = [...records.toReversed(), ...this.#records].slice(0, liveShownMax);
    this.#timer ??= setTimeout(() => this.#draw(), drawEveryMs);
  }

  #draw(): void {
    this.#timer = undefined;
    const atMs = Date.now();
    this.#counts.push({ atMs, arrived: this.#arrived });
    while (this.#counts.length > 2 && atMs - (this.#counts[0]?.atMs ?? atMs) > 5_000) this.#counts.shift();
    const first = this.#counts[0];
    const rate = first === undefined || atMs === first.atMs ? 0 : ((this.#arrived - first.arrived) * 1_000) / (atMs - first.atMs);
    this.#change({ records: this.#records, arrived: this.#arrived, rate, error: undefined });
  }
}
