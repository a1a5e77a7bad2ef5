/** Commits of what is settled: together, the latest of each partition, and tried again ever more slowly. Pauses are an argument. */
import { expect, test } from "vitest";
import { createDeadline } from "../../../lib/deadline.js";
import { RelayError } from "../../../lib/errors.js";
import { Commits } from "../../../local/kafka-trigger/src/poll/commits.js";

const deleted = new RelayError("unknown-topic-or-partition", "The topic does not exist.");

/** Commits to a group that fails as long as `failures` says, and what became of them. */
function committing({ failures = 0, error = deleted }: { readonly failures?: number; readonly error?: RelayError } = {}) {
  const sent: (readonly (readonly [number, bigint])[])[] = [];
  const committed: (readonly [number, number])[] = [];
  const troubles: RelayError[] = [];
  const pauses: number[] = [];
  const commits = new Commits(
    {
      commit: async (offsets) => {
        sent.push([...offsets].map(([partition, { offset }]) => [partition, offset]));
        if (sent.length <= failures) throw error;
      },
    },
    {
      originOf: () => ({}),
      onCommitted: (partition, nextOffset) => committed.push([partition, nextOffset]),
      onTrouble: (trouble) => troubles.push(trouble),
      sleep: async (ms) => void pauses.push(ms),
      random: () => 1,
    },
  );
  return { commits, sent, committed, troubles, pauses, flush: () => commits.flush(createDeadline(60_000)) };
}

test("what is noted in the same turn is committed together, the latest offset of each partition", async () => {
  const { commits, sent, committed, flush } = committing();
  for (const [partition, nextOffset] of [
    [0, 3],
    [1, 7],
    [0, 5],
  ] as const)
    commits.note(partition, nextOffset);
  await flush();

  expect(sent).toEqual([
    [
      [0, 5n],
      [1, 7n],
    ],
  ]);
  expect(committed).toEqual([
    [0, 5],
    [1, 7],
  ]);
});

test("a commit that fails is tried again, each time after a longer pause", async () => {
  const { commits, sent, committed, pauses, troubles, flush } = committing({ failures: 7 });
  commits.note(0, 5);
  await flush();

  expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 4_000, 4_000]);
  expect([sent.length, troubles.length]).toEqual([8, 7]);
  expect(committed).toEqual([[0, 5]]);
});

test("what is dropped meanwhile is not committed, and not waited for", async () => {
  const aborted: boolean[] = [];
  const commits = new Commits(
    { commit: async () => Promise.reject(deleted) },
    {
      originOf: () => ({}),
      onCommitted: () => {},
      onTrouble: () => {},
      sleep: (_ms, signal) => new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(void aborted.push(true)))),
    },
  );
  commits.note(0, 5);
  await new Promise((resolve) => setImmediate(resolve));
  commits.drop(0);
  await commits.flush(createDeadline(60_000));

  expect(aborted).toEqual([true]);
});

test("partitions that belong to somebody else are committed no more", async () => {
  const { commits, sent, troubles, flush } = committing({ failures: 1, error: new RelayError("conflict", "The group has rebalanced.") });
  commits.note(0, 5);
  await flush();
  commits.note(0, 6);
  await flush();

  expect([sent.length, troubles]).toEqual([1, []]);
});
