/** What stands behind a record whose dead letter is not acknowledged: it waits, and is not delivered with every try. */
import { expect, test } from "vitest";
import { RelayError } from "../../../lib/errors.js";
import { delivered, failed, records, run } from "../../support/relay/relay-bench.js";

const refusal = { deadLetterRefusal: () => new RelayError("kafka-unreachable", "no broker answers") };
const breaking = ({ offset }: { readonly offset: number | bigint }) => {
  if (offset === 2) throw new Error("broken");
  return {};
};

test("nothing behind a record whose transform fails is delivered before its dead letter is acknowledged", async () => {
  const refused = await run({ transform: breaking }, [records(6)], () => delivered, { deliveriesMax: 10, ...refusal });
  const acknowledged = await run({ transform: breaking }, [records(6)], () => delivered, { deliveriesMax: 10 });

  expect(refused.attempts.map(({ at }) => at)).toEqual(["0/0", "0/1"]);
  expect(refused.verdicts).toEqual(["delivered", "delivered", "given-back", "given-back", "given-back", "given-back"]);
  expect(acknowledged.attempts.map(({ at }) => at)).toEqual(["0/0", "0/1", "0/3", "0/4", "0/5"]);
  expect(acknowledged.verdicts).toEqual(["delivered", "delivered", "dead-lettered", "delivered", "delivered", "delivered"]);
});

test("by key it holds its own key alone, and without an order nothing", async () => {
  const keyed = records(6, (index) => ({ key: Buffer.from(index % 2 === 0 ? "even" : "odd") }));
  const byKey = await run({ transform: breaking, order: "key" }, [keyed], () => delivered, { deliveriesMax: 10, ...refusal });
  const without = await run({ transform: breaking, order: "none" }, [records(6)], () => delivered, { deliveriesMax: 10, ...refusal });

  expect(byKey.attempts.map(({ at }) => at).sort()).toEqual(["0/0", "0/1", "0/3", "0/5"]);
  expect(without.attempts.map(({ at }) => at).sort()).toEqual(["0/0", "0/1", "0/3", "0/4", "0/5"]);
});

test("nothing behind a record that the target refused is sent in a later part of the same call", async () => {
  const transform = () => [{ value: "a" }, { value: "b" }];
  const result = await run({ transform }, [records(4)], ({ source }) => (source.offset === 0n ? failed("record-refused") : delivered), {
    deliveriesMax: 2,
    ...refusal,
  });

  expect(result.attempts.map(({ at }) => at)).toEqual(["0/0", "0/0"]);
});
