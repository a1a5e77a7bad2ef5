/** Zigzag varints of the record format (https://kafka.apache.org/documentation/#recordbatch): sizes and writing. Reading is inlined where records are walked. */

/** Bytes of a 32-bit number as a varint: 1 to 5. */
export function varintBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x200000) return 3;
  return zigzag < 0x10000000 ? 4 : 5;
}

/** Writes a 32-bit number and returns where it ends. */
export function writeVarint(target: Uint8Array, from: number, value: number): number {
  let zigzag = (value << 1) ^ (value >> 31);
  let at = from;
  while ((zigzag & ~0x7f) !== 0) {
    target[at++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  target[at++] = zigzag;
  return at;
}

/** Bytes of a whole number (up to 2^53 either way) as a varlong: 1 to 10. */
export function varlongBytes(value: number): number {
  if (value === (value | 0)) return varintBytes(value);
  let zigzag = toZigzag(value);
  let bytes = 1;
  for (; zigzag >= 0x80n; zigzag >>= 7n) bytes++;
  return bytes;
}

/** Writes a whole number (up to 2^53 either way) and returns where it ends. */
export function writeVarlong(target: Uint8Array, from: number, value: number): number {
  if (value === (value | 0)) return writeVarint(target, from, value);
  let zigzag = toZigzag(value);
  let at = from;
  for (; zigzag >= 0x80n; zigzag >>= 7n) target[at++] = Number(zigzag & 0x7fn) | 0x80;
  target[at++] = Number(zigzag);
  return at;
}

/** Only timestamps weeks apart in one batch come here, so bigints cost nothing. */
function toZigzag(value: number): bigint {
  const whole = BigInt(value);
  return whole < 0n ? -2n * whole - 1n : 2n * whole;
}

/** Walks bytes varint by varint. It never reads past five (ten) bytes of one number; whether `at` is still inside is its user's to check. */
export class VarintCursor {
  bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  varint(): number {
    const { bytes } = this;
    const first = bytes[this.at++] as number;
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    let zigzag = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = bytes[this.at++] as number;
      zigzag |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  /** Exact up to 2^53 either way. */
  varlong(): number {
    const { bytes } = this;
    const first = bytes[this.at++] as number;
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    let magnitude = (first & 0x7f) >>> 1;
    let scale = 64;
    for (let count = 1; count < 10; count++) {
      const byte = bytes[this.at++] as number;
      magnitude += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) break;
    }
    return (first & 1) === 0 ? magnitude : -magnitude - 1;
  }
}
