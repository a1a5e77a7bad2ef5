/**
 * LZ4 frames as Kafka's clients write them (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), decompressed with every length checked.
 * Checksums are left alone: the record batch around the frame has its own.
 */

const frameMagic = 0x184d2204;
const blockBytesMax: Readonly<Record<number, number>> = { 4: 0x1_0000, 5: 0x4_0000, 6: 0x10_0000, 7: 0x40_0000 };

/** Decompresses one frame. Throws RangeError above `bytesMax`, Error for an invalid frame. */
export function decompressLz4Frame(frame: Buffer, bytesMax: number): Buffer {
  if (frame.length < 7 || frame.readUInt32LE(0) !== frameMagic) throw new Error("no LZ4 frame");
  const flags = frame[4] as number;
  const blockMax = blockBytesMax[((frame[5] as number) >> 4) & 7];
  if (flags >> 6 !== 1 || blockMax === undefined) throw new Error("an LZ4 frame of another version");
  const hasBlockChecksums = (flags & 0x10) !== 0;
  let at = 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0); // content size, dictionary id

  const growing = new GrowingBuffer(Math.min(bytesMax, Math.max(blockMax, frame.length * 4)), bytesMax);
  for (;;) {
    if (at + 4 > frame.length) throw new Error("an LZ4 frame without its end");
    const header = frame.readUInt32LE(at);
    at += 4;
    if (header === 0) return growing.taken();
    const isStored = header >= 0x8000_0000;
    const end = at + (header & 0x7fff_ffff);
    if (end > frame.length) throw new Error("an LZ4 block that is cut off");
    if (isStored) growing.append(frame, at, end - at);
    else decompressBlock(frame, at, end, growing);
    at = end + (hasBlockChecksums ? 4 : 0);
  }
}

/** Blocks may refer to the output of earlier blocks of the frame, which is in the same buffer. */
function decompressBlock(source: Buffer, from: number, end: number, into: GrowingBuffer): void {
  let at = from;
  while (at < end) {
    const token = source[at++] as number;
    let literals = token >> 4;
    if (literals === 15) {
      let more: number;
      do {
        more = source[at++] ?? 0;
        literals += more;
      } while (more === 255);
    }
    if (at + literals > end) throw new Error("LZ4 literals that are cut off");
    into.append(source, at, literals);
    at += literals;
    if (at >= end) return; // the last sequence has no match

    const distance = (source[at] as number) | ((source[at + 1] ?? 0) << 8);
    at += 2;
    let matched = token & 15;
    if (matched === 15) {
      let more: number;
      do {
        more = source[at++] ?? 0;
        matched += more;
      } while (more === 255);
    }
    into.repeat(distance, matched + 4);
  }
}

class GrowingBuffer {
  private bytes: Buffer;
  private length = 0;
  private readonly bytesMax: number;

  constructor(bytes: number, bytesMax: number) {
    this.bytes = Buffer.allocUnsafe(bytes);
    this.bytesMax = bytesMax;
  }

  append(source: Buffer, from: number, count: number): void {
    this.reserve(count);
    const { bytes, length } = this;
    if (count > 24) bytes.set(source.subarray(from, from + count), length);
    else for (let index = 0; index < count; index++) bytes[length + index] = source[from + index] as number;
    this.length += count;
  }

  /** What stands `distance` back, which may overlap what is being written. */
  repeat(distance: number, count: number): void {
    if (distance === 0 || distance > this.length) throw new Error("an LZ4 match before the start");
    this.reserve(count);
    const { bytes, length } = this;
    if (distance >= count && count > 24) bytes.copyWithin(length, length - distance, length - distance + count);
    else for (let index = 0; index < count; index++) bytes[length + index] = bytes[length + index - distance] as number;
    this.length += count;
  }

  taken(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    if (needed > this.bytesMax) throw new RangeError(`more than ${this.bytesMax} bytes`);
    const grown = Buffer.allocUnsafe(Math.min(this.bytesMax, Math.max(needed, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}
