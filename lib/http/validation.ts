/** Checks the parts of a request against schemas. A failure names the place and becomes the contract's 400 or 422. */
import type { BaseIssue, GenericSchema, InferOutput } from "valibot";
import * as v from "valibot";
import { RelayError } from "../errors.js";
import { rightValueOf } from "../schema-words.js";

const faultsListedMax = 5;
/** Up to this length of JSON text, all faults are collected. Beyond it, the first one ends the check, because a list of millions could have millions of faults. */
const allFaultsBytesMax = 100_000;

/**
 * The checked value. Throws `unprocessable` (422) for an unknown member and `bad-request` (400) for everything else.
 * A RelayError thrown by a schema's transform passes through, so that a schema can choose its own failure.
 */
export function validate<Schema extends GenericSchema>(schema: Schema, value: unknown, where: string, bytes = 0): InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: bytes > allFaultsBytesMax });
  if (result.success) return result.output;
  const faults = result.issues.slice(0, faultsListedMax).map((issue) => toSentence(issue, where));
  const more = result.issues.length - faults.length;
  const message = `${faults.join("; ")}${more > 0 ? `; and ${more} more` : ""}.`;
  throw new RelayError(result.issues.some(isUnknownMember) ? "unprocessable" : "bad-request", message);
}

function isUnknownMember(issue: BaseIssue<unknown>): boolean {
  return issue.type === "strict_object" && issue.expected === "never";
}

function toSentence(issue: BaseIssue<unknown>, where: string): string {
  const place = toPlace(issue);
  if (isUnknownMember(issue)) return `${where}: ${place} is not a known member`;
  if (isMissing(issue)) return `${where}: ${place} is missing`;
  return `${where}${place === "" ? "" : `: ${place}`}: ${rightValueOf(issue)}`;
}

function isMissing(issue: BaseIssue<unknown>): boolean {
  return issue.kind === "schema" && issue.input === undefined && (issue.path?.length ?? 0) > 0;
}

const nameLengthMax = 80;

/** The place of a fault, such as `entries[2].key`. */
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
