/** Asking again: which failures are worth another attempt, how long the pauses are, and when it ends. Clock and randomness are arguments. */
import { expect, test } from "vitest";
import { createDeadline } from "../../../lib/deadline.js";
import { RelayError } from "../../../lib/errors.js";
import { ask, briefly, pauseMs, repeat, type TimeAndChance, untilDeadline } from "../../../lib/kafka/ask.js";
import type { Api, AsksBrokers, Destination } from "../../../lib/kafka/connection.js";
import { listReassignmentsApi } from "../../../lib/kafka/protocol/topics.js";

/** A world in which pauses take no time, and are written down. */
function worldOf(random: number, clock = { ms: 0 }): TimeAndChance & { readonly pauses: number[] } {
  const pauses: number[] = [];
  return {
    pauses,
    random: () => random,
    sleep: async (ms) => {
      pauses.push(ms);
      clock.ms += ms;
    },
  };
}

/** Answers or fails by a script; what is asked is written down. */
function broker(script: (number | RelayError)[]) {
  const asked: string[] = [];
  const request = async (api: Api<never, unknown>): Promise<unknown> => {
    asked.push(api.name);
    if (api.name !== listReassignmentsApi.name) return {};
    const next = script.shift() ?? 0;
    if (next instanceof RelayError) throw next;
    return { errorCode: next };
  };
  return { asked, kafka: { connection: { request } } as unknown as AsksBrokers };
}

const asking = (kafka: AsksBrokers, world: TimeAndChance, isRepeatable = true, to: Destination = "any", policy = briefly) =>
  ask(
    kafka,
    listReassignmentsApi,
    { timeoutMs: 1, topics: null },
    to,
    createDeadline(60_000),
    { codes: ({ errorCode }) => [errorCode], isRepeatable, policy },
    world,
  ).then(
    ({ errorCode }) => errorCode,
    (error: RelayError) => error.code,
  );

test("a pause is anything from nothing up to a limit that doubles with each attempt", () => {
  const pauses = { firstMs: 100, maxMs: 1_000 };

  expect([1, 2, 3, 4, 5, 9].map((attempt) => pauseMs(attempt, pauses, () => 1))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  expect(pauseMs(3, pauses, () => 0)).toBe(0);
  expect(pauseMs(3, pauses, () => 0.25)).toBe(100);
});

test("a thousand environments that lost the same broker come back spread out, not at one moment", () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const perTenth = new Map<number, number>();
  for (let environment = 0; environment < 1_000; environment++) {
    const tenth = Math.floor(pauseMs(5, { firstMs: 125, maxMs: 2_000 }, random) / 200);
    perTenth.set(tenth, (perTenth.get(tenth) ?? 0) + 1);
  }

  expect(perTenth.size).toBe(10);
  expect(Math.max(...perTenth.values())).toBeLessThan(150);
});

test("an answer that will be another one in a moment is asked for again, and a final one is given at once", async () => {
  const world = worldOf(0.5);

  expect(await asking(broker([14, 16, 15, 0]).kafka, world)).toBe(0);
  expect(world.pauses).toEqual([40, 80, 160]);
  for (const final of [3, 29, 36, 44, 89, 9999]) expect(await asking(broker([final]).kafka, world)).toBe(final);
  expect(world.pauses).toHaveLength(3);
});

test("a broker that cannot be reached is worth three attempts, and until the deadline for what nobody does later", async () => {
  const gone = () => new RelayError("kafka-unreachable", "gone");
  const { kafka, asked } = broker([gone(), gone(), gone(), gone()]);

  expect(await asking(kafka, worldOf(0))).toBe("kafka-unreachable");
  expect(asked).toHaveLength(3);
  const { kafka: longer } = broker(Array.from({ length: 20 }, gone));
  expect(await asking(longer, worldOf(0), true, "any", untilDeadline)).toBe(0);
});

test("what may have been carried out is sent again only where that has no further effect", async () => {
  const maybe = () => new RelayError("maybe-written", "no answer");

  expect(await asking(broker([maybe(), 0]).kafka, worldOf(0), false)).toBe("maybe-written");
  expect(await asking(broker([maybe(), 0]).kafka, worldOf(0), true)).toBe(0);
  expect(await asking(broker([7, 0]).kafka, worldOf(0), false)).toBe(7);
  expect(await asking(broker([7, 0]).kafka, worldOf(0), true)).toBe(0);
  expect(await asking(broker([41, 0]).kafka, worldOf(0), false)).toBe(0);
});

test("an answer of which a part succeeded is not asked for again where it may be carried out only once", async () => {
  const request = async () => ({ errorCode: 0 });
  const kafka = { connection: { request } } as unknown as AsksBrokers;
  const codes = () => [0, 41];
  let attempts = 0;
  const count = () => {
    attempts++;
    return codes();
  };
  const args = { timeoutMs: 1, topics: null };

  await ask(kafka, listReassignmentsApi, args, "any", createDeadline(60_000), { codes: count, isRepeatable: false }, worldOf(0));

  expect(attempts).toBe(1);
});

test("before the controller is asked again, another broker is asked who it is now", async () => {
  const { kafka, asked } = broker([new RelayError("kafka-unreachable", "gone"), 41, 0]);

  await asking(kafka, worldOf(0), true, "controller");

  expect(asked).toEqual(["ListPartitionReassignments", "Metadata", "ListPartitionReassignments", "ListPartitionReassignments"]);
});

test("the last outcome is given when the deadline would pass in the next pause", async () => {
  const clock = { ms: 0 };
  const world = worldOf(1, clock);
  const deadline = createDeadline(350, () => clock.ms);
  const outcome = repeat(
    async (number) => number,
    () => false,
    { firstMs: 100, maxMs: 1_000 },
    deadline,
    world,
  );

  expect(await outcome).toBe(3);
  expect(world.pauses).toEqual([100, 200]);
});

test("a request that failed with an unknown error is not repeated", async () => {
  let attempts = 0;
  const failing = async () => {
    attempts++;
    throw new TypeError("a bug");
  };

  await expect(repeat(failing, () => false, briefly, createDeadline(1_000), worldOf(0))).rejects.toThrow("a bug");
  expect(attempts).toBe(1);
});
