/** Decompressing: the limit holds for every codec, before memory is spent on what is above it. */
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import snappy from "snappyjs";
import { expect, test } from "vitest";
import { decompress } from "../../../../lib/kafka/codec/compression.js";

const lz4 = createRequire(import.meta.url)("lz4js") as { readonly compress: (bytes: Uint8Array) => Uint8Array };
const place = "partition 3 of orders at offset 17";
const zeros = Buffer.alloc(100_000);

/** snappy-java's framing: its magic, two versions, then blocks with their lengths. */
function xerial(...blocks: readonly Buffer[]): Buffer {
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const framed = blocks.flatMap((block) => {
    const size = Buffer.alloc(4);
    const compressed = snappy.compress(block);
    size.writeUInt32BE(compressed.length);
    return [size, compressed];
  });
  return Buffer.concat([header, ...framed]);
}

/** One record of 100,000 times "z" as a broker stores it with compression.type=zstd. */
const zstdRecord = Buffer.from("KLUv/QBYpAAAYNCaDAAAAAHAmgx6AAEAnIY58AIBAAA=", "base64");

const bombs = [
  ["gzip", gzipSync(zeros)],
  ["snappy", snappy.compress(zeros)],
  ["snappy", xerial(zeros.subarray(0, 50_000), zeros.subarray(50_000))],
  ["lz4", Buffer.from(lz4.compress(zeros))],
  ["zstd", zstdRecord],
] as const;

test("what is larger than the limit is refused, with the limit and the place", async () => {
  for (const [codec, bytes] of bombs) {
    await expect(decompress(codec, bytes, place, 60_000), codec).rejects.toThrow(
      `The batch in ${place} has more than 60000 bytes after decompression, which is the limit.`,
    );
  }
});

test("what is not larger than the limit comes whole", async () => {
  for (const [codec, bytes] of bombs) {
    const whole = await decompress(codec, bytes, place, 200_000);
    expect(whole.length, codec).toBeGreaterThanOrEqual(100_000);
  }
  expect((await decompress("zstd", zstdRecord, place)).includes("z".repeat(100_000))).toBe(true);
});

test("a zstd frame that asks for a window of gigabytes is refused before it is allocated", async () => {
  const frame = Buffer.from(zstdRecord);
  frame[5] = 0xa8; // a window of 2^31 bytes

  await expect(decompress("zstd", frame, place)).rejects.toMatchObject({ code: "batch-unreadable" });
});

test("a snappy block that is cut off, or has an impossible length, is reported as such", async () => {
  for (const bytes of [xerial(zeros).subarray(0, 30), Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Buffer.alloc(0)]) {
    await expect(decompress("snappy", bytes, place)).rejects.toMatchObject({ code: "batch-unreadable" });
  }
});
