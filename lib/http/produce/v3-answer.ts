/** v3's answers to records: one object per record, built as text. Members that do not apply are omitted, as the contract requires. */
import { failures, type RelayError } from "../../errors.js";
import type { ProduceOutcome } from "../../kafka/produce/outcome.js";
import { toFailedEntry } from "./failed-entry.js";
import type { V3Entry, V3Record } from "./v3-body.js";
import type { V3Data, WrittenSchema } from "./v3-data.js";
import { errorOf, type V3Outcome } from "./v3-outcome.js";

type Written = Extract<ProduceOutcome, { outcome: "written" }>;

interface V3Place {
  readonly clusterId: string;
  readonly topic: string;
}

/** The objects that answer `/records`, in order, each on its own line. */
export function toV3StreamAnswer(outcomes: readonly V3Outcome[], place: V3Place): string {
  const write = createWriter(place);
  return outcomes.map((outcome) => write(outcome, true)).join("\r\n");
}

/** The same for answers that go on: each object ends with its line, so that it can be read at once. */
export function v3Reports(place: V3Place): (outcomes: readonly V3Outcome[]) => string {
  const write = createWriter(place);
  return (outcomes) => outcomes.map((outcome) => `${write(outcome, true)}\r\n`).join("");
}

/** The answer to `records:batch`: what was written and what was not, each in the order of the request. */
export function toV3BatchAnswer(outcomes: readonly V3Outcome[], place: V3Place): string {
  const write = createWriter(place);
  const written: string[] = [];
  const failed: string[] = [];
  for (const outcome of outcomes) (errorOf(outcome) === undefined ? written : failed).push(write(outcome, false));
  return `{"successes":[${written.join(",")}],"failures":[${failed.join(",")}]}`;
}

/** What is the same for all records is written once. */
function createWriter({ clusterId, topic }: V3Place): (outcome: V3Outcome, isInStream: boolean) => string {
  const where = `"cluster_id":${JSON.stringify(clusterId)},"topic_name":${JSON.stringify(topic)}`;
  let lastMs = Number.NaN;
  let lastText = "";
  const isoOf = (timestampMs: number): string => {
    if (timestampMs !== lastMs) {
      lastMs = timestampMs;
      lastText = new Date(timestampMs).toISOString();
    }
    return lastText;
  };
  return (outcome, isInStream) => {
    const error = errorOf(outcome);
    if (error !== undefined) return toFailure(error, outcome.entry);
    const { entry, outcome: written } = outcome as { readonly entry: V3Record; readonly outcome: Written };
    const { key, value } = entry.record;
    const lead = isInStream ? '"error_code":200,' : entry.id === undefined ? "" : `"id":"${entry.id}",`;
    return (
      `{${lead}${where},"partition_id":${written.partition},"offset":${written.offset},"timestamp":"${isoOf(written.timestampMs)}"` +
      `${toForm("key", entry.keyData, entry.keySchema, key)}${toForm("value", entry.valueData, entry.valueSchema, value)}}`
    );
  };
}

/** `type` and `size`; of a schema also `subject`, `schema_id` and `schema_version`. */
function toForm(member: "key" | "value", data: V3Data | undefined, schema: WrittenSchema | undefined, bytes: Buffer | null): string {
  const size = `"size":${bytes?.length ?? 0}`;
  if (schema !== undefined) {
    const { type, subject, id, version } = schema;
    const name = type === "JSON" ? "JSONSCHEMA" : type;
    return `,"${member}":{"type":"${name}","subject":${JSON.stringify(subject)},"schema_id":${id},"schema_version":${version},${size}}`;
  }
  return data === undefined || !("type" in data) ? "" : `,"${member}":{"type":"${data.type}",${size}}`;
}

function toFailure(error: RelayError, entry: V3Entry): string {
  const { id } = entry;
  return JSON.stringify({ ...(id === undefined ? {} : { id }), ...toFailedEntry(error, "message", codeOf(error, entry)) });
}

/** The contract has one code for a partition below 0, and another for a partition that the topic does not have. */
function codeOf({ code, failure }: RelayError, entry: V3Entry): number {
  const isUnknownPartition = code === "partition-not-found" && "record" in entry && (entry.record.partition ?? 0) >= 0;
  return isUnknownPartition ? failures["unknown-topic-or-partition"].restCode : failure.restCode;
}
