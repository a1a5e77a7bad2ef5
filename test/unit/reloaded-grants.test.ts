/** Grants that are read again: when, what stays in force when a document is not valid or not there, and what the log says. */
import { expect, test } from "vitest";
import { RelayError } from "../../lib/errors.js";
import { createReloadedPolicy } from "../../lib/grants/reloaded-policy.js";

const reloadMs = 60_000;
const grants = (subject: string) => JSON.stringify([{ who: [subject], may: ["record:read"] }]);

function setUp(first: string | RelayError) {
  const state = { document: first, nowMs: 1_000_000, reads: 0, logs: [] as Record<string, unknown>[], failures: 0 };
  const policy = createReloadedPolicy({
    place: "s3://grants/prod.json",
    reloadMs,
    now: () => state.nowMs,
    read: async (version) => {
      state.reads += 1;
      if (state.document instanceof RelayError) throw state.document;
      return version === state.document ? undefined : { text: state.document, version: state.document };
    },
    telemetry: () => ({
      log: (level, message, fields) => state.logs.push({ level, message, ...fields }),
      metrics: (_, given) => {
        if ("GrantsReloadFailures" in given) state.failures += 1;
      },
    }),
  });
  return { state, policy: async () => await policy() };
}

test("grants are read with the first call, and again when their time is over", async () => {
  const { state, policy } = setUp(grants("one"));

  const [first] = await Promise.all([policy(), policy(), policy()]);
  state.document = grants("two");
  state.nowMs += reloadMs - 1;
  const early = await policy();
  state.nowMs += 1;
  const due = await policy();

  expect(first).toMatchObject([{ who: ["one"] }]);
  expect(early).toMatchObject([{ who: ["one"] }]);
  expect(due).toMatchObject([{ who: ["two"] }]);
  expect(state.reads).toBe(2);
});

test("a document that is still the same is not parsed again, and stays in force", async () => {
  const { state, policy } = setUp(grants("one"));
  const first = await policy();
  state.nowMs += reloadMs;

  expect(await policy()).toBe(first);
  expect(state.reads).toBe(2);
});

test("a document that is not valid leaves the last one in force; the log says where it is wrong, and a metric counts it", async () => {
  const { state, policy } = setUp(grants("one"));
  await policy();
  state.document = '[{"who":["two"],"may":["record:fly"]}]';
  state.nowMs += reloadMs;

  expect(await policy()).toMatchObject([{ who: ["one"] }]);
  expect(state.failures).toBe(1);
  expect(state.logs.at(-1)).toMatchObject({ level: "error", message: "grants not read", keptForMs: reloadMs });
  expect(state.logs.at(-1)?.reason).toContain('s3://grants/prod.json[0].may[0]: "record:fly" is not a permission');
});

test("a store that is down leaves the last grants in force, and is asked again sooner than usual", async () => {
  const { state, policy } = setUp(grants("one"));
  await policy();
  state.document = new RelayError("grants-unavailable", "no answer");
  state.nowMs += reloadMs;
  const during = [await policy(), await policy()];
  state.document = grants("two");
  state.nowMs += 15_000;

  expect(during).toMatchObject([[{ who: ["one"] }], [{ who: ["one"] }]]);
  expect(await policy()).toMatchObject([{ who: ["two"] }]);
  expect([state.reads, state.failures]).toEqual([3, 1]);
});

test("without any grants every call fails, and the store is not asked by each of them", async () => {
  const { state, policy } = setUp(new RelayError("grants-unavailable", "no answer"));

  for (let call = 0; call < 3; call += 1) await expect(policy()).rejects.toMatchObject({ code: "grants-unavailable" });
  expect(state.reads).toBe(1);
  state.document = grants("one");
  state.nowMs += 1_000;
  expect(await policy()).toMatchObject([{ who: ["one"] }]);
});

test("calls beside the one that reads use the grants that are there", async () => {
  const { state, policy } = setUp(grants("one"));
  await policy();
  state.document = grants("two");
  state.nowMs += reloadMs;

  const [reading, beside] = await Promise.all([policy(), policy()]);

  expect(reading).toMatchObject([{ who: ["two"] }]);
  expect(beside).toMatchObject([{ who: ["one"] }]);
  expect(state.reads).toBe(2);
});

test.each([
  ["not JSON", "{", "is not valid JSON"],
  ["too many", JSON.stringify(Array.from({ length: 5_001 }, () => ({ who: ["a"], may: ["*"] }))), "5000"],
])("a document that is %s is refused", async (_, text, message) => {
  const { policy } = setUp(text);

  await expect(policy()).rejects.toMatchObject({ code: "bad-configuration", message: expect.stringContaining(message) });
});
