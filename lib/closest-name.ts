/** "Did you mean": the known name nearest to a misspelt one, for messages about configuration. */

/** The known name within two edits (or a third of its length) of `text`, or undefined. */
function closestName(text: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const name of known) {
    const edits = editsBetween(text.toLowerCase().slice(0, 64), name.toLowerCase());
    if (edits < fewest && edits <= Math.max(2, Math.floor(name.length / 3))) {
      best = name;
      fewest = edits;
    }
  }
  return best;
}

/** ` Did you mean "x"?`, or nothing. */
export function didYouMean(text: string, known: readonly string[]): string {
  const name = closestName(text, known);
  return name === undefined ? "" : ` Did you mean ${JSON.stringify(name)}?`;
}

/** Levenshtein's distance, one row at a time. */
function editsBetween(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
