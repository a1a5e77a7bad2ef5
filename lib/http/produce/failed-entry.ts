/** What an answer says of a record that was not written, in every produce contract: described and written in one place. */
import * as v from "valibot";
import type { RelayError } from "../../errors.js";
import { entryMessageLengthMax, toWords } from "../problem.js";

export const failedEntrySchema = {
  error_code: v.pipe(v.number(), v.integer()),
  retriable: v.boolean(),
  maybe_written: v.boolean(),
} as const;

/** `messageMember`: the contract's name for the message. The other members say whether a retry makes sense and whether the record may be in Kafka. */
export function toFailedEntry(error: RelayError, messageMember: "error" | "message", restCode = error.failure.restCode) {
  return {
    error_code: restCode,
    [messageMember]: toWords(error, entryMessageLengthMax),
    retriable: error.failure.isRetriable,
    maybe_written: error.failure.written === "maybe",
  };
}
