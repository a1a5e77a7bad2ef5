/** What a schema says of a value that does not fit: the value that would be right, never the one that was given, which may be payload or a secret. */
import type { BaseIssue } from "valibot";

/** Messages of our own are kept. Those of valibot, which repeat the value that was received, are replaced. */
export function rightValueOf({ message, type, requirement, expected }: BaseIssue<unknown>): string {
  if (!/^Invalid [\w ]+: /.test(message)) return message;
  if (type === "integer" || type === "safe_integer") return "must be a whole number";
  if (type === "min_value") return `must be at least ${requirement}`;
  if (type === "max_value") return `must be at most ${requirement}`;
  if (type === "min_length" || type === "non_empty")
    return requirement === undefined || requirement === 1 ? "must not be empty" : `must have a length of at least ${requirement}`;
  if (type === "max_length") return `must have a length of at most ${requirement}`;
  if (type === "regex") return "does not have the required form";
  return `must be ${(expected ?? "")
    .replaceAll(/"[^"]*"|\w+/g, (word) => kindWords[word] ?? word)
    .replaceAll(" | ", " or ")
    .replaceAll(/^\(|\)$/g, "")}`;
}

const kindWords: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  boolean: "true or false",
  bigint: "a whole number",
  Array: "a list",
  Object: "an object",
};
