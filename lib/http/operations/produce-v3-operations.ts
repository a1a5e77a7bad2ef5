/** v3: records behind one another, and records by name in a batch. */
import * as v from "valibot";
import { type FailureCode, RelayError } from "../../errors.js";
import { assertCluster } from "../../kafka/admin/cluster.js";
import type { ProduceOutcome } from "../../kafka/produce/producer.js";
import type { TopicName } from "../../kafka/records.js";
import { type OperationContext, type Operations, operation } from "../operation.js";
import { v3Batch, v3Record } from "../produce/body-schemas.js";
import { failedEntry, strictAnswers, toJsonType, writableTopic } from "../produce/request.js";
import { toStatusReply } from "../produce/strictness.js";
import { toV3BatchAnswer, toV3StreamAnswer } from "../produce/v3-answer.js";
import { errorOf, readV3Batch, readV3Stream, type V3Entry, type V3Outcome, type V3Record } from "../produce/v3-body.js";
import { int64 } from "../rest/v3-resources.js";
import { withTrace } from "../trace-context.js";

const form = v.optional(v.strictObject({ type: v.picklist(["BINARY", "STRING", "JSON"]), size: v.number() }));
const writtenMembers = {
  cluster_id: v.string(),
  topic_name: v.string(),
  partition_id: v.number(),
  offset: int64,
  timestamp: v.pipe(v.string(), v.isoTimestamp()),
  key: form,
  value: form,
};
const failedMembers = { ...failedEntry, message: v.string() };
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

export const produceV3Operations: Operations = {
  "POST /v3/clusters/{cluster_id}/topics/{topic}/records": operation({
    ...shared,
    summary: "Writes records, given as JSON objects one behind the other, and answers one object for each.",
    rawBody: { "application/json": v3Record },
    answers: { 200: streamAnswer, ...strictAnswers(streamAnswer) },
    run: async ({ path, headers, rawBody }, context) => {
      toJsonType(headers, rawBody);
      const entries = readV3Stream(rawBody, { recordsMax: context.config.RELAY_PRODUCE_RECORDS_MAX });
      const outcomes = await write(path, entries, headers, context);
      return toStatusReply(toEnding(outcomes), 200, headers.prefer, {
        text: toV3StreamAnswer(outcomes, { clusterId: path.cluster_id, topic: path.topic }),
      });
    },
  }),
  "POST /v3/clusters/{cluster_id}/topics/{topic}/records:batch": operation({
    ...shared,
    summary: "Writes records that have ids, and answers which were written and which were not.",
    rawBody: { "application/json": v3Batch },
    answers: { ...strictAnswers(batchAnswer) },
    run: async ({ path, headers, rawBody }, context) => {
      toJsonType(headers, rawBody);
      const entries = readV3Batch(rawBody, { recordsMax: context.config.RELAY_PRODUCE_RECORDS_MAX });
      const outcomes = await write(path, entries, headers, context, failuresOfEntries);
      return toStatusReply(toEnding(outcomes), 207, headers.prefer, {
        text: toV3BatchAnswer(outcomes, { clusterId: path.cluster_id, topic: path.topic }),
      });
    },
  }),
};

interface Place {
  readonly cluster_id: string;
  readonly topic: TopicName;
}

type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** What a batch tells entry by entry, though it is the same for all: its callers look for their ids. */
const failuresOfEntries: ReadonlySet<FailureCode> = new Set(["topic-not-found", "kafka-forbidden"]);

/** Sends what could be read, and puts every entry's end back in its place. Failures of all records are thrown, but for those of `toldByEntry`. */
async function write(
  { cluster_id, topic }: Place,
  entries: readonly V3Entry[],
  headers: RequestHeaders,
  { kafka, deadline }: OperationContext,
  toldByEntry: ReadonlySet<FailureCode> = new Set(),
): Promise<readonly V3Outcome[]> {
  // Beside the cluster, the first time, the topic and a producer id are asked for: what is not there is told by the producer.
  kafka.producer.prepare(deadline);
  const known = kafka.metadata.topic(topic, deadline).catch(() => undefined);
  await Promise.all([assertCluster(kafka, cluster_id, deadline), known]);
  const readable = entries.filter((entry): entry is V3Record => !("error" in entry));
  const records = withTrace(
    readable.map(({ record }) => record),
    headers,
  );
  const ends = records.length === 0 ? [] : await kafka.producer.produce(topic, records, deadline).catch(inEveryEntry);
  let next = 0;
  return entries.map((entry) => {
    if ("error" in entry) return { entry };
    const outcome = ends[next++];
    if (outcome === undefined) throw new Error("The producer told of fewer records than it was given.");
    return { entry, outcome };
  });

  function inEveryEntry(error: unknown): readonly ProduceOutcome[] {
    if (!(error instanceof RelayError) || !toldByEntry.has(error.code)) throw error;
    return records.map(() => ({ outcome: "failed", error }));
  }
}

function toEnding(outcomes: readonly V3Outcome[]) {
  return { records: outcomes.length, failedStatuses: outcomes.flatMap((outcome) => errorOf(outcome)?.failure.status ?? []) };
}
