/** A route's filter: compiled, and refused where it names a field that records do not have. */
import { didYouMean } from "../../closest-name.js";
import { RelayError } from "../../errors.js";
import { compilePattern, type EventMatcher } from "../../patterns/compile.js";
import type { EventPattern } from "../../patterns/event-pattern.js";
import type { RouteFilter } from "../route.js";
import { documentFields } from "./document.js";

export function compileRouteFilter(filter: RouteFilter, name: string): EventMatcher {
  const matches = compilePattern(filter as EventPattern, { place: `route ${name}: filter`, rounded: "refuse" });
  const unknown = unknownFieldIn(filter, `route ${name}: filter`);
  if (unknown !== undefined) throw new RelayError("bad-configuration", unknown);
  return matches;
}

/** The fields that a filter looks at, in `$or` too. */
export function fieldsOf(filter: object): readonly string[] {
  return Object.entries(filter).flatMap(([field, inner]) => (field === "$or" ? (inner as readonly object[]).flatMap(fieldsOf) : [field]));
}

/** A sentence about the first field that records do not have. */
export function unknownFieldIn(filter: object, place: string): string | undefined {
  const unknown = fieldsOf(filter).find((field) => !(documentFields as readonly string[]).includes(field));
  if (unknown === undefined) return undefined;
  const fields = documentFields.join(", ");
  return `${place}.${unknown}: a record has no such field.${didYouMean(unknown, documentFields)} Use ${fields}; what is inside a record's body is under value.`;
}
