/** What is wrong with a pattern, and where. */
import { didYouMean } from "../closest-name.js";
import { RelayError } from "../errors.js";

export const operatorNames = ["exists", "prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "cidr"];

export function refusePattern(place: string, what: string): never {
  throw new RelayError("bad-configuration", `${place}: ${what}`);
}

/** Refuses an unknown operator, and names the nearest known one. */
export function refuseOperator(place: string, name: string): never {
  return refusePattern(
    place,
    `${JSON.stringify(name)} is not an operator.${didYouMean(name, operatorNames)} The operators are ${operatorNames.join(", ")}.`,
  );
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function describe(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `the ${typeof value} ${String(value).slice(0, 60)}`;
}
