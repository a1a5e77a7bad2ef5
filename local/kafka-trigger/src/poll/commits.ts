/** Commits of settled offsets: one request at a time, the latest of each partition, tried again while the group is ours. */
import { setTimeout as sleep } from "node:timers/promises";
import { createDeadline, type Deadline } from "../../../../lib/deadline.js";
import { type RelayError, toRelayError } from "../../../../lib/errors.js";
import type { Assignment } from "../../../../lib/kafka/membership/membership.js";
import type { CommittedOffset } from "../../../../lib/kafka/membership/membership-offsets.js";

export interface Commits {
  /** Notes that everything below `nextOffset` is settled, and commits it soon. */
  readonly note: (partition: number, nextOffset: number) => void;
  /** What is noted of a partition is of a topic that is gone. */
  readonly drop: (partition: number) => void;
  /** Commits what is noted, until the deadline. */
  readonly flush: (deadline: Deadline) => Promise<void>;
  /** Commits nothing any more: the partitions are somebody else's. */
  readonly close: () => void;
}

const commitTimeoutMs = 5_000;
const pauseMs = 250;

export function createCommits(
  assignment: Assignment,
  /** What is kept of an offset beside itself. */
  originOf: (partition: number, nextOffset: number) => Omit<CommittedOffset, "offset">,
  onCommitted: (partition: number, nextOffset: number) => void,
  onTrouble: (error: RelayError) => void,
): Commits {
  const noted = new Map<number, { readonly nextOffset: number; readonly committed: CommittedOffset }>();
  let isClosed = false;
  let running: Promise<void> | undefined;
  let limit = createDeadline(Number.MAX_SAFE_INTEGER);

  async function run(): Promise<void> {
    // What is noted in the same turn goes together.
    await Promise.resolve();
    while (noted.size > 0 && !isClosed && limit.leftMs() > 0) {
      const sent = new Map(noted);
      try {
        const offsets = new Map([...sent].map(([partition, { committed }]) => [partition, committed]));
        await assignment.commit(offsets, createDeadline(Math.min(commitTimeoutMs, limit.leftMs())));
        for (const [partition, one] of sent) {
          if (!noted.has(partition)) continue; // dropped meanwhile
          if (noted.get(partition) === one) noted.delete(partition);
          onCommitted(partition, one.nextOffset);
        }
      } catch (thrown) {
        const error = toRelayError(thrown);
        if (error.code === "conflict") {
          isClosed = true;
          return;
        }
        onTrouble(error);
        await sleep(Math.min(pauseMs, limit.leftMs()));
      }
    }
  }

  const start = (): Promise<void> => {
    running ??= run().finally(() => {
      running = undefined;
      if (noted.size > 0 && !isClosed && limit.leftMs() > 0) void start();
    });
    return running;
  };

  return {
    note: (partition, nextOffset) => {
      if (isClosed) return;
      noted.set(partition, { nextOffset, committed: { offset: BigInt(nextOffset), ...originOf(partition, nextOffset) } });
      void start();
    },
    drop: (partition) => void noted.delete(partition),
    flush: async (deadline) => {
      limit = deadline;
      if (noted.size > 0 && !isClosed) await start();
    },
    close: () => {
      isClosed = true;
    },
  };
}
