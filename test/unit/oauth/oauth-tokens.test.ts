/** How long a token is kept, when it is asked for again, and what becomes of failures: on a clock of the test's own. */
import { expect, test } from "vitest";
import { createOAuthTokens, type IssuedToken } from "../../../lib/oauth/client-credentials.js";

function tokensOn(clock: { now: number }, answers: (IssuedToken | Error)[]) {
  const asked: { readonly atMs: number; readonly refresh: boolean }[] = [];
  const tokens = createOAuthTokens({
    now: () => clock.now,
    request: async ({ refresh }) => {
      asked.push({ atMs: clock.now, refresh });
      const answer = answers[Math.min(asked.length, answers.length) - 1] as IssuedToken | Error;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { ...tokens, asked, times: () => asked.map(({ atMs }) => atMs) };
}

const issued = (token: string, lifetimeMs?: number): IssuedToken => ({ token, lifetimeMs });

test.each([
  { lifetimeMs: 3_600_000, renewedAtMs: 3_540_000, why: "a minute before it expires" },
  { lifetimeMs: 10_000, renewedAtMs: 8_000, why: "a fifth of its life before, where that is less" },
  { lifetimeMs: undefined, renewedAtMs: 240_000, why: "after four minutes where the server does not say" },
])("a token is kept and renewed $why", async ({ lifetimeMs, renewedAtMs }) => {
  const clock = { now: 0 };
  const { token, times } = tokensOn(clock, [issued("a", lifetimeMs), issued("b", lifetimeMs)]);

  expect(await token()).toBe("a");
  clock.now = renewedAtMs - 1;
  expect(await token()).toBe("a");
  clock.now = renewedAtMs;
  expect(await token()).toBe("b");

  expect(times()).toEqual([0, renewedAtMs]);
});

test("calls during the fetch of a token wait for the same one", async () => {
  const { token, asked } = tokensOn({ now: 0 }, [issued("a", 60_000), issued("b", 60_000)]);

  expect(await Promise.all([token(), token(), token()])).toEqual(["a", "a", "a"]);
  expect(asked).toHaveLength(1);
});

test("a token that is still valid serves while the server fails, and the server is asked once a second", async () => {
  const clock = { now: 0 };
  const { token, times } = tokensOn(clock, [issued("a", 10_000), new Error("away")]);
  await token();

  for (clock.now = 8_000; clock.now < 10_000; clock.now += 250) expect(await token()).toBe("a");
  expect(times()).toEqual([0, 8_000, 9_000]);

  await expect(token()).rejects.toThrow("away");
});

test("without a valid token all who ask within a second get the failure", async () => {
  const clock = { now: 0 };
  const { token, asked } = tokensOn(clock, [new Error("away"), issued("a", 10_000)]);

  for (clock.now = 0; clock.now < 1_000; clock.now += 100) await expect(token()).rejects.toThrow("away");
  expect(asked).toHaveLength(1);

  expect(await token()).toBe("a");
  expect(asked[1]).toMatchObject({ refresh: true }); // a secret that was rotated is read again
});

test("a doubted token is replaced, with its secret read again, but a new one is not doubted at once", async () => {
  const clock = { now: 0 };
  const { token, doubt, asked } = tokensOn(clock, [issued("a", 60_000), issued("b", 60_000)]);
  await token();

  clock.now = 4_999;
  expect(doubt("a")).toBe(false);
  expect(await token()).toBe("a");
  clock.now = 5_000;
  expect(doubt("a")).toBe(true);
  expect(await token()).toBe("b");
  expect(doubt("a")).toBe(true); // somebody who used it before has a new one already
  expect(await token()).toBe("b");

  expect(asked.map(({ refresh }) => refresh)).toEqual([false, true]);
});
