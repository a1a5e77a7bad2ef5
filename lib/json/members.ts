/** The members of a JSON object as slices of its text: nothing inside them is parsed, so every digit stays. */
import { endOfString } from "./string-end.js";

/** Takes a text that JSON.parse has found to be an object. Of two equal names the last wins, as with JSON.parse. */
export function membersOf(text: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  let at = text.indexOf("{") + 1;
  for (;;) {
    const nameFrom = text.indexOf('"', at);
    const closing = text.indexOf("}", at);
    if (nameFrom < 0 || (closing >= 0 && closing < nameFrom)) return members;
    const nameTo = endOfString(text, nameFrom) + 1;
    const valueFrom = text.indexOf(":", nameTo) + 1;
    at = endOfValue(text, valueFrom);
    members.set(JSON.parse(text.slice(nameFrom, nameTo)) as string, text.slice(valueFrom, at).trim());
    if (text[at] === "}") return members;
    at++;
  }
}

/** The comma or brace that ends the value. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') at = endOfString(text, at);
    else if (depth === 0 && (sign === "," || sign === "}")) return at;
    else if (sign === "{" || sign === "[") depth++;
    else if (sign === "}" || sign === "]") depth--;
  }
  return text.length;
}
