/** Objects of S3 as a source, on an emulated AWS: every format, going on where an invocation stopped, and objects that cannot be read. */
import { createHash, randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defineSource, type SourceDefinition } from "../../../lib/sources/define-source.js";
import { type S3ObjectsOptions, s3Objects } from "../../../lib/sources/s3.js";
import { createTestTopic, testKafka } from "../../support/broker/kafka.js";
import { uniqueName } from "../../support/broker/unique-names.js";
import { headersOf, idOf, recordsOf, runSource, textsOf } from "../../support/relay/source-run.js";
import { type MiniStack, startMiniStack } from "../../support/targets/ministack.js";

const kafka = testKafka();
const bucket = `b-${randomUUID().slice(0, 8)}`;
let aws: MiniStack | undefined;
let s3: S3Client;
let sqs: SQSClient;

beforeAll(async () => {
  aws = await startMiniStack("the source s3 on an emulated AWS");
  if (aws === undefined) return;
  process.env.AWS_ENDPOINT_URL = aws.endpoint;
  s3 = new S3Client({ ...aws.client, forcePathStyle: true });
  sqs = new SQSClient(aws.client);
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
});
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL;
  await aws?.stop();
  await kafka.close();
});

interface Put {
  readonly key: string;
  readonly etag: string;
}

async function put(body: string | Buffer, ending = "ndjson"): Promise<Put> {
  const key = `in/${randomUUID()} ü.${ending}`;
  const { ETag = "" } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  return { key, etag: ETag.replaceAll('"', "") };
}

/** As S3 sends it to a queue; names are encoded as in a form. */
const notification = ({ key, etag }: Put) => ({
  Records: [
    {
      eventVersion: "2.1",
      eventSource: "aws:s3",
      awsRegion: "us-east-1",
      eventTime: "2026-01-02T03:04:05.678Z",
      eventName: "ObjectCreated:Put",
      s3: {
        s3SchemaVersion: "1.0",
        bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` },
        object: {
          key: encodeURIComponent(key).replaceAll("%20", "+").replaceAll("%2F", "/"),
          size: 1,
          eTag: etag,
          sequencer: "0055AED6DCD90281E5",
        },
      },
    },
  ],
});

async function aSource(options: Partial<S3ObjectsOptions> = {}, rules: Partial<SourceDefinition<never>> = {}) {
  const topic = await createTestTopic(kafka);
  const name = uniqueName("objects");
  const from = s3Objects({ bucket, format: "ndjson", forcePathStyle: true, region: "us-east-1", ...options });
  const run = runSource(kafka, defineSource({ name, from, to: { topic }, ...rules }), { RELAY_PARTIAL_RESPONSES: "true" });
  const queueName = uniqueName("queue");
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: queueName }));
  const toEvent = (...bodies: readonly unknown[]) => ({
    Records: bodies.map((body, index) => ({
      messageId: `m${index}`,
      body: typeof body === "string" ? body : JSON.stringify(body),
      attributes: {},
      messageAttributes: {},
      eventSource: "aws:sqs",
      eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queueName}`,
    })),
  });
  /** The next message of the queue, taken from it. */
  const nextMessage = async (): Promise<string | undefined> => {
    const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    if (message !== undefined) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    return message?.Body;
  };
  return { ...run, name, topic: topic as string, toEvent, nextMessage };
}

const onAws = (name: string, body: () => Promise<void>, timeout?: number) =>
  test(
    name,
    async ({ skip }) => {
      if (aws === undefined) return skip("no emulated AWS");
      await body();
    },
    timeout,
  );

onAws("lines, elements and rows of an object are records in its order, under its version and their number", async () => {
  const objects = [
    ["ndjson", '{"n":12345678901234567890}\n\n{"n":2}\r\n{"n":3}', ['{"n":12345678901234567890}', '{"n":2}', '{"n":3}']],
    ["json-array", '[{"n":1}, {"n":[2,3]}]', ['{"n":1}', '{"n":[2,3]}']],
    ["csv", 'id,name\n1,"a, ""b"""\n2,\n', ['{"id":"1","name":"a, \\"b\\""}', '{"id":"2","name":""}']],
    ["object", "all\nof it", ["all\nof it"]],
  ] as const;
  for (const [format, body, expected] of objects) {
    const { invoke, topic, toEvent } = await aSource({ format });
    const object = await put(body);

    expect(await invoke(toEvent(notification(object)))).toEqual({ batchItemFailures: [] });

    const records = await recordsOf(kafka, topic);
    expect(textsOf(records).map((text) => text?.trim())).toEqual(expected);
    expect(records.map(idOf)).toEqual(expected.map((_, index) => `s3://${bucket}/${encodeURI(object.key)}@${object.etag}#${index}`));
    expect(records[0] === undefined ? {} : headersOf(records[0])).toMatchObject({ "s3-bucket": bucket, "s3-key": object.key });
    expect(records[0]?.timestampMs).toBe(Date.parse("2026-01-02T03:04:05.678Z"));
  }
});

onAws(
  "S3's test event and a notification by EventBridge are understood; other messages, and other buckets, stay in the queue",
  async () => {
    const { invoke, topic, toEvent } = await aSource();
    const { key, etag } = await put("from EventBridge");
    const byEventBridge = {
      version: "0",
      id: "17793124",
      "detail-type": "Object Created",
      source: "aws.s3",
      time: "2026-01-02T03:04:05Z",
      detail: {
        version: "0",
        bucket: { name: bucket },
        object: { key, size: 5, etag, sequencer: "00617F08299329D189" },
        reason: "PutObject",
      },
    };

    const elsewhere = { kafkaRelayObject: { bucket: "another-bucket", key: "k", timeMs: 0, byte: 0, record: 0 } };
    const answer = await invoke(
      toEvent({ Service: "Amazon S3", Event: "s3:TestEvent", Bucket: bucket }, byEventBridge, { hello: 1 }, elsewhere),
    );

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "m2" }, { itemIdentifier: "m3" }] });
    expect(textsOf(await recordsOf(kafka, topic))).toEqual(["from EventBridge"]);
  },
);

onAws("a record that is too long, a row with other fields than its header, and what is not an array become dead letters", async () => {
  const long = await aSource({ recordBytesMax: 20 });
  await long.invoke(long.toEvent(notification(await put(`a\n${"x".repeat(100)}\nb`))));
  expect(textsOf(await recordsOf(kafka, long.topic))).toEqual(["a", "b"]);
  const [letter] = await recordsOf(kafka, `${long.name}.dead-letters`);
  expect(JSON.parse(String(letter?.value))).toMatchObject({ bucket, from: 2, to: 102 });
  expect(letter === undefined ? {} : headersOf(letter)).toMatchObject({
    "relay.error.code": "record-too-large",
    "relay.error.stage": "decode",
  });

  const csv = await aSource({ format: "csv" });
  await csv.invoke(csv.toEvent(notification(await put("id,name\n1,a\n2\n3,c"))));
  expect(textsOf(await recordsOf(kafka, csv.topic))).toEqual(['{"id":"1","name":"a"}', '{"id":"3","name":"c"}']);
  expect(textsOf(await recordsOf(kafka, `${csv.name}.dead-letters`))).toEqual(["2"]);

  const array = await aSource({ format: "json-array" });
  expect(await array.invoke(array.toEvent(notification(await put("[1,2,3"))))).toEqual({ batchItemFailures: [] });
  expect(textsOf(await recordsOf(kafka, array.topic))).toEqual(["1", "2", "3"]);
  const [rest] = await recordsOf(kafka, `${array.name}.dead-letters`);
  expect(rest === undefined ? "" : headersOf(rest)["relay.error.message"]).toContain("the array does not end");
});

onAws("an object that is gone, or that was replaced, settles its message", async () => {
  const { invoke, topic, toEvent, lines } = await aSource();
  const gone = await put("x");
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: gone.key }));
  const replaced = await put("new");

  const answer = await invoke(
    toEvent(notification(gone), notification({ ...replaced, etag: createHash("md5").update("old").digest("hex") })),
  );

  expect(answer).toEqual({ batchItemFailures: [] });
  expect(await recordsOf(kafka, topic)).toEqual([]);
  expect(lines.filter((line) => line.includes("object is gone"))).toHaveLength(2);
});

onAws(
  "a large object goes on where an invocation's time ended, plain and compressed, and no record is missing or doubled",
  async () => {
    const count = 9_000;
    const text = Array.from({ length: count }, (_, n) => JSON.stringify({ n, pad: "x".repeat(60) })).join("\n");
    for (const [body, ending, format] of [
      [text, "ndjson", "ndjson"],
      [gzipSync(text), "ndjson.gz", "ndjson"],
      [`n,pad\n${Array.from({ length: count }, (_, n) => `${n},"${"y".repeat(60)}"`).join("\n")}`, "csv", "csv"],
    ] as const) {
      const slowly = async ({ value }: { value: { n: number | string } }) => {
        if (Number(value.n) % 1_000 === 0) await new Promise((resolve) => setTimeout(resolve, 200));
        return {};
      };
      const { invoke, topic, toEvent, nextMessage } = await aSource({ format }, { timeLeftMarginMs: 0, transform: slowly as never });
      let message: unknown = notification(await put(body, ending));
      let invocations = 0;
      while (message !== undefined) {
        // Four of the five seconds are kept, so that several invocations are needed.
        expect(await invoke(toEvent(message), invocations++ < 2 ? 5_200 : 60_000)).toEqual({ batchItemFailures: [] });
        message = await nextMessage();
      }

      const numbers = (await recordsOf(kafka, topic)).map(({ value }) => Number((JSON.parse(String(value)) as { n: unknown }).n));
      expect(numbers.length).toBe(count);
      expect(numbers.every((n, index) => n === index)).toBe(true);
      expect(invocations).toBeGreaterThan(1);
    }
  },
  120_000,
);

onAws("what Kafka does not acknowledge is read again from there, and the message stays if nothing was written", async () => {
  const there = await createTestTopic(kafka);
  const missing = uniqueName("missing");
  const to = { topic: ({ textAt }: { textAt: (path: string) => string | undefined }) => textAt("value.to") ?? "" };
  const rules = { to, retry: { attemptsMax: 1 }, breaker: { failuresInRowMax: 1_000, openMs: 1 } } as never;
  const { invoke, toEvent } = await aSource({}, rules);
  const line = (topic: string, n: number) => JSON.stringify({ to: topic, n });
  const atOnce = await put([line(missing, 1), line(there, 2)].join("\n"));
  const later = await put([line(there, 1), line(missing, 2)].join("\n"));

  const answer = await invoke(toEvent(notification(atOnce), notification(later)));

  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "m0" }] });
});
