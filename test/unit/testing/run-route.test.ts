/** Testing a route without Kafka: records in, and what became of each out. */
import { expect, test } from "vitest";
import { relay } from "../../../lib/relay/relay.js";
import { defineRoute } from "../../../lib/relay/route.js";
import { comeBack, refuse } from "../../../lib/targets/custom.js";
import { topic } from "../../../lib/targets/topic.js";
import { kafkaEvent } from "../../../lib/testing/kafka-event.js";
import { record, records } from "../../../lib/testing/record.js";
import { runRoute } from "../../../lib/testing/run-route.js";

interface Order {
  readonly id: string;
  readonly amount: number;
}

const route = defineRoute<Order>({
  name: "big-orders",
  filter: { value: { amount: [{ numeric: [">=", 100] }] } },
  transform: ({ value }) => {
    if (value.id === "bad") throw new Error("no such customer");
    return { key: value.id, value: { id: value.id, amount: value.amount } };
  },
  target: topic({ topic: "big-orders" }),
});

test("a run says what is delivered, filtered and dead-lettered", async () => {
  const run = await runRoute(
    relay(route),
    records({ value: { id: "a", amount: 150, note: "x" } }, { value: { id: "b", amount: 5 } }, { value: { id: "bad", amount: 500 } }),
  );

  expect(run.delivered).toMatchObject([{ key: "a", value: { id: "a", amount: 150 }, id: "test/test/0/0" }]);
  expect(run.filtered.map(({ offset }) => offset)).toEqual([1n]);
  expect(run.deadLettered).toMatchObject([{ record: { offset: 2n }, code: "transform-failed" }]);
  expect(run.givenBack).toEqual([]);
});

test("a record that the target refuses is dead-lettered, and the next one is delivered", async () => {
  const run = await runRoute(route, records({ value: { id: "a", amount: 100 } }, { value: { id: "b", amount: 100 } }), {
    deliver: ({ textAt }) => {
      if (textAt("value.id") === "a") throw refuse("unknown customer");
    },
  });

  expect(run.deadLettered).toMatchObject([{ record: { offset: 0n }, code: "record-refused", message: "unknown customer" }]);
  expect(run.delivered.map(({ key }) => key)).toEqual(["b"]);
});

test("a target that is unavailable is tried again until it answers, without any real waiting", async () => {
  let attempts = 0;
  const run = await runRoute(route, [record({ value: { id: "a", amount: 100 } })], {
    deliver: () => {
      if (++attempts < 4) throw comeBack("restarting");
    },
  });

  expect({ attempts, delivered: run.delivered.length }).toEqual({ attempts: 4, delivered: 1 });
});

test("a target that stays unavailable holds its record and all later records of the partition", async () => {
  const run = await runRoute(route, records({ value: { id: "a", amount: 100 } }, { value: { id: "b", amount: 100 } }), {
    deliver: () => {
      throw comeBack("down");
    },
  });

  expect(run.delivered).toEqual([]);
  expect(run.givenBack.map((one) => one.record.offset)).toEqual([0n, 1n]);
});

test("records can have text, bytes, null, repeated and null headers, and a tombstone", async () => {
  const copy = defineRoute({ name: "copy", target: topic({ topic: "copy" }) });
  const run = await runRoute(copy, [
    record({
      key: "k",
      value: "text",
      headers: [
        ["a", "1"],
        ["a", "2"],
      ],
      timestampMs: 5,
    }),
    record({ offset: 1, key: Buffer.from([0xff]), value: null, headers: { none: null } }),
  ]);

  expect(run.delivered.map(({ value }) => value)).toEqual(["text", null]);
  expect(run.delivered[0]?.source.headers.map(({ value }) => value?.toString())).toEqual(["1", "2"]);
  expect(run.delivered[1]?.source.headers).toEqual([{ name: "none", value: null }]);
});

test("an event has one list per partition, in offset order, as Lambda sends it", () => {
  const event = kafkaEvent(
    [record({ offset: 2, value: "c" }), record({ offset: 1, value: "b" }), record({ partition: 1, value: "x", headers: { n: "é" } })],
    {
      eventSourceArn: "arn:aws:kafka:eu-central-1:123456789012:cluster/c/1",
    },
  );

  expect(event).toMatchObject({
    eventSource: "aws:kafka",
    records: { "test-0": [{ offset: 1, value: "Yg==" }, { offset: 2 }], "test-1": [{ headers: [{ n: [-61, -87] }] }] },
  });
});
