/** Order and verdicts of a batch: what holds what, and what goes on. */
import { describe, expect, test } from "vitest";
import { RelayError } from "../../../lib/errors.js";
import { delivered, failed, record, records, run } from "../../support/relay/relay-bench.js";

const isOffset = (offset: bigint) => (delivery: { readonly source: { readonly offset: bigint } }) => delivery.source.offset === offset;
const offsets = (count: number, partition = 0) => Array.from({ length: count }, (_, index) => `${partition}/${index}`);
const unmatched = { filter: { value: { n: [{ numeric: [">", 100] }] } } } as const;

describe("a record that the target refuses for its own sake", () => {
  test.each([0n, 4n, 9n])("is dead-lettered at once at offset %i of ten, and the others are delivered in order", async (poison) => {
    const result = await run({}, [records(10)], (delivery) =>
      isOffset(poison)(delivery) ? failed("record-refused", { targetStatus: 400 }) : delivered,
    );

    expect(result.delivered).toEqual(offsets(10).filter((name) => name !== `0/${poison}`));
    expect(result.deadLetters.map(({ source, attempts }) => [source.offset, attempts])).toEqual([[poison, 1]]);
    expect(result.tookMs).toBe(0);
  });

  test("is given back, with everything behind it in its partition, where the dead letter topic does not take it", async () => {
    const result = await run(
      {},
      [records(4), records(2, () => ({ partition: 1 }))],
      (delivery) => (isOffset(1n)(delivery) && delivery.source.partition === 0 ? failed("record-refused") : delivered),
      { deadLetterRefusal: () => new RelayError("kafka-unreachable", "no broker answers") },
    );

    expect(result.verdicts).toEqual(["delivered", "given-back", "given-back", "given-back", "delivered", "delivered"]);
  });
});

describe("a target that keeps failing", () => {
  test("holds every later record of its partition, and no other partition", async () => {
    const result = await run({ retry: { attemptsMax: 3 } }, [records(4), records(3, () => ({ partition: 1 }))], (delivery) =>
      isOffset(1n)(delivery) && delivery.source.partition === 0 ? failed("target-failed") : delivered,
    );

    expect(result.verdicts).toEqual(["delivered", "given-back", "given-back", "given-back", "delivered", "delivered", "delivered"]);
    expect(result.attempts.filter(({ at }) => at === "0/1")).toHaveLength(3);
    expect(result.attempts.some(({ at }) => at === "0/2")).toBe(false);
  });

  test("holds only its key where the order is by key", async () => {
    const keyed = records(6, (index) => ({ key: Buffer.from(index % 2 === 0 ? "even" : "odd") }));
    const result = await run({ order: "key", retry: { attemptsMax: 2 } }, [keyed], (delivery) =>
      isOffset(2n)(delivery) ? failed("target-failed") : delivered,
    );

    expect(result.verdicts).toEqual(["delivered", "delivered", "given-back", "delivered", "given-back", "delivered"]);
  });

  test("holds nothing else where there is no order", async () => {
    const result = await run({ order: "none", retry: { attemptsMax: 2 } }, [records(5)], (delivery) =>
      isOffset(2n)(delivery) ? failed("target-failed") : delivered,
    );

    expect(result.verdicts).toEqual(["delivered", "delivered", "given-back", "delivered", "delivered"]);
  });

  test("dead-letters the record after the policy where the route says so, and the next one goes on", async () => {
    const result = await run({ afterRetries: "dead-letter", retry: { attemptsMax: 3 } }, [records(3)], (delivery) =>
      isOffset(0n)(delivery) ? failed("target-failed") : delivered,
    );

    expect(result.verdicts).toEqual(["dead-lettered", "delivered", "delivered"]);
    expect(result.deadLetters[0]?.attempts).toBe(3);
  });
});

test("records without a key are tied to nothing by key, and an empty key is a key", async () => {
  const keys = [null, Buffer.alloc(0), null, Buffer.alloc(0)];
  const result = await run(
    { order: "key", retry: { attemptsMax: 1 } },
    [records(4, (index) => ({ key: keys[index] ?? null }))],
    (delivery) => (delivery.source.offset <= 1n ? failed("target-failed") : delivered),
  );

  expect(result.verdicts).toEqual(["given-back", "given-back", "delivered", "given-back"]);
});

test("an error of ours gives back at once and is never dead-lettered", async () => {
  const result = await run({}, [records(3)], (delivery) => {
    if (isOffset(1n)(delivery)) throw new TypeError("a bug");
    return delivered;
  });

  expect(result.verdicts).toEqual(["delivered", "given-back", "given-back"]);
  expect(result.entries[1]?.error?.code).toBe("internal");
  expect(result.deadLetters).toEqual([]);
});

test("a record that does not match is filtered and needs no target", async () => {
  const result = await run(unmatched, [records(3)], () => failed("target-failed"));

  expect(result.verdicts).toEqual(["filtered", "filtered", "filtered"]);
  expect(result.attempts).toEqual([]);
});

test("a batch takes as many deliveries of a partition as the target takes at once, in order", async () => {
  const result = await run({}, [records(25)], () => delivered, { deliveriesMax: 10 });

  expect(result.delivered).toEqual(offsets(25));
});

describe("a batch that fails in part", () => {
  const failsOnce = (offset: bigint) => {
    let failures = 0;
    return (delivery: { readonly source: { readonly offset: bigint } }) =>
      isOffset(offset)(delivery) && failures++ < 1 ? failed("target-busy") : delivered;
  };

  test("is delivered again from the failed record on, so that nothing newer stands before it in the end", async () => {
    const result = await run({}, [records(5)], failsOnce(2n), { deliveriesMax: 5 });

    expect(result.verdicts).toEqual(Array(5).fill("delivered"));
    expect(result.delivered).toEqual(["0/0", "0/1", "0/3", "0/4", "0/2", "0/3", "0/4"]);
  });

  test("is delivered again by key alone where that is the order", async () => {
    const keyed = records(5, (index) => ({ key: Buffer.from(index % 2 === 0 ? "even" : "odd") }));
    const result = await run({ order: "key" }, [keyed], failsOnce(2n), { deliveriesMax: 5 });

    expect(result.delivered).toEqual(["0/0", "0/4", "0/1", "0/3", "0/2", "0/4"]);
  });

  test("has only its failed records tried again where there is no order, or where the target keeps it", async () => {
    for (const [order, keepsOrder] of [["none", false] as const, ["partition", true] as const]) {
      const result = await run({ order }, [records(5)], failsOnce(2n), { deliveriesMax: 5, keepsOrder });

      expect(result.delivered).toEqual(["0/0", "0/1", "0/3", "0/4", "0/2"]);
    }
  });

  test("delivers the messages of one record again from the failed one on", async () => {
    let failures = 0;
    const sent: string[] = [];
    const transform = () => [{ value: "a" }, { value: "b" }, { value: "c" }];
    const result = await run(
      { transform },
      [records(1)],
      ({ message }) => {
        const isRefused = String(message.value) === "b" && failures++ < 1;
        if (!isRefused) sent.push(String(message.value));
        return isRefused ? failed("target-busy") : delivered;
      },
      { deliveriesMax: 3 },
    );

    expect([result.verdicts, sent]).toEqual([["delivered"], ["a", "c", "b", "c"]]);
  });

  test("gives back everything from the failed record on, whatever the target took behind it", async () => {
    for (const keepsOrder of [false, true]) {
      const result = await run(
        { retry: { attemptsMax: 2 } },
        [records(5)],
        (delivery) => (isOffset(2n)(delivery) ? failed("target-busy") : delivered),
        { deliveriesMax: 5, keepsOrder },
      );

      expect(result.verdicts).toEqual(["delivered", "delivered", "given-back", "given-back", "given-back"]);
    }
  });
});

test("a transform that throws condemns its own record alone", async () => {
  const transform = ({ value }: { readonly value: { readonly n: number } }) => {
    if (value.n === 1) throw new Error("n is 1");
    return {};
  };
  const result = await run<{ n: number }>({ transform }, [records(3)], () => delivered);

  expect(result.verdicts).toEqual(["delivered", "dead-lettered", "delivered"]);
  expect(result.deadLetters[0]).toMatchObject({
    stage: "transform",
    attempts: 0,
    error: { code: "transform-failed", message: "The transform threw Error: n is 1" },
  });
});

test("a transform that never ends is stopped after its time and condemns its own record alone", async () => {
  const transform = ({ value }: { readonly value: { readonly n: number } }) => (value.n === 0 ? new Promise<never>(() => {}) : {});
  const result = await run<{ n: number }>({ transform, transformTimeoutMs: 20 }, [records(2)], () => delivered);

  expect(result.verdicts).toEqual(["dead-lettered", "delivered"]);
});

test("a record of which one message is refused is dead-lettered once, whatever became of its other messages", async () => {
  const result = await run(
    { transform: () => [{ value: "a" }, { value: "b" }, { value: "c" }] },
    [records(1)],
    (delivery) => (delivery.message.value?.toString() === "b" ? failed("record-refused") : delivered),
    { deliveriesMax: 3 },
  );

  expect(result.verdicts).toEqual(["dead-lettered"]);
  expect(result.deadLetters).toHaveLength(1);
});

test("messages of one record carry its delivery id with their number, one alone carries it plain", async () => {
  const ids: string[] = [];
  const transform = ({ offset }: { readonly offset: number | bigint }) =>
    offset === 0 ? [{ value: "a" }, { value: "b" }] : { value: "c" };
  await run({ transform }, [records(2)], (delivery) => {
    ids.push(delivery.id);
    return delivered;
  });

  expect(ids).toEqual(["test/orders/0/0#0", "test/orders/0/0#1", "test/orders/0/1"]);
});

test("a CloudEvent is delivered under its source and id, wherever it lies", async () => {
  const headers = Object.entries({ ce_specversion: "1.0", ce_id: "7", ce_source: "/shop", ce_type: "sold" }).map(([name, value]) => ({
    name,
    value: Buffer.from(value),
  }));
  const ids: string[] = [];
  await run({}, [[record({ headers, offset: 5n })]], (delivery) => {
    ids.push(delivery.id);
    return delivered;
  });

  expect(ids).toEqual(["/shop 7"]);
});

test("asynchronous transforms go side by side, and what they make is delivered in order", async () => {
  let underWay = 0;
  let mostUnderWay = 0;
  const transform = async ({ offset }: { readonly offset: number | bigint }) => {
    mostUnderWay = Math.max(mostUnderWay, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 10 - Number(offset)));
    underWay--;
    return {};
  };
  const result = await run({ transform, concurrencyMax: 4 }, [records(8)], () => delivered, { deliveriesMax: 8 });

  expect(mostUnderWay).toBe(4);
  expect(result.delivered).toEqual(offsets(8));
});

test("a record that claims to be a CloudEvent and cannot be read is dead-lettered where somebody looks into it, and relayed as it is where nobody does", async () => {
  const broken = record({ text: "{", headers: [{ name: "content-type", value: Buffer.from("application/cloudevents+json") }] });
  const looking = await run({ filter: { ce: { type: ["sold"] } } }, [[broken]], () => delivered);
  const passing = await run({}, [[broken]], () => delivered);

  expect(looking.deadLetters[0]).toMatchObject({ stage: "decode", error: { code: "record-undecodable" } });
  expect(passing.verdicts).toEqual(["delivered"]);
});
