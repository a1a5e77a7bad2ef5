/** Commits settled offsets: one request at a time, the latest offset of each partition, tried again while the group is ours. */
import { setTimeout as sleep } from "node:timers/promises";
import { createDeadline, type Deadline } from "../../../../lib/deadline.js";
import { type RelayError, toRelayError } from "../../../../lib/errors.js";
import { type Pauses, pauseMs } from "../../../../lib/kafka/ask.js";
import type { Assignment } from "../../../../lib/kafka/membership/membership.js";
import type { CommittedOffset } from "../../../../lib/kafka/membership/membership-offsets.js";

export interface Commits {
  /** Notes that everything below `nextOffset` is settled, and commits it soon. */
  readonly note: (partition: number, nextOffset: number) => void;
  /** Forgets what is noted of a partition: it belongs to a topic that is gone. */
  readonly drop: (partition: number) => void;
  /** Commits what is noted, until the deadline. */
  readonly flush: (deadline: Deadline) => Promise<void>;
  /** Commits nothing any more: the partitions belong to somebody else. */
  readonly close: () => void;
}

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

const sleepFor = (ms: number, signal: AbortSignal): Promise<unknown> => sleep(ms, undefined, { signal }).catch(() => {});

interface Noted {
  readonly nextOffset: number;
  readonly committed: CommittedOffset;
}

export function createCommits(assignment: Pick<Assignment, "commit">, options: CommitsOptions): Commits {
  const { originOf, onCommitted, onTrouble, sleep: pause = sleepFor, random = Math.random } = options;
  const noted = new Map<number, Noted>();
  let isClosed = false;
  let running: Promise<void> | undefined;
  let limit = createDeadline(Number.MAX_SAFE_INTEGER);
  let failures = 0;
  let pausing = new AbortController();

  const isOpen = (): boolean => noted.size > 0 && !isClosed && limit.leftMs() > 0;

  async function run(): Promise<void> {
    // What is noted in the same turn is committed together.
    await Promise.resolve();
    while (isOpen()) {
      try {
        await commitOnce();
        failures = 0;
      } catch (thrown) {
        const error = toRelayError(thrown);
        if (error.code === "conflict") {
          isClosed = true;
          return;
        }
        onTrouble(error);
        pausing = new AbortController();
        await pause(Math.min(pauseMs(++failures, pauses, random), limit.leftMs()), pausing.signal);
      }
    }
  }

  async function commitOnce(): Promise<void> {
    const sent = new Map(noted);
    const offsets = new Map([...sent].map(([partition, { committed }]) => [partition, committed]));
    await assignment.commit(offsets, createDeadline(Math.min(commitTimeoutMs, limit.leftMs())));
    for (const [partition, one] of sent) {
      if (!noted.has(partition)) continue; // dropped meanwhile
      if (noted.get(partition) === one) noted.delete(partition);
      onCommitted(partition, one.nextOffset);
    }
  }

  /** What made the last commit fail may be over. */
  function retryNow(): void {
    failures = 0;
    pausing.abort();
  }

  const start = (): Promise<void> => {
    running ??= run().finally(() => {
      running = undefined;
      if (isOpen()) void start();
    });
    return running;
  };

  return {
    note: (partition, nextOffset) => {
      if (isClosed) return;
      noted.set(partition, { nextOffset, committed: { offset: BigInt(nextOffset), ...originOf(partition, nextOffset) } });
      void start();
    },
    drop: (partition) => {
      noted.delete(partition);
      retryNow();
    },
    flush: async (deadline) => {
      limit = deadline;
      retryNow();
      if (noted.size > 0 && !isClosed) await start();
    },
    close: () => {
      isClosed = true;
      pausing.abort();
    },
  };
}
