/** Which entries of a v3 request need a schema, and what becomes of them without a registry. */
import { RelayError } from "../../errors.js";
import type { V3Entry, V3Record } from "./v3-body.js";
import type { V3Data } from "./v3-data.js";

export type WithSchema = Extract<V3Data, { readonly choice: unknown }>;

export function needsSchema(entry: V3Entry): entry is V3Record {
  return !("error" in entry) && (hasChoice(entry.keyData) || hasChoice(entry.valueData));
}

/** Without a registry such an entry fails alone, and the message says what can be sent instead. */
export function withoutRegistry(entry: V3Entry): V3Entry {
  if (!needsSchema(entry)) return entry;
  const { choice, place } = (hasChoice(entry.keyData) ? entry.keyData : entry.valueData) as WithSchema;
  const what = choice.by.is === "text" ? `${choice.by.type} needs` : "data without a type needs";
  return failedEntry(
    entry,
    new RelayError(
      "bad-request",
      `${place}: ${what} a schema registry, which this API does not have; send BINARY, STRING or JSON, or encode the value in the client and send BINARY.`,
    ),
  );
}

export function failedEntry({ id }: V3Record, error: RelayError): V3Entry {
  return id === undefined ? { error } : { error, id };
}

export function hasChoice(data: V3Data | undefined): data is WithSchema {
  return data !== undefined && "choice" in data;
}
