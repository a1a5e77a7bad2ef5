/** Records as JSON: whatever the bytes, the text is JSON from which the same bytes come back, and it stays below its limit. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { RecordJson } from "../../../../lib/http/read/record-json.js";
import { recordFormats } from "../../../../lib/http/read/record-words.js";
import { encodeRecordBatch, withoutProducerId } from "../../../../lib/kafka/codec/record-batch-encoder.js";
import { walkRecordSet } from "../../../../lib/kafka/codec/record-set.js";
import type { OutgoingRecord } from "../../../../lib/kafka/records.js";
import { anyRecord, anyRecords } from "../../../support/broker/any-records.js";

const nowMs = 1_700_000_000_000;
const prefix = Buffer.from('{"partition":0,');
const noLimit = Number.MAX_SAFE_INTEGER;

const anyFormats = fc.record({
  key: fc.constantFrom(...recordFormats, "auto" as const),
  value: fc.constantFrom(...recordFormats, "auto" as const),
  headers: fc.constantFrom("base64" as const, "string" as const),
});
/** Values that are text or JSON, beside the bytes of `anyRecords`. */
const anyTextRecords = fc.array(
  fc
    .oneof(
      fc.json(),
      fc.string({ unit: "binary" }),
      fc.json().map((json) => ` ${json.replaceAll(":", ":\n\t")} `),
    )
    .map(
      (text): OutgoingRecord => ({ key: Buffer.from(text), value: Buffer.from(text), headers: [{ name: text, value: Buffer.from(text) }] }),
    ),
  { minLength: 1, maxLength: 20 },
);

/** A few, for a limit that a few reach: eighty records of megabytes would be encoded to take two of them. */
const fewRecords = fc.array(anyRecord, { minLength: 1, maxLength: 12 });

async function write(records: readonly OutgoingRecord[], json: RecordJson, baseOffset = 0): Promise<number> {
  const bytes = encodeRecordBatch(records, { ...withoutProducerId, nowMs });
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  let taken = 0;
  await walkRecordSet({ topic: "orders", partition: 0, bytes, fromOffset: 0n, abortedTransactions: [] }, (view) => {
    const isTaken = json.add(view, prefix);
    if (isTaken) taken++;
    return isTaken;
  });
  return taken;
}

interface Told {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: unknown;
  readonly key_format?: string;
  readonly value: unknown;
  readonly value_format?: string;
  readonly headers: readonly { readonly name: string; readonly value: string | null; readonly value_format?: string }[];
}

/** The bytes as hex; JSON is compared by what it means. */
function reported(value: unknown, format: string | undefined): unknown {
  if (format === undefined) return null;
  if (format === "json") return ["json", value];
  return Buffer.from(value as string, format === "base64" ? "base64" : "utf8").toString("hex");
}
function sent(bytes: Buffer | null, format: string | undefined): unknown {
  if (bytes === null) return null;
  return format === "json" ? ["json", JSON.parse(bytes.toString())] : bytes.toString("hex");
}

test("the same bytes come back from every form, with offset, time and headers", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyRecords, anyTextRecords), anyFormats, fc.nat({ max: 2 ** 40 }), async (records, formats, baseOffset) => {
      const json = new RecordJson(formats, noLimit);
      await write(records, json, baseOffset);
      const found = JSON.parse(`[${json.finish()}]`) as readonly Told[];

      expect(
        found.map(({ offset, timestamp, key, key_format, value, value_format }) => [
          offset,
          timestamp,
          reported(key, key_format),
          reported(value, value_format),
        ]),
      ).toEqual(
        records.map(({ key, value, timestampMs }, index) => [
          baseOffset + index,
          timestampMs ?? nowMs,
          sent(key, found[index]?.key_format),
          sent(value, found[index]?.value_format),
        ]),
      );
      const isText = formats.headers === "string";
      expect(
        found.map(({ headers }) =>
          headers.map(({ name, value, value_format }) => [
            name,
            value === null ? null : reported(value, isText ? (value_format ?? "string") : "base64"),
          ]),
        ),
      ).toEqual(
        records.map(({ headers }) => headers.map(({ name, value }) => [Buffer.from(name).toString(), value?.toString("hex") ?? null])),
      );
    }),
  );
});

test("it never grows above its limit as a JSON string, and takes nearly all that fits", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fewRecords, anyTextRecords),
      anyFormats,
      fc.integer({ min: 2_000, max: 60_000 }),
      async (records, formats, bytesMax) => {
        const json = new RecordJson(formats, bytesMax);
        const taken = await write(records, json);
        const bytes = Buffer.byteLength(JSON.stringify(json.finish())) - 2;

        expect(taken).toBe(json.count);
        expect(taken).toBeGreaterThan(0);
        expect(bytes).toBeLessThanOrEqual(bytesMax);
        if (taken < records.length) {
          const all = new RecordJson(formats, noLimit);
          await write(records.slice(0, taken + 1), all);
          expect(Buffer.byteLength(JSON.stringify(all.finish())) - 2).toBeGreaterThan(bytesMax);
        }
      },
    ),
    { numRuns: 200, endOnFailure: true },
  );
});

test("negative times and numbers at every power of ten keep their digits", async () => {
  for (const timestampMs of [-1, 0, 9, 10, 99, 100, 999_999_999, 1_000_000_000, 1_000_000_001, 99_999_999_999, 8_640_000_000_000_000]) {
    const json = new RecordJson({ key: "auto", value: "auto", headers: "base64" }, noLimit);
    await write([{ key: null, value: null, headers: [], timestampMs }], json);

    expect(json.finish()).toContain(`"timestamp":${timestampMs},`);
  }
});
