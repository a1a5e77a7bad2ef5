/** Commits settled offsets: one request at a time, the latest offset of each partition, tried again while the group is ours. */
import { setTimeout as wait } from "node:timers/promises";
import { createDeadline, type Deadline, sooner } from "../../../../lib/deadline.js";
import { type RelayError, toRelayError } from "../../../../lib/errors.js";
import { type Pauses, pauseMs } from "../../../../lib/kafka/ask.js";
import type { Assignment } from "../../../../lib/kafka/membership/membership.js";
import type { CommittedOffset } from "../../../../lib/kafka/membership/membership-offsets.js";

interface CommitsOptions {
  /** What is committed beside an offset. */
  readonly originOf: (partition: number, nextOffset: number) => Omit<CommittedOffset, "offset">;
  readonly onCommitted: (partition: number, nextOffset: number) => void;
  readonly onTrouble: (error: RelayError) => void;
  /** Between attempts; ends early when the signal is aborted. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  readonly random?: () => number;
}

const commitTimeoutMs = 5_000;
/** A topic that was deleted may never come back; its offsets are offered this rarely then. */
const pauses: Pauses = { firstMs: 250, maxMs: 4_000 };

const sleepFor = (ms: number, signal: AbortSignal): Promise<unknown> => wait(ms, undefined, { signal }).catch(() => {});

interface Noted {
  readonly nextOffset: number;
  readonly committed: CommittedOffset;
}

export class Commits {
  readonly #assignment: Pick<Assignment, "commit">;
  readonly #options: CommitsOptions;
  readonly #noted = new Map<number, Noted>();
  #isClosed = false;
  #running: Promise<void> | undefined;
  #limit = createDeadline(Number.MAX_SAFE_INTEGER);
  /** In a row. */
  #failures = 0;
  #pausing = new AbortController();

  constructor(assignment: Pick<Assignment, "commit">, options: CommitsOptions) {
    this.#assignment = assignment;
    this.#options = options;
  }

  /** Notes that everything below `nextOffset` is settled, and commits it soon. */
  note(partition: number, nextOffset: number): void {
    if (this.#isClosed) return;
    const origin = this.#options.originOf(partition, nextOffset);
    this.#noted.set(partition, { nextOffset, committed: { offset: BigInt(nextOffset), ...origin } });
    void this.#start();
  }

  /** Forgets what is noted of a partition: it belongs to a topic that is gone. */
  drop(partition: number): void {
    this.#noted.delete(partition);
    this.#retryNow();
  }

  /** Commits what is noted, until the deadline. */
  async flush(deadline: Deadline): Promise<void> {
    this.#limit = deadline;
    this.#retryNow();
    if (this.#isOpen()) await this.#start();
  }

  /** Commits nothing any more: the partitions belong to somebody else. */
  close(): void {
    this.#isClosed = true;
    this.#pausing.abort();
  }

  #isOpen(): boolean {
    return this.#noted.size > 0 && !this.#isClosed && this.#limit.leftMs() > 0;
  }

  /** What made the last commit fail may be over. */
  #retryNow(): void {
    this.#failures = 0;
    this.#pausing.abort();
  }

  #start(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#isOpen()) void this.#start();
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    // What is noted in the same turn is committed together.
    await Promise.resolve();
    while (this.#isOpen()) {
      try {
        await this.#commit();
        this.#failures = 0;
      } catch (thrown) {
        const error = toRelayError(thrown);
        if (error.code === "conflict") return this.close();
        this.#options.onTrouble(error);
        await this.#pause();
      }
    }
  }

  async #commit(): Promise<void> {
    const sent = new Map(this.#noted);
    const offsets = new Map([...sent].map(([partition, { committed }]) => [partition, committed]));
    await this.#assignment.commit(offsets, sooner(this.#limit, commitTimeoutMs));
    for (const [partition, one] of sent) {
      if (!this.#noted.has(partition)) continue; // dropped meanwhile
      if (this.#noted.get(partition) === one) this.#noted.delete(partition);
      this.#options.onCommitted(partition, one.nextOffset);
    }
  }

  async #pause(): Promise<void> {
    const { sleep = sleepFor, random = Math.random } = this.#options;
    this.#pausing = new AbortController();
    await sleep(Math.min(pauseMs(++this.#failures, pauses, random), this.#limit.leftMs()), this.#pausing.signal);
  }
}
