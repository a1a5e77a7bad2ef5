/** What fits into a batch of the records that wait for it. */
import { afterEach, expect, test } from "vitest";
import { createDeadline } from "../../../lib/deadline.js";
import { RelayError } from "../../../lib/errors.js";
import { batchHeaderBytes } from "../../../lib/kafka/codec/record-batch-encoder.js";
import { ProduceCall } from "../../../lib/kafka/produce/call.js";
import { boundBytes, type Part } from "../../../lib/kafka/produce/part.js";
import { WaitingParts } from "../../../lib/kafka/produce/waiting-parts.js";

const record = { key: null, value: Buffer.alloc(64), headers: [] }; // 100 bytes in a batch at most
const bytesFor = (count: number): number => batchHeaderBytes + count * boundBytes(record);
const gone = new RelayError("kafka-unreachable", "gone");
const calls: ProduceCall[] = [];

afterEach(() => {
  for (const call of calls.splice(0)) for (let index = 0; index < 10; index++) if (!call.isOver) call.failed(index, gone);
});

function part(count: number): Part {
  const call = new ProduceCall(count, createDeadline(10_000));
  calls.push(call);
  return {
    call,
    records: Array(count).fill(record),
    indexes: Array.from({ length: count }, (_, index) => index),
    bytes: count * boundBytes(record),
  };
}

const counts = (parts: readonly Part[]): readonly number[] => parts.map(({ records }) => records.length);

test("several calls share a batch, and the part that does not fit is cut", () => {
  const waiting = new WaitingParts();
  for (const count of [2, 3]) waiting.add(part(count));

  expect(counts(waiting.take(bytesFor(4), 100))).toEqual([2, 2]);
  expect(waiting.take(bytesFor(4), 100).map(({ indexes }) => indexes)).toEqual([[2]]);
  expect(waiting.isEmpty).toBe(true);
});

test("a batch has at most the number of records that is asked for", () => {
  const waiting = new WaitingParts();
  waiting.add(part(5));

  expect([waiting.take(bytesFor(9), 3), waiting.take(bytesFor(9), 3)].map(counts)).toEqual([[3], [2]]);
});

test("one record always fits, however large it is", () => {
  const waiting = new WaitingParts();
  waiting.add(part(2));

  expect(counts(waiting.take(1, 100))).toEqual([1]);
});

test("what is put back comes first, and calls that are over are left out", () => {
  const waiting = new WaitingParts();
  const [over, before, after] = [part(1), part(1), part(2)];
  waiting.add(over);
  waiting.add(after);
  waiting.putBack([before]);
  over.call.failed(0, gone);

  expect(waiting.take(bytesFor(9), 100)).toEqual([before, after]);
});

test("failing the parts of one call leaves the others, in order", async () => {
  const waiting = new WaitingParts();
  const [one, other] = [part(1), part(1)];
  waiting.add(one);
  waiting.add(other);

  waiting.fail(new Set([one.call]), gone);

  expect(await one.call.ended).toEqual([{ outcome: "failed", error: gone }]);
  expect(waiting.take(bytesFor(9), 100)).toEqual([other]);
});
