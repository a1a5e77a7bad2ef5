/** How members share partitions. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { assignorNames, assignPartitions } from "../../../lib/kafka/membership/assignors.js";

test("range gives runs of neighbours, the first members one more", () => {
  expect([...assignPartitions("range", ["b", "a", "c"], 7)]).toEqual([
    ["a", [0, 1, 2]],
    ["b", [3, 4]],
    ["c", [5, 6]],
  ]);
});

test("round robin gives one partition after the other", () => {
  expect([...assignPartitions("roundrobin", ["b", "a"], 5)]).toEqual([
    ["a", [0, 2, 4]],
    ["b", [1, 3]],
  ]);
});

test("every partition has one member, and shares differ by one at most", () => {
  const members = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.constantFrom(...assignorNames), members, fc.integer({ min: 0, max: 200 }), (assignor, names, count) => {
      const shares = [...assignPartitions(assignor, names, count).values()];
      const sizes = shares.map(({ length }) => length);
      expect(shares.flat().sort((one, other) => one - other)).toEqual(Array.from({ length: count }, (_, index) => index));
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});
