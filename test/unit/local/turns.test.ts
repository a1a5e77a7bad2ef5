/** How many environments of a function run side by side on a laptop: as few as the calls can do with. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createTurns } from "../../../local/start/turns.mjs";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const patienceMs = 250;
const patienceMaxMs = 1_000;

/** Callers, and who of them has had a turn so far, in order. */
function callers(count: number) {
  const turns = createTurns(patienceMs, patienceMaxMs);
  const ends: (() => void)[] = [];
  const had: number[] = [];
  const come = (caller: number) =>
    turns.take().then((end) => {
      had.push(caller);
      ends[caller] = end;
    });
  for (let caller = 0; caller < count; caller++) void come(caller);
  const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  return { turns, ends, had, come, wait };
}

test("the first has its turn at once, and the others theirs as soon as it ends, in the order in which they came", async () => {
  const { had, ends, wait } = callers(3);
  await wait(0);
  expect(had).toEqual([0]);

  ends[0]?.();
  await wait(0);
  ends[1]?.();
  await wait(0);

  expect(had).toEqual([0, 1, 2]);
});

test("while somebody waits, one more is made when patience is over, which is longer each time", async () => {
  const { had, wait } = callers(6);
  const turnsAfter: number[] = [];
  for (const ms of [250, 500, 1_000, 1_000]) {
    await wait(ms);
    turnsAfter.push(had.length);
  }

  expect(turnsAfter).toEqual([2, 3, 4, 5]);
});

test("what was made is used again without waiting", async () => {
  const { had, ends, come, wait } = callers(2);
  await wait(patienceMs);
  for (const end of ends) end();

  void come(2);
  void come(3);
  await wait(0);

  expect(had).toEqual([0, 1, 2, 3]);
});

test("after the ones not in use are gone, the next is made at once, and one alone", async () => {
  const { turns, had, ends, come, wait } = callers(2);
  await wait(patienceMs);
  for (const end of ends) end();
  turns.forget();

  void come(2);
  void come(3);
  await wait(0);

  expect(had).toEqual([0, 1, 2]);
});

test("a turn that is ended twice ends once", async () => {
  const { had, ends, wait } = callers(3);
  await wait(0);
  ends[0]?.();
  ends[0]?.();
  await wait(0);

  expect(had).toEqual([0, 1]);
});
