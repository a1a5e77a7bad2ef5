/** Sources that Lambda invokes with events, on the real broker, or on one that is down. */
import type { KinesisStreamEvent } from "aws-lambda";
import { afterAll } from "vitest";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { defineSource, type SourceDefinition } from "../../../lib/sources/define-source.js";
import type { SourceOrigin } from "../../../lib/sources/origin.js";
import { createTestTopic, testKafka } from "../broker/kafka.js";
import { uniqueName } from "../broker/unique-names.js";
import { runSource } from "./source-run.js";

export const partialResponses = { RELAY_PARTIAL_RESPONSES: "true" };

/** For one test file: its clients are closed after it. */
export function eventSourcesOfFile() {
  const kafka = testKafka();
  const down = testKafka({ brokers: ["127.0.0.1:1"], connectTimeoutMs: 200 });
  afterAll(() => Promise.all([kafka.close(), down.close()]));
  const source = async (
    from: SourceOrigin,
    rules: Partial<SourceDefinition<never>> = {},
    env: Record<string, string> = partialResponses,
    cluster: Kafka = kafka,
  ) => {
    const topic = rules.to?.topic ?? (await createTestTopic(kafka));
    const name = uniqueName("events");
    return { name, topic: topic as string, ...runSource(cluster, defineSource({ name, from, to: { topic }, ...rules }), env) };
  };
  return { kafka, down, source };
}

export const snsEnvelope = {
  Type: "Notification",
  MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
  TopicArn: "arn:aws:sns:us-west-2:123456789012:MyTopic",
  Subject: "My First Message",
  Message: "Hello world!",
  Timestamp: "2012-05-02T00:54:06.655Z",
  SignatureVersion: "1",
  MessageAttributes: { tenant: { Type: "String", Value: "north" }, raw: { Type: "Binary", Value: Buffer.from("b").toString("base64") } },
};

export const streamArn = "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream";

export const kinesisEvent = (
  records: readonly (readonly [sequence: string, key: string, data: string | Buffer])[],
): KinesisStreamEvent => ({
  Records: records.map(([sequenceNumber, partitionKey, data]) => ({
    kinesis: {
      kinesisSchemaVersion: "1.0",
      partitionKey,
      sequenceNumber,
      data: Buffer.from(data).toString("base64"),
      approximateArrivalTimestamp: 1_545_084_650.987,
    },
    eventSource: "aws:kinesis",
    eventVersion: "1.0",
    eventID: `shardId-000000000006:${sequenceNumber}`,
    eventName: "aws:kinesis:record",
    invokeIdentityArn: "arn:aws:iam::123456789012:role/lambda-role",
    awsRegion: "us-east-2",
    eventSourceARN: streamArn,
  })),
});
