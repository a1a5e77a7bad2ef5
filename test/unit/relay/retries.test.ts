/** Retries, waits and the breaker, with a clock whose hours take no time. */
import { describe, expect, test } from "vitest";
import { Breaker } from "../../../lib/relay/batch/breaker.js";
import { createVirtualClock } from "../../../lib/testing/virtual-clock.js";
import { delivered, failed, records, run } from "../../support/relay/relay-bench.js";

const policy = { failuresInRowMax: 5, openMs: 5_000, deadLettersInRowMax: 100 };
const names = (count: number) => Array.from({ length: count }, (_, index) => `0/${index}`);

test("after 20 seconds of 503 everything is delivered, in order, and nothing is dead-lettered", async () => {
  const result = await run(
    {},
    [records(200)],
    (_, __, nowMs) => (nowMs > 1_000 && nowMs < 21_000 ? failed("target-busy", { targetStatus: 503 }) : delivered),
    {
      clock: createVirtualClock(),
    },
  );
  const late = await run({}, [records(200)], (_, __, nowMs) => (nowMs < 20_000 ? failed("target-busy", { targetStatus: 503 }) : delivered));

  for (const { delivered: taken, deadLetters } of [result, late]) {
    expect(taken).toEqual(names(200));
    expect(deadLetters).toEqual([]);
  }
  expect(late.tookMs).toBeGreaterThanOrEqual(20_000);
  expect(late.attempts.length).toBeLessThan(200 + 15);
});

test("an outage of the target costs a few timeouts and not one per record", async () => {
  const clock = createVirtualClock();
  const timingOut = () => new Promise<ReturnType<typeof failed>>((resolve) => clock.after(5_000, () => resolve(failed("target-timeout"))));
  const result = await run({ order: "none", concurrencyMax: 4 }, [records(1_000)], timingOut, { clock, timeLeftMs: 30_000 });

  expect(result.verdicts).toEqual(Array(1_000).fill("given-back"));
  expect(result.attempts.length).toBeLessThanOrEqual(12);
  expect(result.tookMs).toBeLessThanOrEqual(30_000);
});

test("waits grow, are a random part of their limit, and stop at the limit", async () => {
  const result = await run(
    { retry: { attemptsMax: 7, firstDelayMs: 100, delayMaxMs: 400 }, breaker: { failuresInRowMax: 1000 } },
    [records(1)],
    () => failed("target-failed"),
    {
      random: () => 0.999,
    },
  );
  const gaps = result.attempts.slice(1).map(({ ms }, index) => Math.round(ms - (result.attempts[index]?.ms ?? 0)));

  expect(gaps).toEqual([100, 200, 400, 400, 400, 400]);
  expect(result.verdicts).toEqual(["given-back"]);
});

test("nothing is tried past the policy's deadline, and a wait that would end behind it is not begun", async () => {
  const result = await run(
    { retry: { attemptsMax: 1000, deadlineMs: 3_000, firstDelayMs: 1_000, delayMaxMs: 1_000 }, breaker: { failuresInRowMax: 1000 } },
    [records(1)],
    () => failed("target-failed"),
    { random: () => 0.999 },
  );

  expect(result.attempts).toHaveLength(4);
  expect(result.tookMs).toBeLessThan(3_000);
});

test("nothing is tried past the time the function has left: the rest is given back in time", async () => {
  const clock = createVirtualClock();
  const slow = () => new Promise<typeof delivered>((resolve) => clock.after(1_000, () => resolve(delivered)));
  const result = await run({}, [records(10)], slow, { clock, timeLeftMs: 3_500 });

  expect(result.verdicts.filter((verdict) => verdict === "delivered")).toHaveLength(3);
  expect(result.verdicts.slice(3)).toEqual(Array(7).fill("given-back"));
  expect(result.tookMs).toBeLessThanOrEqual(3_500 + 250);
});

test("a target that never answers is given up at the end of the time, and its record given back", async () => {
  const result = await run({}, [records(2)], () => new Promise(() => {}), { timeLeftMs: 4_000 });

  expect(result.verdicts).toEqual(["given-back", "given-back"]);
  expect(result.entries[0]?.error?.code).toBe("target-timeout");
});

describe("a target that names the time of the next request (429 with Retry-After)", () => {
  test("is not asked before, also not for other records, and nothing is dead-lettered for it", async () => {
    let asked = 0;
    const result = await run(
      { order: "none", concurrencyMax: 1, afterRetries: "dead-letter", retry: { attemptsMax: 2 } },
      [records(5)],
      () => (asked++ < 3 ? failed("target-busy", { targetStatus: 429, retryAfterMs: 7_000 }) : delivered),
    );

    expect(result.attempts.slice(0, 4).map(({ ms }) => ms)).toEqual([0, 7_000, 14_000, 21_000]);
    expect(result.verdicts).toEqual(Array(5).fill("delivered"));
  });

  test("has its records given back where that time is behind the end of the function, and is not asked by the next batch either", async () => {
    const clock = createVirtualClock();
    const breaker = new Breaker(policy);
    const busy = () => failed("target-busy", { targetStatus: 429, retryAfterMs: 120_000 });
    const first = await run({ afterRetries: "dead-letter" }, [records(3)], busy, { clock, breaker });
    const second = await run({ afterRetries: "dead-letter" }, [records(3)], busy, { clock, breaker });

    expect([...first.verdicts, ...second.verdicts]).toEqual(Array(6).fill("given-back"));
    expect(first.attempts).toHaveLength(1);
    expect(second.attempts).toHaveLength(0);
    expect(second.tookMs).toBe(0);
  });
});

test("a target that asks for a day is asked again after the longest wait that the route allows, once, and then as it answers", async () => {
  const clock = createVirtualClock();
  const breaker = new Breaker(policy);
  let asked = 0;
  const definition = { order: "none", retry: { retryAfterMaxMs: 10_000, attemptsMax: 2 }, afterRetries: "dead-letter" } as const;
  const result = await run(
    definition,
    [records(5)],
    () => (asked++ < 5 + 2 ? failed("target-busy", { targetStatus: 429, retryAfterMs: 86_400_000 }) : delivered),
    { clock, breaker },
  );

  expect(result.attempts.map(({ ms }) => ms)).toEqual([0, 0, 0, 0, 0, 10_000, 20_000, 30_000, 30_000, 30_000, 30_000, 30_000]);
  expect(result.verdicts).toEqual(Array(5).fill("delivered"));
  expect(result.deadLetters).toEqual([]);
});

test("a wait that is not a time is ignored", async () => {
  let asked = 0;
  const result = await run({}, [records(1)], () => (asked++ < 2 ? failed("target-busy", { retryAfterMs: Number.NaN }) : delivered));

  expect(result.verdicts).toEqual(["delivered"]);
});

describe("the breaker", () => {
  test("is not closed by a record that fails before it is sent, since that says nothing of the target", async () => {
    const clock = createVirtualClock();
    const breaker = new Breaker(policy);
    const startedMs = clock.now();
    breaker.open(clock.now());
    const transform = ({ offset }: { readonly offset: number | bigint }) => {
      if (offset === 0) throw new Error("broken");
      return {};
    };
    const result = await run(
      { transform, order: "none", concurrencyMax: 8 },
      [records(20)],
      () => (clock.now() - startedMs < 9_000 ? failed("target-failed") : delivered),
      { clock, breaker },
    );

    expect(result.verdicts).toEqual(["dead-lettered", ...Array(19).fill("delivered")]);
    expect(result.attempts.filter(({ ms }) => ms < 5_000)).toEqual([]);
    expect(result.attempts.filter(({ ms }) => ms < 9_000)).toHaveLength(1);
  });

  test("that opened for records that failed before they were sent lets one dead letter through after each open time", async () => {
    const clock = createVirtualClock();
    const breaker = new Breaker({ ...policy, deadLettersInRowMax: 3 });
    const transform = () => {
      throw new Error("broken");
    };
    const first = await run({ transform }, [records(10)], () => delivered, { clock, breaker, timeLeftMs: 1_000 });
    const meanwhile = await run({ transform }, [records(10)], () => delivered, { clock, breaker, timeLeftMs: 1_000 });
    await clock.runUntil(new Promise<void>((resolve) => clock.after(policy.openMs, resolve)));
    const later = await run({ transform }, [records(10)], () => delivered, { clock, breaker, timeLeftMs: 1_000 });

    expect([first, meanwhile, later].map(({ deadLetters }) => deadLetters.length)).toEqual([3, 0, 1]);
  });

  test("lets one probe through after its time, and everything when the probe is answered well", async () => {
    const clock = createVirtualClock();
    const breaker = new Breaker(policy);
    const startedMs = clock.now();
    const result = await run(
      { order: "none", concurrencyMax: 8 },
      [records(50)],
      () => (clock.now() - startedMs < 9_000 ? failed("target-failed") : delivered),
      { clock, breaker },
    );

    expect(result.verdicts).toEqual(Array(50).fill("delivered"));
    const attemptsBetween = (fromMs: number, toMs: number) => result.attempts.filter(({ ms }) => ms >= fromMs && ms < toMs).length;
    expect(attemptsBetween(1, 9_000)).toBe(1);
  });

  test("opens when a hundred records in a row were dead-lettered: a fault of ours does not empty a topic", async () => {
    const result = await run({}, [records(1_000)], () => failed("record-refused", { targetStatus: 400 }), { deliveriesMax: 30 });

    expect(result.deadLetters).toHaveLength(100);
    expect(result.verdicts.slice(100)).toEqual(Array(900).fill("given-back"));
    expect(result.tookMs).toBe(0);
  });

  test("counts transforms that throw as well", async () => {
    const transform = () => {
      throw new Error("a bug in the route");
    };
    const result = await run({ transform }, [records(500)], () => delivered);

    expect(result.deadLetters).toHaveLength(100);
    expect(result.attempts).toEqual([]);
  });

  test("does not open for one record that fails while others are delivered", async () => {
    const breaker = new Breaker(policy);
    const result = await run(
      { order: "none", concurrencyMax: 2, retry: { attemptsMax: 5, firstDelayMs: 10 } },
      [records(200)],
      async ({ source }) => {
        await Promise.resolve();
        return source.offset === 0n ? failed("target-failed") : delivered;
      },
      { breaker },
    );

    expect(result.verdicts.filter((verdict) => verdict === "delivered")).toHaveLength(199);
  });
});
