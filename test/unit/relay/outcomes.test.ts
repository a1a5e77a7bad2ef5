/** What the outcomes of one call mean for a record and its lane. */
import { describe, expect, test } from "vitest";
import { Breaker } from "../../../lib/relay/batch/breaker.js";
import { type Entry, toEntry } from "../../../lib/relay/batch/entry.js";
import { Lane } from "../../../lib/relay/batch/lane.js";
import { headOf, resultOf } from "../../../lib/relay/batch/outcomes.js";
import { settleInOrder } from "../../../lib/relay/batch/settle.js";
import type { Delivery, DeliveryOutcome } from "../../../lib/relay/delivery.js";
import { delivered, failed, record } from "../../support/relay/relay-bench.js";

const delivery = (id: string): Delivery => ({ id }) as Delivery;
const [a, b, c] = [delivery("a"), delivery("b"), delivery("c")];
const outcomes = (...pairs: readonly (readonly [Delivery, DeliveryOutcome])[]) => new Map(pairs);
const entry = (offset: number, own: Partial<Entry> = {}): Entry => ({
  ...toEntry(record({ offset: BigInt(offset) }), { namespace: "n" }),
  pending: [delivery(String(offset))],
  ...own,
});

describe("the result of a record", () => {
  test("is delivered when all of its messages are", () => {
    expect(resultOf([a, b], outcomes([a, delivered], [b, delivered]), false)).toEqual({
      wasAttempted: true,
      someDelivered: true,
      pending: [],
      error: undefined,
    });
  });

  test("leaves every message after the first failure to be sent again, or, where each counts alone, the failed ones", () => {
    const some = outcomes([a, delivered], [b, failed("target-busy")], [c, delivered]);

    expect(resultOf([a, b, c], some, false).pending).toEqual([b, c]);
    expect(resultOf([a, b, c], some, true).pending).toEqual([b]);
  });

  test("is decided by the record's own fault, then by ours, then by the target's", () => {
    const [target, ours, own] = [failed("target-busy"), failed("internal"), failed("record-refused")];
    const codeOf = (...all: readonly DeliveryOutcome[]) =>
      resultOf([a, b, c], outcomes([a, all[0] ?? delivered], [b, all[1] ?? delivered], [c, all[2] ?? delivered]), false).error?.code;

    expect([codeOf(target, ours, own), codeOf(target, ours), codeOf(delivered, target)]).toEqual([
      "record-refused",
      "internal",
      "target-busy",
    ]);
  });

  test("without any outcome is not an attempt", () => {
    expect(resultOf([a], outcomes(), false)).toEqual({ wasAttempted: false, someDelivered: false, pending: [a], error: undefined });
  });
});

test("a call takes the entries in front of one that already failed, or those that failed, and ends with a held one", () => {
  const failedBefore = entry(1, { pending: undefined, error: failedError("transform-failed") });

  expect(headOf([entry(0), failedBefore, entry(2)]).map(offsetOf)).toEqual([0n]);
  expect(headOf([failedBefore, entry(2)]).map(offsetOf)).toEqual([1n]);
  expect(headOf([entry(0), entry(1, { isHeld: true }), entry(2)]).map(offsetOf)).toEqual([0n, 1n]);
  expect(headOf([])).toEqual([]);
});

test("a lane stops at its first failure, counts what was delivered after it, and dead-letters what was refused before it", () => {
  const breaker = new Breaker({ failuresInRowMax: 5, openMs: 1_000, deadLettersInRowMax: 100 });
  const entries = [entry(0), entry(1), entry(2), entry(3)];
  const results = [failed("record-refused"), failed("target-busy"), delivered, failed("record-refused")];
  const given = outcomes(...entries.map((each, index) => [each.pending?.[0] as Delivery, results[index] as DeliveryOutcome] as const));

  const { refused, stopped } = settleInOrder(entries, given, { breaker, nowMs: 5, keepsOrder: false, countsAlone: false });

  expect([refused.map(offsetOf), stopped && offsetOf(stopped)]).toEqual([[0n], 1n]);
  expect(entries.map(({ verdict, attempts }) => [verdict, attempts])).toEqual(Array(4).fill([undefined, 1]));
});

test("a lane gives back an entry with everything after it, and is finished once every entry has a verdict", () => {
  const entries = [entry(0, { verdict: "delivered" }), entry(1), entry(2, { verdict: "delivered" })];
  const lane = new Lane(entries);

  expect(lane.openEntries(10).map(offsetOf)).toEqual([1n]);
  expect(lane.stateAfterCall()).toBe("ready");
  lane.giveBackFrom(entries[1] as Entry, failedError("target-busy"));

  expect(entries.map(({ verdict, error }) => [verdict, error?.code])).toEqual([
    ["delivered", undefined],
    ["given-back", "target-busy"],
    ["given-back", "target-busy"],
  ]);
  expect(lane.stateAfterCall()).toBe("finished");
});

const offsetOf = ({ source }: Entry): bigint => source.offset;

function failedError(code: Parameters<typeof failed>[0]) {
  const outcome = failed(code);
  return outcome.verdict === "failed" ? outcome.error : undefined;
}
