/** What a lane does after a call, and where no call was possible: one decision per case, without a clock or a target. */
import { describe, expect, test } from "vitest";
import { RelayError, type RelayErrorDetails } from "../../../lib/errors.js";
import { isDeadLetteredAfterRetries, stepAfterCall, stepWithoutCall } from "../../../lib/relay/batch/next-step.js";
import { askedWaitOf, backoffMs } from "../../../lib/relay/batch/retry.js";

const retry = { attemptsMax: 3, firstDelayMs: 100, delayMaxMs: 1_000, deadlineMs: 60_000, retryAfterMaxMs: 5_000 };
const limits = { nowMs: 1_000, endMs: 50_000, policyEndMs: 40_000 };
const noJitter = () => 0.5;
const targetFault = (details: RelayErrorDetails = {}) => new RelayError("target-failed", "the target failed", details);

describe("after a call", () => {
  test.each([
    ["that did not attempt the entry, it is queued again", undefined, 0, limits, { step: "queue" }],
    ["that failed by a bug of ours, it is given back", new RelayError("internal", "a bug"), 0, limits, { step: "give-back" }],
    ["that the target failed, it is retried after a random part of the wait", targetFault(), 1, limits, { step: "retry", atMs: 1_050 }],
    ["that failed again, the wait doubles", targetFault(), 2, limits, { step: "retry", atMs: 1_100 }],
    ["that was the last one the policy allows, the policy is used up", targetFault(), 3, limits, { step: "exhaust" }],
    [
      "whose retry would start after the policy's end, the policy is used up",
      targetFault(),
      1,
      { ...limits, policyEndMs: 1_050 },
      { step: "exhaust" },
    ],
    [
      "whose retry would start after the function's end, it is given back",
      targetFault(),
      3,
      { ...limits, endMs: 1_200 },
      { step: "give-back" },
    ],
    [
      "with a wait that the target asked for, it is retried after that",
      targetFault({ retryAfterMs: 700 }),
      0,
      limits,
      { step: "retry", atMs: 1_700 },
    ],
    [
      "with a wait longer than the route allows, the wait is cut",
      targetFault({ retryAfterMs: 86_400_000 }),
      0,
      limits,
      { step: "retry", atMs: 6_000 },
    ],
  ] as const)("%s", (_, error, failures, given, expected) => {
    expect(stepAfterCall({ error, failures }, given, retry, noJitter)).toEqual(expected);
  });
});

test.each([
  ["is queued again where the breaker lets it pass in time", 2_000, false, { step: "queue" }],
  ["is given back where the breaker opened for dead letters in a row, since waiting does not help", 2_000, true, { step: "give-back" }],
  ["is given back where its turn comes after the function's end", 50_000, false, { step: "give-back" }],
  ["uses its policy up where its turn comes after the policy's end", 40_000, false, { step: "exhaust" }],
] as const)("an entry that no call was possible for %s", (_, nextMs, isSuspicious, expected) => {
  expect(stepWithoutCall({ nextMs, isSuspicious }, limits)).toEqual(expected);
});

test.each([
  ["give-back", targetFault(), false],
  ["dead-letter", targetFault(), true],
  ["dead-letter", undefined, false],
  ["dead-letter", targetFault({ retryAfterMs: 10 }), false],
] as const)("with afterRetries %s, an entry whose policy is used up (%s) is dead-lettered: %s", (afterRetries, error, expected) => {
  expect(isDeadLetteredAfterRetries(error, { afterRetries })).toBe(expected);
});

test("a wait that the target asked for is never negative and never above the route's limit", () => {
  expect(askedWaitOf(targetFault(), retry)).toBeUndefined();
  expect(askedWaitOf(targetFault({ retryAfterMs: -5 }), retry)).toEqual({ waitMs: 0, isCut: false });
  expect(askedWaitOf(targetFault({ retryAfterMs: 5_000 }), retry)).toEqual({ waitMs: 5_000, isCut: false });
  expect(askedWaitOf(targetFault({ retryAfterMs: 5_001 }), retry)).toEqual({ waitMs: 5_000, isCut: true });
});

test("waits double up to their limit, and never overflow", () => {
  const waits = [0, 1, 2, 3, 4, 5, 1_000].map((failures) => backoffMs(failures, retry, () => 1));

  expect(waits).toEqual([100, 100, 200, 400, 800, 1_000, 1_000]);
});
