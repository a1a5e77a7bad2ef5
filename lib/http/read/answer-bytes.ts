/** The bytes of an answer while it is written: one buffer that grows, instead of one string per record. */
import { isAscii } from "node:buffer";

const firstBytes = 64 * 1024;
/** The buffer of the previous answer, which has a typical size. Allocating megabytes on each call would keep the garbage collector busy. */
let spare: Buffer | undefined;

/** Bytes of a base64 text, two characters for every twelve bits. */
const base64Pairs = makeBase64Pairs();

function makeBase64Pairs(): Uint16Array {
  const alphabet = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  return Uint16Array.from({ length: 4096 }, (_, bits) => ((alphabet[bits >> 6] as number) << 8) | (alphabet[bits & 63] as number));
}

const padding = 0x3d;

export class AnswerBytes {
  bytes: Buffer;
  length = 0;

  constructor() {
    this.bytes = spare ?? Buffer.allocUnsafe(firstBytes);
    spare = undefined;
  }

  /** Makes room for `count` more bytes. Call it before the methods that need reserved room. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.length + count, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** Copies `source[from, end)`, for which room is reserved. */
  copy(source: Buffer, from: number, end: number): void {
    const { bytes } = this;
    let at = this.length;
    if (end - from > loopBytesMax) at += source.copy(bytes, at, from, end);
    else for (let index = from; index < end; index++) bytes[at++] = source[index] as number;
    this.length = at;
  }

  /** A whole number from 0 to 2^53, or a negative one, for which 20 bytes are reserved. */
  whole(value: number): void {
    if (value < 0) {
      this.text(String(value));
      return;
    }
    const { bytes } = this;
    // Billions apart: below 2^31 the arithmetic is that of small integers.
    const high = Math.floor(value / 1e9);
    let low = value - high * 1e9;
    if (high > 0) this.whole(high);
    let digits = high > 0 ? 9 : digitsOf(low);
    this.length += digits;
    for (let at = this.length - 1; digits > 0; digits--) {
      const tenth = (low / 10) | 0;
      bytes[at--] = 0x30 + low - tenth * 10;
      low = tenth;
    }
  }

  /** `source[from, end)` in base64, for which room is reserved. */
  base64(source: Buffer, from: number, end: number): void {
    const { bytes } = this;
    let at = this.length;
    let index = from;
    for (const last = end - 2; index < last; index += 3) {
      const bits = ((source[index] as number) << 16) | ((source[index + 1] as number) << 8) | (source[index + 2] as number);
      const first = base64Pairs[bits >> 12] as number;
      const second = base64Pairs[bits & 0xfff] as number;
      bytes[at] = first >> 8;
      bytes[at + 1] = first & 0xff;
      bytes[at + 2] = second >> 8;
      bytes[at + 3] = second & 0xff;
      at += 4;
    }
    if (index < end) {
      const isTwo = end - index === 2;
      const bits = ((source[index] as number) << 16) | (isTwo ? (source[index + 1] as number) << 8 : 0);
      const first = base64Pairs[bits >> 12] as number;
      bytes[at] = first >> 8;
      bytes[at + 1] = first & 0xff;
      bytes[at + 2] = isTwo ? (base64Pairs[bits & 0xfff] as number) >> 8 : padding;
      bytes[at + 3] = padding;
      at += 4;
    }
    this.length = at;
  }

  /** Any text; reserves its own room. */
  text(text: string): void {
    this.reserve(text.length * 3);
    this.length += this.bytes.write(text, this.length, "utf8");
  }

  /** White space that ends lines, from `from` on, becomes spaces: it stands only between the parts of JSON. */
  joinLines(from: number): void {
    const written = this.bytes.subarray(from, this.length);
    for (const lineEnd of [0x0a, 0x0d]) {
      for (let at = written.indexOf(lineEnd); at >= 0; at = written.indexOf(lineEnd, at + 1)) written[at] = 0x20;
    }
  }

  /** The bytes. To be called once, as `finish`. */
  finishBytes(): Buffer {
    const written = Buffer.from(this.bytes.subarray(0, this.length));
    spare = this.bytes;
    this.bytes = Buffer.alloc(0);
    this.length = 0;
    return written;
  }

  /** The text. To be called once: the buffer is reused by the next answer. */
  finish(): string {
    const written = this.bytes.subarray(0, this.length);
    const text = isAscii(written) ? written.toString("latin1") : written.toString("utf8"); // much faster, and the usual case
    spare = this.bytes;
    this.bytes = Buffer.alloc(0);
    this.length = 0;
    return text;
  }
}

/** Below this many bytes a loop is faster than a call into the runtime. */
const loopBytesMax = 32;

function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound && digits < 10; bound *= 10) digits++;
  return digits;
}
