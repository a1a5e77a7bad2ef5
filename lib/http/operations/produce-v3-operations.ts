/** v3: record objects one after another, and batches of records with ids. */
import * as v from "valibot";
import { type FailureCode, RelayError } from "../../errors.js";
import { assertCluster } from "../../kafka/admin/cluster.js";
import type { ProduceOutcome } from "../../kafka/produce/outcome.js";
import type { TopicName } from "../../kafka/records.js";
import { hasRegistry, serializerOf } from "../../schemas/on-demand.js";
import { type OperationContext, type Operations, operation } from "../operation.js";

import { failedEntrySchema } from "../produce/failed-entry.js";
import { toJsonType, writableTopic } from "../produce/request.js";
import { strictAnswers, toStatusReply } from "../produce/strictness.js";
import { toV3BatchAnswer, toV3StreamAnswer } from "../produce/v3-answer.js";
import { readV3Batch, readV3Stream, type V3Entry, type V3Record, v3Batch, v3Record } from "../produce/v3-body.js";
import { errorOf, type V3Outcome } from "../produce/v3-outcome.js";
import { needsSchema, withoutRegistry } from "../produce/v3-with-schema.js";
import { int64 } from "../rest/v3-resources.js";
import { withTrace } from "../trace-context.js";

/** The titles are names of components in the description: both are in a choice, in keys and in values. */
const form = v.optional(
  v.union([
    v.pipe(v.strictObject({ type: v.picklist(["BINARY", "STRING", "JSON"]), size: v.number() }), v.title("WrittenData")),
    v.pipe(
      v.strictObject({
        type: v.picklist(["AVRO", "JSONSCHEMA", "PROTOBUF"]),
        subject: v.string(),
        schema_id: v.number(),
        schema_version: v.number(),
        size: v.number(),
      }),
      v.title("WrittenDataWithSchema"),
    ),
  ]),
);
const writtenMembers = {
  cluster_id: v.string(),
  topic_name: v.string(),
  partition_id: v.number(),
  offset: int64,
  timestamp: v.pipe(v.string(), v.isoTimestamp()),
  key: form,
  value: form,
};
const failedMembers = { ...failedEntrySchema, message: v.string() };
const streamAnswer = v.union([v.strictObject({ error_code: v.literal(200), ...writtenMembers }), v.strictObject(failedMembers)]);
const batchAnswer = v.strictObject({
  successes: v.array(v.strictObject({ id: v.string(), ...writtenMembers })),
  failures: v.array(v.strictObject({ id: v.string(), ...failedMembers })),
});

const shared = {
  may: "record:write",
  on: "topic",
  consumes: ["application/json"],
  path: v.object({ cluster_id: v.string(), topic: writableTopic }),
} as const;

export const v3StreamKey = "POST /v3/clusters/{cluster_id}/topics/{topic}/records";

export const produceV3Operations: Operations = {
  [v3StreamKey]: operation({
    ...shared,
    summary: "Write records, sent as JSON objects one after another. The response has one object per record.",
    rawBody: { "application/json": v3Record },
    answers: { 200: streamAnswer, ...strictAnswers(streamAnswer) },
    run: async ({ path, headers, rawBody }, context) => {
      toJsonType(headers, rawBody);
      const entries = readV3Stream(rawBody, { recordsMax: context.config.RELAY_PRODUCE_RECORDS_MAX });
      const outcomes = await writeV3Entries(path, entries, headers, context);
      return toStatusReply(toEnding(outcomes), 200, headers.prefer, {
        text: toV3StreamAnswer(outcomes, { clusterId: path.cluster_id, topic: path.topic }),
      });
    },
  }),
  "POST /v3/clusters/{cluster_id}/topics/{topic}/records:batch": operation({
    ...shared,
    summary: "Write a batch of records that have ids. The response lists which were written and which were not.",
    rawBody: { "application/json": v3Batch },
    answers: { ...strictAnswers(batchAnswer) },
    run: async ({ path, headers, rawBody }, context) => {
      toJsonType(headers, rawBody);
      const entries = readV3Batch(rawBody, { recordsMax: context.config.RELAY_PRODUCE_RECORDS_MAX });
      const outcomes = await writeV3Entries(path, entries, headers, context, failuresOfEntries);
      return toStatusReply(toEnding(outcomes), 207, headers.prefer, {
        text: toV3BatchAnswer(outcomes, { clusterId: path.cluster_id, topic: path.topic }),
      });
    },
  }),
};

export interface V3WritePlace {
  readonly cluster_id: string;
  readonly topic: TopicName;
}

type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** Failures that a batch reports for each entry although they are the same for all: its callers look for their ids. */
const failuresOfEntries: ReadonlySet<FailureCode> = new Set(["topic-not-found", "kafka-forbidden"]);

/** Writes what could be read, and puts every entry's outcome back in its place. A failure of all records is thrown, unless it is one of `reportedPerEntry`. */
export async function writeV3Entries(
  { cluster_id, topic }: V3WritePlace,
  entries: readonly V3Entry[],
  headers: RequestHeaders,
  { kafka, deadline, config }: Pick<OperationContext, "kafka" | "deadline" | "config">,
  reportedPerEntry: ReadonlySet<FailureCode> = new Set(),
): Promise<readonly V3Outcome[]> {
  // The first time, the topic and a producer id are requested while the cluster id is. If either is missing, the producer reports it.
  kafka.producer.prepare(deadline);
  const known = kafka.metadata.topic(topic, deadline).catch(() => undefined);
  await Promise.all([assertCluster(kafka, cluster_id, deadline), known]);
  const encoded: readonly V3Entry[] = await encodedEntries(entries, topic, { kafka, deadline, config }).catch((error: unknown) =>
    entries.map((entry): V3Entry => {
      if ("error" in entry) return entry;
      return entry.id === undefined ? reported(error) : { ...reported(error), id: entry.id };
    }),
  );
  const readable = encoded.filter((entry): entry is V3Record => !("error" in entry));
  const records = withTrace(
    readable.map(({ record }) => record),
    headers,
  );
  const ends = records.length === 0 ? [] : await kafka.producer.produce(topic, records, deadline).catch(inEveryEntry);
  let next = 0;
  return encoded.map((entry) => {
    if ("error" in entry) return { entry };
    const outcome = ends[next++];
    if (outcome === undefined) throw new Error("The producer returned fewer outcomes than there were records.");
    return { entry, outcome };
  });

  function inEveryEntry(error: unknown): readonly ProduceOutcome[] {
    return records.map(() => ({ outcome: "failed", ...reported(error) }));
  }

  function reported(error: unknown): { readonly error: RelayError } {
    if (error instanceof RelayError && reportedPerEntry.has(error.code)) return { error };
    throw error;
  }
}

let schemaEntries: Promise<typeof import("../produce/v3-schemas.js")> | undefined;

/** Nothing is registered for a topic that does not exist. */
async function encodedEntries(
  entries: readonly V3Entry[],
  topic: TopicName,
  { kafka, deadline, config }: Pick<OperationContext, "kafka" | "deadline" | "config">,
): Promise<readonly V3Entry[]> {
  if (!entries.some(needsSchema)) return entries;
  if (!hasRegistry(config)) return entries.map(withoutRegistry);
  if (!config.KAFKA_AUTO_CREATE_TOPICS) await kafka.metadata.topic(topic, deadline);
  // Once: an import costs as much as several records, also when it is repeated.
  schemaEntries ??= import("../produce/v3-schemas.js");
  const [{ open }, { encodeEntries }] = await Promise.all([serializerOf(config), schemaEntries]);
  return encodeEntries(entries, topic, open, deadline);
}

function toEnding(outcomes: readonly V3Outcome[]) {
  return { records: outcomes.length, failedStatuses: outcomes.flatMap((outcome) => errorOf(outcome)?.failure.status ?? []) };
}
