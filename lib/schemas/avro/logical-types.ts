/** Which logical type an annotation of a schema means; one that does not fit its type is ignored, as the specification asks. */
import type { Logical } from "./schema.js";

const precisionMax = 1_000;
const fractions = { millis: 3, micros: 6, nanos: 9 } as const;

/** The logical type of an annotated type, undefined where there is none or it does not fit. */
export function logicalOf(json: Readonly<Record<string, unknown>>, kind: string, size = 0): Logical | undefined {
  const { logicalType, precision, scale = 0 } = json;
  if (typeof logicalType !== "string") return undefined;
  if (logicalType === "decimal" && (kind === "bytes" || kind === "fixed")) {
    const isSound = isWholeBetween(precision, 1, precisionMax) && isWholeBetween(scale, 0, precision);
    return isSound ? { name: "decimal", scale, precision } : undefined;
  }
  if (logicalType === "date" && kind === "int") return { name: "date" };
  if (logicalType === "uuid" && kind === "fixed" && size === 16) return { name: "uuid" };
  if (logicalType === "duration" && kind === "fixed" && size === 12) return { name: "duration" };
  const [, name, unit] = /^(time|timestamp|local-timestamp)-(millis|micros|nanos)$/.exec(logicalType) ?? [];
  if (name === undefined) return undefined;
  if (kind !== (logicalType === "time-millis" ? "int" : "long") || logicalType === "time-nanos") return undefined;
  return { name: name as "time", fractionDigits: fractions[unit as keyof typeof fractions] };
}

export function isWholeBetween(value: unknown, min: number, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}
