/** Event patterns on whole records, for those who read: the language and the fields of a route's filter, given as JSON text. */
import { didYouMean } from "../../closest-name.js";
import { RelayError } from "../../errors.js";
import type { KafkaRecord } from "../../kafka/records.js";
import { compilePattern } from "../../patterns/compile.js";
import { documentFields, RecordDocument } from "./document.js";

export type RecordFilter = (record: KafkaRecord) => boolean;

/** Longer patterns are not what a query or a command line is for. */
const filterCharactersMax = 4_096;

/** Throws `bad-request` that names the place in the pattern. A record that cannot be decoded (a broken CloudEvent) does not match. */
export function compileRecordFilter(text: string): RecordFilter {
  if (text.length > filterCharactersMax) throw badFilter(`filter: must be at most ${filterCharactersMax} characters.`);
  const matches = compiled(text);
  const fields = new Set(fieldsOf(JSON.parse(text) as Readonly<Record<string, unknown>>));
  for (const field of fields) {
    if ((documentFields as readonly string[]).includes(field)) continue;
    throw badFilter(
      `filter.${field}: a record has no such field.${didYouMean(field, documentFields)} Use ${documentFields.join(", ")}; what is inside a record's body is under value.`,
    );
  }
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

function fieldsOf(filter: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(filter).flatMap(([field, inner]) =>
    field === "$or" ? (inner as readonly Readonly<Record<string, unknown>>[]).flatMap(fieldsOf) : [field],
  );
}
