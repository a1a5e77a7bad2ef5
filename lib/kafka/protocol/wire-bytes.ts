/** The bytes of a message of Kafka: written into a buffer that grows, and read with a check of every length. */
import { RelayError } from "../../errors.js";

const initialBytes = 256;

export class MessageWriter {
  #bytes = Buffer.allocUnsafe(initialBytes);
  #length = 0;
  readonly version: number;
  readonly isFlexible: boolean;

  constructor(version: number, isFlexible: boolean) {
    this.version = version;
    this.isFlexible = isFlexible;
  }

  /** Makes room for `count` more bytes, and returns where they start. */
  reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    return at;
  }

  /** The bytes so far. Get them after `reserve`, which may move them. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  unsignedVarint(value: number): void {
    for (let rest = value; ; rest >>>= 7) {
      const at = this.reserve(1);
      this.bytes.writeUInt8(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest, at);
      if (rest <= 0x7f) return;
    }
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

export class MessageReader {
  #at = 0;
  readonly version: number;
  readonly isFlexible: boolean;
  readonly bytes: Buffer;

  constructor(version: number, isFlexible: boolean, bytes: Buffer) {
    this.version = version;
    this.isFlexible = isFlexible;
    this.bytes = bytes;
  }

  /** Goes past `count` bytes, and returns where they start. */
  take(count: number): number {
    const at = this.#at;
    if (count < 0 || at + count > this.bytes.length) {
      throw new RelayError(
        "kafka-refused",
        `The broker's response ends at byte ${this.bytes.length}, in the middle of a field of ${count} bytes.`,
      );
    }
    this.#at = at + count;
    return at;
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.bytes.readUInt8(this.take(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RelayError("kafka-refused", "The broker's response contains a length of more than 5 bytes.");
  }

  /** Passes the number of each tagged field to `read`, and skips what it leaves unread. */
  taggedFields(read: (tag: number) => void): void {
    const count = this.unsignedVarint();
    for (let index = 0; index < count; index++) {
      const tag = this.unsignedVarint();
      const size = this.unsignedVarint();
      const start = this.take(size);
      this.#at = start;
      read(tag);
      this.#at = start + size;
    }
  }
}
