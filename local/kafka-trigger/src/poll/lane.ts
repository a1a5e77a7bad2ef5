/** One assigned partition: what was fetched and waits for the function, and how far it is settled and committed. Pure. */
import type { BatchSource } from "./batcher.js";
import { LeaderEpochs } from "./epochs.js";
import { idle, type Reading } from "./reading.js";
import type { Rows } from "./rows.js";
import type { Run } from "./run.js";
import { WaitingRows } from "./waiting-rows.js";

/** What a partition is doing: nothing, waiting for its batch to be due, waiting for the function, or waiting until it can be read again. */
type LaneState = "idle" | "waiting" | "with-function" | "failing";

/** One batch may be waiting for its commit while the next is with the function. */
const uncommittedMax = 1;

export class PartitionLane implements BatchSource {
  readonly partition: number;
  /** Where the next fetch begins. */
  fetchOffset: number;
  /** The offset that the group has committed, or undefined where there is none. */
  committed: number | undefined;
  /** The next offset to commit: everything below it is settled. */
  settled: number;
  /** The end of the partition as the broker last reported it, for lag. */
  highWatermark = 0;
  /** Counts how often the partition was started over: offsets of an earlier history mean nothing in this one. */
  history = 0;
  /** The topic that the offsets belong to; undefined where brokers have no topic ids. */
  topicId: string | undefined;
  readonly epochs = new LeaderEpochs();
  reading: Reading = idle;
  /** A batch with its records is with the function. */
  isWithFunction = false;
  /** Batches that are settled but whose commit is not acknowledged. A kill repeats them, so a third one is not begun. */
  uncommitted = 0;
  readonly #waiting = new WaitingRows();

  constructor(partition: number, offset: number, committed: number | undefined) {
    this.partition = partition;
    this.fetchOffset = offset;
    this.settled = offset;
    this.committed = committed;
  }

  get state(): LaneState {
    if (this.isWithFunction) return "with-function";
    if (this.count > 0) return "waiting";
    return this.reading.state === "failing" ? "failing" : "idle";
  }

  get isReady(): boolean {
    return this.state === "waiting" && this.uncommitted <= uncommittedMax;
  }

  get count(): number {
    return this.#waiting.count;
  }

  get bytes(): number {
    return this.#waiting.bytes;
  }

  get oldestAtMs(): number {
    return this.#waiting.oldestAtMs;
  }

  get firstBytes(): number {
    return this.#waiting.firstBytes;
  }

  add(rows: Rows, nowMs: number): void {
    this.#waiting.add(rows, nowMs);
  }

  take(countMax: number, bytesMax: number, nowMs: number): Run {
    const records = this.#waiting.take(countMax, bytesMax, nowMs);
    return { partition: this.partition, records, nextOffset: this.#waiting.firstOffset ?? this.fetchOffset };
  }

  /** Everything below the offset is settled. False: there is nothing to commit, since the batch belongs to an earlier history or is already settled. */
  settle(nextOffset: number, history: number): boolean {
    if (history !== this.history || nextOffset <= this.settled) return false;
    this.settled = nextOffset;
    this.uncommitted++;
    return true;
  }

  /** Where everything that was fetched is filtered out, the offset moves on without an invocation. True: there is something to commit. */
  passFiltered(): boolean {
    if (this.isWithFunction || this.count > 0 || this.fetchOffset <= this.settled) return false;
    this.settled = this.fetchOffset;
    return true;
  }

  /** The group has the offset; returns by how many offsets it moved on. */
  acknowledge(offset: number): number {
    const moved = Math.max(0, offset - (this.committed ?? offset));
    this.committed = offset;
    this.uncommitted = offset >= this.settled ? 0 : 1;
    return moved;
  }

  /** A batch of an earlier assignment was settled up to here. Records of it that were fetched again are not handed over again. True: there is something to commit. */
  takeOver(earlier: PartitionLane, nextOffset: number): boolean {
    if (this.topicId !== earlier.topicId || this.history > 0 || nextOffset <= this.settled) return false;
    // A group's offsets never go back by themselves: somebody has set them, or the topic was created again.
    if ((this.committed ?? -1) < (earlier.committed ?? -1)) return false;
    this.#waiting.dropBelow(nextOffset);
    this.fetchOffset = Math.max(this.fetchOffset, nextOffset);
    this.settled = nextOffset;
    this.uncommitted++;
    return true;
  }

  /** Back to the first record that is not settled; everything after it is fetched again. */
  rewind(): void {
    this.#waiting.clear();
    this.fetchOffset = this.settled;
    this.isWithFunction = false;
  }

  /** The offset to be fetched no longer exists. An offset below what is settled means that the topic was created again. */
  beginAt(offset: number): void {
    if (offset < this.settled) {
      this.history++;
      this.settled = offset;
      this.#waiting.clear();
    }
    this.fetchOffset = offset;
  }

  /** What is committed beside an offset, so that it can be recognised later. */
  originOf(offset: number): { readonly topicId: string | undefined; readonly leaderEpoch: number | undefined } {
    return { topicId: this.topicId, leaderEpoch: this.epochs.before(offset) };
  }

  /** The topic was deleted and created again: nothing of the old one counts. A batch of it may still be with the function. */
  startOver(topicId: string, offset: number): void {
    this.history++;
    this.topicId = topicId;
    this.committed = undefined;
    this.uncommitted = 0;
    this.settled = offset;
    this.fetchOffset = offset;
    this.epochs.clear();
    this.#waiting.clear();
  }

  /** From `offset` on the log holds other records than were read. Unsettled records before it are delivered again too, since a batch may hold some of both. */
  goBack(offset: number, epoch: number): void {
    this.history++;
    this.settled = Math.min(this.settled, offset);
    this.fetchOffset = this.settled;
    this.epochs.cut(offset, epoch);
    this.#waiting.clear();
  }
}
