/** Which partitions are fetched next, and who is asked for them. */
import { expect, test } from "vitest";
import { RelayError } from "../../../lib/errors.js";
import type { PartitionMetadata, TopicMetadata } from "../../../lib/kafka/metadata.js";
import { PartitionLane } from "../../../local/kafka-trigger/src/poll/lane.js";
import { dueLanes, lanesByLeader } from "../../../local/kafka-trigger/src/poll/leaders.js";
import { fetchBegan, fetchFailed } from "../../../local/kafka-trigger/src/poll/reading.js";
import { rowsOf } from "../../support/trigger/waiting-records.js";

const away = new RelayError("leader-not-available", "No leader.");

function lane(partition: number, waitingBytes = 0): PartitionLane {
  const made = new PartitionLane(partition, 0, 0);
  if (waitingBytes > 0) made.add(rowsOf("orders", partition, [{ offset: 0, payloadBytes: waitingBytes }]), 0);
  return made;
}

const numbers = (lanes: Iterable<PartitionLane>) => [...lanes].map(({ partition }) => partition);

test("a lane that is being fetched, or has enough records that wait, is not fetched", () => {
  const busy = lane(0);
  busy.reading = fetchBegan(busy.reading);

  expect(numbers(dueLanes([busy, lane(1, 8_000_000), lane(2, 7_999_999), lane(3)], 1_000).due)).toEqual([2, 3]);
});

test("a lane that failed is left alone until its pause ends, and the end of the first pause is returned", () => {
  const failing = [lane(0), lane(1)];
  for (const [index, one] of failing.entries()) one.reading = fetchFailed(fetchBegan(one.reading), away, 1_000 + index * 50);

  expect(dueLanes([...failing, lane(2)], 1_080)).toMatchObject({ due: [{ partition: 2 }], againInMs: 20 });
  expect(numbers(dueLanes(failing, 1_100).due)).toEqual([0]);
});

test("where all lanes together hold too much, those without a waiting record are still fetched", () => {
  const full = Array.from({ length: 13 }, (_, partition) => lane(partition, 7_900_000));

  expect(numbers(dueLanes([...full, lane(20)], 0).due)).toEqual([20]);
});

test("lanes are asked of the broker that leads them; one without a leader and one that does not exist say why", () => {
  const partitions = [1, 2, 1, null].map((leader, partition) => ({ partition, leader }) as PartitionMetadata);
  const lanes = [0, 1, 2, 3, 4].map((partition) => lane(partition));

  const { byLeader, failed } = lanesByLeader(lanes, "orders", { partitions } as unknown as TopicMetadata);

  expect([...byLeader].map(([leader, led]) => [leader, numbers(led)])).toEqual([
    [1, [0, 2]],
    [2, [1]],
  ]);
  expect([...failed].map(([{ partition }, { code }]) => [partition, code])).toEqual([
    [3, "leader-not-available"],
    [4, "partition-not-found"],
  ]);
});
