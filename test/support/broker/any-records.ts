/** Generated records: nulls and empties, repeated header names, text of every kind, timestamps far apart. */
import fc from "fast-check";
import type { OutgoingRecord } from "../../../lib/kafka/records.js";

const anyBytes = fc.option(
  fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ minLength: 120, maxLength: 300 }),
    fc.nat({ max: 40_000 }).map((length) => new Uint8Array(length)),
  ),
  { nil: null },
);
const toBuffer = (bytes: Uint8Array | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes));

const anyHeader = fc.record({
  name: fc.oneof(fc.constantFrom("", "trace", "ce_id"), fc.string({ unit: "binary", maxLength: 20 })),
  value: anyBytes.map(toBuffer),
});

export const anyRecord: fc.Arbitrary<OutgoingRecord> = fc
  .record(
    {
      key: anyBytes.map(toBuffer),
      value: anyBytes.map(toBuffer),
      headers: fc.array(anyHeader, { maxLength: 5 }),
      timestampMs: fc.oneof(fc.integer({ min: 0, max: 2 ** 42 }), fc.integer({ min: 1_700_000_000_000, max: 1_700_000_001_000 })),
    },
    { requiredKeys: ["key", "value", "headers"] },
  )
  .map((record) => record as OutgoingRecord);

/** One batch's worth. */
export const anyRecords = fc.array(anyRecord, { minLength: 1, maxLength: 80 });
