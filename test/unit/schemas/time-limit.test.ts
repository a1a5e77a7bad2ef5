/** Work that is ended after its limit, and work that only had to wait for the machine. */
import { expect, test } from "vitest";
import { TimeLimitReached, withinTime } from "../../../lib/schemas/time-limit.js";

test("what is done in time is returned, and what it throws is thrown", () => {
  expect(withinTime(100, () => 5)).toBe(5);
  expect(() =>
    withinTime(100, () => {
      throw new TypeError("own");
    }),
  ).toThrow("own");
});

test("a loop and a regular expression without an end are ended", () => {
  expect(() =>
    withinTime(20, () => {
      for (;;);
    }),
  ).toThrow(TimeLimitReached);
  expect(() => withinTime(20, () => /^(a+)+$/u.test(`${"a".repeat(40)}!`))).toThrow(TimeLimitReached);
});

test("work that the machine kept waiting is given more of the clock, and is not called slow", () => {
  let attempts = 0;
  const waiting = new Int32Array(new SharedArrayBuffer(4));
  const result = withinTime(50, () => {
    // The first time, it waits for 200 ms without the processor.
    if (attempts++ === 0) Atomics.wait(waiting, 0, 0, 200);
    return attempts;
  });
  expect(result).toBe(2);
});
