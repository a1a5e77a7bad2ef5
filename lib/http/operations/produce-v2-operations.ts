/** v2: records to a topic, or to one partition of it. */
import * as v from "valibot";
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { partitionNotFound } from "../../kafka/metadata.js";
import type { Kafka } from "../../kafka/port.js";
import type { TopicName } from "../../kafka/records.js";
import { hasRegistry, serializerOf } from "../../schemas/on-demand.js";
import { type OperationContext, type Operations, operation, type Reply } from "../operation.js";

import { toJsonType, writableTopic } from "../produce/request.js";
import { strictAnswers, toStatusReply } from "../produce/strictness.js";
import { toV2Answer, v2Answer, v2CodeOf } from "../produce/v2-answer.js";
import { readV2Request, toEmbeddedFormat, v2Bodies } from "../produce/v2-body.js";
import { noSchemaIds, schemaTypeOf } from "../produce/v2-schemas.js";
import { v2MediaTypes } from "../rest/v2-metadata.js";
import { numberInPath } from "../rest/v3-resources.js";
import { withTrace } from "../trace-context.js";

const shared = {
  may: "record:write",
  on: "topic",
  rawBody: v2Bodies,
  produces: v2MediaTypes,
  answers: { 200: v2Answer, ...strictAnswers(v2Answer) },
} as const;

export const produceV2Operations: Operations = {
  "POST /topics/{topic}": operation({
    ...shared,
    summary: "Write records to a topic. The response says for each record where it was written, or why it was not.",
    path: v.object({ topic: writableTopic }),
    run: ({ path, headers, rawBody }, context) => produce(path.topic, undefined, headers, rawBody, context),
  }),
  "POST /topics/{topic}/partitions/{partition}": operation({
    ...shared,
    summary: "Write records to one partition of a topic. A partition in a record takes precedence over the one in the path.",
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
  const format = toEmbeddedFormat(toJsonType(headers, rawBody).essence, hasRegistry(config));
  const request = readV2Request(rawBody, format, { recordsMax: config.RELAY_PRODUCE_RECORDS_MAX }, partition);
  const isPlain = format === "json" || format === "binary" || format === "text";
  if (partition !== undefined) await assertPartition(kafka, topic, partition, deadline, config.KAFKA_AUTO_CREATE_TOPICS);
  // Nothing is registered for a topic that does not exist.
  else if (!isPlain && !config.KAFKA_AUTO_CREATE_TOPICS) await kafka.metadata.topic(topic, deadline);
  const { records, ids } = isPlain
    ? { records: request.records, ids: noSchemaIds }
    : await (await serializerOf(config)).serialize(request.records, { topic, type: schemaTypeOf[format], ...request.schemas }, deadline);
  const outcomes = await kafka.producer.produce(topic, withTrace(records, headers), deadline);
  const failedStatuses = outcomes.flatMap((outcome) => (outcome.outcome === "failed" ? [statusOf(v2CodeOf(outcome.error))] : []));
  // The contract: when Kafka refuses our credentials or permissions, the whole answer has that status.
  const plainStatus = failedStatuses.includes(401) ? 401 : failedStatuses.includes(403) ? 403 : 200;
  return toStatusReply({ records: records.length, failedStatuses }, plainStatus, headers.prefer, { text: toV2Answer(outcomes, ids) });
}

const statusOf = (code: number): number => (code >= 1000 ? Math.trunc(code / 100) : code);

/** Asks Kafka again before it refuses, because partitions may have been added. A topic that does not exist yet is left to the producer, which creates it. */
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
