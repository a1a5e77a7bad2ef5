/** The answer to a v2 produce request, `{"offsets": [...]}`: its schema, and its text from the producer's outcomes. Pure. */
import * as v from "valibot";
import type { RelayError } from "../../errors.js";
import type { ProduceOutcome } from "../../kafka/produce/outcome.js";
import type { SchemaIds } from "../../schemas/serialize-records.js";
import { int64 } from "../rest/v3-resources.js";
import { failedEntrySchema, toFailedEntry } from "./failed-entry.js";
import { noSchemaIds } from "./v2-schemas.js";

const written = v.strictObject({ partition: v.number(), offset: int64, error_code: v.null(), error: v.null() });
const failed = v.strictObject({ partition: v.null(), offset: v.null(), error: v.string(), ...failedEntrySchema });

const schemaId = v.nullable(v.pipe(v.number(), v.integer()));

export const v2Answer = v.strictObject({
  offsets: v.array(v.union([written, failed])),
  key_schema_id: schemaId,
  value_schema_id: schemaId,
});

/** v2 has one number for every record that no retry can save: too large, or refused for another reason. */
export function v2CodeOf(error: RelayError): number {
  return error.code === "record-too-large" || error.code === "record-refused" || error.code === "internal" ? 50002 : error.failure.restCode;
}

/** The answer's text: one entry per record, in order. */
export function toV2Answer(outcomes: readonly ProduceOutcome[], ids: SchemaIds = noSchemaIds): string {
  let text = '{"offsets":[';
  for (let index = 0; index < outcomes.length; index++) {
    const outcome = outcomes[index] as ProduceOutcome;
    if (index > 0) text += ",";
    text +=
      outcome.outcome === "written"
        ? `{"partition":${outcome.partition},"offset":${outcome.offset},"error_code":null,"error":null}`
        : JSON.stringify({ partition: null, offset: null, ...toFailedEntry(outcome.error, "error", v2CodeOf(outcome.error)) });
  }
  return `${text}],"key_schema_id":${ids.key},"value_schema_id":${ids.value}}`;
}
