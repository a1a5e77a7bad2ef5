/** One partition between the broker, the function and the group: what is ready, what is settled, what may be committed. */
import { expect, test } from "vitest";
import { RelayError } from "../../../lib/errors.js";
import { PartitionLane } from "../../../local/kafka-trigger/src/poll/lane.js";
import { fetchFailed } from "../../../local/kafka-trigger/src/poll/reading.js";
import { rowsOf } from "../../support/trigger/waiting-records.js";

/** A lane at offset 0 that has fetched so many records. */
function laneWith(count: number, committed: number | undefined = 0): PartitionLane {
  const lane = new PartitionLane(0, 0, committed);
  const offsets = Array.from({ length: count }, (_, offset) => ({ offset }));
  lane.add(rowsOf("orders", 0, offsets), 1_000);
  lane.fetchOffset = count;
  return lane;
}

test("a lane is idle, waits with its records, is with the function, and fails", () => {
  const lane = laneWith(0);
  expect(lane.state).toBe("idle");
  lane.reading = fetchFailed(lane.reading, new RelayError("batch-unreadable", "Damaged."), 1_000);
  expect(lane.state).toBe("failing");
  lane.add(rowsOf("orders", 0, [{ offset: 0 }]), 1_000);
  expect(lane.state).toBe("waiting");
  lane.isWithFunction = true;
  expect([lane.state, lane.isReady]).toEqual(["with-function", false]);
});

test("what is settled is to be committed once, and only forwards", () => {
  const lane = laneWith(10);

  expect(lane.settle(4, 0)).toBe(true);
  expect([lane.settle(4, 0), lane.settle(3, 0)]).toEqual([false, false]);
  expect([lane.settled, lane.uncommitted]).toEqual([4, 1]);
});

test("a batch of an earlier history settles nothing", () => {
  const lane = laneWith(10);
  lane.startOver("new-topic", 0);

  expect(lane.settle(4, 0)).toBe(false);
  expect(lane.settled).toBe(0);
});

test("a commit is counted from the last one, and frees the next batch", () => {
  const lane = laneWith(10, 2);
  lane.settle(4, 0);
  lane.settle(8, 0);

  expect(lane.isReady).toBe(false);
  expect([lane.acknowledge(4), lane.uncommitted]).toEqual([2, 1]);
  expect([lane.acknowledge(8), lane.uncommitted]).toEqual([4, 0]);
  expect(lane.isReady).toBe(true);
});

test("where everything is filtered out, the offset moves on; not while records wait or are with the function", () => {
  const lane = laneWith(0);
  lane.fetchOffset = 50;
  lane.isWithFunction = true;
  expect(lane.passFiltered()).toBe(false);
  lane.isWithFunction = false;

  expect([lane.passFiltered(), lane.settled]).toEqual([true, 50]);
  expect(laneWith(3).passFiltered()).toBe(false);
});

test("what a batch of an earlier assignment settled is not handed over again", () => {
  const earlier = laneWith(0);
  const lane = laneWith(10);

  expect(lane.takeOver(earlier, 6)).toBe(true);
  expect([lane.count, lane.settled, lane.uncommitted]).toEqual([4, 6, 1]);
  expect(lane.take(10, 10_000, 2_000).records.map(({ offset }) => offset)).toEqual([6, 7, 8, 9]);
});

test("an offset that somebody set back is not overruled by a batch of an earlier assignment", () => {
  const earlier = laneWith(0, 5);
  const lane = laneWith(10, 0);

  expect(lane.takeOver(earlier, 6)).toBe(false);
  expect(lane.count).toBe(10);
});

test("a batch of a topic that was created again meanwhile is not taken over", () => {
  const earlier = laneWith(0);
  const lane = laneWith(10);
  lane.topicId = "new-topic";

  expect(lane.takeOver(earlier, 6)).toBe(false);
});

test("after an offset below what is settled everything is begun again", () => {
  const lane = laneWith(10);
  lane.settle(8, 0);

  lane.beginAt(3);

  expect([lane.settled, lane.fetchOffset, lane.history, lane.count]).toEqual([3, 3, 1, 0]);
});
