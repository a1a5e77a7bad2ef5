/** A time as requests give it: milliseconds since the epoch, or ISO-8601. */
import * as v from "valibot";

const isoOrMs = v.pipe(
  v.string(),
  v.transform((text) => (/^\d{1,15}$/.test(text) ? Number(text) : isoDate.test(text) ? Date.parse(text) : Number.NaN)),
);
const isoDate = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Milliseconds since the epoch. */
export const timeMs = v.pipe(
  v.union([v.number(), isoOrMs]),
  v.check((ms) => Number.isSafeInteger(ms) && ms >= 0, "is a time: milliseconds since 1970, or like 2026-05-01T12:00:00Z"),
  v.transform((ms) => BigInt(ms)),
);
