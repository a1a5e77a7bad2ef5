/** The encoder, held against kafkajs's decoder and the published check values. */
import { createRequire } from "node:module";
import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32c } from "../../../../lib/kafka/codec/crc32c.js";
import {
  encodeRecordBatch,
  measureRecordBatch,
  withoutProducerId,
  writeRecordBatch,
} from "../../../../lib/kafka/codec/record-batch-encoder.js";
import { varlongBytes, writeVarlong } from "../../../../lib/kafka/codec/varint.js";
import { boundBytes } from "../../../../lib/kafka/produce/part.js";
import type { OutgoingRecord } from "../../../../lib/kafka/records.js";
import { anyRecords } from "../../../support/broker/any-records.js";

const require = createRequire(import.meta.url);
const Decoder = require("kafkajs/src/protocol/decoder");
const decodeBatch = require("kafkajs/src/protocol/recordBatch/v0/decoder");

interface KafkajsRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

const decodeByKafkajs = (batch: Buffer): Promise<{ records: KafkajsRecord[]; maxTimestamp: string }> => decodeBatch(new Decoder(batch));

const nowMs = 1_700_000_000_000;
const options = { ...withoutProducerId, nowMs };
const hex = (bytes: Buffer | null): string | null => bytes?.toString("hex") ?? null;
const record = (fields: Partial<OutgoingRecord>): OutgoingRecord => ({ key: null, value: null, headers: [], ...fields });

test("the checksum is CRC-32C: the check values of RFC 3720", () => {
  expect(crc32c(Buffer.from("123456789")) >>> 0).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32)) >>> 0).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff)) >>> 0).toBe(0x62a8ab43);
  expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, index) => index))) >>> 0).toBe(0x46dd794e);
});

test("kafkajs decodes what is encoded, nulls, empties and timestamps kept", async () => {
  await fc.assert(
    fc.asyncProperty(anyRecords, async (records) => {
      const batch = encodeRecordBatch(records, options);

      const decoded = await decodeByKafkajs(batch);

      expect(decoded.records.map(({ key, value, timestamp }) => [hex(key), hex(value), timestamp])).toEqual(
        records.map(({ key, value, timestampMs }) => [hex(key), hex(value), String(timestampMs ?? nowMs)]),
      );
      expect(decoded.maxTimestamp).toBe(String(Math.max(...records.map(({ timestampMs }) => timestampMs ?? nowMs))));
    }),
  );
});

test("the measured size is the written size, and no record is larger than its bound", () => {
  fc.assert(
    fc.property(anyRecords, (records) => {
      const batch = encodeRecordBatch(records, options);

      expect(measureRecordBatch(records, nowMs).bytes).toBe(batch.length);
      expect(records.reduce((bytes, one) => bytes + boundBytes(one), 61)).toBeGreaterThanOrEqual(batch.length);
    }),
  );
});

test("a batch written into the middle of a request is the batch written alone, and nothing around it is touched", () => {
  const measured = measureRecordBatch([record({ value: Buffer.from("a") }), record({ key: Buffer.from("k") })], nowMs);
  const target = Buffer.alloc(measured.bytes + 20, 0xee);

  const end = writeRecordBatch(measured, target, 10, withoutProducerId);

  expect(end).toBe(10 + measured.bytes);
  expect(target.subarray(10, end)).toEqual(encodeRecordBatch(measured.records, options));
  expect([...target.subarray(0, 10), ...target.subarray(end)]).toEqual(Array(20).fill(0xee));
});

test("the header contains the producer's id, epoch and sequence", async () => {
  const batch = encodeRecordBatch([record({})], { nowMs, producerId: 2n ** 40n + 7n, producerEpoch: 3, baseSequence: 41 });

  expect(batch.readBigInt64BE(43)).toBe(2n ** 40n + 7n);
  expect([batch.readInt16BE(51), batch.readInt32BE(53)]).toEqual([3, 41]);
});

test("gzip makes a batch smaller that kafkajs reads the same", async () => {
  const records = Array.from({ length: 50 }, () => record({ key: Buffer.from("key"), value: Buffer.alloc(100, "x") }));

  const batch = encodeRecordBatch(records, { ...options, compression: "gzip" });

  expect(batch.length).toBeLessThan(measureRecordBatch(records, nowMs).bytes / 4);
  expect((await decodeByKafkajs(batch)).records).toHaveLength(50);
});

test("timestamps centuries apart fit one batch to the millisecond", () => {
  for (const delta of [0, 1, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 40 + 1, -(2 ** 40) - 1, 8.64e15, -8.64e15]) {
    const target = Buffer.alloc(10);
    const end = writeVarlong(target, 0, delta);

    let zigzag = 0n;
    for (let at = end - 1; at >= 0; at--) zigzag = (zigzag << 7n) | BigInt((target[at] as number) & 0x7f);
    expect(Number((zigzag >> 1n) ^ -(zigzag & 1n))).toBe(delta);
    expect(varlongBytes(delta)).toBe(end);
  }
});
