/** Cuts a stream of bytes into records: lines, rows of CSV, or elements of a JSON array. It holds no more than one record. Pure. */
export type SplitFormat = "ndjson" | "csv" | "json-array" | "object";

export interface Piece {
  /** Its first byte in the object, and the one after its last. */
  readonly from: number;
  readonly to: number;
  /** Undefined: it is longer than a record may be. */
  readonly bytes: Buffer | undefined;
}

interface Splitter {
  readonly push: (chunk: Buffer) => readonly Piece[];
  /** The last record, where nothing stands after it. */
  readonly end: () => readonly Piece[];
  /** Why the bytes are not of the format; undefined: they are, so far. */
  readonly fault: () => string | undefined;
}

/** The index of the byte after which a record ends, from `from` on; -1: it goes on in the next chunk. */
interface Boundaries {
  readonly next: (bytes: Buffer, from: number) => number;
  readonly fault: (isAtEnd: boolean) => string | undefined;
}

interface SplitOptions {
  readonly format: SplitFormat;
  readonly recordBytesMax: number;
  /** Where the bytes begin in the object: after its beginning, where reading goes on. */
  readonly from: number;
}

export function createSplitter({ format, recordBytesMax, from }: SplitOptions): Splitter {
  const boundaries = { ndjson: lines, csv: rows, "json-array": elements, object: whole }[format](from > 0);
  let held: Buffer[] = [];
  let heldBytes = 0;
  let start = from;
  let isAtEnd = false;
  const hold = (bytes: Buffer): void => {
    heldBytes += bytes.length;
    // What is too long is counted, not kept.
    if (heldBytes <= recordBytesMax) held.push(bytes);
    else held = [];
  };
  const take = (): Piece => {
    const to = start + heldBytes;
    const piece = { from: start, to, bytes: heldBytes <= recordBytesMax ? Buffer.concat(held) : undefined };
    [held, heldBytes] = [[], 0];
    return piece;
  };
  return {
    push: (chunk) => {
      const pieces: Piece[] = [];
      let at = 0;
      while (at < chunk.length) {
        const end = boundaries.next(chunk, at);
        hold(chunk.subarray(at, end < 0 ? chunk.length : end));
        if (end < 0) break;
        const piece = take();
        pieces.push(piece);
        start = piece.to + 1;
        at = end + 1;
      }
      return pieces.filter(isRecord);
    },
    end: () => {
      isAtEnd = true;
      return heldBytes === 0 ? [] : [take()].filter(isRecord);
    },
    fault: () => boundaries.fault(isAtEnd),
  };
}

/** Blank lines, and what stands around an array, do not count. */
const isRecord = ({ bytes }: Piece): boolean =>
  bytes === undefined || bytes.some((byte, index) => !isSpace(byte) && !(index < 3 && isByteOrderMark(byte)));
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

const newline = 0x0a;
const quote = 0x22;
const backslash = 0x5c;

function lines(): Boundaries {
  return { next: (bytes, from) => bytes.indexOf(newline, from), fault: () => undefined };
}

function whole(): Boundaries {
  return { next: () => -1, fault: () => undefined };
}

/** RFC 4180: a line break inside quotes belongs to the field. A doubled quote ends and begins a quoted part. */
function rows(): Boundaries {
  let isQuoted = false;
  return {
    next: (bytes, from) => {
      for (let at = from; at < bytes.length; at++) {
        const byte = bytes[at];
        if (byte === quote) isQuoted = !isQuoted;
        else if (byte === newline && !isQuoted) return at;
      }
      return -1;
    },
    fault: (isAtEnd) => (isAtEnd && isQuoted ? "it ends inside a quoted field" : undefined),
  };
}

/** The bracket that opens the array, every comma between its elements, and the bracket that closes it end a piece. */
function elements(isLater: boolean): Boundaries {
  let isInside = isLater;
  let depth = isInside ? 1 : 0;
  let isText = false;
  let isEscaped = false;
  let fault: string | undefined;
  const step = (byte: number): boolean => {
    if (isText) {
      if (isEscaped) isEscaped = false;
      else if (byte === backslash) isEscaped = true;
      else if (byte === quote) isText = false;
      return false;
    }
    const isOpening = byte === 0x5b || byte === 0x7b;
    if (depth === 0) {
      if (byte === 0x5b && !isInside) {
        depth = 1;
        isInside = true;
        return true;
      }
      if (!isSpace(byte) && !(!isInside && isByteOrderMark(byte)))
        fault ??= isInside ? "something stands after the array" : "it does not begin with [";
      return false;
    }
    if (byte === quote) isText = true;
    else if (isOpening) depth++;
    else if (byte === 0x5d || byte === 0x7d) return --depth === 0;
    return byte === 0x2c && depth === 1;
  };
  return {
    next: (bytes, from) => {
      for (let at = from; at < bytes.length; at++) if (step(bytes[at] as number)) return at;
      return -1;
    },
    fault: (isAtEnd) => fault ?? (isAtEnd && (depth > 0 || !isInside) ? "the array does not end" : undefined),
  };
}

/** Some programs begin UTF-8 with it. */
const isByteOrderMark = (byte: number): boolean => byte === 0xef || byte === 0xbb || byte === 0xbf;
