/**
 * What becomes of a batch: the rules of https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html, and the choices where AWS says nothing. Time
 * passes by itself here: the clock and the handler are arguments.
 */
import { describe, expect, test } from "vitest";
import type { FailureRules } from "../../../local/kafka-trigger/src/mapping.js";
import { bisect, type Run } from "../../../local/kafka-trigger/src/poll/run.js";
import { type GivenUp, type InvocationOutcome, settle } from "../../../local/kafka-trigger/src/poll/settle.js";
import { waitingRecords } from "../../support/trigger/waiting-records.js";

const topic = "orders";
const rules: FailureRules = { retriesMax: -1, recordAgeMaxMs: -1, isBisecting: false, takesPartialResponses: false };

function run(partition: number, offsets: readonly number[], timestampMs = 1_000): Run {
  const records = waitingRecords(
    topic,
    partition,
    offsets.map((offset) => ({ offset, timestampMs })),
  );
  return { partition, records, nextOffset: (offsets.at(-1) ?? 0) + 1 };
}

const offsetsOf = (runs: readonly Run[]) => runs.map(({ partition, records }) => [partition, ...records.map(({ offset }) => offset)]);
const ok = (answer: unknown = null): InvocationOutcome => ({ ok: true, answer, requestId: "r" });
const failed: InvocationOutcome = { ok: false, reason: "Error: no", requestId: "r" };

/** Settles a batch with a handler and tells everything that happened. */
async function settled(
  batch: readonly Run[],
  given: Partial<FailureRules>,
  handler: (runs: readonly Run[], attempt: number) => InvocationOutcome,
  stopAfter = 1_000,
) {
  const invoked: (readonly (readonly number[])[])[] = [];
  const givenUp: GivenUp[] = [];
  const progress: (readonly [number, number])[] = [];
  const backOffs: number[] = [];
  const warnings: string[] = [];
  const isSettled = await settle(
    batch,
    { ...rules, ...given },
    {
      topic,
      invoke: async (runs) => {
        invoked.push(offsetsOf(runs));
        return handler(runs, invoked.length);
      },
      giveUp: async (one) => void givenUp.push(one),
      onSettled: (partition, nextOffset) => progress.push([partition, nextOffset]),
      backOff: async (n) => void backOffs.push(n),
      isStopping: () => invoked.length >= stopAfter,
      now: () => 100_000,
      warn: (line) => warnings.push(line),
    },
  );
  return { isSettled, invoked, givenUp, progress, backOffs, warnings, end: Object.fromEntries(progress) };
}

describe("without controls", () => {
  test("a batch that fails is retried whole until it succeeds, and nothing of it is committed before", async () => {
    const result = await settled([run(0, [1, 2]), run(1, [5])], {}, (_, attempt) => (attempt < 4 ? failed : ok()));

    expect(result.invoked).toEqual(
      Array(4).fill([
        [0, 1, 2],
        [1, 5],
      ]),
    );
    expect(result.backOffs).toEqual([1, 2, 3]);
    expect(result.end).toEqual({ 0: 3, 1: 6 });
    expect(result.progress.filter(([, offset]) => offset > 2 && offset !== 5)).toEqual([
      [0, 3],
      [1, 6],
    ]);
  });

  test("what a function returns is ignored where partial responses are not switched on", async () => {
    const answer = { batchItemFailures: [{ itemIdentifier: { partition: "orders-0", offset: 1 } }] };

    const { invoked } = await settled([run(0, [1, 2])], {}, () => ok(answer));

    expect(invoked).toHaveLength(1);
  });

  test("a batch that fails while the poller stops is left unsettled", async () => {
    const { isSettled, givenUp, invoked } = await settled([run(0, [1])], { retriesMax: 0 }, () => failed, 1);
    const endless = await settled([run(0, [1])], {}, () => failed, 2);

    expect([isSettled, givenUp.length, invoked.length]).toEqual([true, 1, 1]);
    expect([endless.isSettled, endless.invoked.length, endless.progress.some(([, offset]) => offset > 1)]).toEqual([false, 2, false]);
  });
});

describe("maximumRetryAttempts", () => {
  test("three retries are four invocations, and then the batch is given up and its offset moves on", async () => {
    const { invoked, givenUp, end } = await settled([run(0, [1, 2])], { retriesMax: 3 }, () => failed);

    expect(invoked).toHaveLength(4);
    expect(givenUp).toMatchObject([{ condition: "retries", attempts: 4, last: { reason: "Error: no" } }]);
    expect(end).toEqual({ 0: 3 });
  });

  test("none are one invocation", async () => {
    const { invoked } = await settled([run(0, [1])], { retriesMax: 0 }, () => failed);

    expect(invoked).toHaveLength(1);
  });
});

describe("maximumRecordAgeInSeconds", () => {
  test("records that are older are not sent; the others are", async () => {
    const batch = [run(0, [1], 10_000), run(1, [7], 99_000)];

    const { invoked, givenUp } = await settled(batch, { recordAgeMaxMs: 60_000 }, () => ok());

    expect(invoked).toEqual([[[1, 7]]]);
    expect(givenUp).toMatchObject([{ condition: "age", attempts: 0 }]);
  });

  test("a batch of aged records alone is not sent at all, and its offset moves on", async () => {
    const { invoked, end } = await settled([run(0, [1, 2], 10_000)], { recordAgeMaxMs: 60_000 }, () => ok());

    expect(invoked).toEqual([]);
    expect(end).toEqual({ 0: 3 });
  });
});

describe("bisectBatchOnFunctionError", () => {
  test("a poison record is found by halves, in order, and everything else gets through once", async () => {
    const poison = 6;
    const delivered: number[] = [];
    const { givenUp, end } = await settled([run(0, [1, 2, 3, 4, 5, 6, 7, 8])], { isBisecting: true, retriesMax: 1 }, (runs) => {
      const offsets = runs.flatMap(({ records }) => records.map(({ offset }) => offset));
      if (offsets.includes(poison)) return failed;
      delivered.push(...offsets);
      return ok();
    });

    expect(delivered).toEqual([1, 2, 3, 4, 5, 7, 8]);
    expect(givenUp.map(({ runs }) => offsetsOf(runs))).toEqual([[[0, poison]]]);
    expect(end).toEqual({ 0: 9 });
  });

  test("a split uses up no retries", async () => {
    const { invoked } = await settled([run(0, [1, 2])], { isBisecting: true, retriesMax: 1 }, () => failed);

    // The whole, then each half with one retry.
    expect(invoked).toEqual([[[0, 1, 2]], [[0, 1]], [[0, 1]], [[0, 2]], [[0, 2]]]);
  });

  test("runs of several partitions are cut in the middle, each partition once at most", () => {
    const halves = bisect([run(0, [1, 2]), run(1, [3, 4, 5])]);

    expect(halves.map(offsetsOf)).toEqual([
      [
        [0, 1, 2],
        [1, 3],
      ],
      [[1, 4, 5]],
    ]);
  });
});

describe("ReportBatchItemFailures", () => {
  const partial = { takesPartialResponses: true };
  const failures = (...items: unknown[]) => ok({ batchItemFailures: items.map((itemIdentifier) => ({ itemIdentifier })) });

  test("only the records that are named are retried, and the partition is held at the first of them", async () => {
    const { invoked, progress, end } = await settled([run(0, [1, 2, 3]), run(1, [8])], partial, (_, attempt) =>
      attempt === 1 ? failures({ partition: "orders-0", offset: 2 }) : ok(),
    );

    expect(invoked).toEqual([
      [
        [0, 1, 2, 3],
        [1, 8],
      ],
      [[0, 2]],
    ]);
    expect(progress.slice(0, 2)).toEqual([
      [0, 2],
      [1, 9],
    ]);
    expect(end).toEqual({ 0: 4, 1: 9 });
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["an empty object", {}],
    ["an empty list", { batchItemFailures: [] }],
    ["a null list", { batchItemFailures: null }],
    ["an empty text", ""],
  ])("%s means that the whole batch succeeded", async (_what, answer) => {
    const { invoked, isSettled } = await settled([run(0, [1])], partial, () => ok(answer));

    expect([invoked.length, isSettled]).toEqual([1, true]);
  });

  test.each<[string, unknown]>([
    ["an offset that was not in the batch", { partition: "orders-0", offset: 99 }],
    ["a partition that was not in the batch", { partition: "orders-7", offset: 1 }],
    ["a text, as for SQS", "orders-0-1"],
    ["an offset that is a text", { partition: "orders-0", offset: "1" }],
    ["a partition that is a number", { partition: 0, offset: 1 }],
    ["nothing", undefined],
  ])("an identifier that is %s fails the whole batch, loudly", async (_what, identifier) => {
    const { invoked, warnings } = await settled([run(0, [1, 2])], partial, (_, attempt) => (attempt === 1 ? failures(identifier) : ok()));

    expect(invoked).toEqual([[[0, 1, 2]], [[0, 1, 2]]]);
    expect(warnings).toHaveLength(1);
  });

  test("a record that is reported again and again counts its attempts and is given up", async () => {
    const { invoked, givenUp } = await settled([run(0, [1, 2])], { ...partial, retriesMax: 2 }, () =>
      failures({ partition: "orders-0", offset: 2 }),
    );

    expect(invoked).toEqual([[[0, 1, 2]], [[0, 2]], [[0, 2]]]);
    expect(givenUp.map(({ runs }) => offsetsOf(runs))).toEqual([[[0, 2]]]);
  });
});
