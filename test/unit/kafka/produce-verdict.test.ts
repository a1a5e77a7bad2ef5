/** What a broker's code means for a batch: written, surely not written, or unknown. */
import { expect, test } from "vitest";
import { judge, type ProduceVerdict } from "../../../lib/kafka/produce/produce-verdict.js";
import type { PartitionAnswer } from "../../../lib/kafka/protocol/produce.js";

const answer = (errorCode: number, recordErrors: PartitionAnswer["recordErrors"] = []): PartitionAnswer => ({
  partition: 0,
  errorCode,
  baseOffset: 7n,
  logAppendTimeMs: -1n,
  logStartOffset: 0n,
  recordErrors,
  errorMessage: null,
});
const batch = { topic: "orders", partition: 0, recordsCount: 4, isMaybeWritten: false };
const verdictOf = (code: number, more: Partial<typeof batch> = {}): ProduceVerdict => judge(answer(code), { ...batch, ...more });

test("no error and a duplicate are success", () => {
  expect([0, 46].map((code) => verdictOf(code).verdict)).toEqual(["written", "written"]);
});

test.each([
  [2, "again"],
  [10, "too-large"],
  [17, "refused"],
  [18, "too-large"],
  [19, "again"],
  [29, "refused"],
  [31, "refused"],
  [32, "halve"],
  [44, "refused"],
  [76, "refused"],
  [87, "halve"],
] as const)("code %i is on the closed list: the batch was not written, and its sequence stands", (code, verdict) => {
  const judged = verdictOf(code);

  expect(judged.verdict).toBe(verdict);
  if (judged.verdict === "again") expect(judged.isMaybe).toBe(false);
  if ("error" in judged) expect(judged.error.failure.written).toBe("no");
});

test.each([3, 5, 6, 7, 13, 20, 56, 74])("after code %i the batch may be written, and goes again byte for byte", (code) => {
  expect(verdictOf(code)).toMatchObject({ verdict: "again", isMaybe: true });
});

test.each([45, 47, 59])("code %i on a first attempt asks for a new producer id, on a repeat the result is unknown", (code) => {
  expect(verdictOf(code).verdict).toBe("new-producer-id");
  expect(verdictOf(code, { isMaybeWritten: true })).toMatchObject({ verdict: "again", isMaybe: true });
});

test("a refusal of a batch that an earlier attempt may have written settles nothing", () => {
  expect([10, 29, 87].map((code) => verdictOf(code, { isMaybeWritten: true }).verdict)).toEqual(["unknown", "unknown", "unknown"]);
});

test("an unknown code settles nothing", () => {
  expect(verdictOf(-1).verdict).toBe("unknown");
  expect(verdictOf(999).verdict).toBe("unknown");
});

test("records that are refused one by one are named with the broker's words, and places that are not in the batch are not", () => {
  const judged = judge(
    answer(87, [
      { index: 2, message: "Compacted topic cannot accept message without key." },
      { index: 9, message: null },
    ]),
    batch,
  );

  expect(judged.verdict === "records-refused" && [...judged.refused.keys()]).toEqual([2]);
  expect(judged.verdict === "records-refused" && judged.refused.get(2)?.message).toBe(
    'Kafka refused the record for partition 0 of topic "orders": Compacted topic cannot accept message without key.',
  );
});

test("one record alone is what is refused", () => {
  expect(verdictOf(87, { recordsCount: 1 })).toMatchObject({ verdict: "refused", error: { code: "record-refused" } });
});

test("a refused producer id names the permission and the way out", () => {
  const judged = verdictOf(31);

  expect(judged.verdict === "refused" && judged.error.message).toMatch(/WriteDataIdempotently.*IDEMPOTENT_WRITE.*KAFKA_IDEMPOTENCE=off/);
});
