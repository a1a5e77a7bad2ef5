/** Bytes read one after another: Avro's numbers, texts and lengths, never past the end and never more than the limits allow. */
import { isUtf8 } from "node:buffer";
import { RelayError } from "../../errors.js";
import { quote } from "../text.js";
import { textCharactersMax, valueDepthMax, valueItemsMax } from "./schema.js";

/** A longer text is read by the platform's own decoder. */
const loopBytesMax = 24;
const int32 = { min: -0x8000_0000, max: 0x7fff_ffff };

export function invalidAvro(why: string): RelayError {
  return new RelayError("record-undecodable", `The bytes cannot be read by their Avro schema: ${why}.`);
}

export class ByteReader {
  readonly bytes: Buffer;
  at = 0;
  /** The JSON text that is being written. */
  out = "";
  #depth = 0;
  #items = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** A record, array or map begins. */
  enter(): void {
    if (++this.#depth > valueDepthMax) throw invalidAvro(`they are nested deeper than ${valueDepthMax} levels`);
    this.count();
  }

  leave(): void {
    this.#depth--;
  }

  /** One more record, item or entry. */
  count(): void {
    if (++this.#items > valueItemsMax) throw invalidAvro(`they hold more than ${valueItemsMax} records, items and entries`);
    if (this.out.length > textCharactersMax) throw invalidAvro(`their JSON text has more than ${textCharactersMax} characters`);
  }

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw invalidAvro(`they end at byte ${this.bytes.length}, in the middle of a value`);
    return byte;
  }

  skip(count: number): number {
    const from = this.at;
    if (count > this.bytes.length - from) throw invalidAvro(`${count} bytes should follow at byte ${from}, and there are fewer`);
    this.at += count;
    return from;
  }

  int(): number {
    const value = this.long();
    if (typeof value === "bigint" || value < int32.min || value > int32.max) throw invalidAvro(`${value} does not fit 32 bits`);
    return value;
  }

  /** A bigint only beyond what a double holds. */
  long(): number | bigint {
    let byte = this.byte();
    let low = byte & 0x7f;
    if (byte < 0x80) return (low >>> 1) ^ -(low & 1);
    for (let shift = 7; shift < 28 && byte >= 0x80; shift += 7) {
      byte = this.byte();
      low |= (byte & 0x7f) << shift;
    }
    if (byte < 0x80) return (low >>> 1) ^ -(low & 1);
    return this.#wideLong(low);
  }

  #wideLong(low: number): number | bigint {
    let high = 0;
    let factor = 1;
    let byte = 0x80;
    for (let count = 0; count < 5 && byte >= 0x80; count++, factor *= 128) {
      byte = this.byte();
      high += (byte & 0x7f) * factor;
    }
    // Four and five bytes hold 63 bits; a tenth byte holds the last one.
    const top = byte >= 0x80 ? this.byte() : 0;
    if (top > 1) throw invalidAvro(`the number before byte ${this.at} does not fit 64 bits`);
    if (top === 0 && high < 2 ** 25) {
      const zigZag = high * 2 ** 28 + low;
      return zigZag % 2 === 0 ? zigZag / 2 : -(zigZag + 1) / 2;
    }
    const zigZag = (BigInt(top) << 63n) | (BigInt(high) << 28n) | BigInt(low);
    const value = (zigZag >> 1n) ^ -(zigZag & 1n);
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  /** Of bytes or text: it fits what is left. */
  length(): number {
    const length = this.long();
    if (typeof length === "bigint" || length < 0 || length > this.bytes.length - this.at) {
      throw invalidAvro(`a length of ${length} at byte ${this.at} is more than the ${this.bytes.length - this.at} bytes that follow`);
    }
    return length;
  }

  /** The items of the next block of an array or map, 0 at its end. A negative count says that the block's bytes follow. */
  blockCount(): number {
    const count = this.long();
    if (typeof count === "bigint") throw invalidAvro(`a block of ${count} items at byte ${this.at}`);
    if (count >= 0) return count;
    this.long();
    return -count;
  }

  float(): number {
    return this.bytes.readFloatLE(this.skip(4));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.skip(8));
  }

  /** Bytes as U+0000 to U+00FF. */
  latin1(length: number): string {
    const from = this.skip(length);
    return this.bytes.toString("latin1", from, this.at);
  }

  /** A text as JSON, in quotes. */
  quotedText(): string {
    const length = this.length();
    const { bytes, at: from } = this;
    const to = from + length;
    this.at = to;
    if (length <= loopBytesMax) {
      let text = '"';
      let at = from;
      for (; at < to; at++) {
        const code = bytes[at] as number;
        if (code > 0x7e || code < 0x20 || code === 0x22 || code === 0x5c) break;
        text += String.fromCharCode(code);
      }
      if (at === to) return `${text}"`;
    }
    return quote(this.#utf8(from, to));
  }

  #utf8(from: number, to: number): string {
    const text = this.bytes.toString("utf8", from, to);
    if (text.includes("\ufffd") && !isUtf8(this.bytes.subarray(from, to))) throw invalidAvro(`the text at byte ${from} is not valid UTF-8`);
    return text;
  }
}
