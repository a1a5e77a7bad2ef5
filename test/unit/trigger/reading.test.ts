/** What fetches do to a partition: it is fetched, left alone after a failure for ever longer, and recovers by one success. */
import { expect, test } from "vitest";
import { RelayError } from "../../../lib/errors.js";
import { failureOf, fetchBegan, fetchFailed, fetchSetAside, idle, type Reading } from "../../../local/kafka-trigger/src/poll/reading.js";

const away = new RelayError("leader-not-available", "No leader.");
const damaged = new RelayError("batch-unreadable", "Damaged.");

/** The pause after each failure in a row, in milliseconds. */
function pausesAfter(error: RelayError, count: number): readonly number[] {
  let reading: Reading = idle;
  return Array.from({ length: count }, () => {
    reading = fetchFailed(fetchBegan(reading), error, 1_000);
    return reading.state === "failing" ? reading.untilMs - 1_000 : -1;
  });
}

test("each failure in a row doubles the pause, up to two seconds", () => {
  expect(pausesAfter(away, 7)).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000]);
});

test("a batch that cannot be read is looked at again every 30 seconds at most", () => {
  expect(pausesAfter(damaged, 11).slice(-2)).toEqual([30_000, 30_000]);
});

test("the first failure in a row says since when, the last one says why", () => {
  const first = fetchFailed(fetchBegan(idle), away, 1_000);
  const second = fetchFailed(fetchBegan(first), damaged, 5_000);

  expect(failureOf(second)).toEqual({ error: damaged, sinceMs: 1_000, times: 2 });
});

test("a failure stays visible while the next fetch runs", () => {
  const failing = fetchFailed(fetchBegan(idle), away, 1_000);

  expect(failureOf(fetchBegan(failing))?.error).toBe(away);
  expect(failureOf(fetchBegan(idle))).toBeUndefined();
});

test("an answer that is set aside changes nothing but that the partition is fetched again at once", () => {
  const failing = fetchFailed(fetchBegan(idle), away, 1_000);

  expect(fetchSetAside(fetchBegan(idle))).toEqual(idle);
  expect(fetchSetAside(fetchBegan(failing))).toEqual({ state: "failing", failure: failureOf(failing), untilMs: 0 });
});
