/**
 * What an on-failure destination receives (https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html): one message per batch for SQS, SNS and S3, one per
 * record for a Kafka topic. Pure.
 */
import type { Mapping } from "../mapping.js";
import { toEvent } from "../poll/event.js";
import { countOf, type Run } from "../poll/run.js";
import type { GivenUp, GiveUpCondition } from "../poll/settle.js";

export interface FailureContext {
  readonly mapping: Pick<Mapping, "kind" | "eventSourceArn" | "bootstrapServers" | "topic">;
  readonly functionArn: string;
  readonly nowMs: number;
}

const ofSchemas = { "schema-not-found": "SCHEMA_NOT_FOUND", "deserialization-error": "DESERIALIZATION_ERROR" } as const;

/** AWS's pages spell the same condition differently by destination, and do not document the one for age. */
const conditions: Readonly<Record<"batch" | "record", Readonly<Record<GiveUpCondition, string>>>> = {
  batch: { ...ofSchemas, retries: "RetryAttemptsExhausted", age: "RecordAgeExceeded", "payload-size": "MaximumPayloadSizeExceeded" },
  record: { ...ofSchemas, retries: "RetriesExhausted", age: "RecordAgeExceeded", "payload-size": "MaximumPayloadSizeExceeded" },
};

/** For SQS and SNS without `payload`; for S3 with the event as an escaped string. */
export function toBatchFailure(given: GivenUp, context: FailureContext, hasPayload: boolean): Readonly<Record<string, unknown>> {
  const payload = JSON.stringify(toEvent(context.mapping, given.runs));
  const recordsInfo = Object.fromEntries(
    given.runs.map(({ partition, records }) => {
      const first = records[0];
      const last = records.at(-1);
      return [
        `${context.mapping.topic}-${partition}`,
        {
          firstRecordOffset: String(first?.offset),
          lastRecordOffset: String(last?.offset),
          firstRecordTimestamp: toIso(first?.timestamp),
          lastRecordTimestamp: toIso(last?.timestamp),
        },
      ];
    }),
  );
  return {
    ...toHead(given, context, "batch"),
    KafkaBatchInfo: { ...toBatchInfo(context, countOf(given.runs), payload), recordsInfo },
    ...(hasPayload ? { payload } : {}),
  };
}

/** For a Kafka topic: one for each record, with its key. */
export function toRecordFailures(
  given: GivenUp,
  context: FailureContext,
): readonly { readonly key: string | undefined; readonly value: Readonly<Record<string, unknown>> }[] {
  return given.runs.flatMap((run) =>
    run.records.map((waiting) => {
      const alone: Run = { ...run, records: [waiting] };
      const payload = toEvent(context.mapping, [alone]);
      const recordInfo = { offset: String(waiting.offset), timestamp: toIso(waiting.timestamp) };
      return {
        key: waiting.toEventRecord().key,
        value: {
          ...toHead(given, context, "record"),
          KafkaBatchInfo: { ...toBatchInfo(context, 1, JSON.stringify(payload)), recordInfo },
          payload,
        },
      };
    }),
  );
}

function toHead({ condition, attempts, last }: GivenUp, { functionArn, nowMs }: FailureContext, family: "batch" | "record") {
  return {
    requestContext: {
      requestId: last?.requestId ?? "",
      functionArn,
      condition: conditions[family][condition],
      approximateInvokeCount: attempts,
    },
    responseContext:
      condition === "payload-size" || last === undefined
        ? null
        : { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    version: "1.0",
    timestamp: toIso(nowMs),
  };
}

function toBatchInfo({ mapping }: FailureContext, batchSize: number, payload: string) {
  const { eventSourceArn, bootstrapServers } = mapping;
  return {
    batchSize,
    ...(eventSourceArn === undefined ? {} : { eventSourceArn }),
    bootstrapServers,
    payloadSize: Buffer.byteLength(payload),
  };
}

/** A record's timestamp may be any 64-bit number; a date cannot represent all of them. */
function toIso(ms = 0): string {
  return new Date(Math.max(-dateMaxMs, Math.min(dateMaxMs, ms))).toISOString();
}

const dateMaxMs = 8.64e15;
