/** The clock of a route in the foreground: the system's, until it is time to end. */
import { expect, test } from "vitest";
import { createHurriedClock } from "../../../local/cli/routes/hurried-clock.js";

test("in a hurry everything that waits for a time is called at once, and what is taken back is not", () => {
  const clock = createHurriedClock();
  const called: string[] = [];
  clock.after(60_000, () => called.push("waited"));
  const takeBack = clock.after(60_000, () => called.push("taken back"));
  takeBack();
  const before = clock.now();

  clock.hurry();
  clock.hurry();

  expect(called).toEqual(["waited"]);
  expect(clock.now() - before).toBeGreaterThanOrEqual(600_000);
});

test("what comes to wait afterwards does not wait either", async () => {
  const clock = createHurriedClock();
  clock.hurry();
  await new Promise<void>((resolve) => void clock.after(60_000, resolve));
});

test("without hurry it waits for the given time, once", async () => {
  const clock = createHurriedClock();
  let calls = 0;
  const startedAt = clock.now();
  await new Promise<void>(
    (resolve) =>
      void clock.after(30, () => {
        calls++;
        resolve();
      }),
  );
  clock.hurry();
  expect(calls).toBe(1);
  expect(clock.now() - startedAt).toBeGreaterThanOrEqual(29);
});
