/**
 * Cuts a body that arrives in chunks after each of its JSON values, so that whole records can be read while the rest is on its way. It only looks for the ends of
 * values: the reader of what is cut checks it in full. Pure.
 */

const quote = 0x22;
const backslash = 0x5c;

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
const isOpening = (byte: number): boolean => byte === 0x7b || byte === 0x5b;
const isClosing = (byte: number): boolean => byte === 0x7d || byte === 0x5d;
/** Between values there is neither a comma nor a colon. */
const isMark = (byte: number): boolean => byte === 0x2c || byte === 0x3a;

export class RecordCutter {
  /** No value can begin where the last one ended: what is left is not JSON, whatever comes. */
  isBroken = false;
  #left: Buffer[] = [];
  #leftBytes = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** In a number, `true` and the like between records, which end at the next byte that cannot belong to them. */
  #isInWord = false;

  /** Bytes of a value that has begun and not ended. */
  get leftBytes(): number {
    return this.#leftBytes;
  }

  /** The values that end in this chunk, with what had arrived of them before; undefined if none does. */
  cut(chunk: Buffer): Buffer | undefined {
    const end = this.#endOfLast(chunk);
    if (end === 0) {
      this.#keep(chunk);
      return undefined;
    }
    const whole = this.#left.length === 0 ? chunk.subarray(0, end) : Buffer.concat([...this.#left, chunk.subarray(0, end)]);
    this.#left = [];
    this.#leftBytes = 0;
    this.#keep(chunk.subarray(end));
    return whole;
  }

  /** What did not end. Empty: nothing, or white space. */
  rest(): Buffer {
    const rest = Buffer.concat(this.#left);
    return rest.every(isSpace) ? Buffer.alloc(0) : rest;
  }

  #keep(bytes: Buffer): void {
    // White space between values may go on for ever, and is not kept.
    if (bytes.length === 0 || (this.#leftBytes === 0 && this.#depth === 0 && !this.#isInWord && !this.#isInString && !this.isBroken))
      return;
    this.#left.push(bytes);
    this.#leftBytes += bytes.length;
  }

  #endOfLast(chunk: Buffer): number {
    let end = 0;
    for (let at = 0; at < chunk.length && !this.isBroken; at++) {
      const byte = chunk[at] as number;
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === backslash) this.#isEscaped = true;
        else if (byte === quote) {
          this.#isInString = false;
          if (this.#depth === 0) end = at + 1;
        }
      } else if (byte === quote) this.#isInString = true;
      else if (isOpening(byte)) this.#depth++;
      else if (isClosing(byte) && this.#depth > 0) {
        this.#depth--;
        if (this.#depth === 0) end = at + 1;
      } else if (this.#depth === 0) end = this.#between(byte, at, end);
    }
    return end;
  }

  /** Outside of objects, lists and strings. */
  #between(byte: number, at: number, end: number): number {
    if (isClosing(byte) || isMark(byte)) {
      this.isBroken = true;
      return end;
    }
    const wasInWord = this.#isInWord;
    this.#isInWord = !isSpace(byte);
    return wasInWord && !this.#isInWord ? at : end;
  }
}
