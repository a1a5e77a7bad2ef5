/** Where a string ends in a JSON text that is known to be valid. */

const backslash = 0x5c;

/** The place of the closing quote of the string that opens at `from`. A search, because a pattern over a string of megabytes overflows its stack. */
export function endOfString(text: string, from: number): number {
  let to = text.indexOf('"', from + 1);
  while (text.charCodeAt(to - 1) === backslash && isEscaped(text, to)) to = text.indexOf('"', to + 1);
  return to;
}

/** Does an odd run of backslashes stand before `at`? */
function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === backslash) backslashes++;
  return backslashes % 2 === 1;
}
