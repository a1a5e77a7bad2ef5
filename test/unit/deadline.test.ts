/** Waiting for something, but not for ever. */
import { expect, test, vi } from "vitest";
import { createDeadline, within } from "../../lib/deadline.js";

test("within gives what the promise comes to, and leaves no timer behind", async () => {
  vi.useFakeTimers();
  try {
    await expect(within(createDeadline(1_000), Promise.resolve("done"), () => "late")).resolves.toBe("done");
    await expect(within(createDeadline(1_000), Promise.reject(new Error("broken")), () => "late")).rejects.toThrow("broken");
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("within gives what is left to say once the deadline has passed, and ignores what the promise comes to later", async () => {
  let fail = (_: Error) => {};
  const never = new Promise<string>((_, reject) => {
    fail = reject;
  });

  await expect(within(createDeadline(5), never, () => "late")).resolves.toBe("late");
  await expect(
    within(createDeadline(5), never, () => {
      throw new Error("too late");
    }),
  ).rejects.toThrow("too late");
  fail(new Error("nobody listens any more"));
});

test("a deadline farther away than timers reach does not pass at once", async () => {
  const answer = new Promise<string>((resolve) => setTimeout(resolve, 10, "done"));

  await expect(within(createDeadline(Number.POSITIVE_INFINITY), answer, () => "late")).resolves.toBe("done");
});
