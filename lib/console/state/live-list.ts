/** Records as they arrive, for a list that shows the last of them and their rate. */
import type { ListReading, RecordListState } from "./record-list.js";
import { asText, type ShownRecord, toShownRecord } from "./records.js";
import { api, noteFailure } from "./session.js";

const liveShownMax = 5_000;
/** The page is drawn at most this often while records arrive. */
const drawEveryMs = 250;
const rateEveryMs = 1_000;
const livePauseAfterFailureMs = 2_000;

/** By server-sent events where the API offers them, else by reads that wait; the client goes on by itself after failures that may pass, a few times. */
export function liveReader(): ListReading {
  const shown = new LiveRecords();
  // A pause goes on after the last record that came, so none is missing.
  let cursor: string | undefined;
  return async ({ topic, partition, search }, _, change, signal) => {
    shown.begin(change);
    while (!signal.aborted) {
      const place = cursor === undefined ? { from: "end" as const, ...(partition === undefined ? {} : { partition }) } : { cursor };
      try {
        for await (const batch of api.live(topic, { ...asText, ...place, ...search, signal })) {
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
}

/** The last records that arrived, drawn a few times per second, and their rate. */
class LiveRecords {
  #change: (changes: Partial<RecordListState>) => void = () => {};
  #records: readonly ShownRecord[] = [];
  #arrived = 0;
  readonly #counts: { readonly atMs: number; readonly arrived: number }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #drawsAtMs = 0;

  begin(change: (changes: Partial<RecordListState>) => void): void {
    this.#change = change;
    change({ isReading: true, hasMore: false });
  }

  add(records: readonly ShownRecord[]): void {
    this.#arrived += records.length;
    this.#records = [...records.toReversed(), ...this.#records].slice(0, liveShownMax);
    const dueMs = Date.now() + drawEveryMs;
    if (this.#timer !== undefined && this.#drawsAtMs <= dueMs) return;
    clearTimeout(this.#timer);
    this.#drawIn(drawEveryMs);
  }

  #drawIn(ms: number): void {
    this.#drawsAtMs = Date.now() + ms;
    this.#timer = setTimeout(() => this.#draw(), ms);
  }

  #draw(): void {
    this.#timer = undefined;
    const atMs = Date.now();
    this.#counts.push({ atMs, arrived: this.#arrived });
    while (this.#counts.length > 2 && atMs - (this.#counts[0]?.atMs ?? atMs) > 5_000) this.#counts.shift();
    const first = this.#counts[0];
    const rate = first === undefined || atMs === first.atMs ? 0 : ((this.#arrived - first.arrived) * 1_000) / (atMs - first.atMs);
    this.#change({ records: this.#records, arrived: this.#arrived, rate, error: undefined });
    // The rate falls although nothing arrives.
    if (rate > 0) this.#drawIn(rateEveryMs);
  }
}
