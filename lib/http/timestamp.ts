/** Times as callers write them: milliseconds since the epoch, or ISO-8601 with a zone. */
import * as v from "valibot";
import { isCalendarDay } from "../calendar.js";

/** The last millisecond that a JavaScript date can represent. */
const timestampMsMax = 8_640_000_000_000_000;

const iso = /^(\d{4})-(\d{2})-(\d{2})[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:?\d{2})$/;

/** The accepted forms, for messages. */
export const timestampForm = "milliseconds since the epoch, or ISO-8601 with a zone such as 2026-01-31T12:00:00Z";

/** Milliseconds since the epoch; undefined for text that is not a time, and for a time before the epoch, which Kafka does not accept. Digits in a text are milliseconds. */
export function toTimestampMs(given: string | number): number | undefined {
  const ms = typeof given === "number" ? given : /^\d{1,16}$/.test(given) ? Number(given) : parseIso(given);
  return Number.isSafeInteger(ms) && ms >= 0 && ms <= timestampMsMax ? ms : undefined;
}

const dateAlone = /^\d{4}-\d{2}-\d{2}$/;
const withoutZone = /^\d{4}-\d{2}-\d{2}[Tt ][\d:.]+$/;

/** The same where a time is only looked up: without a zone it is UTC, and a date means its midnight. */
export function toTimestampMsInUtc(given: string | number): number | undefined {
  if (typeof given === "number") return toTimestampMs(given);
  return toTimestampMs(dateAlone.test(given) ? `${given}T00:00Z` : withoutZone.test(given) ? `${given}Z` : given);
}

function parseIso(text: string): number {
  const [, year, month, day] = iso.exec(text) ?? [];
  if (!isCalendarDay(Number(year), Number(month), Number(day))) return Number.NaN;
  return Math.floor(Date.parse(text.replace(" ", "T").toUpperCase()));
}

/** A time in a body or a query, as milliseconds since the epoch; without a zone it is UTC. */
export const timeMs = v.pipe(
  v.union([v.number(), v.string()]),
  v.transform(toTimestampMsInUtc),
  v.check((ms) => ms !== undefined, "must be a time: milliseconds since 1970, or text such as 2026-05-01T12:00:00Z"),
  v.transform((ms) => BigInt(ms ?? 0)),
);
