/** Comparing text without regard to the case of its letters, as AWS's Event Ruler does: each letter of the pattern by itself, in its lower or its upper form. */

/** Tells whether `text`, from `at` on, holds the pattern whatever the case of its letters. */
type CaseBlindMatch = (text: string, at: number) => boolean;

export function ignoringCase(pattern: string): CaseBlindMatch {
  const lower = formOf(pattern, (letter) => letter.toLowerCase());
  const upper = formOf(pattern, (letter) => letter.toUpperCase());
  return (text, at) => {
    if (at < 0 || at + pattern.length > text.length) return false;
    for (let index = 0; index < pattern.length; index++) {
      const unit = text.charCodeAt(at + index);
      if (unit !== lower.charCodeAt(index) && unit !== upper.charCodeAt(index)) return false;
    }
    return true;
  };
}

/** Letters whose other form has another length (ß, İ) are left as they are, so that places stay the same. */
function formOf(text: string, toForm: (letter: string) => string): string {
  return Array.from(text, (letter) => {
    const form = toForm(letter);
    return form.length === letter.length ? form : letter;
  }).join("");
}
