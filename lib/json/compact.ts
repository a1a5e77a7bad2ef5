/** JSON without white space: digits and members as they came, strings in their shortest form. */

const quote = 0x22;
const backslash = 0x5c;

/**
 * The value in `bytes` from `from` to `to`, compact. It must be valid JSON. Needless escapes are undone ("\u00e9" is "é"), so that one text has one form
 * whatever library wrote it: the bytes of a key decide its partition. A lone half of a surrogate pair stays escaped, because UTF-8 cannot express it.
 */
export function compactJson(bytes: Buffer, from: number, to: number): Buffer {
  // Never longer than the input: white space goes, and an escape is at least as long as what it stands for.
  const out = Buffer.allocUnsafe(to - from);
  let length = 0;
  for (let at = from; at < to; ) {
    const byte = bytes[at] as number;
    if (byte === quote) {
      const end = endOfString(bytes, at, to);
      length += bytes.subarray(at, end).includes(backslash)
        ? out.write(shortest(bytes.toString("utf8", at, end)), length, "utf8")
        : bytes.copy(out, length, at, end);
      at = end;
    } else {
      if (byte > 0x20) out[length++] = byte;
      at++;
    }
  }
  return out.subarray(0, length);
}

function endOfString(bytes: Buffer, from: number, to: number): number {
  let at = from + 1;
  while (at < to && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at + 1;
}

function shortest(text: string): string {
  return JSON.stringify(JSON.parse(text));
}
