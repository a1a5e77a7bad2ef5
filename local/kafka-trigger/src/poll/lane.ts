/** One assigned partition: what was fetched and waits for the handler, and how far it is settled. Pure. */
import type { RelayError } from "../../../../lib/errors.js";
import { LeaderEpochs } from "./epochs.js";
import { type Rows, WaitingRecord } from "./rows.js";

/** A run of one partition, in offset order, on its way through the handler. */
export interface Run {
  readonly partition: number;
  readonly records: readonly WaitingRecord[];
  /** Where the partition goes on when all of it is settled: past what was filtered out behind it, too. */
  readonly nextOffset: number;
}

export interface LaneFailure {
  readonly error: RelayError;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Fetches that failed in a row. */
  readonly times: number;
}

export class Lane {
  readonly partition: number;
  /** Where the next fetch begins. */
  fetchOffset: number;
  /** What the group has committed, or undefined where nothing is yet. */
  committed: number | undefined;
  /** The next offset to commit: everything below is settled. */
  settled: number;
  /** The end as the broker last told it, for lag. */
  highWatermark = 0;
  /** Counts how often the partition was begun anew: offsets of an earlier history mean nothing in this one. */
  history = 0;
  /** The topic that its offsets are of; undefined where brokers have no ids. */
  topicId: string | undefined;
  readonly epochs = new LeaderEpochs();
  isFetching = false;
  /** A batch with its records is with the handler. */
  isBusy = false;
  /** Batches that are settled and whose commit nobody has acknowledged. A kill repeats them, so a third is not begun. */
  uncommitted = 0;
  /** Why it cannot be read at present; the other partitions go on. */
  failure: LaneFailure | undefined;
  /** Not to be fetched before this time, in milliseconds: its last fetch failed. */
  pausedUntilMs = 0;
  readonly #waiting: Rows[] = [];
  /** The first row of the first of them that was not taken yet. */
  #from = 0;
  #count = 0;
  #bytes = 0;
  #oldestAtMs = 0;

  constructor(partition: number, offset: number, committed: number | undefined) {
    this.partition = partition;
    this.fetchOffset = offset;
    this.settled = offset;
    this.committed = committed;
  }

  /** Its fetch failed: it is left alone for so long, and each time in a row for longer. */
  fail(error: RelayError, nowMs: number): void {
    const { sinceMs = nowMs, times = 0 } = this.failure ?? {};
    this.failure = { error, sinceMs, times: times + 1 };
    this.pausedUntilMs = nowMs + Math.min(pauseMaxMs(error), firstPauseMs * 2 ** times);
  }

  /** May its records go to the handler? */
  get isReady(): boolean {
    return !this.isBusy && this.uncommitted <= uncommittedMax && this.count > 0;
  }

  get count(): number {
    return this.#count;
  }

  /** Of what waits, as the payload counts them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the first of what waits arrived; the batching window begins there. */
  get oldestAtMs(): number {
    return this.#oldestAtMs;
  }

  /** The payload of the record that would be taken next; 0 where none waits. */
  get firstBytes(): number {
    return this.#waiting[0]?.payload(this.#from) ?? 0;
  }

  add(rows: Rows, nowMs: number): void {
    if (rows.count === 0) return;
    if (this.count === 0) this.#oldestAtMs = nowMs;
    this.#waiting.push(rows);
    this.#count += rows.count;
    this.#bytes += rows.payloadBytes;
  }

  /** Everything below was settled by a batch of an earlier assignment: what of it was fetched again is not handed over again. */
  skipTo(offset: number): void {
    for (let rows = this.#waiting[0]; rows !== undefined && rows.offset(this.#from) < offset; rows = this.#waiting[0]) {
      this.#bytes -= rows.payload(this.#from);
      this.#count--;
      this.#pass(rows);
    }
    this.fetchOffset = Math.max(this.fetchOffset, offset);
  }

  #pass(rows: Rows): void {
    this.#from++;
    if (this.#from < rows.count) return;
    this.#waiting.shift();
    this.#from = 0;
  }

  /** Back to the first record that is not settled; everything behind it is fetched again. */
  rewind(): void {
    this.#clear();
    this.fetchOffset = this.settled;
    this.isBusy = false;
  }

  #clear(): void {
    this.#waiting.length = 0;
    this.#from = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  /** The offset to be fetched is gone. Behind us: the topic was made anew, and what is known of the old one says nothing of it. */
  beginAt(offset: number): void {
    if (offset < this.settled) {
      this.history++;
      this.settled = offset;
      this.#clear();
    }
    this.fetchOffset = offset;
  }

  /** What an offset to commit is told by, beside itself. */
  originOf(offset: number): { readonly topicId: string | undefined; readonly leaderEpoch: number | undefined } {
    return { topicId: this.topicId, leaderEpoch: this.epochs.before(offset) };
  }

  /** The topic was deleted and created again: nothing of the old one counts. A batch of it may still be with the handler. */
  startOver(topicId: string, offset: number): void {
    this.history++;
    this.topicId = topicId;
    this.committed = undefined;
    this.uncommitted = 0;
    this.settled = offset;
    this.fetchOffset = offset;
    this.epochs.clear();
    this.#clear();
  }

  /** Other records stand from `offset` on than were read. What was not settled before it comes again, since a batch may hold some of both. */
  goBack(offset: number, epoch: number): void {
    this.history++;
    this.settled = Math.min(this.settled, offset);
    this.fetchOffset = this.settled;
    this.epochs.cut(offset, epoch);
    this.#clear();
  }

  /** Takes from the front, at most so many records and bytes; what stays behind begins its window now. */
  take(countMax: number, bytesMax: number, nowMs: number): Run {
    const records: WaitingRecord[] = [];
    let bytes = 0;
    for (let rows = this.#waiting[0]; rows !== undefined && records.length < countMax; rows = this.#waiting[0]) {
      const payloadBytes = rows.payload(this.#from);
      if (bytes + payloadBytes > bytesMax) break;
      bytes += payloadBytes;
      records.push(new WaitingRecord(rows, this.#from));
      this.#pass(rows);
    }
    this.#count -= records.length;
    this.#bytes -= bytes;
    this.#oldestAtMs = nowMs;
    return { partition: this.partition, records, nextOffset: this.#waiting[0]?.offset(this.#from) ?? this.fetchOffset };
  }
}

const firstPauseMs = 100;

/** An unreadable batch seldom heals by itself, and may cost a second of decompressing to look at. */
const pauseMaxMs = ({ code }: RelayError): number => (code === "batch-unreadable" ? 30_000 : 2_000);

/** One may be on its way to be committed while the next is with the handler. */
const uncommittedMax = 1;
