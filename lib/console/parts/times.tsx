/** A time, here or in UTC; the other one is in its title. */
import { isUtc } from "../state/theme.js";
import { toTimeWords } from "../words/format.js";

export function TimeText({ timeMs }: { readonly timeMs: number }) {
  const here = toTimeWords(timeMs, isUtc.value);
  const other = toTimeWords(timeMs, !isUtc.value);
  const date = new Date(timeMs);
  return (
    <time title={isUtc.value ? `${other} here` : other} {...(Number.isNaN(date.getTime()) ? {} : { dateTime: date.toISOString() })}>
      {here}
    </time>
  );
}
