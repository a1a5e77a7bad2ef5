/** The way to one broker: shared while it opens, replaced when it was unused for long, and opened again after a pause when it failed. */
import { expect, test } from "vitest";
import { createDeadline } from "../../../lib/deadline.js";
import { RelayError } from "../../../lib/errors.js";
import type { BrokerConnection } from "../../../lib/kafka/kafkajs/broker-connection.js";
import { Link } from "../../../lib/kafka/kafkajs/link.js";

interface Script {
  readonly link: Link;
  readonly limits: readonly number[];
  readonly pauses: readonly number[];
  readonly clock: { ms: number };
}

/** A broker that refuses the first `failures` connections. */
function linkTo(failures: number, failure = new RelayError("kafka-unreachable", "refused"), random = 1): Script {
  const clock = { ms: 1_000_000 };
  const limits: number[] = [];
  const pauses: number[] = [];
  const open = async (_: unknown, limitMs: number): Promise<BrokerConnection> => {
    limits.push(limitMs);
    if (limits.length <= failures) throw failure;
    let isOpen = true;
    return {
      isOpen: () => isOpen,
      usedAtMs: () => clock.ms,
      versionOf: () => undefined,
      exchange: () => Promise.reject(new Error("not asked")),
      close: () => {
        isOpen = false;
      },
    };
  };
  const sleep = async (ms: number) => {
    pauses.push(ms);
    clock.ms += ms;
  };
  const link = new Link(
    { host: "b1", port: 9092 },
    { open, unusedMaxMs: 1_000, closing: new AbortController().signal, now: () => clock.ms, world: { random: () => random, sleep } },
  );
  return { link, limits, pauses, clock };
}

const deadline = () => createDeadline(60_000);
const fails = (link: Link) => link.connected(deadline(), 10_000).catch((error: RelayError) => error.code);

test("a broker that refused is connected to again after a pause that grows and has full jitter", async () => {
  const { link, pauses } = linkTo(7);
  for (let attempt = 0; attempt < 7; attempt++) await fails(link);
  expect(pauses).toEqual([50, 100, 200, 400, 800, 1_000]);
  await link.connected(deadline(), 10_000);

  const halves = linkTo(4, undefined, 0.5);
  for (let attempt = 0; attempt < 4; attempt++) await fails(halves.link);
  expect(halves.pauses).toEqual([25, 50, 100]);
});

test("a pause leaves at least half of the time for connecting, and is over when the failure is old", async () => {
  const { link, limits, pauses, clock } = linkTo(3);

  await fails(link);
  await link.connected(deadline(), 60).catch(() => {});
  clock.ms += 60_000;
  await fails(link);

  expect(pauses).toEqual([30]);
  expect(limits).toEqual([10_000, 30, 10_000]);
});

test("calls during the opening of a connection share it", async () => {
  const { link, limits } = linkTo(0);

  const [one, other] = await Promise.all([link.connected(deadline(), 10_000), link.connected(deadline(), 10_000)]);

  expect(one).toBe(other);
  expect(limits).toHaveLength(1);
});

test("calls that shared a failed connection try again themselves, unless the broker refused the login", async () => {
  const unreachable = linkTo(1);
  const shared = await Promise.all([fails(unreachable.link), unreachable.link.connected(deadline(), 10_000)]);
  expect(shared[0]).toBe("kafka-unreachable");
  expect(shared[1].isOpen()).toBe(true);

  const refused = linkTo(9, new RelayError("kafka-unauthenticated", "who are you?"));
  expect(await Promise.all([fails(refused.link), fails(refused.link)])).toEqual(["kafka-unauthenticated", "kafka-unauthenticated"]);
  expect(refused.limits).toHaveLength(1);
});

test("a throttled broker is not asked before its time, and not at all where that is after the deadline", async () => {
  const { link, pauses, clock } = linkTo(0);
  link.obey(500);
  clock.ms += 100;

  await link.waitForThrottle(createDeadline(10_000, () => clock.ms));
  link.obey(500);
  const refusal = link.waitForThrottle(createDeadline(200, () => clock.ms)).catch((error: RelayError) => error);

  expect(pauses).toEqual([400]);
  expect(await refusal).toMatchObject({ code: "too-many-requests", details: { retryAfterMs: 500 } });
});
