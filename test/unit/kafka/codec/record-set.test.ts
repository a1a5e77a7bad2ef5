/** The decoder: round trip with our encoder, against kafkajs's encoder, and everything in a log that is not a plain record. */
import { createRequire } from "node:module";
import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32c } from "../../../../lib/kafka/codec/crc32c.js";
import { type EncodeOptions, encodeRecordBatch, withoutProducerId } from "../../../../lib/kafka/codec/record-batch-encoder.js";
import { type RecordSet, walkRecordSet } from "../../../../lib/kafka/codec/record-set.js";
import { toKafkaRecord } from "../../../../lib/kafka/codec/record-view.js";
import type { KafkaRecord, OutgoingRecord } from "../../../../lib/kafka/records.js";
import { anyRecords } from "../../../support/broker/any-records.js";

const require = createRequire(import.meta.url);

const nowMs = 1_700_000_000_000;
const record = (fields: Partial<OutgoingRecord>): OutgoingRecord => ({ key: null, value: null, headers: [], ...fields });
const values = (...texts: readonly string[]): readonly OutgoingRecord[] => texts.map((text) => record({ value: Buffer.from(text) }));

interface BatchFields extends Partial<EncodeOptions> {
  readonly baseOffset?: number;
  /** Bits of the attributes to set: 8 log append time, 16 transactional, 32 control. */
  readonly attributes?: number;
  readonly maxTimestampMs?: number;
}

/** A batch as the broker keeps it: its own base offset and attributes, and a checksum that holds. */
function storedBatch(
  records: readonly OutgoingRecord[],
  { baseOffset = 0, attributes = 0, maxTimestampMs, ...options }: BatchFields = {},
): Buffer {
  const batch = encodeRecordBatch(records, { ...withoutProducerId, nowMs, ...options });
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  batch.writeInt16BE(batch.readInt16BE(21) | attributes, 21);
  if (maxTimestampMs !== undefined) batch.writeBigInt64BE(BigInt(maxTimestampMs), 35);
  return sealed(batch);
}

function sealed(batch: Buffer): Buffer {
  batch.writeInt32BE(crc32c(batch, 21), 17);
  return batch;
}

const marker = (type: "abort" | "commit", fields: BatchFields): Buffer =>
  storedBatch([record({ key: Buffer.from([0, 0, 0, type === "abort" ? 0 : 1]), value: Buffer.alloc(6) })], { ...fields, attributes: 48 });

async function walk(
  bytes: Buffer,
  set: Partial<RecordSet> = {},
  recordsMax = Number.POSITIVE_INFINITY,
): Promise<{ records: readonly KafkaRecord[]; nextOffset: bigint }> {
  const records: KafkaRecord[] = [];
  const place = { topic: "orders", partition: 3 };
  const nextOffset = await walkRecordSet({ ...place, bytes, fromOffset: 0n, abortedTransactions: [], ...set }, (view) => {
    if (records.length >= recordsMax) return false;
    records.push(toKafkaRecord(view, place));
    return true;
  });
  return { records, nextOffset };
}

const texts = (records: readonly KafkaRecord[]): readonly (string | undefined)[] => records.map(({ value }) => value?.toString());

test("what is encoded is decoded again, plain and by gzip", async () => {
  await fc.assert(
    fc.asyncProperty(anyRecords, fc.constantFrom("none" as const, "gzip" as const), async (records, compression) => {
      const { records: found, nextOffset } = await walk(storedBatch(records, { baseOffset: 1000, compression }));

      expect(nextOffset).toBe(1000n + BigInt(records.length));
      expect(found.map(comparable)).toEqual(
        records.map((one, index) =>
          comparable({ ...one, offset: 1000n + BigInt(index), timestampMs: one.timestampMs ?? nowMs, timestampType: "CREATE_TIME" }),
        ),
      );
    }),
  );
});

/** Hex instead of buffers, because comparing large buffers element by element takes seconds; names as the wire keeps them. */
function comparable({ key, value, headers, offset, timestampMs, timestampType }: Omit<KafkaRecord, "topic" | "partition">): unknown {
  const hex = (bytes: Buffer | null): string | null => bytes?.toString("hex") ?? null;
  return [
    offset,
    timestampMs,
    timestampType,
    hex(key),
    hex(value),
    headers.map((header) => [Buffer.from(header.name).toString(), hex(header.value)]),
  ];
}

test("kafkajs's batches are decoded, headers in order with repeats", async () => {
  const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0");
  const Record = require("kafkajs/src/protocol/recordBatch/record/v0");
  const encoded = await RecordBatch({
    firstTimestamp: nowMs,
    maxTimestamp: nowMs + 5,
    lastOffsetDelta: 1,
    records: [
      Record({ offsetDelta: 0, timestampDelta: 0, key: "a", value: "b", headers: { one: ["1", "2"], two: "3" } }),
      Record({ offsetDelta: 1, timestampDelta: 5, key: null, value: null }),
    ],
  });

  const { records } = await walk(encoded.buffer);

  expect(records.map(({ key, value, timestampMs }) => [key?.toString(), value?.toString(), timestampMs])).toEqual([
    ["a", "b", nowMs],
    [undefined, undefined, nowMs + 5],
  ]);
  expect(records[0]?.headers.map(({ name, value }) => [name, value?.toString()])).toEqual([
    ["one", "1"],
    ["one", "2"],
    ["two", "3"],
  ]);
});

test("records below the offset asked for are skipped, whole batches too", async () => {
  const bytes = Buffer.concat([
    storedBatch(values("0", "1"), { baseOffset: 0 }),
    storedBatch(values("2", "3", "4"), { baseOffset: 2 }),
    storedBatch(values("5"), { baseOffset: 5 }),
  ]);

  expect(texts((await walk(bytes, { fromOffset: 3n })).records)).toEqual(["3", "4", "5"]);
  expect((await walk(bytes, { fromOffset: 3n })).nextOffset).toBe(6n);
  expect(await walk(bytes.subarray(0, 0), { fromOffset: 6n })).toEqual({ records: [], nextOffset: 6n });
});

test("a visitor that refuses a record is given it first the next time", async () => {
  const bytes = Buffer.concat([storedBatch(values("0", "1", "2")), storedBatch(values("3"), { baseOffset: 3 })]);

  expect((await walk(bytes, {}, 2)).nextOffset).toBe(2n);
  expect((await walk(bytes, {}, 3)).nextOffset).toBe(3n);
  expect((await walk(bytes, {}, 4)).nextOffset).toBe(4n);
  expect((await walk(bytes, {}, 0)).nextOffset).toBe(0n);
});

test("a batch that is cut off at the end is left for the next read, wherever it is cut", async () => {
  const first = storedBatch(values("0", "1"));
  const second = storedBatch(values("2"), { baseOffset: 2 });
  for (let kept = 0; kept < second.length; kept++) {
    const { records, nextOffset } = await walk(Buffer.concat([first, second.subarray(0, kept)]));
    expect([texts(records), nextOffset]).toEqual([["0", "1"], 2n]);
  }
});

test("offsets that compaction left out stay out, and the batch's end counts, not its last record", async () => {
  const batch = storedBatch(values("0", "1"), { baseOffset: 10 });
  batch.writeInt32BE(7, 23); // last offset delta
  const emptied = storedBatch(values("x"), { baseOffset: 18 });
  const header = Buffer.from(emptied.subarray(0, 61));
  header.writeInt32BE(49, 8);
  header.writeInt32BE(0, 57); // no record is left

  const { records, nextOffset } = await walk(Buffer.concat([sealed(batch), sealed(header)]));

  expect(records.map(({ offset }) => offset)).toEqual([10n, 11n]);
  expect(nextOffset).toBe(19n);
});

test("log append time is the batch's time, and is called so", async () => {
  const { records } = await walk(storedBatch(values("0", "1"), { attributes: 8, maxTimestampMs: nowMs + 77 }));

  expect(records.map(({ timestampMs, timestampType }) => [timestampMs, timestampType])).toEqual([
    [nowMs + 77, "LOG_APPEND_TIME"],
    [nowMs + 77, "LOG_APPEND_TIME"],
  ]);
});

test("aborted records and control batches are not shown, and the read moves past them", async () => {
  const bytes = Buffer.concat([
    storedBatch(values("plain"), { baseOffset: 0 }),
    storedBatch(values("aborted"), { baseOffset: 1, attributes: 16, producerId: 7n, producerEpoch: 0, baseSequence: 0 }),
    storedBatch(values("other producer"), { baseOffset: 2, attributes: 16, producerId: 8n, producerEpoch: 0, baseSequence: 0 }),
    marker("abort", { baseOffset: 3, producerId: 7n }),
    storedBatch(values("second try"), { baseOffset: 4, attributes: 16, producerId: 7n, producerEpoch: 0, baseSequence: 1 }),
    marker("commit", { baseOffset: 5, producerId: 8n }),
    marker("commit", { baseOffset: 6, producerId: 7n }),
  ]);
  const abortedTransactions = [{ producerId: 7n, firstOffset: 1n }];

  const { records, nextOffset } = await walk(bytes, { abortedTransactions });
  const later = await walk(bytes, { abortedTransactions, fromOffset: 2n });

  expect(texts(records)).toEqual(["plain", "other producer", "second try"]);
  expect(texts(later.records)).toEqual(["other producer", "second try"]);
  expect(nextOffset).toBe(7n);
});

test("only control batches: nothing is shown and the read moves on", async () => {
  const { records, nextOffset } = await walk(marker("commit", { baseOffset: 40, producerId: 7n }), { fromOffset: 40n });

  expect([records, nextOffset]).toEqual([[], 41n]);
});

test("a batch that is damaged anywhere is an error that names topic, partition and offset, and never a hang", async () => {
  const good = storedBatch([record({ key: Buffer.from("k"), value: Buffer.from("value"), headers: [{ name: "h", value: null }] })], {
    baseOffset: 17,
  });
  for (let at = 16; at < good.length; at++) {
    const damaged = Buffer.from(good);
    damaged[at] = (damaged[at] as number) ^ 0xff;
    await expect(walk(damaged)).rejects.toThrow(/^The batch in partition 3 of orders at offset 17 .*\.$/);
  }
});

test("records whose lengths do not add up are an error, whatever they say, though the checksum holds", async () => {
  const good = storedBatch([
    record({ key: Buffer.from("k"), value: Buffer.from("value"), headers: [{ name: "h", value: Buffer.from("v") }] }),
  ]);
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: good.length - 61 }),
      fc.integer({ min: 0, max: 1000 }),
      async (noise, count) => {
        const damaged = Buffer.from(good);
        damaged.set(noise, 61);
        damaged.writeInt32BE(count, 57);
        try {
          await walk(sealed(damaged));
        } catch (error) {
          expect(error).toMatchObject({ code: "batch-unreadable" });
        }
      },
    ),
  );
});

test("a batch that is not compressed with the codec that it names is an error that names the codec", async () => {
  for (const [attribute, codec] of [
    [1, "gzip"],
    [2, "snappy"],
    [3, "lz4"],
    [4, "zstd"],
  ] as const) {
    await expect(walk(storedBatch(values("not compressed"), { attributes: attribute }))).rejects.toThrow(
      `claims to be compressed with ${codec}, but cannot be decompressed as such`,
    );
  }
  await expect(walk(storedBatch(values("x"), { attributes: 6 }))).rejects.toThrow("unknown codec 6");
});

test("messages of version 1 are decoded, also inside gzip, where offsets count from the first", async () => {
  const Message = require("kafkajs/src/protocol/message/v1");
  const MessageSet = require("kafkajs/src/protocol/messageSet");
  const entries = [
    { key: "a", value: "0", timestamp: nowMs },
    { key: null, value: "1", timestamp: nowMs + 1 },
  ];
  const plain: Buffer = MessageSet({ messageVersion: 1, entries }).buffer;
  plain.writeBigInt64BE(50n, 0);
  plain.writeBigInt64BE(51n, 12 + plain.readInt32BE(8));
  const inner: Buffer = MessageSet({ messageVersion: 1, entries }).buffer;
  inner.writeBigInt64BE(0n, 0);
  inner.writeBigInt64BE(1n, 12 + inner.readInt32BE(8));
  const { gzipSync } = await import("node:zlib");
  const message: Buffer = Message({ compression: 1, timestamp: nowMs, key: null, value: gzipSync(inner) }).buffer;
  const zipped = Buffer.alloc(12 + message.length);
  zipped.writeBigInt64BE(53n, 0);
  zipped.writeInt32BE(message.length, 8);
  message.copy(zipped, 12);

  const { records, nextOffset } = await walk(Buffer.concat([plain, zipped]), { fromOffset: 51n });

  expect(records.map(({ offset, key, value, timestampMs }) => [offset, key?.toString(), value?.toString(), timestampMs])).toEqual([
    [51n, undefined, "1", nowMs + 1],
    [52n, "a", "0", nowMs],
    [53n, undefined, "1", nowMs + 1],
  ]);
  expect(nextOffset).toBe(54n);
});
