/** Events of EventBridge and schedules as sources: the shapes are those of @types/aws-lambda and of AWS's documentation. */
import type { EventBridgeEvent } from "aws-lambda";
import { expect, test } from "vitest";
import { eventBridgeRule, schedule } from "../../../lib/sources/eventbridge.js";
import { sqsQueue } from "../../../lib/sources/sqs.js";
import { dynamodbStream, kinesisStream } from "../../../lib/sources/streams.js";
import { eventSourcesOfFile, kinesisEvent, partialResponses, snsEnvelope } from "../../support/relay/event-sources.js";
import { headersOf, idOf, recordsOf } from "../../support/relay/source-run.js";

const { kafka, down, source } = eventSourcesOfFile();

const ec2Event: EventBridgeEvent<"EC2 Instance State-change Notification", object> = {
  version: "0",
  id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
  "detail-type": "EC2 Instance State-change Notification",
  source: "aws.ec2",
  account: "111122223333",
  time: "2017-12-22T18:43:48Z",
  region: "us-west-1",
  resources: ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
  detail: { "instance-id": "i-1234567890abcdef0", state: "terminated" },
};

test("an event of EventBridge is a record, or a CloudEvent whose data is its detail", async () => {
  const plain = await source(eventBridgeRule());
  const cloud = await source(eventBridgeRule(), { envelope: "cloudevents" });

  await plain.invoke(ec2Event);
  await cloud.invoke(ec2Event);

  const [record] = await recordsOf(kafka, plain.topic);
  expect(JSON.parse(String(record?.value))).toEqual(ec2Event);
  expect(record?.timestampMs).toBe(Date.parse(ec2Event.time));
  const [event] = await recordsOf(kafka, cloud.topic);
  expect(JSON.parse(String(event?.value))).toEqual(ec2Event.detail);
  expect(event === undefined ? {} : headersOf(event)).toMatchObject({
    ce_source: "aws.ec2",
    ce_type: "EC2 Instance State-change Notification",
    ce_id: `us-west-1/111122223333/${ec2Event.id}`,
    ce_subject: ec2Event.resources[0],
  });
});

test("an invocation of EventBridge fails while Kafka is down, because nothing else keeps its event", async () => {
  const { invoke } = await source(eventBridgeRule(), {}, partialResponses, down);

  await expect(invoke(ec2Event, 2_600)).rejects.toThrow("Kafka has not acknowledged 1 of 1 records");
});

test("a schedule's transform makes the records, and a retry of its invocation makes them under the same ids", async () => {
  const { handler, topic, name } = await source(schedule(), {
    transform: (async ({ value }: { value: { input: string } }) => [
      { key: "a", value: value.input },
      { key: "b", value: "2" },
    ]) as never,
  });
  const invocation = { getRemainingTimeInMillis: () => 20_000, awsRequestId: "request-1" };

  await handler({ input: "1" }, invocation);
  await handler({ input: "1" }, invocation);

  const ids = (await recordsOf(kafka, topic)).map(idOf).sort();
  expect(ids).toEqual([`${name}/request-1#0`, `${name}/request-1#0`, `${name}/request-1#1`, `${name}/request-1#1`]);
});

test.each([
  [
    sqsQueue(),
    kinesisEvent([["1", "a", "b"]]),
    'event.Records[0].eventSource: it is "aws:kinesis". This source reads the events of an SQS queue',
  ],
  [kinesisStream(), { Records: [{}] }, "This source reads the events of a Kinesis stream"],
  [dynamodbStream(), {}, "event: it has no list Records."],
  [sqsQueue(), { Records: [{ EventSource: "aws:sns", Sns: snsEnvelope }] }, 'it is "aws:sns"'],
  [eventBridgeRule(), { hello: 1 }, "it must be an event of EventBridge"],
] as const)("%# another kind of event is refused with the kind that is right", async (from, event, message) => {
  const { invoke } = await source(from);

  await expect(invoke(event)).rejects.toThrow(message);
});
