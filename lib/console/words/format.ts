/** Numbers, sizes, times and durations as people read them. Pure. */

const whole = new Intl.NumberFormat("en-US");
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

export const toCountText = (count: number): string => whole.format(count);
/** "12.3K" */
const toShortCount = (count: number): string => (count < 10_000 ? whole.format(Math.round(count)) : compact.format(count));

export function toRateText(perSecond: number | undefined): string {
  if (perSecond === undefined) return "…";
  if (perSecond === 0) return "0/s";
  return perSecond < 10 ? `${perSecond.toFixed(1)}/s` : `${toShortCount(perSecond)}/s`;
}

const units = ["B", "kB", "MB", "GB", "TB"] as const;

export function toSizeText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1_000 && unit < units.length - 1) {
    size /= 1_000;
    unit++;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

const steps = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
] as const;

/** Two units at most: "7 d", "1 h 30 min". Negative: without an end. */
export function toDurationText(ms: number): string {
  if (ms < 0) return "forever";
  if (ms < 1_000) return `${ms} ms`;
  const parts: string[] = [];
  let left = ms;
  for (const [step, unit] of steps) {
    const count = Math.floor(left / step);
    if (count > 0 && parts.length < 2) parts.push(`${toCountText(count)} ${unit}`);
    left -= count * step;
  }
  return parts.join(" ");
}

const two = (value: number): string => String(value).padStart(2, "0");

/** "2026-05-01 12:00:00.123", here or in UTC. A time that no date can hold stays a number. */
export function toTimeWords(timeMs: number, isUtc: boolean): string {
  const date = new Date(timeMs);
  if (Number.isNaN(date.getTime())) return String(timeMs);
  if (isUtc) return `${date.toISOString().replace("T", " ")}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
