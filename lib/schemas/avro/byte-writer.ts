/** Bytes written one after another into one buffer that grows: Avro's numbers, texts and lengths. */

const firstBytes = 4_096;
/** A longer text is written by the platform's own encoder. */
const loopCharactersMax = 24;

export class ByteWriter {
  bytes: Buffer;
  at = 0;
  /** How often a value was tried against a branch of a union. */
  trials = 0;

  constructor(bytes: Buffer = Buffer.allocUnsafe(firstBytes)) {
    this.bytes = bytes;
  }

  /** A copy of what was written. */
  written(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.at));
  }

  #reserve(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + count));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.bytes[this.at++] = value;
  }

  /** Zig-zag and variable length, for what a double holds exactly. */
  long(value: number): void {
    this.#reserve(10);
    const bytes = this.bytes;
    if (value >= -0x4000_0000 && value < 0x4000_0000) {
      let rest = (value << 1) ^ (value >> 31);
      while (rest > 0x7f) {
        bytes[this.at++] = (rest & 0x7f) | 0x80;
        rest >>>= 7;
      }
      bytes[this.at++] = rest;
      return;
    }
    if (Math.abs(value) >= 2 ** 51) {
      this.bigLong(BigInt(value));
      return;
    }
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    while (rest > 0x7f) {
      bytes[this.at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    bytes[this.at++] = rest;
  }

  bigLong(value: bigint): void {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    while (rest > 0x7fn) {
      this.bytes[this.at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.at++] = Number(rest);
  }

  float(value: number): void {
    this.#reserve(4);
    this.at = this.bytes.writeFloatLE(value, this.at);
  }

  double(value: number): void {
    this.#reserve(8);
    this.at = this.bytes.writeDoubleLE(value, this.at);
  }

  /** Length and UTF-8. */
  text(value: string): void {
    const { length } = value;
    if (length <= loopCharactersMax && this.#asciiText(value, length)) return;
    const bytesCount = Buffer.byteLength(value);
    this.long(bytesCount);
    this.#reserve(bytesCount);
    this.at += this.bytes.write(value, this.at, "utf8");
  }

  #asciiText(value: string, length: number): boolean {
    const from = this.at;
    this.#reserve(length + 1);
    const bytes = this.bytes;
    let { at } = this;
    bytes[at++] = length << 1;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) {
        this.at = from;
        return false;
      }
      bytes[at++] = code;
    }
    this.at = at;
    return true;
  }

  /** Characters U+0000 to U+00FF, one byte each, without a length. */
  latin1(value: string): void {
    this.#reserve(value.length);
    this.at += this.bytes.write(value, this.at, "latin1");
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.bytes.set(value, this.at);
    this.at += value.length;
  }
}
