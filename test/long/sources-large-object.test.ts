/** An object of 100 MB as a source, with a kill midway. `npm run test:long`. */
import { randomUUID } from "node:crypto";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defineSource } from "../../lib/sources/define-source.js";
import { s3Objects } from "../../lib/sources/s3.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { killMidway } from "../support/relay/killed-source.js";
import { idOf, recordsOf, runSource } from "../support/relay/source-run.js";
import { type MiniStack, startMiniStack } from "../support/targets/ministack.js";

const kafka = testKafka();
let aws: MiniStack | undefined;
beforeAll(async () => {
  aws = await startMiniStack("an object of 100 MB on an emulated AWS");
}, 120_000);
afterAll(async () => {
  await aws?.stop();
  await kafka.close();
});

/** As S3 sends it to a queue. */
const notificationOf = (bucket: string, key: string, size: number, etag: string): string =>
  JSON.stringify({
    Records: [
      {
        eventSource: "aws:s3",
        eventName: "ObjectCreated:Put",
        eventTime: new Date().toISOString(),
        s3: { bucket: { name: bucket }, object: { key, size, eTag: etag.replaceAll('"', "") } },
      },
    ],
  });

const queueEvent = (queue: string, body: string) => ({
  Records: [
    {
      messageId: "1",
      body,
      attributes: {},
      messageAttributes: {},
      eventSource: "aws:sqs",
      eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queue}`,
    },
  ],
});

const megabyte = 1_000_000;

test("an object of 100 MB is read to its end, also after a kill: no record is missing, and repeats have the same id", async ({ skip }) => {
  if (aws === undefined) return skip("no emulated AWS");
  process.env.AWS_ENDPOINT_URL = aws.endpoint;
  const [bucket, key, queueName] = [`b-${randomUUID().slice(0, 8)}`, "large.ndjson", uniqueName("queue")];
  const lines = Array.from({ length: 200_000 }, (_, n) => JSON.stringify({ n, pad: "x".repeat(485) })).join("\n");
  expect(lines.length).toBeGreaterThan(100 * megabyte);
  const [s3, sqs] = [new S3Client({ ...aws.client, forcePathStyle: true }), new SQSClient(aws.client)];
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const { ETag = "" } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: lines }));
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: queueName }));
  const notification = notificationOf(bucket, key, lines.length, ETag);
  const eventOf = (body: string) => queueEvent(queueName, body);
  const topic = await createTestTopic(kafka);
  const name = uniqueName("large");
  const options = { bucket, format: "ndjson", forcePathStyle: true, region: "us-east-1" } as const;

  const written = await killMidway(
    kafka,
    { kind: "s3", options, name, topic, event: eventOf(notification), timeLeftMs: 600_000, recordsMax: 1_000 },
    2_000,
  );
  const { invoke, handler } = runSource(kafka, defineSource({ name, from: s3Objects(options), to: { topic } }), {
    RELAY_PARTIAL_RESPONSES: "true",
  });
  let invocations = 0;
  for (let body: string | undefined = notification; body !== undefined; ) {
    expect(await invoke(eventOf(body), 20_000)).toEqual({ batchItemFailures: [] });
    invocations++;
    const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    if (message !== undefined) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    body = message?.Body;
  }
  await handler.close();
  delete process.env.AWS_ENDPOINT_URL;

  const records = await recordsOf(kafka, topic);
  const ids = new Set(records.map(idOf));
  console.log(`100 MB: killed after ${written}, then ${invocations} invocations; ${records.length - 200_000} repeats`);
  expect(ids.size).toBe(200_000);
  expect(written).toBeLessThan(200_000);
});
