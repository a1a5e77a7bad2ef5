/** Which partition a record goes to. */
import fc from "fast-check";
import kafkajsMurmur2 from "kafkajs/src/producer/partitioners/default/murmur2.js";
import { expect, test } from "vitest";
import { murmur2, Partitioner, type PartitionStates, partitionOfKey } from "../../../lib/kafka/produce/partitioner.js";
import type { OutgoingRecord } from "../../../lib/kafka/records.js";

const record = (more: Partial<OutgoingRecord> = {}): OutgoingRecord => ({ key: null, value: null, headers: [], ...more });
const partitions = (more: Partial<PartitionStates> = {}): PartitionStates => ({
  count: 3,
  hasLeader: () => true,
  isGathering: () => false,
  ...more,
});

test("keys hash as in the Java client, by the values of its own tests", () => {
  const hashes = [
    "21",
    "foobar",
    "a-little-bit-long-string",
    "a-little-bit-longer-string",
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
    "abc",
  ].map((key) => murmur2(Buffer.from(key)));

  expect(hashes).toEqual([-973932308, -790332482, -985981536, -1486304829, -58897971, 479470107]);
});

test("keys hash as in kafkajs, whatever their bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(murmur2(bytes)).toBe(kafkajsMurmur2(Buffer.from(bytes)));
    }),
  );
});

test("a key always goes to the same partition, and that is one of the topic's", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 1000 }), (key, count) => {
      const partition = partitionOfKey(key, count);
      expect(partition).toBeGreaterThanOrEqual(0);
      expect(partition).toBeLessThan(count);
    }),
  );
});

test("records of one call without a key stay together, and the next call goes to the next partition", () => {
  const partitioner = new Partitioner(0);

  const first = partitioner.forCall(partitions());
  expect([first(record(), 50), first(record(), 50), first(record(), 50)]).toEqual([1, 1, 1]);
  const second = partitioner.forCall(partitions());
  expect([second(record(), 50), second(record(), 50)]).toEqual([2, 2]);
});

test("calls whose batch has not left share its partition, until it has 64 KiB", () => {
  const partitioner = new Partitioner(0);
  const gathering = partitions({ isGathering: (partition) => partition === 1 });

  const chosen = [50, 50, 65_536, 50].map((bytes) => partitioner.forCall(gathering)(record(), bytes));

  expect(chosen).toEqual([1, 1, 1, 2]);
});

test("a batch that waits for its leader is not shared: the next call goes on to the next partition", () => {
  const partitioner = new Partitioner(0);
  const leaderless = partitions({ isGathering: (partition) => partition === 1, hasLeader: (partition) => partition !== 1 });

  partitioner.forCall(partitions())(record(), 50);

  expect(partitioner.forCall(leaderless)(record(), 50)).toBe(2);
});

test("calls with keys do not move the turn of records without", () => {
  const partitioner = new Partitioner(0);

  for (const key of ["a", "b", "c"]) partitioner.forCall(partitions())(record({ key: Buffer.from(key) }), 50);

  expect(partitioner.forCall(partitions())(record(), 50)).toBe(1);
});

test("after 64 KiB the records of a call go on to the next partition", () => {
  const choose = new Partitioner(0).forCall(partitions());

  expect([choose(record(), 65_536), choose(record(), 10), choose(record(), 10)]).toEqual([1, 2, 2]);
});

test("records without a key avoid a partition that has no leader, unless none has one", () => {
  const partitioner = new Partitioner(0);

  expect([1, 2, 3].map(() => partitioner.forCall(partitions({ hasLeader: (partition) => partition !== 1 }))(record(), 1))).toEqual([
    2, 0, 2,
  ]);
  expect(partitioner.forCall(partitions({ hasLeader: () => false }))(record(), 1)).toBeGreaterThanOrEqual(0);
});

test("a partition that is named is taken as it is", () => {
  expect(new Partitioner(0).forCall(partitions())(record({ partition: 9, key: Buffer.from("a") }), 1)).toBe(9);
});
