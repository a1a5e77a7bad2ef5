/** The four codecs of record batches, read only: gzip and (from Node 22.15) zstd by node:zlib, the others by small libraries loaded on first use. */
import * as zlib from "node:zlib";
import { RelayError } from "../../errors.js";
import { decompressLz4Frame } from "./lz4.js";

/** By the number in a batch's attributes (https://kafka.apache.org/documentation/#recordbatch). */
const codecs = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
export type Codec = (typeof codecs)[number];

/** How large one batch may be once decompressed: far more than producers put into a batch, far less than a Lambda has. */
const decompressedBytesMax = 64 * 1024 * 1024;

/** The codec in the low three bits of a batch's or message's attributes. */
export function codecOf(attributes: number): Codec | undefined {
  return codecs[attributes & 7];
}

/** Decompresses what a batch holds. `place` is for the message: "partition 0 of orders at offset 17". Throws `batch-unreadable`. */
export async function decompress(
  codec: Exclude<Codec, "none">,
  bytes: Buffer,
  place: string,
  bytesMax = decompressedBytesMax,
): Promise<Buffer> {
  try {
    return await decompressors[codec](bytes, bytesMax);
  } catch (cause) {
    const why = isTooLarge(cause)
      ? `has more than ${bytesMax} bytes after decompression, which is the limit`
      : `claims to be compressed with ${codec}, but cannot be decompressed as such`;
    throw new RelayError("batch-unreadable", `The batch in ${place} ${why}.`, { cause });
  }
}

function isTooLarge(thrown: unknown): boolean {
  return thrown instanceof RangeError; // zlib's ERR_BUFFER_TOO_LARGE is one too
}

const decompressors: Readonly<Record<Exclude<Codec, "none">, (bytes: Buffer, bytesMax: number) => Buffer | Promise<Buffer>>> = {
  gzip: (bytes, bytesMax) => zlib.gunzipSync(bytes, { maxOutputLength: bytesMax }),
  lz4: decompressLz4Frame,
  snappy: decompressSnappy,
  zstd: decompressZstd,
};

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);

/** A raw snappy block, or snappy-java's framing of several (the Java client's): a 16-byte header, then length-prefixed blocks. */
async function decompressSnappy(bytes: Buffer, bytesMax: number): Promise<Buffer> {
  const { default: snappy } = await import("snappyjs");
  if (!bytes.subarray(0, 8).equals(xerialMagic)) return uncompressBlock(bytes, bytesMax);
  const blocks: Buffer[] = [];
  let leftBytes = bytesMax;
  for (let at = 16; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new Error("a snappy block that is cut off");
    const block = uncompressBlock(bytes.subarray(at + 4, end), leftBytes);
    leftBytes -= block.length;
    blocks.push(block);
    at = end;
  }
  return blocks.length === 1 ? (blocks[0] as Buffer) : Buffer.concat(blocks);

  function uncompressBlock(block: Buffer, blockBytesMax: number): Buffer {
    if (snappyBytes(block) > blockBytesMax) throw new RangeError("above the limit");
    return snappy.uncompress(block);
  }
}

/** A snappy block starts with its length as an unsigned varint. */
function snappyBytes(block: Buffer): number {
  let bytes = 0;
  for (let index = 0; index < 5; index++) {
    const byte = block[index] ?? 0;
    bytes += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return bytes;
  }
  throw new Error("a snappy block without a length");
}

type ZstdDecompressSync = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Buffer;

async function decompressZstd(bytes: Buffer, bytesMax: number): Promise<Buffer> {
  const native = (zlib as unknown as { readonly zstdDecompressSync?: ZstdDecompressSync }).zstdDecompressSync;
  if (native !== undefined) return native(bytes, { maxOutputLength: bytesMax });
  const { Decompress } = await import("fzstd");
  // It would be allocated at once; 8 MiB is what every decoder should take (RFC 8878, 3.1.1.1.2).
  if (zstdWindowBytes(bytes) > Math.max(bytesMax, 8 * 1024 * 1024)) throw new RangeError("above the limit");
  const chunks: Uint8Array[] = [];
  let total = 0;
  const stream = new Decompress((chunk) => {
    total += chunk.length;
    if (total > bytesMax) throw new RangeError("above the limit");
    chunks.push(chunk);
  });
  stream.push(bytes, true);
  return Buffer.concat(chunks, total);
}

/** The memory that a frame asks for (RFC 8878, 3.1.1.1). */
function zstdWindowBytes(frame: Buffer): number {
  const descriptor = frame.readUInt8(4);
  if ((descriptor & 0x20) === 0) {
    const window = frame.readUInt8(5);
    return 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8);
  }
  const at = 5 + ([0, 1, 2, 4][descriptor & 3] as number);
  const sizeBytes = 1 << (descriptor >> 6);
  return sizeBytes === 8 ? Number(frame.readBigUInt64LE(at)) : frame.readUIntLE(at, sizeBytes);
}
