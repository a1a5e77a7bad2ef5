/** Protobuf's wire format, read: never past the end, nothing trusted (https://protobuf.dev/programming-guides/encoding/). */
import { RelayError } from "../../errors.js";

export function invalidProtobuf(why: string): RelayError {
  return new RelayError("record-undecodable", `The bytes cannot be read by their Protobuf schema: ${why}.`);
}

const groupDepthMax = 100;

export class WireReader {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** 64 bits without a sign. */
  varint(): bigint {
    let small = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      small |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(small);
    }
    let value = BigInt(small);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw invalidProtobuf(`the number before byte ${this.at} has more than ten bytes`);
  }

  tag(): { readonly id: number; readonly wireType: number } {
    const tag = this.varint();
    if (tag > 0xffff_ffffn || tag < 8n) throw invalidProtobuf(`the tag before byte ${this.at} is not a field`);
    return { id: Number(tag >> 3n), wireType: Number(tag & 7n) };
  }

  take(count: number): Buffer {
    if (count > this.bytes.length - this.at) throw invalidProtobuf(`${count} bytes should follow at byte ${this.at}, and there are fewer`);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  block(): Buffer {
    const length = this.varint();
    if (length > BigInt(this.bytes.length - this.at)) {
      throw invalidProtobuf(`a length of ${length} at byte ${this.at} is more than the ${this.bytes.length - this.at} bytes that follow`);
    }
    return this.take(Number(length));
  }

  /** The content of a group that has begun, without its end. */
  group(id: number): Buffer {
    const from = this.at;
    for (;;) {
      const before = this.at;
      const tag = this.tag();
      if (tag.wireType === 4 && tag.id === id) return this.bytes.subarray(from, before);
      this.skip(tag.id, tag.wireType, 0);
    }
  }

  skip(id: number, wireType: number, depth: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.take(8);
    else if (wireType === 2) this.block();
    else if (wireType === 5) this.take(4);
    else if (wireType === 3 && depth < groupDepthMax) this.#skipGroup(id, depth + 1);
    else throw invalidProtobuf(`the field ${id} before byte ${this.at} has the unknown wire type ${wireType}`);
  }

  #skipGroup(id: number, depth: number): void {
    for (;;) {
      const tag = this.tag();
      if (tag.wireType === 4 && tag.id === id) return;
      this.skip(tag.id, tag.wireType, depth);
    }
  }

  #byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw invalidProtobuf(`they end at byte ${this.bytes.length}, in the middle of a value`);
    return byte;
  }
}
