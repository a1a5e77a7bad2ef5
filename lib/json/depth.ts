/** How deep JSON may be nested wherever it is read, checked or written: one limit, far below what a call stack holds. */
import { endOfString } from "./string-end.js";

/** Arrays and objects inside one another. Text that only passes through, and is never looked into, has no such limit. */
export const jsonDepthMax = 1_000;

/** Is a valid JSON text nested deeper than `jsonDepthMax`? Every level takes two characters, so the length alone answers for most texts. */
export function isTooDeep(text: string): boolean {
  if (text.length <= 2 * jsonDepthMax) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = endOfString(text, at);
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > jsonDepthMax) return true;
    } else if (code === 0x5d || code === 0x7d) {
      depth--;
    }
  }
  return false;
}
