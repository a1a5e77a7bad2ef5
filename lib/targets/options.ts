/** Options of targets as they come from route files: checked when the route is defined, so that a misspelt one stops the function at its start and never at a record. */
import * as v from "valibot";
import { didYouMean } from "../closest-name.js";
import { RelayError } from "../errors.js";
import { text, whole } from "../option-values.js";
import { rightValueOf } from "../schema-words.js";
import { textOf } from "./option-checks.js";

export const made = v.function("must be a function");
export const textOrMade = v.union([text, made], "must be text, or a function of the delivery");
export const timeoutMs = whole(1, 900_000);
/** Of one call to AWS or one batch of SQL, where the route sets none. */
export const timeoutMsDefault = 10_000;
/** Of what is slower by nature: a webhook, or code of the user. */
export const slowTimeoutMsDefault = 15_000;

export const awsEntries = {
  region: v.optional(textOf(/^[a-z0-9-]+$/, "the name of a region, like eu-central-1")),
  endpoint: v.optional(textOf(/^https?:\/\/[^\s/]+/, "an address that starts with http:// or https://")),
  timeoutMs: v.optional(timeoutMs),
};

/** Throws `bad-configuration` that names every invalid option, never its value. */
export function checkOptions(target: string, options: object, entries: v.ObjectEntries, what = "target"): void {
  const result = v.safeParse(v.strictObject(entries), options);
  if (result.success) return;
  const faults = result.issues.map((issue) => {
    const path = v.getDotPath(issue) ?? "?";
    if (issue.type === "strict_object" && issue.expected === "never") {
      return `${path}: this option does not exist.${didYouMean(path.split(".").at(-1) ?? path, namesIn(entries))}`;
    }
    return issue.received === "undefined" ? `${path}: is missing.` : `${path}: ${rightValueOf(issue)}.`;
  });
  throw new RelayError("bad-configuration", `The ${what} ${target}:\n  ${faults.join("\n  ")}`);
}

/** The names of options, also of those that stand inside others. */
function namesIn(entries: v.ObjectEntries): readonly string[] {
  return Object.entries(entries).flatMap(([name, schema]) => {
    const { wrapped, entries: own } = schema as {
      readonly wrapped?: { readonly entries?: v.ObjectEntries };
      readonly entries?: v.ObjectEntries;
    };
    const inner = wrapped?.entries ?? own;
    return inner === undefined ? [name] : [name, ...namesIn(inner)];
  });
}
