/** LZ4 frames: against another implementation's compressor, and damaged in every way. */
import { createRequire } from "node:module";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decompressLz4Frame } from "../../../../lib/kafka/codec/lz4.js";

const lz4 = createRequire(import.meta.url)("lz4js") as { readonly compress: (bytes: Uint8Array) => Uint8Array };
const compressed = (bytes: Uint8Array): Buffer => Buffer.from(lz4.compress(bytes));
const limit = 10_000_000;

/** Runs, repeats and noise of many lengths: literals and matches with and without length bytes. */
const anyText = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 600 })), { maxLength: 12 })
  .map((runs) => Buffer.concat(runs.map(([bytes, count]) => Buffer.concat(Array<Uint8Array>(count).fill(bytes)))));

test("a frame that lz4js compressed is what went in", () => {
  fc.assert(
    fc.property(anyText, (bytes) => {
      expect(decompressLz4Frame(compressed(bytes), limit).equals(bytes)).toBe(true);
    }),
  );
});

test("above the limit it stops, and says so by a RangeError", () => {
  expect(() => decompressLz4Frame(compressed(Buffer.alloc(1_000_000)), 999_999)).toThrow(RangeError);
  expect(decompressLz4Frame(compressed(Buffer.alloc(1_000_000)), 1_000_000)).toHaveLength(1_000_000);
});

test("block checksums and a content size are passed over", () => {
  const block = Buffer.from("stored");
  const header = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x58, 0x40, 6, 0, 0, 0, 0, 0, 0, 0, 0x00]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(0x8000_0000 + block.length);
  const frame = Buffer.concat([header, size, block, Buffer.from("sums"), Buffer.alloc(4)]);

  expect(decompressLz4Frame(frame, limit).toString()).toBe("stored");
});

test("a damaged frame is an error or other bytes, and never a hang or a read outside of it", () => {
  const frame = compressed(Buffer.from("abcabcabcabcabc hello hello hello hello ".repeat(20)));
  fc.assert(
    fc.property(fc.nat({ max: frame.length - 1 }), fc.nat({ max: 255 }), fc.nat({ max: frame.length }), (at, byte, end) => {
      const damaged = Buffer.from(frame);
      damaged[at] = byte;
      try {
        decompressLz4Frame(damaged.subarray(0, end), 100_000);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
    { numRuns: 2_000 },
  );
});
