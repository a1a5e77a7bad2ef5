/** Filters for reading: event patterns on whole records, with the language and the fields of a route's filter, given as JSON text; and text that a record contains. */
import { RelayError } from "../../errors.js";
import type { KafkaRecord } from "../../kafka/records.js";
import { compilePattern } from "../../patterns/compile.js";
import { RecordDocument } from "./document.js";
import { fieldsOf, unknownFieldIn } from "./filter.js";

export type RecordFilter = (record: KafkaRecord) => boolean;

/** Enough for a query or a command line. */
const filterCharactersMax = 4_096;
const searchedCharactersMax = 1_000;

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

/** Text in the key, the value, or the name or value of a header, in any case, their bytes read as UTF-8. Throws `bad-request` for text that is empty or too long. */
function compileTextSearch(text: string): RecordFilter {
  if (text === "" || text.length > searchedCharactersMax)
    throw badFilter(`contains: must be text of 1 to ${searchedCharactersMax} characters.`);
  const wanted = text.toLowerCase();
  const holds = (bytes: Buffer | null): boolean => bytes?.toString().toLowerCase().includes(wanted) === true;
  return ({ key, value, headers }) =>
    holds(value) || holds(key) || headers.some((header) => header.name.toLowerCase().includes(wanted) || holds(header.value));
}

/** What a read asks for; undefined: every record. */
export function compileRecordSearch(query: {
  readonly filter?: string | undefined;
  readonly contains?: string | undefined;
}): RecordFilter | undefined {
  const matches = query.filter === undefined ? undefined : compileRecordFilter(query.filter);
  const holds = query.contains === undefined ? undefined : compileTextSearch(query.contains);
  if (matches === undefined || holds === undefined) return matches ?? holds;
  // Text is looked for first: it costs less than a pattern.
  return (record) => holds(record) && matches(record);
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
