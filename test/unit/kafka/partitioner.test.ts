/** Which partition a record goes to. */
import fc from "fast-check";
import kafkajsMurmur2 from "kafkajs/src/producer/partitioners/default/murmur2.js";
import { expect, test } from "vitest";
import { murmur2, Partitioner, partitionOfKey } from "../../../lib/kafka/produce/partitioner.js";
import type { OutgoingRecord } from "../../../lib/kafka/records.js";

const record = (more: Partial<OutgoingRecord> = {}): OutgoingRecord => ({ key: null, value: null, headers: [], ...more });
const everyLeader = () => true;

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

  const first = partitioner.forCall(3, everyLeader);
  const second = partitioner.forCall(3, everyLeader);

  expect([first(record(), 50), first(record(), 50), first(record(), 50)]).toEqual([1, 1, 1]);
  expect([second(record(), 50), second(record(), 50)]).toEqual([2, 2]);
});

test("after 64 KiB the records of a call go on to the next partition", () => {
  const choose = new Partitioner(0).forCall(3, everyLeader);

  expect([choose(record(), 65_536), choose(record(), 10), choose(record(), 10)]).toEqual([1, 2, 2]);
});

test("records without a key avoid a partition that has no leader, unless none has one", () => {
  const partitioner = new Partitioner(0);

  expect([1, 2, 3].map(() => partitioner.forCall(3, (partition) => partition !== 1)(record(), 1))).toEqual([2, 0, 2]);
  expect(partitioner.forCall(3, () => false)(record(), 1)).toBeGreaterThanOrEqual(0);
});

test("a partition that is named is taken as it is", () => {
  expect(new Partitioner(0).forCall(3, everyLeader)(record({ partition: 9, key: Buffer.from("a") }), 1)).toBe(9);
});
