/** `*` as any run of characters, matched in linear time whatever the pattern. */

/** The runs of plain text between the stars; one alone where there is no star. Throws what is wrong as text. */
export function parseWildcard(pattern: string): readonly string[] {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < pattern.length; at++) {
    const sign = pattern[at] ?? "";
    if (sign === "\\") {
      const escaped = pattern[++at];
      if (escaped !== "*" && escaped !== "\\") throw new Error("a backslash is only valid before * or another backslash");
      part += escaped;
    } else if (sign === "*") {
      if (pattern[at + 1] === "*") throw new Error("two stars must not follow each other");
      parts.push(part);
      part = "";
    } else {
      part += sign;
    }
  }
  return [...parts, part];
}

/** Each inner part is taken at its first place after the part before it: nothing is ever tried twice. */
export function matchesWildcard(parts: readonly string[], text: string): boolean {
  const first = parts[0] ?? "";
  if (parts.length === 1) return text === first;
  const last = parts[parts.length - 1] ?? "";
  const end = text.length - last.length;
  if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let from = first.length;
  for (let index = 1; index < parts.length - 1; index++) {
    const part = parts[index] ?? "";
    const at = text.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}
