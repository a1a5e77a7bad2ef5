/** What happens next to a batch, and under which producer id, epoch and sequence: the pure rules of the producer. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { RelayError } from "../../../lib/errors.js";
import { graver } from "../../../lib/kafka/produce/batch.js";
import { afterAnswer, afterFailedLook, afterSilence, type EndedAttempt, type Step } from "../../../lib/kafka/produce/next-step.js";
import { planRecords } from "../../../lib/kafka/produce/plan.js";
import { advanced, atNextEpoch, batchProducer, identified, unidentified, withoutIdentity } from "../../../lib/kafka/produce/sequence.js";
import { kafkaErrors } from "../../../lib/kafka/protocol/error-codes.js";
import type { PartitionAnswer } from "../../../lib/kafka/protocol/produce.js";

const first: EndedAttempt = { topic: "orders", partition: 0, recordsCount: 5, isMaybeWritten: false, attempts: 1, failuresInRow: 0 };
const answer = (name: keyof typeof kafkaErrors | undefined, refused: readonly number[] = []): PartitionAnswer => ({
  partition: 0,
  errorCode: name === undefined ? 0 : kafkaErrors[name].code,
  baseOffset: 7n,
  logAppendTimeMs: -1n,
  logStartOffset: 0n,
  recordErrors: refused.map((index) => ({ index, message: null })),
  errorMessage: null,
});
const stepAfter = (name: keyof typeof kafkaErrors | undefined, more: Partial<EndedAttempt> = {}): Step =>
  afterAnswer(answer(name), { ...first, ...more });

test("an acknowledged batch, and one that was written before, are written", () => {
  expect([undefined, "DUPLICATE_SEQUENCE_NUMBER" as const].map((name) => stepAfter(name).step)).toEqual(["written", "written"]);
});

test("after a leader has moved the same bytes go again, and the batch may have been written", () => {
  expect(stepAfter("NOT_LEADER_OR_FOLLOWER")).toMatchObject({ step: "send-again", doubt: "open" });
});

test("a broker that does not have the partition leaves less doubt than one that does not answer", () => {
  expect(stepAfter("UNKNOWN_TOPIC_OR_PARTITION")).toMatchObject({ step: "send-again", doubt: "disowned" });
  expect(afterSilence(new RelayError("maybe-written", "lost"), first)).toMatchObject({ step: "send-again", doubt: "open" });
  expect(afterSilence(new RelayError("kafka-unreachable", "refused"), first)).toMatchObject({ step: "send-again", doubt: "none" });
});

test("too few replicas in sync leave no doubt: the batch goes again", () => {
  expect(stepAfter("NOT_ENOUGH_REPLICAS", { attempts: 100 })).toMatchObject({ step: "send-again", doubt: "none" });
});

test("a damaged batch goes again three times, and is then refused", () => {
  expect([1, 2, 3, 4].map((attempts) => stepAfter("CORRUPT_MESSAGE", { attempts }).step)).toEqual([
    "send-again",
    "send-again",
    "send-again",
    "refuse",
  ]);
});

test("a batch that stays out of order after a doubtful attempt is left unresolved", () => {
  const inDoubt = { isMaybeWritten: true, attempts: 4 };

  expect(stepAfter("OUT_OF_ORDER_SEQUENCE_NUMBER", inDoubt)).toMatchObject({ step: "leave-unresolved", isTrouble: true });
});

test("a first attempt that is out of order goes under another producer id, three times in a row at most", () => {
  const steps = [0, 1, 2, 3].map((failuresInRow) => stepAfter("UNKNOWN_PRODUCER_ID", { failuresInRow }));

  expect(steps.map(({ step }) => step)).toEqual([
    "put-back-under-another-id",
    "put-back-under-another-id",
    "put-back-under-another-id",
    "refuse",
  ]);
  expect(steps.at(-1)).toMatchObject({ needsAnotherId: true });
});

test("refused records leave the batch; where none is named, half of them are tried", () => {
  const named = afterAnswer(answer("INVALID_RECORD", [1, 3]), first);

  expect(named.step === "put-back" && [...named.refused.keys()]).toEqual([1, 3]);
  expect(stepAfter("INVALID_RECORD")).toMatchObject({ step: "put-back", recordsMax: 3 });
  expect(stepAfter("INVALID_RECORD", { recordsCount: 1 })).toMatchObject({ step: "refuse", needsAnotherId: false });
});

test("a batch that is too large is made smaller", () => {
  expect(stepAfter("RECORD_LIST_TOO_LARGE").step).toBe("make-smaller");
});

test("no answer to a batch that may have been written makes it refused", () => {
  const names = Object.keys(kafkaErrors) as (keyof typeof kafkaErrors)[];

  for (const name of names) expect(stepAfter(name, { isMaybeWritten: true, attempts: 100 }).step, name).not.toBe("refuse");
});

test("a failure that another attempt cannot change ends the batch: refused, or unresolved where it may have been written", () => {
  const throttled = new RelayError("too-many-requests", "wait");

  expect(afterSilence(throttled, first).step).toBe("refuse");
  expect(afterSilence(throttled, { ...first, isMaybeWritten: true }).step).toBe("leave-unresolved");
  expect(afterSilence(new RelayError("internal", "a bug", { written: "maybe" }), first).step).toBe("leave-unresolved");
});

test("a topic that several answers miss is gone, a missing permission fails, and an unreachable cluster is looked for again", () => {
  const codes = ["topic-not-found", "kafka-forbidden", "kafka-unreachable", "leader-not-available"] as const;

  expect(codes.map((code) => afterFailedLook(new RelayError(code, "")))).toEqual(["gone", "fail", "look-again", "look-again"]);
});

test("doubt never becomes smaller", () => {
  expect([graver("none", "disowned"), graver("open", "disowned"), graver("disowned", "none"), graver("none", "none")]).toEqual([
    "disowned",
    "open",
    "disowned",
    "none",
  ]);
});

const identity = { producerId: 9n, producerEpoch: 4 };

test("the sequence counts acknowledged records, and starts over after 2^31 - 1", () => {
  expect(batchProducer(advanced(identified(identity), 3))).toEqual({ ...identity, baseSequence: 3 });
  expect(batchProducer(advanced(advanced(identified(identity), 0x7fff_ffff), 2))?.baseSequence).toBe(1);
});

test("after an unresolved batch comes the next epoch from 0, and after the last epoch another producer id", () => {
  const used = advanced(identified(identity), 3);

  expect(batchProducer(atNextEpoch(used))).toEqual({ producerId: 9n, producerEpoch: 5, baseSequence: 0 });
  expect(atNextEpoch(identified({ ...identity, producerEpoch: 32_766 })).identity).toBeUndefined();
});

test("a partition that loses its producer id has no batch to send, and does not go back to the shared id", () => {
  const lost = withoutIdentity(identified(identity));

  expect([batchProducer(lost), lost.isNew]).toEqual([undefined, false]);
  expect([batchProducer(unidentified), unidentified.isNew]).toEqual([undefined, true]);
});

test("a producer without idempotence sends no sequence", () => {
  expect(batchProducer(identified({ producerId: -1n, producerEpoch: -1 }))?.baseSequence).toBe(-1);
});

test("a plan puts every record into its partition once, in the order of the call, and names those that have none", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -2, max: 6 }), { maxLength: 50 }), (partitions) => {
      const records = partitions.map((partition) => ({ key: null, value: Buffer.alloc(3), headers: [], partition }));

      const { parts, misplaced } = planRecords(records, 4, ({ partition = 0 }) => partition);

      const placed = [...parts].flatMap(([partition, { indexes }]) => indexes.map((index) => ({ index, partition })));
      const byIndex = [...placed, ...misplaced].sort((a, b) => a.index - b.index);
      expect(byIndex).toEqual(partitions.map((partition, index) => ({ index, partition })));
      expect(misplaced.every(({ partition }) => partition < 0 || partition > 3)).toBe(true);
      for (const { indexes, bytes } of parts.values()) {
        expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
        expect(bytes).toBe(indexes.length * 39);
      }
    }),
  );
});
