/** Protobuf's wire format, written (https://protobuf.dev/programming-guides/encoding/). */

const firstBytes = 256;

export class WireWriter {
  #bytes = Buffer.allocUnsafe(firstBytes);
  #at = 0;

  written(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + count));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }

  tag(id: number, wireType: number): void {
    this.varint(BigInt(id * 8 + wireType));
  }

  /** 64 bits, negative numbers as their two's complement. */
  varint(value: bigint): void {
    this.#reserve(10);
    if (value >= 0n && value < 0x8000_0000n) {
      let small = Number(value);
      for (; small > 0x7f; small >>>= 7) this.#bytes[this.#at++] = (small & 0x7f) | 0x80;
      this.#bytes[this.#at++] = small;
      return;
    }
    let rest = BigInt.asUintN(64, value);
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#at++] = Number(rest);
  }

  fixed32(value: bigint): void {
    this.#reserve(4);
    this.#at = this.#bytes.writeUInt32LE(Number(BigInt.asUintN(32, value)), this.#at);
  }

  fixed64(value: bigint): void {
    this.#reserve(8);
    this.#at = this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.#at);
  }

  float(value: number): void {
    this.#reserve(4);
    this.#at = this.#bytes.writeFloatLE(value, this.#at);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Length and bytes. */
  block(bytes: Uint8Array): void {
    this.varint(BigInt(bytes.length));
    this.raw(bytes);
  }
}
