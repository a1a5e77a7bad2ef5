/** Whether bytes are one JSON value that may stand inside other JSON as they are. Tells by true and false: most bytes in topics that are no JSON are no fault. */

/** Deeper than any reader of the answer is likely to take. */
export const splicedDepthMax = 500;

const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const quote = 0x22;
const plus = 0x2b;
const comma = 0x2c;
const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
const nine = 0x39;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** The closing brackets that are waited for, inside out. One walk at a time uses it. */
const closers = new Uint8Array(splicedDepthMax);
const none = -1;

/** The grammar of RFC 8259, up to 500 levels deep, over `bytes[from, end)`. That they are UTF-8 is its caller's to check. */
export function isJsonText(bytes: Buffer, from: number, end: number): boolean {
  let depth = 0;
  let at = afterSpace(bytes, from, end);
  for (;;) {
    if (at >= end) return false;
    const first = bytes[at];
    if (first === openBrace || first === openBracket) {
      const closer = first === openBrace ? closeBrace : closeBracket;
      at = afterSpace(bytes, at + 1, end);
      if (at >= end || depth === splicedDepthMax) return false;
      if (bytes[at] !== closer) {
        closers[depth++] = closer;
        if (closer === closeBrace) at = afterName(bytes, at, end);
        if (at === none) return false;
        continue;
      }
      at++;
    } else at = first === quote ? afterString(bytes, at, end) : afterWord(bytes, at, end);
    if (at === none) return false;

    // Behind a value: what closes, and then a comma with the next value behind it.
    at = afterSpace(bytes, at, end);
    while (depth > 0 && at < end && bytes[at] === closers[depth - 1]) {
      depth--;
      at = afterSpace(bytes, at + 1, end);
    }
    if (depth === 0) return at === end;
    if (at >= end || bytes[at] !== comma) return false;
    at = afterSpace(bytes, at + 1, end);
    if (closers[depth - 1] === closeBrace) at = afterName(bytes, at, end);
    if (at === none) return false;
  }
}

function afterSpace(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte > space || (byte !== space && byte !== lineFeed && byte !== carriageReturn && byte !== tab)) break;
    at++;
  }
  return at;
}

/** Where a member's value begins. */
function afterName(bytes: Buffer, from: number, end: number): number {
  if (from >= end || bytes[from] !== quote) return none;
  const nameEnd = afterString(bytes, from, end);
  if (nameEnd === none) return none;
  const at = afterSpace(bytes, nameEnd, end);
  return at < end && bytes[at] === colon ? afterSpace(bytes, at + 1, end) : none;
}

function afterString(bytes: Buffer, from: number, end: number): number {
  for (let at = from + 1; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === quote) return at + 1;
    if (byte < space) return none;
    if (byte === backslash) {
      at++;
      if (at >= end) return none;
      if (bytes[at] === 0x75) {
        if (at + 4 >= end || !areHex(bytes, at + 1)) return none;
        at += 4;
      } else if (!escapable.has(bytes[at] as number)) return none;
    }
  }
  return none;
}

const escapable: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));

function areHex(bytes: Buffer, from: number): boolean {
  return /^[0-9a-fA-F]{4}$/.test(bytes.toString("latin1", from, from + 4));
}

const words = ["true", "false", "null"].map((word) => Buffer.from(word));

function afterWord(bytes: Buffer, from: number, end: number): number {
  const first = bytes[from] as number;
  if (first === minus || isDigit(first)) return afterNumber(bytes, from, end);
  for (const word of words) {
    if (word[0] === first && from + word.length <= end && bytes.compare(word, 0, word.length, from, from + word.length) === 0) {
      return from + word.length;
    }
  }
  return none;
}

function afterNumber(bytes: Buffer, from: number, end: number): number {
  let at = bytes[from] === minus ? from + 1 : from;
  if (at < end && bytes[at] === zero) at++;
  else at = afterDigits(bytes, at, end);
  if (at !== none && at < end && bytes[at] === point) at = afterDigits(bytes, at + 1, end);
  if (at !== none && at < end && ((bytes[at] as number) | 0x20) === 0x65) {
    at++;
    if (at < end && (bytes[at] === plus || bytes[at] === minus)) at++;
    at = afterDigits(bytes, at, end);
  }
  return at;
}

/** At least one. */
function afterDigits(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && isDigit(bytes[at] as number)) at++;
  return at === from ? none : at;
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}
