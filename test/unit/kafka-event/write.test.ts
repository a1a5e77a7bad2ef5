/** A record as Lambda's event has it: every byte, what is left out, and what it weighs. */
import { expect, test } from "vitest";
import { encodeRecordBatch } from "../../../lib/kafka/codec/record-batch-encoder.js";
import { walkRecordSet } from "../../../lib/kafka/codec/record-set.js";
import type { OutgoingRecord } from "../../../lib/kafka/records.js";
import type { KafkaEventRecord } from "../../../lib/kafka-event/shape.js";
import { payloadBytesOf, toEventRecord } from "../../../lib/kafka-event/write.js";

interface WrittenRecord {
  readonly record: KafkaEventRecord;
  readonly payloadBytes: number;
}

async function written(record: Partial<OutgoingRecord>): Promise<WrittenRecord> {
  const bytes = encodeRecordBatch([{ key: null, value: null, headers: [], timestampMs: 1_700_000_000_123, ...record }], {
    producerId: -1n,
    producerEpoch: -1,
    baseSequence: -1,
    nowMs: 1,
  });
  const found: WrittenRecord[] = [];
  const set = { topic: "orders", partition: 3, bytes, fromOffset: 0n, abortedTransactions: [] };
  await walkRecordSet(set, (view) => {
    found.push({ record: toEventRecord(view, "orders", 3), payloadBytes: payloadBytesOf(view, "orders", 3) });
    return true;
  });
  return found[0] as WrittenRecord;
}

test("keys and values are base64, offsets and times plain numbers", async () => {
  const { record } = await written({ key: Buffer.from("k"), value: Buffer.from([0, 255, 16]) });

  expect(record).toEqual({
    topic: "orders",
    partition: 3,
    offset: 0,
    timestamp: 1_700_000_000_123,
    timestampType: "CREATE_TIME",
    key: "aw==",
    value: "AP8Q",
    headers: [],
  });
});

test("a null key and a tombstone are left out, an empty key and value are empty texts", async () => {
  const nulls = await written({});
  const empties = await written({ key: Buffer.alloc(0), value: Buffer.alloc(0) });

  expect(Object.keys(nulls.record)).not.toEqual(expect.arrayContaining(["key"]));
  expect("value" in nulls.record).toBe(false);
  expect(empties.record).toMatchObject({ key: "", value: "" });
});

test("header bytes are signed, in wire order with repeats, and a header whose value is null is an empty object, as on AWS", async () => {
  const { record } = await written({
    headers: [
      { name: "a", value: Buffer.from([0x7f, 0x80, 0xdc]) },
      { name: "b", value: null },
      { name: "a", value: Buffer.alloc(0) },
      { name: "__proto__", value: Buffer.from("x") },
    ],
  });

  expect(JSON.stringify(record.headers)).toBe('[{"a":[127,-128,-36]},{},{"a":[]},{"__proto__":[120]}]');
});

test.each<[string, Partial<OutgoingRecord>]>([
  ["nothing", {}],
  ["a key and a value", { key: Buffer.from("key"), value: Buffer.from("value") }],
  ["headers with names beyond ASCII", { headers: [{ name: 'grüße "x"', value: Buffer.from([1, 200]) }] }],
])("the weight of a record with %s is that of its JSON and a comma", async (_what, given) => {
  const { record, payloadBytes } = await written(given);

  expect(payloadBytes).toBe(Buffer.byteLength(JSON.stringify(record)) + 1);
});
