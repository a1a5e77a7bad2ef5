/** The plan of a load, compared with calls that arrive at random one by one. */
import { describe, expect, test } from "vitest";
import { defaultLoad, planFor } from "../../../local/build/plan/plan.js";
import { simulate } from "../../../local/build/plan/simulation.js";

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe.each([2, 20, 100, 500])("at %i calls per second on average", (rps) => {
  const load = { ...defaultLoad, rps, environmentsMax: 1_000_000 };
  const plan = planFor(load);

  test.each([1, 2, 3])("no random minute exceeds the plan, and the plan is not far above it (seed %i)", (seed) => {
    const simulated = simulate(load, 60, seeded(seed));

    expect(simulated.environments).toBeLessThanOrEqual(plan.environments);
    expect(simulated.environments).toBeGreaterThan(plan.environments / 6);
    expect(simulated.warmEnvironments).toBeLessThanOrEqual(plan.warmEnvironments);
    expect(simulated.coldStartsPerSecond).toBeLessThanOrEqual(plan.coldStartsPerSecond);
    expect(simulated.throttled).toBe(0);
  });
});

test("a start that the brokers' 100 new connections per second do not allow is announced, and is one in the simulation", () => {
  const load = { ...defaultLoad, rps: 200, environmentsMax: 1_000, throttleRate: 10_000 };

  expect(planFor(load).warnings).toEqual([expect.stringContaining("each broker accepts 100 new connections")]);
  expect(simulate(load, 60, seeded(1)).coldStartsPerSecond).toBeGreaterThan(100);
});

test("50 environments bound the new connections, at the price of throttled calls in the first second", () => {
  const load = { ...defaultLoad, rps: 200, throttleRate: 10_000 };
  const simulated = simulate(load, 60, seeded(1));

  expect(planFor(load).coldStartsPerSecond).toBe(50);
  expect(simulated.coldStartsPerSecond).toBeLessThanOrEqual(50);
  expect(simulated.throttled).toBeGreaterThan(0);
  expect(planFor(load).warnings).toEqual([expect.stringContaining("calls are throttled until the first ones are ready")]);
});

test("10 million calls a day exceed the default throttle", () => {
  const { warnings } = planFor({ ...defaultLoad, rps: 10_000_000 / 86_400, peakFactor: 1 });

  expect(warnings[0]).toBe("throttleRate: the busiest minute has 116 calls per second, but the API accepts 100; the others get 429");
});

test("the bill has a line for each of its parts, and grows with the calls", () => {
  const costOf = (rps: number) =>
    Object.fromEntries(planFor({ ...defaultLoad, rps }).costs.map(({ what, usdPerMonth }) => [what, usdPerMonth]));
  const [small, large] = [costOf(1), costOf(100)];

  expect(large["HTTP API calls"]).toBeCloseTo(259.2, 1);
  for (const part of ["HTTP API calls", "logs: access, metrics, batches", "traffic between zones"]) {
    expect(large[part], part).toBeCloseTo(100 * (small[part] ?? 0), 5);
  }
  expect(large["alarms and dashboard"]).toBe(small["alarms and dashboard"]);
});
