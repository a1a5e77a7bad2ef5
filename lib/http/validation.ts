/** Schemas put to a request: what does not fit is told by its place, as the contract's 400 or 422. */
import type { BaseIssue, GenericSchema, InferOutput } from "valibot";
import * as v from "valibot";
import { RelayError } from "../errors.js";

const faultsToldMax = 5;
/** Of JSON text: up to here every fault is looked for, beyond it the first one ends the search, for a list of millions would have millions of them. */
const allFaultsBytesMax = 100_000;

/**
 * The checked value. A member nobody knows is `unprocessable` (422), everything else that does not fit `bad-request` (400).
 * A RelayError thrown inside a schema's transform passes through, so that a schema can name a failure of its own.
 */
export function validate<Schema extends GenericSchema>(schema: Schema, value: unknown, where: string, bytes = 0): InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: bytes > allFaultsBytesMax });
  if (result.success) return result.output;
  const faults = result.issues.slice(0, faultsToldMax).map((issue) => toSentence(issue, where));
  const more = result.issues.length - faults.length;
  const message = `${faults.join("; ")}${more > 0 ? `; and ${more} more` : ""}.`;
  throw new RelayError(result.issues.some(isUnknownMember) ? "unprocessable" : "bad-request", message);
}

function isUnknownMember(issue: BaseIssue<unknown>): boolean {
  return issue.type === "strict_object" && issue.expected === "never";
}

function toSentence(issue: BaseIssue<unknown>, where: string): string {
  const place = toPlace(issue);
  if (isUnknownMember(issue)) return `${where}: ${place} is not known here`;
  if (isMissing(issue)) return `${where}: ${place} is missing`;
  // Values are not told: they are payload. Our own messages say what would be right; valibot's say it before "but received".
  const what = issue.message.replace(/^Invalid (\w+): Expected (.*?) but received .*$/s, "$2 was expected");
  return `${where}${place === "" ? "" : `: ${place}`}: ${what}`;
}

function isMissing(issue: BaseIssue<unknown>): boolean {
  return issue.kind === "schema" && issue.input === undefined && (issue.path?.length ?? 0) > 0;
}

const nameLengthMax = 80;

/** `entries[2].key`, as one would write it. */
function toPlace(issue: BaseIssue<unknown>): string {
  let place = "";
  for (const item of issue.path ?? []) {
    if (typeof item.key === "number") place += `[${item.key}]`;
    else {
      const name = String(item.key).slice(0, nameLengthMax);
      place += `${place === "" ? "" : "."}${/^[\w.$-]+$/.test(name) ? name : JSON.stringify(name)}`;
    }
  }
  return place;
}
