/** What on-failure destinations receive: both record families (https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html). */
import { expect, test } from "vitest";
import { toBatchFailure, toRecordFailures } from "../../../local/kafka-trigger/src/destinations/failure-record.js";
import type { Run } from "../../../local/kafka-trigger/src/poll/run.js";
import type { GivenUp } from "../../../local/kafka-trigger/src/poll/settle.js";
import { waitingRecords } from "../../support/trigger/waiting-records.js";

const timestamp = Date.parse("2026-01-02T03:04:05.678Z");
const run: Run = {
  partition: 0,
  nextOffset: 12,
  records: waitingRecords(
    "orders",
    0,
    [10, 11].map((offset) => ({ offset, timestampMs: timestamp, key: "k", value: "v" })),
  ),
};
const given: GivenUp = { runs: [run], condition: "retries", attempts: 4, last: { requestId: "r-1", reason: "Error: no" } };
const context = {
  mapping: { kind: "msk", eventSourceArn: "arn:aws:kafka:eu-west-1:1:cluster/c/1", bootstrapServers: "b-1:9092", topic: "orders" },
  functionArn: "arn:aws:lambda:eu-west-1:000000000000:function:shop-dev-orders",
  nowMs: timestamp,
} as const;

test("SQS and SNS get the batch once, without its records", () => {
  const told = toBatchFailure(given, context, false);

  expect(told).toEqual({
    requestContext: {
      requestId: "r-1",
      functionArn: context.functionArn,
      condition: "RetryAttemptsExhausted",
      approximateInvokeCount: 4,
    },
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    version: "1.0",
    timestamp: "2026-01-02T03:04:05.678Z",
    KafkaBatchInfo: {
      batchSize: 2,
      eventSourceArn: context.mapping.eventSourceArn,
      bootstrapServers: "b-1:9092",
      payloadSize: expect.any(Number),
      recordsInfo: {
        "orders-0": {
          firstRecordOffset: "10",
          lastRecordOffset: "11",
          firstRecordTimestamp: "2026-01-02T03:04:05.678Z",
          lastRecordTimestamp: "2026-01-02T03:04:05.678Z",
        },
      },
    },
  });
});

test("S3 is given the event, too, as an escaped text", () => {
  const { payload } = toBatchFailure(given, context, true);

  expect(Object.keys(JSON.parse(String(payload)).records)).toEqual(["orders-0"]);
});

test("a Kafka topic gets each record by itself, with its key and the event as an object", () => {
  const told = toRecordFailures(given, context);

  expect(told.map(({ key }) => key)).toEqual(["aw==", "aw=="]);
  expect(told[1]?.value).toMatchObject({
    requestContext: { condition: "RetriesExhausted" },
    KafkaBatchInfo: { batchSize: 1, recordInfo: { offset: "11", timestamp: "2026-01-02T03:04:05.678Z" } },
    payload: { records: { "orders-0": [{ offset: 11 }] } },
  });
});

test("a record that no invocation takes has no response", () => {
  const { responseContext, requestContext } = toBatchFailure({ runs: [run], condition: "payload-size", attempts: 0 }, context, false);

  expect(responseContext).toBeNull();
  expect(requestContext).toMatchObject({ condition: "MaximumPayloadSizeExceeded" });
});
