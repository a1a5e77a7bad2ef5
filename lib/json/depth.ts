/** How deep JSON may be nested where it is read or written value by value: one limit, far below what a call stack takes. */

/** Arrays and objects inside one another. Text that is only passed on, and never looked into, has no such limit. */
export const jsonDepthMax = 1_000;

const quote = 0x22;
const backslash = 0x5c;

/** Is a sound JSON text nested deeper than `jsonDepthMax`? Every level takes two characters, so most texts are answered by their length. */
export function isTooDeep(text: string): boolean {
  if (text.length <= 2 * jsonDepthMax) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > jsonDepthMax) return true;
    } else if (code === 0x5d || code === 0x7d) {
      depth--;
    }
  }
  return false;
}

/** Where the closing quote stands of the string that opens at `from`. */
export function endOfString(text: string, from: number): number {
  let to = text.indexOf('"', from + 1);
  while (text.charCodeAt(to - 1) === backslash && isEscaped(text, to)) to = text.indexOf('"', to + 1);
  return to;
}

/** Is the sign at `at` behind an odd run of backslashes? */
function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === backslash) backslashes++;
  return backslashes % 2 === 1;
}
