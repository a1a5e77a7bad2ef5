/** The laptop's mappings of queues and streams, on an emulated AWS: what a source settles is gone, and what it gives back is delivered again. */
import { randomUUID } from "node:crypto";
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defineSource } from "../../../lib/sources/define-source.js";
import type { SourceOrigin } from "../../../lib/sources/origin.js";
import { sqsQueue } from "../../../lib/sources/sqs.js";
import { dynamodbStream, kinesisStream } from "../../../lib/sources/streams.js";
import { callEmulator } from "../../../local/sources/emulated-aws.js";
import { type InvokeMapped, mapQueue, mapStream } from "../../../local/sources/mappings.js";
import { createTestTopic, testKafka, until } from "../../support/broker/kafka.js";
import { uniqueName } from "../../support/broker/unique-names.js";
import { idOf, recordsOf, runSource, textsOf } from "../../support/relay/source-run.js";
import { type MiniStack, startMiniStack } from "../../support/targets/ministack.js";

const kafka = testKafka();
const ending = new AbortController();
let aws: MiniStack | undefined;

beforeAll(async () => {
  aws = await startMiniStack("the laptop's mappings of queues and streams");
});
afterAll(async () => {
  ending.abort();
  await aws?.stop();
  await kafka.close();
});

/** A source whose first invocation gives everything back. */
async function aSource(from: SourceOrigin) {
  const topic = await createTestTopic(kafka);
  const { invoke } = runSource(kafka, defineSource({ name: uniqueName("mapped"), from, to: { topic } }), {
    RELAY_PARTIAL_RESPONSES: "true",
  });
  const events: unknown[] = [];
  const first: InvokeMapped = async (event) => {
    events.push(event);
    if (events.length === 1) throw new Error("the first invocation fails");
    return (await invoke(event)) as Awaited<ReturnType<InvokeMapped>>;
  };
  return { topic, invoke: first, events };
}

const mapped = (arn: string, invoke: InvokeMapped) => {
  if (aws === undefined) throw new Error("unreachable");
  const { endpoint, region } = aws.client;
  return { aws: { endpoint, region }, arn, batchSize: 10, invoke, signal: ending.signal, log: () => undefined };
};

test("a queue: messages that fail stay, and are gone once they are written", async ({ skip }) => {
  if (aws === undefined) return skip("no emulated AWS");
  const sqs = new SQSClient(aws.client);
  const name = uniqueName("queue");
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { VisibilityTimeout: "1" } }));
  const MessageAttributes = { tenant: { DataType: "String", StringValue: "north" } };
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "a", MessageAttributes }));
  const { topic, invoke, events } = await aSource(sqsQueue());

  void mapQueue(mapped(`arn:aws:sqs:us-east-1:000000000000:${name}`, invoke));
  await until(async () => (await recordsOf(kafka, topic)).length > 0);

  const [record] = await recordsOf(kafka, topic);
  expect(record?.value?.toString()).toBe("a");
  expect(record?.headers[0]).toMatchObject({ name: "tenant", value: Buffer.from("north") });
  expect(events.length).toBeGreaterThan(1);
  const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
  await until(async () => {
    const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }));
    return AttributeNames.every((one) => Attributes[one] === "0");
  });
});

test("a Kinesis stream: the shard is read again from the record that failed, in order", async ({ skip }) => {
  if (aws === undefined) return skip("no emulated AWS");
  const emulated = { endpoint: aws.client.endpoint, region: aws.client.region };
  const StreamName = uniqueName("stream");
  await callEmulator(emulated, "kinesis", "CreateStream", { StreamName, ShardCount: 1 });
  await until(async () => {
    const { StreamDescription } = await callEmulator<{ StreamDescription: { StreamStatus: string } }>(
      emulated,
      "kinesis",
      "DescribeStream",
      { StreamName },
    );
    return StreamDescription.StreamStatus === "ACTIVE";
  });
  const put = (text: string) =>
    callEmulator(emulated, "kinesis", "PutRecord", { StreamName, PartitionKey: "k", Data: Buffer.from(text).toString("base64") });
  for (const text of ["1", "2", "3"]) await put(text);
  const { topic, invoke, events } = await aSource(kinesisStream());

  void mapStream(mapped(`arn:aws:kinesis:us-east-1:000000000000:stream/${StreamName}`, invoke));
  await until(async () => (await recordsOf(kafka, topic)).length === 3);
  await put("4");
  await until(async () => (await recordsOf(kafka, topic)).length === 4);

  expect(textsOf(await recordsOf(kafka, topic))).toEqual(["1", "2", "3", "4"]);
  expect(events.length).toBeGreaterThan(2);
});

test("a DynamoDB stream: every change arrives, with its key", async ({ skip }) => {
  if (aws === undefined) return skip("no emulated AWS");
  const dynamodb = new DynamoDBClient(aws.client);
  const TableName = `t${randomUUID().slice(0, 8)}`;
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "N" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    }),
  );
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
  await dynamodb.send(new PutItemCommand({ TableName, Item: { id: { N: "1" }, total: { N: "0.3" } } }));
  const { topic, invoke } = await aSource(dynamodbStream({ value: "image" }));

  void mapStream(mapped(Table?.LatestStreamArn ?? "", invoke));
  await until(async () => (await recordsOf(kafka, topic)).length > 0);

  const [record] = await recordsOf(kafka, topic);
  expect([record?.key?.toString(), record?.value?.toString()]).toEqual(['{"id":1}', '{"id":1,"total":0.3}']);
  expect(record === undefined ? "" : idOf(record)).toContain(TableName);
});
