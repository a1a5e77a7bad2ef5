/** Queues, streams and events of AWS as sources: the shapes are those of @types/aws-lambda and of AWS's documentation. */
import type { DynamoDBStreamEvent, EventBridgeEvent, KinesisStreamEvent, SQSEvent, SQSRecord } from "aws-lambda";
import { afterAll, expect, test } from "vitest";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { defineSource, type SourceDefinition } from "../../../lib/sources/define-source.js";
import { eventBridgeRule, schedule } from "../../../lib/sources/eventbridge.js";
import type { SourceOrigin } from "../../../lib/sources/origin.js";
import { snsMessages, sqsQueue } from "../../../lib/sources/sqs.js";
import { dynamodbStream, kinesisStream } from "../../../lib/sources/streams.js";
import { createTestTopic, testKafka } from "../../support/broker/kafka.js";
import { uniqueName } from "../../support/broker/unique-names.js";
import { aggregated } from "../../support/relay/kpl-records.js";
import { headersOf, idOf, recordsOf, runSource, textsOf } from "../../support/relay/source-run.js";

const kafka = testKafka();
const down = testKafka({ brokers: ["127.0.0.1:1"], connectTimeoutMs: 200 });
afterAll(() => Promise.all([kafka.close(), down.close()]));

const partial = { RELAY_PARTIAL_RESPONSES: "true" };

async function aSource(
  from: SourceOrigin,
  rules: Partial<SourceDefinition<never>> = {},
  env: Record<string, string> = partial,
  cluster: Kafka = kafka,
) {
  const topic = rules.to?.topic ?? (await createTestTopic(kafka));
  const name = uniqueName("events");
  return { name, topic: topic as string, ...runSource(cluster, defineSource({ name, from, to: { topic }, ...rules }), env) };
}

const queueArn = "arn:aws:sqs:us-east-2:123456789012:my-queue";

function message(messageId: string, body: string, more: Partial<SQSRecord> & { readonly group?: string } = {}): SQSRecord {
  const { group, ...given } = more;
  return {
    messageId,
    receiptHandle: `handle-${messageId}`,
    body,
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: "1545082649183",
      SenderId: "AIDAIENQZJOLO23YVJ4VO",
      ApproximateFirstReceiveTimestamp: "1545082649185",
      ...(group === undefined ? {} : { MessageGroupId: group, SequenceNumber: "18849496460467696128", MessageDeduplicationId: messageId }),
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: group === undefined ? queueArn : `${queueArn}.fifo`,
    awsRegion: "us-east-2",
    ...given,
  };
}

test("messages of a queue are written with their attributes as headers, and their queue and message id as delivery id", async () => {
  const { invoke, topic } = await aSource(sqsQueue());
  const event: SQSEvent = {
    Records: [
      message("059f36b4", "Test message.", {
        messageAttributes: {
          tenant: { stringValue: "north", dataType: "String" },
          trace: { binaryValue: Buffer.from([1, 255]).toString("base64"), dataType: "Binary" },
          "relay.delivery-id": { stringValue: "forged", dataType: "String" },
        },
      }),
    ],
  };

  expect(await invoke(event)).toEqual({ batchItemFailures: [] });
  const [record] = await recordsOf(kafka, topic);
  expect(record).toMatchObject({ key: null, timestampMs: 1_545_082_649_183 });
  expect(record?.value?.toString()).toBe("Test message.");
  expect(record?.headers.map(({ name, value }) => [name, value?.toString("latin1")])).toEqual([
    ["tenant", "north"],
    ["trace", "\u0001\u00ff"],
    ["relay.delivery-id", `${queueArn}/059f36b4`],
  ]);
});

test("a message that is delivered again is written again under the same delivery id", async () => {
  const { invoke, topic } = await aSource(sqsQueue());

  await invoke({ Records: [message("1", "a")] });
  await invoke({ Records: [message("1", "a", { receiptHandle: "another" })] });

  expect((await recordsOf(kafka, topic)).map(idOf)).toEqual([`${queueArn}/1`, `${queueArn}/1`]);
});

test("while Kafka is down, every message is named as failed, so that the queue keeps it", async () => {
  const { invoke } = await aSource(sqsQueue(), {}, partial, down);

  const answer = await invoke({ Records: [message("1", "a"), message("2", "b")] }, 2_600);

  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }, { itemIdentifier: "2" }] });
});

test("where the mapping does not accept partial responses, the invocation fails instead", async () => {
  const { invoke } = await aSource(sqsQueue(), {}, {}, down);

  await expect(invoke({ Records: [message("1", "a"), message("2", "b")] }, 2_600)).rejects.toThrow(
    "Kafka has not acknowledged 2 of 2 records, so this invocation fails",
  );
});

test("of a standard queue, a message that cannot be written is the only one that stays", async () => {
  const { invoke, topic } = await aSource(sqsQueue(), {
    to: { topic: ({ textAt }: { textAt: (path: string) => string | undefined }) => textAt("value.to") ?? "" },
    retry: { attemptsMax: 1 },
    breaker: { failuresInRowMax: 1_000, openMs: 1 },
  } as never);
  const there = await createTestTopic(kafka);
  const missing = uniqueName("missing");

  const answer = await invoke({
    Records: [there, missing, there].map((to, index) => message(String(index), JSON.stringify({ to, index }))),
  });

  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }] });
  expect((await recordsOf(kafka, there)).map(({ value }) => JSON.parse(String(value)).index)).toEqual([0, 2]);
  expect(topic).toBeDefined();
});

test("of a FIFO queue, no message follows a failed one of its group, and the group is the key", async () => {
  const there = await createTestTopic(kafka);
  const missing = uniqueName("missing");
  const { invoke } = await aSource(sqsQueue(), {
    to: { topic: ({ textAt }: { textAt: (path: string) => string | undefined }) => textAt("value.to") ?? "" },
    retry: { attemptsMax: 1 },
    breaker: { failuresInRowMax: 1_000, openMs: 1 },
  } as never);
  const records = [
    ["a", there],
    ["b", there],
    ["a", missing],
    ["a", there],
    ["b", there],
  ].map(([group = "", to], index) => message(String(index), JSON.stringify({ to, index }), { group }));

  const answer = await invoke({ Records: records });

  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "2" }, { itemIdentifier: "3" }] });
  const written = (await recordsOf(kafka, there)).map(({ key, value }) => `${key}${JSON.parse(String(value)).index}`);
  expect(written.filter((one) => one !== "a3").sort()).toEqual(["a0", "b1", "b4"]);
});

test("a poison message becomes a dead letter with its bytes and reason, and leaves the queue", async () => {
  const { invoke, name, topic } = await aSource(sqsQueue(), {
    transform: (({ value }: { value: { ok: boolean } }) => {
      if (!value.ok) throw new Error("it is not ok");
      return { value };
    }) as never,
  });

  const answer = await invoke({ Records: [message("1", '{"ok":false}'), message("2", '{"ok":true}')] });

  expect(answer).toEqual({ batchItemFailures: [] });
  expect(textsOf(await recordsOf(kafka, topic))).toEqual(['{"ok":true}']);
  const [letter] = await recordsOf(kafka, `${name}.dead-letters`);
  expect(letter?.value?.toString()).toBe('{"ok":false}');
  expect(letter === undefined ? {} : headersOf(letter)).toMatchObject({
    "relay.error.route": name,
    "relay.error.code": "transform-failed",
    "relay.error.stage": "transform",
    "relay.delivery-id": `${queueArn}/1`,
  });
});

test("a dead letter that is redriven goes through its source, and keeps its delivery id", async () => {
  const { invoke, topic, name } = await aSource(sqsQueue());
  const redrive = {
    eventSource: "SelfManagedKafka",
    bootstrapServers: "",
    relayRedrive: { count: 1, namespace: name },
    records: {
      [`${name}-0`]: [
        {
          topic: name,
          partition: 0,
          offset: 0,
          timestamp: 1_700_000_000_000,
          timestampType: "CREATE_TIME",
          value: Buffer.from("again").toString("base64"),
          headers: [{ "relay.delivery-id": [...Buffer.from(`${queueArn}/1`)] }],
        },
      ],
    },
  };

  expect(await invoke(redrive)).toEqual({ batchItemFailures: [] });
  const [record] = await recordsOf(kafka, topic);
  expect([record?.value?.toString(), record === undefined ? "" : idOf(record)]).toEqual(["again", `${queueArn}/1`]);
});

const envelope = {
  Type: "Notification",
  MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
  TopicArn: "arn:aws:sns:us-west-2:123456789012:MyTopic",
  Subject: "My First Message",
  Message: "Hello world!",
  Timestamp: "2012-05-02T00:54:06.655Z",
  SignatureVersion: "1",
  MessageAttributes: { tenant: { Type: "String", Value: "north" }, raw: { Type: "Binary", Value: Buffer.from("b").toString("base64") } },
};

test("a message of SNS is taken out of its envelope, and has the id that SNS gave it", async () => {
  const { invoke, topic } = await aSource(snsMessages());

  await invoke({ Records: [message("1", JSON.stringify(envelope)), message("2", "raw"), message("3", '{"Type":"Notification"}')] });

  const records = await recordsOf(kafka, topic);
  expect(textsOf(records)).toEqual(["Hello world!", "raw", '{"Type":"Notification"}']);
  expect(records.map(headersOf)[0]).toEqual({
    subject: "My First Message",
    tenant: "north",
    raw: "b",
    "relay.delivery-id": "arn:aws:sns:us-west-2:123456789012:MyTopic/22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
  });
  expect(records[0]?.timestampMs).toBe(Date.parse("2012-05-02T00:54:06.655Z"));
});

const streamArn = "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream";

const kinesisEvent = (records: readonly (readonly [sequence: string, key: string, data: string | Buffer])[]): KinesisStreamEvent => ({
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

test("records of a Kinesis stream keep their key, bytes and time, and are identified by shard and sequence number", async () => {
  const { invoke, topic } = await aSource(kinesisStream());

  expect(await invoke(kinesisEvent([["49590338271490256608559692538361571095921575989136588898", "1", "Hello, this is a test."]]))).toEqual(
    {
      batchItemFailures: [],
    },
  );

  const [record] = await recordsOf(kafka, topic);
  expect([record?.key?.toString(), record?.value?.toString(), record?.timestampMs]).toEqual([
    "1",
    "Hello, this is a test.",
    1_545_084_650_987,
  ]);
  expect(record === undefined ? "" : idOf(record)).toBe(
    `${streamArn}/shardId-000000000006:49590338271490256608559692538361571095921575989136588898`,
  );
});

test("the shard is read again from the first record that Kafka has not acknowledged", async () => {
  const there = await createTestTopic(kafka);
  const missing = uniqueName("missing");
  const { invoke } = await aSource(kinesisStream(), {
    to: { topic: ({ message: { key } }: { message: { key: Buffer } }) => key.toString() },
    retry: { attemptsMax: 1 },
    breaker: { failuresInRowMax: 1_000, openMs: 1 },
  } as never);

  const answer = await invoke(
    kinesisEvent([
      ["1", there, "a"],
      ["2", missing, "b"],
      ["3", there, "c"],
    ]),
  );

  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "2" }] });
});

test("a record that the Producer Library aggregated becomes its records, each with its key and its place in the delivery id", async () => {
  const { invoke, topic } = await aSource(kinesisStream());
  const data = Buffer.from(aggregated.data, "base64");

  expect(await invoke(kinesisEvent([["7", aggregated.partitionKey, data]]))).toEqual({ batchItemFailures: [] });

  const records = await recordsOf(kafka, topic);
  expect(records.map(({ key, value }) => [key?.toString(), value?.toString("base64")])).toEqual(aggregated.records);
  expect(records.map(idOf)).toEqual([0, 1, 2, 3, 4, 5].map((index) => `${streamArn}/shardId-000000000006:7/${index}`));
});

test("an aggregated record with one record that Kafka has not acknowledged is read again as a whole", async () => {
  const there = await createTestTopic(kafka);
  const missing = uniqueName("missing");
  const { invoke } = await aSource(kinesisStream(), {
    to: { topic: ({ message: { key } }: { message: { key: Buffer } }) => (key.toString() === "k2" ? missing : there) },
    retry: { attemptsMax: 1 },
    breaker: { failuresInRowMax: 1_000, openMs: 1 },
  } as never);

  const answer = await invoke(
    kinesisEvent([
      ["6", "k0", "a"],
      ["7", aggregated.partitionKey, Buffer.from(aggregated.data, "base64")],
      ["8", "k0", "b"],
    ]),
  );

  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "7" }] });
  expect(textsOf(await recordsOf(kafka, there)).slice(0, 3)).toEqual(["a", '{"n":0}', '{"n":1}']);
});

const tableArn = "arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2024-06-10T19:26:16.525";

const change = (eventName: "INSERT" | "MODIFY" | "REMOVE", sequence: string, images: object): DynamoDBStreamEvent => ({
  Records: [
    {
      eventID: `id-${sequence}`,
      eventName,
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      awsRegion: "us-east-1",
      dynamodb: {
        ApproximateCreationDateTime: 1_479_499_740,
        Keys: { Id: { N: "101" } },
        SequenceNumber: sequence,
        SizeBytes: 26,
        StreamViewType: "NEW_AND_OLD_IMAGES",
        ...images,
      },
      eventSourceARN: tableArn,
    },
  ],
});

test("changes of a table are written as Debezium writes them, with every digit of a number", async () => {
  const { invoke, topic } = await aSource(dynamodbStream());
  const item = {
    Id: { N: "101" },
    Total: { N: "12345678901234567890.123456789" },
    Tags: { SS: ["a", "b"] },
    Sizes: { NS: ["1", "2.50"] },
    Nested: { M: { on: { BOOL: true }, none: { NULL: true }, list: { L: [{ S: "é\n" }, { B: "AQI=" as never }] } } },
  };

  await invoke(change("INSERT", "111", { NewImage: item }));
  await invoke(change("REMOVE", "222", { OldImage: { Id: { N: "101" } } }));

  const records = await recordsOf(kafka, topic);
  const text =
    '{"Id":101,"Total":12345678901234567890.123456789,"Tags":["a","b"],"Sizes":[1,2.50],"Nested":{"on":true,"none":null,"list":["é\\n","AQI="]}}';
  const sourceOf = (sequence: string) =>
    JSON.stringify({ connector: "dynamodb", name: tableArn, table: "orders", sequence, ts_ms: 1_479_499_740_000 });
  expect(textsOf(records)).toEqual([
    `{"before":null,"after":${text},"source":${sourceOf("111")},"op":"c","ts_ms":1479499740000}`,
    `{"before":{"Id":101},"after":null,"source":${sourceOf("222")},"op":"d","ts_ms":1479499740000}`,
  ]);
  expect(records.map(({ key }) => key?.toString())).toEqual(['{"Id":101}', '{"Id":101}']);
  expect(records.map(idOf)).toEqual([`${tableArn}/id-111`, `${tableArn}/id-222`]);
});

test("as images, a change is the new item, and a deletion is a tombstone", async () => {
  const { invoke, topic } = await aSource(dynamodbStream({ value: "image" }));

  await invoke(change("MODIFY", "1", { OldImage: { Id: { N: "1" } }, NewImage: { Id: { N: "2" } } }));
  await invoke(change("REMOVE", "2", { OldImage: { Id: { N: "2" } } }));

  expect(textsOf(await recordsOf(kafka, topic))).toEqual(['{"Id":2}', undefined]);
});

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
  const plain = await aSource(eventBridgeRule());
  const cloud = await aSource(eventBridgeRule(), { envelope: "cloudevents" });

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
  const { invoke } = await aSource(eventBridgeRule(), {}, partial, down);

  await expect(invoke(ec2Event, 2_600)).rejects.toThrow("Kafka has not acknowledged 1 of 1 records");
});

test("a schedule's transform makes the records, and a retry of its invocation makes them under the same ids", async () => {
  const { handler, topic, name } = await aSource(schedule(), {
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
  [sqsQueue(), { Records: [{ EventSource: "aws:sns", Sns: envelope }] }, 'it is "aws:sns"'],
  [eventBridgeRule(), { hello: 1 }, "it must be an event of EventBridge"],
] as const)("%# another kind of event is refused with the kind that is right", async (from, event, message) => {
  const { invoke } = await aSource(from);

  await expect(invoke(event)).rejects.toThrow(message);
});
