/** Filters for reading: event patterns on whole records, with the language and the fields of a route's filter, given as JSON text. */
import { RelayError } from "../../errors.js";
import type { KafkaRecord } from "../../kafka/records.js";
import { compilePattern } from "../../patterns/compile.js";
import { RecordDocument } from "./document.js";
import { fieldsOf, unknownFieldIn } from "./filter.js";

export type RecordFilter = (record: KafkaRecord) => boolean;

/** Enough for a query or a command line. */
const filterCharactersMax = 4_096;

/** Throws `bad-request` that names the place in the pattern. A record that cannot be decoded (a broken CloudEvent) does not match. */
export function compileRecordFilter(text: string): RecordFilter {
  if (text.length > filterCharactersMax) throw badFilter(`filter: must be at most ${filterCharactersMax} characters.`);
  const matches = compiled(text);
  const filter = JSON.parse(text) as object;
  const unknown = unknownFieldIn(filter, "filter");
  if (unknown !== undefined) throw badFilter(unknown);
  const fields = new Set(fieldsOf(filter));
  return (record) => {
    try {
      return matches(new RecordDocument(record).toPatternEvent(fields));
    } catch (thrown) {
      if (thrown instanceof RelayError && thrown.code === "record-undecodable") return false;
      throw thrown;
    }
  };
}

function compiled(text: string) {
  try {
    return compilePattern(text, { place: "filter" });
  } catch (thrown) {
    throw thrown instanceof RelayError ? badFilter(thrown.message, thrown) : thrown;
  }
}

function badFilter(message: string, cause?: unknown): RelayError {
  return new RelayError("bad-request", message, cause === undefined ? {} : { cause });
}
