/** Whether a text is JSON that may stand inside other JSON as it is. */

/** Deeper than any reader of the answer is likely to take. */
export const splicedDepthMax = 500;

/** Tells texts that cannot be JSON by their ends, without the price of an exception. */
const mayBeginJson = /^[ \t\n\r]*[[{"\-0-9tfn]/;

export function isJsonText(text: string): boolean {
  if (!mayBeginJson.test(text)) return false;
  try {
    JSON.parse(text);
  } catch {
    return false;
  }
  return text.length < splicedDepthMax || !isDeep(text);
}

function isDeep(text: string): boolean {
  let depth = 0;
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isString) {
      if (code === 0x5c) at++;
      else if (code === 0x22) isString = false;
    } else if (code === 0x22) isString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > splicedDepthMax) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}
