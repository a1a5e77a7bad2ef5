/** v2: records to a topic, or to one partition of it. */
import * as v from "valibot";
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { Kafka } from "../../kafka/kafka.js";
import { partitionNotFound } from "../../kafka/metadata.js";
import type { TopicName } from "../../kafka/records.js";
import { type OperationContext, type Operations, operation, type Reply } from "../operation.js";
import { v2Bodies } from "../produce/body-schemas.js";
import { failedEntry, strictAnswers, toJsonType, writableTopic } from "../produce/request.js";
import { toStatusReply } from "../produce/strictness.js";
import { readV2Records, toEmbeddedFormat, toV2Answer, v2CodeOf } from "../produce/v2-body.js";
import { v2MediaTypes } from "../rest/v2-metadata.js";
import { int64, numberInPath } from "../rest/v3-resources.js";
import { withTrace } from "../trace-context.js";

const written = v.strictObject({ partition: v.number(), offset: int64, error_code: v.null(), error: v.null() });
const failed = v.strictObject({ partition: v.null(), offset: v.null(), error: v.string(), ...failedEntry });
const produceAnswer = v.strictObject({ offsets: v.array(v.union([written, failed])), key_schema_id: v.null(), value_schema_id: v.null() });

const shared = {
  may: "record:write",
  on: "topic",
  rawBody: v2Bodies,
  produces: v2MediaTypes,
  answers: { 200: produceAnswer, ...strictAnswers(produceAnswer) },
} as const;

export const produceV2Operations: Operations = {
  "POST /topics/{topic}": operation({
    ...shared,
    summary: "Writes records to a topic, and says of each where it is or why it is not.",
    path: v.object({ topic: writableTopic }),
    run: ({ path, headers, rawBody }, context) => produce(path.topic, undefined, headers, rawBody, context),
  }),
  "POST /topics/{topic}/partitions/{partition}": operation({
    ...shared,
    summary: "Writes records to one partition of a topic; a partition in a record wins over the one in the path.",
    path: v.object({ topic: writableTopic, partition: numberInPath }),
    run: async ({ path, headers, rawBody }, context) => produce(path.topic, path.partition, headers, rawBody, context),
  }),
};

async function produce(
  topic: TopicName,
  partition: number | undefined,
  headers: Readonly<Record<string, string | undefined>>,
  rawBody: Buffer,
  { kafka, deadline, config }: OperationContext,
): Promise<Reply> {
  const format = toEmbeddedFormat(toJsonType(headers, rawBody).essence);
  const records = readV2Records(rawBody, format, { recordsMax: config.RELAY_PRODUCE_RECORDS_MAX }, partition);
  if (partition !== undefined) await assertPartition(kafka, topic, partition, deadline, config.KAFKA_AUTO_CREATE_TOPICS);
  const outcomes = await kafka.producer.produce(topic, withTrace(records, headers), deadline);
  const failedStatuses = outcomes.flatMap((outcome) => (outcome.outcome === "failed" ? [statusOf(v2CodeOf(outcome.error))] : []));
  // As the contract has it: what Kafka says of the caller's credentials is the answer's own status.
  const plainStatus = failedStatuses.includes(401) ? 401 : failedStatuses.includes(403) ? 403 : 200;
  return toStatusReply({ records: records.length, failedStatuses }, plainStatus, headers.prefer, { text: toV2Answer(outcomes) });
}

const statusOf = (code: number): number => (code >= 1000 ? Math.trunc(code / 100) : code);

/** Asks afresh before it refuses: partitions may have been added since. A topic that will be created is the producer's affair. */
async function assertPartition(kafka: Kafka, topic: TopicName, partition: number, deadline: Deadline, mayCreate: boolean): Promise<void> {
  let count = 0;
  try {
    for (const options of [undefined, { ageMaxMs: 0 }]) {
      const { partitions } = await kafka.metadata.topic(topic, deadline, options);
      if (partitions.some((one) => one.partition === partition)) return;
      count = partitions.length;
    }
  } catch (error) {
    if (mayCreate && error instanceof RelayError && error.code === "topic-not-found") return;
    throw error;
  }
  throw partitionNotFound(topic, partition, count);
}
