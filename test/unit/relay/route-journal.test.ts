/** What a route has done, as its batches say it. */
import { expect, test } from "vitest";
import type { BatchSummary, RecordFailure } from "../../../lib/relay/status/batch-summary.js";
import { createRouteJournal, failuresKeptMax, mergeActivities } from "../../../lib/relay/status/route-journal.js";
import type { KnownRoute } from "../../../lib/relay/status/route-provider.js";
import { stateOf } from "../../../lib/relay/status/route-state.js";

const closed = { state: "closed", untilMs: null, reason: null } as const;
const failure = (offset: string, timeMs: number): RecordFailure => ({
  verdict: "given-back",
  code: "target-failed",
  message: "503",
  topic: "orders",
  partition: 0,
  offset,
  timeMs,
});
const summary = (timeMs: number, delivered: number, held: RecordFailure | null = null): BatchSummary => ({
  route: "copy",
  timeMs,
  counts: { records: delivered, delivered, filtered: 0, deadLettered: 0, givenBack: held === null ? 0 : 1 },
  failures: held === null ? [] : [held],
  breaker: closed,
  partitions: [{ topic: "orders", partition: 0, held }],
});

test("counts are since the start, rates are over the last minute", () => {
  let nowMs = 0;
  const journal = createRouteJournal(() => nowMs);
  nowMs = 1_000;
  journal.note(summary(nowMs, 60));
  nowMs = 90_000;
  journal.note(summary(nowMs, 120));

  const { counts, rates, batches, lastBatchMs } = journal.activity();

  expect(counts.delivered).toBe(180);
  expect(rates.delivered).toBe(2);
  expect({ batches, lastBatchMs }).toEqual({ batches: 2, lastBatchMs: 90_000 });
});

test("a record that is given back again is held since the first time, and no longer once its partition goes on", () => {
  const journal = createRouteJournal(() => 10_000);
  journal.note(summary(1_000, 0, failure("7", 1_000)));
  journal.note(summary(5_000, 0, failure("7", 5_000)));

  expect(journal.activity().held).toEqual([{ ...failure("7", 5_000), sinceMs: 1_000 }]);

  journal.note(summary(6_000, 3, failure("9", 6_000)));
  expect(journal.activity().held).toEqual([{ ...failure("9", 6_000), sinceMs: 6_000 }]);

  journal.note(summary(7_000, 1));
  expect(journal.activity().held).toEqual([]);
});

test("recent failures are kept up to a limit, the newest first", () => {
  const journal = createRouteJournal(() => 0);
  for (let at = 0; at < failuresKeptMax + 5; at++) journal.note(summary(at, 0, failure(String(at), at)));

  const { failures } = journal.activity();

  expect(failures).toHaveLength(failuresKeptMax);
  expect(failures[0]?.offset).toBe(String(failuresKeptMax + 4));
});

test("several processes add up to one route", () => {
  const [one, other] = [createRouteJournal(() => 5_000), createRouteJournal(() => 1_000)];
  one.note(summary(5_000, 2));
  other.note({ ...summary(1_000, 3, failure("1", 1_000)), breaker: { state: "open", untilMs: 9_000, reason: "the target failed" } });

  const merged = mergeActivities([one.activity(), other.activity()]);

  expect(merged).toMatchObject({ sinceMs: 1_000, lastBatchMs: 5_000, batches: 2, counts: { delivered: 5 }, breaker: { state: "open" } });
  expect(merged?.held).toHaveLength(1);
});

const source = {
  topic: "orders",
  group: "copiers",
  isEnabled: true,
  batchSize: 100,
  windowMs: 0,
  startingPosition: "TRIM_HORIZON",
  state: "polling" as string | null,
  partitions: [{ partition: 0, committed: 0, end: 1, lag: 1, waiting: 0, isWithFunction: false, failure: null }],
};
const route = (changes: Partial<KnownRoute>): KnownRoute => ({
  name: "copy",
  description: null,
  fault: null,
  sources: [source],
  activity: null,
  ...changes,
});
const heldAt = (partition: number) => {
  const journal = createRouteJournal(() => 0);
  const held = { ...failure("3", 0), partition };
  journal.note({ ...summary(0, 0, held), partitions: [{ topic: "orders", partition, held }] });
  return journal.activity();
};

test.each([
  ["running", route({})],
  ["held", route({ activity: heldAt(0) })],
  // The partition has gone to another host, which delivers its records now.
  ["running", route({ activity: heldAt(4) })],
  ["starting", route({ sources: [{ ...source, state: "joining" }] })],
  ["waiting-for-topic", route({ sources: [source, { ...source, topic: "later", state: "waiting for the topic" }] })],
  ["ending", route({ sources: [{ ...source, state: "stopping" }] })],
  ["disabled", route({ sources: [{ ...source, isEnabled: false, state: null }] })],
  ["unknown", route({ sources: [{ ...source, state: null, partitions: null }] })],
  ["faulty", route({ fault: { code: "bad-configuration", message: "It cannot be loaded." } })],
] as const)("a route is %s", (state, given) => {
  expect(stateOf(given)).toBe(state);
});
