/** Days and times that are in the calendar, and in JavaScript's dates: Date.parse takes the 30th of February for the 2nd of March. */

/** By the Gregorian calendar, which repeats every 400 years (and Date.UTC takes 0 to 99 for 1900 to 1999). Also false for what is not a number. */
export function isCalendarDay(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

/** The milliseconds before and after the epoch that a JavaScript date can say. */
const dateMsMax = 8_640_000_000_000_000;

/** A record's timestamp may be any 64 bits: nanoseconds by mistake, or far before the epoch. Beyond the range of dates, `new Date(ms).toISOString()` throws. */
export function isInDateRange(ms: number): boolean {
  return Math.abs(ms) <= dateMsMax;
}

/** ISO 8601, for whatever is shown: a time outside the range of dates counts as its nearest end. */
export function toIsoText(ms: number): string {
  return new Date(Math.max(-dateMsMax, Math.min(dateMsMax, ms))).toISOString();
}

/** RFC 3339 has years of four digits; undefined for a time that it cannot say. */
export function toRfc3339(ms: number): string | undefined {
  const text = toIsoText(ms);
  return isInDateRange(ms) && /^\d{4}-/.test(text) ? text : undefined;
}
