/** Where a batch that is given up is reported (https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html): a queue, a topic of SNS, a bucket. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { createDestination, type DestinationWorld, giveUpTo } from "../../local/kafka-trigger/src/destinations/destination.js";
import type { Mapping } from "../../local/kafka-trigger/src/mapping.js";
import type { GivenUp } from "../../local/kafka-trigger/src/poll/settle.js";
import { testKafka } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { type MiniStack, startMiniStack } from "../support/targets/ministack.js";
import { waitingRecords } from "../support/trigger/waiting-records.js";

const stack: MiniStack | undefined = await startMiniStack("the trigger's on-failure destinations on AWS (5 tests)");
const topic = "orders";
const mapping: Mapping = {
  name: topic,
  kind: "msk",
  eventSourceArn: "arn:aws:kafka:us-east-1:1:cluster/c/1",
  bootstrapServers: "b-1:9092",
  topic,
  consumerGroupId: "orders-group",
  batchSize: 100,
  windowMs: 500,
  startingPosition: { kind: "TRIM_HORIZON" },
  failure: { retriesMax: 1, recordAgeMaxMs: -1, isBisecting: false, takesPartialResponses: false },
  backoff: { firstMs: 1, maxMs: 1 },
};
const given: GivenUp = {
  runs: [
    {
      partition: 2,
      nextOffset: 12,
      records: waitingRecords(topic, 2, [
        { offset: 10, value: "a" },
        { offset: 11, value: "b" },
      ]),
    },
  ],
  condition: "retries",
  attempts: 2,
  last: { requestId: "r-1", reason: "Error: no" },
};
let kafka: Kafka;
let world: DestinationWorld;

beforeAll(() => {
  kafka = testKafka();
  if (stack !== undefined) process.env.AWS_ENDPOINT_URL = stack.endpoint;
  world = {
    kafka,
    mapping,
    functionArn: "arn:aws:lambda:us-east-1:000000000000:function:shop-dev-orders",
    serviceFolder: join(import.meta.dirname, "../.."),
    shell: process.env,
    region: "us-east-1",
  };
});

afterAll(async () => {
  await stack?.stop();
  await kafka.close();
});

const client = () => stack?.client as MiniStack["client"];

async function createQueue(): Promise<{ readonly url: string; readonly arn: string; readonly receive: () => Promise<string> }> {
  const sqs = new SQSClient(client());
  const { QueueUrl: url = "" } = await sqs.send(new CreateQueueCommand({ QueueName: uniqueName("lost") }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }));
  const receive = async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 5 }));
    return Messages[0]?.Body ?? "";
  };
  return { url, arn: Attributes?.QueueArn ?? "", receive };
}

const told = {
  requestContext: { condition: "RetryAttemptsExhausted", approximateInvokeCount: 2 },
  KafkaBatchInfo: { batchSize: 2, recordsInfo: { "orders-2": { firstRecordOffset: "10", lastRecordOffset: "11" } } },
};

test.skipIf(stack === undefined)("a queue gets one message for the batch, without its records", async () => {
  const { arn, receive } = await createQueue();

  await createDestination({ kind: "arn", arn }, world)(given);

  const message = JSON.parse(await receive());
  expect(message).toMatchObject(told);
  expect(message).not.toHaveProperty("payload");
});

test.skipIf(stack === undefined)("a project without the SDK reaches its queue by the one beside the plugin", async () => {
  const { arn, receive } = await createQueue();
  const serviceFolder = mkdtempSync(join(tmpdir(), "no-sdk-"));

  await createDestination({ kind: "arn", arn }, { ...world, serviceFolder })(given);

  expect(JSON.parse(await receive())).toMatchObject(told);
});

test.skipIf(stack === undefined)("a topic of SNS gets the same message", async () => {
  const { arn: queueArn, receive } = await createQueue();
  const sns = new SNSClient(client());
  const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: uniqueName("lost") }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: queueArn }));

  await createDestination({ kind: "arn", arn: TopicArn }, world)(given);

  expect(JSON.parse(JSON.parse(await receive()).Message)).toMatchObject(told);
});

test.skipIf(stack === undefined)("a bucket gets an object that holds the event, too", async () => {
  const s3 = new S3Client({ ...client(), forcePathStyle: true });
  const bucket = uniqueName("lost");
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));

  await createDestination({ kind: "arn", arn: `arn:aws:s3:::${bucket}` }, world)(given);

  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  expect(Contents.map(({ Key }) => Key)).toEqual([expect.stringMatching(/^aws\/lambda\/orders-group\/orders-2\/\d{4}\/\d\d\/\d\d\//)]);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: Contents[0]?.Key }));
  const object = JSON.parse((await Body?.transformToString()) ?? "");
  expect(object).toMatchObject(told);
  expect(JSON.parse(object.payload).records["orders-2"].map(({ value }: { value: string }) => value)).toEqual(["YQ==", "Yg=="]);
});

test.skipIf(stack === undefined)("a destination that refuses the batch drops it, and a warning says so", async () => {
  const warnings: string[] = [];
  const arn = "arn:aws:sqs:us-east-1:000000000000:there-is-none";

  await giveUpTo(
    createDestination({ kind: "arn", arn }, world),
    arn,
    given,
    () => {},
    (line) => warnings.push(line),
  );

  expect(warnings.join()).toMatch(
    /2 record\(s\) were given up, but arn:.*there-is-none did not accept them: .*They are dropped, as on AWS/,
  );
});
