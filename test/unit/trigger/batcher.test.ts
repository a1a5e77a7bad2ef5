/** When a batch is sent and what it holds (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html), with a clock of the test's own. */
import { expect, test } from "vitest";
import { dueInMs, isTooLarge, nextBatch, payloadBytesMax } from "../../../local/kafka-trigger/src/poll/batcher.js";
import { PartitionLane } from "../../../local/kafka-trigger/src/poll/lane.js";
import { rowsOf } from "../../support/trigger/waiting-records.js";

function lane(partition: number, count: number, atMs: number, payloadBytes = 100): PartitionLane {
  const made = new PartitionLane(partition, 0, 0);
  const rows = Array.from({ length: count }, (_, offset) => ({ offset, payloadBytes }));
  made.add(rowsOf("t", partition, rows), atMs);
  made.fetchOffset = count;
  return made;
}

const sizes = (lanes: readonly PartitionLane[], rules: { batchSize: number; windowMs: number }, nowMs: number) =>
  nextBatch(lanes, rules, nowMs)?.map(({ partition, records }) => [partition, records.length]);

test("the window starts when the first record arrives, and ends in a batch of what is there", () => {
  const lanes = [lane(0, 3, 1_000)];

  expect(sizes(lanes, { batchSize: 10, windowMs: 500 }, 1_499)).toBeUndefined();
  expect(dueInMs(lanes, { batchSize: 10, windowMs: 500 }, 1_100)).toBe(400);
  expect(sizes(lanes, { batchSize: 10, windowMs: 500 }, 1_500)).toEqual([[0, 3]]);
});

test("a batch that is full is sent at once", () => {
  expect(sizes([lane(0, 10, 1_000)], { batchSize: 10, windowMs: 300_000 }, 1_000)).toEqual([[0, 10]]);
});

test("a window of 0 sends what is available", () => {
  expect(sizes([lane(0, 1, 1_000)], { batchSize: 10, windowMs: 0 }, 1_000)).toEqual([[0, 1]]);
});

test("a batch may hold records of several partitions, and its size counts all of them", () => {
  expect(sizes([lane(0, 3, 1_000), lane(1, 4, 1_001), lane(2, 9, 1_002)], { batchSize: 10, windowMs: 500 }, 1_500)).toEqual([
    [0, 3],
    [1, 4],
    [2, 3],
  ]);
});

test("a partition that fills a batch by itself leaves the others to one of their own", () => {
  const lanes = [lane(0, 30, 1_000), lane(1, 30, 1_000)];

  expect(sizes(lanes, { batchSize: 10, windowMs: 500 }, 1_000)).toEqual([[0, 10]]);
  (lanes[0] as PartitionLane).isWithFunction = true;
  expect(sizes(lanes, { batchSize: 10, windowMs: 500 }, 1_000)).toEqual([[1, 10]]);
});

test("the records of a partition wait while a batch of it is with the function", () => {
  const busy = lane(0, 30, 1_000);
  busy.isWithFunction = true;

  expect(nextBatch([busy], { batchSize: 10, windowMs: 0 }, 9_000)).toBeUndefined();
});

test("a third batch of a partition waits until the first is committed", () => {
  const uncommitted = lane(0, 30, 1_000);
  uncommitted.uncommitted = 2;

  expect(nextBatch([uncommitted], { batchSize: 10, windowMs: 0 }, 9_000)).toBeUndefined();
});

test("a payload of 6 MB is sent before the batch is full and before the window ends", () => {
  const lanes = [lane(0, 8, 1_000, 1_000_000)];

  expect(sizes(lanes, { batchSize: 100, windowMs: 300_000 }, 1_000)).toEqual([[0, 6]]);
});

test("one record that no invocation can take goes by itself, and is known as too large", () => {
  const lanes = [lane(0, 2, 1_000, payloadBytesMax + 1)];

  const runs = nextBatch(lanes, { batchSize: 100, windowMs: 300_000 }, 1_000) ?? [];

  expect(runs.map(({ records }) => records.length)).toEqual([1]);
  expect(isTooLarge(runs)).toBe(true);
});

test("a run ends before the next record that waits, or past what was filtered out behind it", () => {
  const filtered = lane(0, 5, 1_000);
  filtered.fetchOffset = 900;

  const [first] = nextBatch([filtered], { batchSize: 3, windowMs: 0 }, 1_000) ?? [];
  const [rest] = nextBatch([filtered], { batchSize: 3, windowMs: 0 }, 1_000) ?? [];

  expect([first?.nextOffset, rest?.nextOffset]).toEqual([3, 900]);
});
