/** The AWS targets on MiniStack: what arrives, what a repeat does, and whose fault a refusal is. */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";
import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { CreateEventBusCommand, EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, GetQueueAttributesCommand, type Message, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Target, TargetDefinition } from "../../../lib/relay/delivery.js";
import { createSecrets } from "../../../lib/secrets.js";
import { dynamodb } from "../../../lib/targets/dynamodb.js";
import { eventbridge } from "../../../lib/targets/eventbridge.js";
import { lambda } from "../../../lib/targets/lambda.js";
import { s3 } from "../../../lib/targets/s3.js";
import { sns } from "../../../lib/targets/sns.js";
import { sqs } from "../../../lib/targets/sqs.js";
import { zip } from "../../../local/build/zip.js";
import { delivery, soon, targetContext, verdictOf } from "../../support/relay/deliveries.js";
import { type MiniStack, startMiniStack } from "../../support/targets/ministack.js";

const aws: MiniStack | undefined = await startMiniStack("the AWS targets (test/relay/targets/aws.test.ts)");
const { endpoint = "", client: config = {} } = aws ?? {};
const targets: Target[] = [];
afterEach(async () => {
  await Promise.all(targets.splice(0).map((target) => target.close()));
});
afterAll(() => aws?.stop());

async function open(definition: TargetDefinition): Promise<Target> {
  const target = await definition.open(targetContext());
  targets.push(target);
  return target;
}

const unique = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;

describe.skipIf(aws === undefined)("dynamodb", () => {
  const client = new DynamoDBClient(config);

  async function aTable(keyType: "S" | "N" = "S"): Promise<string> {
    const TableName = unique("orders");
    await client.send(
      new CreateTableCommand({
        TableName,
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: keyType }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    return TableName;
  }
  const itemsOf = async (TableName: string) => {
    const { Items = [] } = await client.send(new ScanCommand({ TableName }));
    return Items.sort((a, b) => String(a.id?.S).localeCompare(String(b.id?.S)));
  };
  const order = (offset: number, id: string, n: number | null, more = {}) =>
    delivery({ offset, key: id, value: n === null ? null : { id, n }, ...more });

  test("the newest record of a key is its item, and a tombstone deletes it", async () => {
    const table = await aTable();
    const target = await open(dynamodb({ table, key: ["id"], endpoint }));
    const nested = delivery({ offset: 3, key: "c", value: { id: "c", list: [1, "a", null, { b: true }] } });

    const outcomes = await target.deliver([order(0, "a", 1), order(1, "b", 1), order(2, "a", 2), nested, order(4, "b", null)], soon());

    expect(outcomes.map(verdictOf)).toEqual(Array(5).fill("delivered"));
    expect(await itemsOf(table)).toMatchObject([
      {
        id: { S: "a" },
        n: { N: "2" },
        relay_topic: { S: "orders" },
        relay_partition: { N: "0" },
        relay_offset: { N: "2" },
        relay_generation: { N: "0" },
      },
      { id: { S: "c" }, list: { L: [{ N: "1" }, { S: "a" }, { NULL: true }, { M: { b: { BOOL: true } } }] } },
    ]);
  });

  test("a repeated batch, a whole repeated topic and older records leave the table as it was", async () => {
    const table = await aTable();
    const target = await open(dynamodb({ table, key: ["id"], endpoint }));
    const records = Array.from({ length: 30 }, (_, offset) => order(offset, `k${offset % 4}`, offset % 9 === 8 ? null : offset));
    const batches = [records.slice(0, 14), records.slice(14)];
    for (const batch of batches) await target.deliver(batch, soon());
    const before = await itemsOf(table);

    await target.deliver(batches[1] ?? [], soon());
    expect(await itemsOf(table)).toEqual(before);
    for (const batch of batches) await target.deliver(batch, soon());
    expect(await itemsOf(table)).toEqual(before);
    expect((await target.deliver([order(1, "k1", 99), order(2, "k2", null)], soon())).map(verdictOf)).toEqual(["delivered", "delivered"]);
    expect(await itemsOf(table)).toEqual(before);
  });

  test("the tombstone of a number deletes the item of a numeric key where the route names the key's type", async () => {
    const table = await aTable("N");
    const target = await open(dynamodb({ table, key: ["id"], keyTypes: { id: "number" }, endpoint }));
    const written = delivery({ offset: 0, key: "42", value: { id: 42, n: 1 } });
    const asText = delivery({ offset: 1, key: "9007199254740993", value: { id: "9007199254740993", n: 2 } });
    const notOne = delivery({ offset: 3, key: "none", value: null });

    expect((await target.deliver([written, asText], soon())).map(verdictOf)).toEqual(["delivered", "delivered"]);
    expect(await itemsOf(table)).toHaveLength(2);
    const outcomes = await target.deliver([delivery({ offset: 2, key: "42", value: null }), notOne], soon());

    expect(outcomes.map(verdictOf)).toEqual(["delivered", "record: record-not-for-target"]);
    expect(await itemsOf(table)).toMatchObject([{ id: { N: "9007199254740993" }, n: { N: "2" } }]);
  });

  test("a key of text takes numbers as text where the route names the key's type", async () => {
    const table = await aTable();
    const target = await open(dynamodb({ table, key: ["id"], keyTypes: { id: "string" }, endpoint }));
    await target.deliver([delivery({ offset: 0, key: "42", value: { id: 42, n: 1 } })], soon());
    expect(await itemsOf(table)).toMatchObject([{ id: { S: "42" } }]);

    expect((await target.deliver([delivery({ offset: 1, key: "42", value: null })], soon())).map(verdictOf)).toEqual(["delivered"]);
    expect(await itemsOf(table)).toEqual([]);
  });

  test("a tombstone that marks guards on: an older record does not bring the item back", async () => {
    const table = await aTable();
    const target = await open(dynamodb({ table, key: ["id"], tombstones: "mark", endpoint }));
    await target.deliver([order(5, "a", null)], soon());
    await target.deliver([order(4, "a", 4)], soon());
    expect(await itemsOf(table)).toMatchObject([{ id: { S: "a" }, relay_deleted: { BOOL: true } }]);
  });

  test("a record without a key, and one that is not an object, fail alone; a missing table is the target's state", async () => {
    const target = await open(dynamodb({ table: await aTable(), key: ["id"], endpoint }));
    const outcomes = await target.deliver(
      [delivery({ offset: 0, value: { n: 1 } }), delivery({ offset: 1, value: "[1]" }), order(2, "a", 1)],
      soon(),
    );
    expect(outcomes.map(verdictOf)).toEqual(["record: record-not-for-target", "record: record-not-for-target", "delivered"]);
    const missing = await open(dynamodb({ table: unique("missing"), key: ["id"], endpoint }));
    expect((await missing.deliver([order(0, "a", 1)], soon())).map(verdictOf)).toEqual(["target: target-refused"]);
  });
});

describe.skipIf(aws === undefined)("s3", () => {
  const client = new S3Client({ ...config, forcePathStyle: true });

  async function aBucket(): Promise<string> {
    const Bucket = unique("orders");
    await client.send(new CreateBucketCommand({ Bucket }));
    return Bucket;
  }
  const namesIn = async (Bucket: string) =>
    ((await client.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key = "" }) => Key).sort();
  const bytesOf = async (Bucket: string, Key: string) =>
    Buffer.from((await (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToByteArray()) ?? []);

  test("a batch is one object per partition, named by its first and last offset, with one line per record", async () => {
    const bucket = await aBucket();
    const target = await open(s3({ bucket, prefix: "in/", endpoint, forcePathStyle: true }));
    const records = [0, 1, 2].map((n) =>
      delivery({
        offset: n,
        partition: n === 2 ? 1 : 0,
        key: n === 0 ? null : Buffer.from([255]),
        value: n === 1 ? Buffer.from([254]) : { n },
      }),
    );

    expect((await target.deliver(records, soon())).map(verdictOf)).toEqual(Array(3).fill("delivered"));

    const [first = "", second = ""] = await namesIn(bucket);
    expect(first).toMatch(/^in\/orders\/0\/0{20}-0{19}1-[0-9a-f]{12}\.ndjson$/);
    expect(second).toMatch(/^in\/orders\/1\/0{19}2-0{19}2-[0-9a-f]{12}\.ndjson$/);
    const lines = (await bytesOf(bucket, first)).toString().trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { topic: "orders", partition: 0, offset: 0, key: null, value: { n: 0 } },
      { offset: 1, keyBase64: "/w==", valueBase64: "/g==" },
    ]);
  });

  test("a repeat is delivered and writes nothing over", async () => {
    const bucket = await aBucket();
    const target = await open(s3({ bucket, gzip: true, element: "value", endpoint, forcePathStyle: true }));
    const batch = (n: number) => [0, 1].map((offset) => delivery({ offset, value: { n } }));
    await target.deliver(batch(1), soon());
    expect((await target.deliver(batch(2), soon())).map(verdictOf)).toEqual(["delivered", "delivered"]);
    const [only = "", ...others] = await namesIn(bucket);
    expect(others).toEqual([]);
    expect(gunzipSync(await bytesOf(bucket, only)).toString()).toBe('{"n":1}\n{"n":1}\n');
  });

  test("objects may be named by the records' own time, and a batch over midnight is one object per day", async () => {
    const bucket = await aBucket();
    const path = "{topic}/year={year}/month={month}/day={day}/{partition}";
    const target = await open(s3({ bucket, prefix: "lake/", path, endpoint, forcePathStyle: true }));
    const at = (offset: number, time: string | number) =>
      delivery({ offset, value: { offset }, timestampMs: typeof time === "string" ? Date.parse(time) : time });
    const records = [at(0, "2026-02-28T23:59:59.999Z"), at(1, "2026-03-01T00:00:00Z"), at(2, "2026-02-28T23:00:00Z"), at(3, 9e15)];

    expect((await target.deliver(records, soon())).map(verdictOf)).toEqual([
      ...Array(3).fill("delivered"),
      "record: record-not-for-target",
    ]);
    await target.deliver(records, soon());

    expect((await namesIn(bucket)).map((name) => name.replace(/-[0-9a-f]{12}\.ndjson$/, ""))).toEqual([
      "lake/orders/year=2026/month=02/day=28/0/00000000000000000000-00000000000000000002",
      "lake/orders/year=2026/month=03/day=01/0/00000000000000000001-00000000000000000001",
    ]);
  });

  test("raw objects hold the value byte for byte", async () => {
    const bucket = await aBucket();
    const target = await open(s3({ bucket, format: "raw", endpoint, forcePathStyle: true }));
    const value = Buffer.from([0, 1, 254, 255]);
    await target.deliver([delivery({ offset: 7, value }), delivery({ offset: 8, value: null })], soon());
    const [first = "", second = ""] = await namesIn(bucket);
    expect(await bytesOf(bucket, first)).toEqual(value);
    expect((await client.send(new GetObjectCommand({ Bucket: bucket, Key: second }))).Metadata).toMatchObject({
      "kafka-tombstone": "true",
    });
  });

  test("a missing bucket is the target's state", async () => {
    const target = await open(s3({ bucket: unique("missing"), endpoint, forcePathStyle: true }));
    expect((await target.deliver([delivery()], soon())).map(verdictOf)).toEqual(["target: target-refused"]);
  });
});

const queues = new SQSClient(config);

async function aQueue(name = unique("queue")): Promise<string> {
  const { QueueUrl = "" } = await queues.send(
    new CreateQueueCommand({ QueueName: name, ...(name.endsWith(".fifo") ? { Attributes: { FifoQueue: "true" } } : {}) }),
  );
  return QueueUrl;
}

async function messagesIn(QueueUrl: string, count: number): Promise<Message[]> {
  const messages: Message[] = [];
  const untilMs = Date.now() + 5_000;
  while (Date.now() < untilMs) {
    const command = new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: messages.length < count ? 1 : 0,
      VisibilityTimeout: 60,
      MessageAttributeNames: ["All"],
    });
    const { Messages = [] } = await queues.send(command);
    messages.push(...Messages);
    if (messages.length >= count && Messages.length === 0) break;
  }
  return messages;
}

describe.skipIf(aws === undefined)("sqs", () => {
  test("odd records arrive as messages that say what they were", async () => {
    const queueUrl = await aQueue();
    const target = await open(sqs({ queueUrl, endpoint }));
    const values = ["text", "", null, Buffer.from([0xff, 0]), "\u0001"];

    const outcomes = await target.deliver(
      values.map((value, offset) => delivery({ offset, key: "k", value, headers: [["a", "b"]] })),
      soon(),
    );

    expect(outcomes.map(verdictOf)).toEqual(Array(5).fill("delivered"));
    const messages = (await messagesIn(queueUrl, 5)).sort(
      (a, b) => Number(a.MessageAttributes?.["kafka-offset"]?.StringValue) - Number(b.MessageAttributes?.["kafka-offset"]?.StringValue),
    );
    expect(messages.map(({ Body, MessageAttributes }) => [Body, MessageAttributes?.["kafka-value"]?.StringValue])).toEqual([
      ["text", undefined],
      ['""', "empty"],
      ["null", "tombstone"],
      ["/wA=", "base64"],
      ["AQ==", "base64"],
    ]);
    expect(messages[0]?.MessageAttributes).toMatchObject({
      "kafka-key": { StringValue: "k" },
      "kafka-headers": { StringValue: '[["a","Yg=="]]' },
    });
  });

  test("a repeated batch and a whole repeated topic add no messages to a FIFO queue, and order is kept", async () => {
    const queueUrl = await aQueue(`${unique("queue")}.fifo`);
    const target = await open(sqs({ queueUrl, endpoint }));
    const records = Array.from({ length: 25 }, (_, offset) => delivery({ offset, value: { offset } }));
    for (let round = 0; round < 2; round++)
      expect((await target.deliver(records, soon())).map(verdictOf)).toEqual(Array(25).fill("delivered"));
    await target.deliver(records.slice(20), soon());
    const { Attributes } = await queues.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }),
    );
    expect(Attributes?.ApproximateNumberOfMessages).toBe("25");
    const { Messages = [] } = await queues.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }));
    expect(Messages.map(({ Body = "" }) => (JSON.parse(Body) as { offset: number }).offset)).toEqual(Messages.map((_, index) => index));
  });

  test("a repeat on a standard queue is a second message with the same delivery id", async () => {
    const queueUrl = await aQueue();
    const target = await open(sqs({ queueUrl, endpoint }));
    for (let round = 0; round < 2; round++) await target.deliver([delivery({ value: "a" })], soon());
    const ids = (await messagesIn(queueUrl, 2)).map(({ MessageAttributes }) => MessageAttributes?.["delivery-id"]?.StringValue);
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe(ids[1]);
  });

  test("a missing queue is the target's state", async () => {
    const target = await open(sqs({ queueUrl: `${endpoint}/000000000000/${unique("missing")}`, endpoint }));
    expect((await target.deliver([delivery()], soon())).map(verdictOf)).toEqual(["target: target-refused"]);
  });
});

describe.skipIf(aws === undefined)("sns", () => {
  test("records are published with their attributes, and a repeat carries the same delivery id", async () => {
    const client = new SNSClient(config);
    const queueUrl = await aQueue();
    const { TopicArn: topicArn = "" } = await client.send(new CreateTopicCommand({ Name: unique("topic") }));
    const { Attributes } = await queues.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] }));
    await client.send(
      new SubscribeCommand({
        TopicArn: topicArn,
        Protocol: "sqs",
        Endpoint: Attributes?.QueueArn,
        Attributes: { RawMessageDelivery: "true" },
      }),
    );
    const target = await open(sns({ topicArn, endpoint }));

    for (let round = 0; round < 2; round++)
      expect((await target.deliver([delivery({ key: "k", value: '{"a":1}' })], soon())).map(verdictOf)).toEqual(["delivered"]);

    const messages = await messagesIn(queueUrl, 2);
    expect(messages.map(({ Body }) => Body)).toEqual(['{"a":1}', '{"a":1}']);
    expect(new Set(messages.map(({ MessageAttributes }) => MessageAttributes?.["delivery-id"]?.StringValue)).size).toBe(1);
  });

  test("a missing topic is the target's state", async () => {
    const target = await open(sns({ topicArn: `arn:aws:sns:us-east-1:000000000000:${unique("missing")}`, endpoint }));
    expect((await target.deliver([delivery()], soon())).map(verdictOf)).toEqual(["target: target-refused"]);
  });
});

describe.skipIf(aws === undefined)("eventbridge", () => {
  test("records become events that rules can match, and a repeat carries the same id", async () => {
    const client = new EventBridgeClient(config);
    const bus = unique("bus");
    const queueUrl = await aQueue();
    const { Attributes } = await queues.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] }));
    await client.send(new CreateEventBusCommand({ Name: bus }));
    await client.send(
      new PutRuleCommand({
        Name: "all",
        EventBusName: bus,
        EventPattern: JSON.stringify({ source: ["kafka.orders"], detail: { value: { n: [1] } } }),
      }),
    );
    await client.send(new PutTargetsCommand({ Rule: "all", EventBusName: bus, Targets: [{ Id: "1", Arn: Attributes?.QueueArn ?? "" }] }));
    const target = await open(eventbridge({ bus, endpoint }));

    const records = [1, 2].map((n) => delivery({ offset: n, value: { n } }));
    for (let round = 0; round < 2; round++)
      expect((await target.deliver(records, soon())).map(verdictOf)).toEqual(["delivered", "delivered"]);

    const events = (await messagesIn(queueUrl, 2)).map(
      ({ Body = "" }) => JSON.parse(Body) as { "detail-type": string; detail: { id: string }; resources: string[] },
    );
    expect(events.map((event) => [event["detail-type"], event.detail.id, event.resources])).toEqual(
      Array(2).fill(["Kafka Record", "test/orders/0/1", ["test/orders/0/1"]]),
    );
  });

  test("a value that is not JSON, and a function of the route that throws, fail that record alone", async () => {
    const target = await open(
      eventbridge({
        detail: "value",
        source: ({ source }) => {
          if (source.offset === 2n) throw new Error("no");
          return "s";
        },
        endpoint,
      }),
    );
    const outcomes = await target.deliver(
      [delivery({ offset: 0, value: "text" }), delivery({ offset: 1, value: {} }), delivery({ offset: 2, value: {} })],
      soon(),
    );
    expect(outcomes.map(verdictOf)).toEqual(["record: record-not-for-target", "delivered", "record: record-not-for-target"]);
  });
});

describe.skipIf(aws === undefined)("lambda", () => {
  test("another function gets the record, its return is the acknowledgement and its error the target's failure", async () => {
    const code = `exports.handler = async (event) => { if (event.value.fail) throw new Error("no thanks"); return { got: event.id }; };`;
    const FunctionName = unique("function");
    await new LambdaClient(config).send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: "nodejs20.x",
        Handler: "index.handler",
        Role: "arn:aws:iam::000000000000:role/any",
        Code: { ZipFile: await zip([{ name: "index.js", bytes: Buffer.from(code) }]) },
      }),
    );
    const target = await open(lambda({ functionName: FunctionName, endpoint }));
    const outcomes = [];
    for (const value of [{ fail: false }, { fail: true }]) outcomes.push(...(await target.deliver([delivery({ value })], soon())));
    expect(outcomes.map(verdictOf)).toEqual(["delivered", "target: target-failed"]);
    expect(outcomes[1]?.verdict === "failed" && outcomes[1].error.details.targetAnswer).toContain("no thanks");
    const missing = await open(lambda({ functionName: unique("missing"), endpoint }));
    expect((await missing.deliver([delivery()], soon())).map(verdictOf)).toEqual(["target: target-refused"]);
  });
});

describe.skipIf(aws === undefined)("secrets", () => {
  test("a secret and a field of it are read, kept, and read again when asked", async () => {
    const client = new SecretsManagerClient(config);
    const { ARN = "" } = await client.send(new CreateSecretCommand({ Name: unique("secret"), SecretString: '{"password":"one"}' }));
    process.env.AWS_ENDPOINT_URL = endpoint;
    let nowMs = 0;
    const secret = createSecrets({ now: () => nowMs });
    try {
      expect(await secret(`${ARN}#password`)).toBe("one");
      await client.send(new PutSecretValueCommand({ SecretId: ARN, SecretString: '{"password":"two"}' }));
      nowMs += 60_000;
      expect(await secret(`${ARN}#password`)).toBe("one");
      expect(await secret(`${ARN}#password`, { refresh: true })).toBe("two");
      await expect(secret(`${ARN}#nothing`)).rejects.toMatchObject({ code: "bad-configuration" });
      await expect(secret(`${ARN.slice(0, -7)}-no-such`)).rejects.toMatchObject({ code: "bad-configuration" });
    } finally {
      delete process.env.AWS_ENDPOINT_URL;
    }
  });
});

describe("whatever AWS says", () => {
  /** A service that answers every call the same. */
  async function stub(status: number, body: string, headers: Record<string, string> = {}) {
    const server = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(status, { "content-type": "application/x-amz-json-1.0", ...headers }).end(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return { endpoint: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`, close: () => server.close() };
  }
  beforeAll(() => {
    process.env.AWS_ACCESS_KEY_ID ??= "test";
    process.env.AWS_SECRET_ACCESS_KEY ??= "test";
  });

  test.each([
    [400, "ProvisionedThroughputExceededException", "target: target-busy"],
    [400, "ThrottlingException", "target: target-busy"],
    [400, "ValidationException", "record: record-refused"],
    [400, "AccessDeniedException", "target: target-refused"],
    [400, "ExpiredTokenException", "target: target-refused"],
    [500, "InternalServerError", "target: target-failed"],
    [503, "ServiceUnavailable", "target: target-busy"],
    [400, "ConditionalCheckFailedException", "delivered"],
  ])("DynamoDB's %i %s is %s", async (status, name, verdict) => {
    const service = await stub(status, JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: "why" }));
    const target = await open(dynamodb({ table: "t", key: ["id"], endpoint: service.endpoint }));
    expect((await target.deliver([delivery({ value: { id: "a" } })], soon())).map(verdictOf)).toEqual([verdict]);
    service.close();
  });

  test.each([
    [{ body: { Failed: [{ Id: "0", SenderFault: true, Code: "InvalidMessageContents" }] } }, "record: record-refused"],
    [{ body: { Failed: [{ Id: "0", SenderFault: false, Code: "InternalError" }] } }, "target: target-failed"],
    [{ body: { Failed: [{ Id: "0", SenderFault: true, Code: "RequestThrottled" }] } }, "target: target-busy"],
    [{ body: {} }, "target: target-failed"],
  ])("of one entry of SQS, %j is %s", async ({ body }, verdict) => {
    const service = await stub(200, JSON.stringify(body));
    const target = await open(sqs({ queueUrl: `${service.endpoint}/0/q`, endpoint: service.endpoint }));
    expect((await target.deliver([delivery({ value: "a" })], soon())).map(verdictOf)).toEqual([verdict]);
    service.close();
  });

  test("a function's answer is the verdict of its invocation", async () => {
    const good = await stub(200, '"done"');
    const bad = await stub(200, '{"errorMessage":"boom"}', { "x-amz-function-error": "Unhandled" });
    const busy = await stub(429, '{"Reason":"x"}', { "x-amzn-errortype": "TooManyRequestsException" });
    const large = await stub(413, "{}", { "x-amzn-errortype": "RequestTooLargeException" });
    const verdicts = [];
    for (const service of [good, bad, busy, large]) {
      const target = await open(lambda({ functionName: "f", endpoint: service.endpoint }));
      verdicts.push(...(await target.deliver([delivery()], soon())).map(verdictOf));
      service.close();
    }
    expect(verdicts).toEqual(["delivered", "target: target-failed", "target: target-busy", "record: record-refused"]);
  });

  test("a service that is not there, or does not answer, is the target's failure within its time", async () => {
    const gone = await stub(200, "");
    gone.close();
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const silentEndpoint = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    const target = await open(lambda({ functionName: "f", endpoint: gone.endpoint }));
    expect((await target.deliver([delivery()], soon())).map(verdictOf)).toEqual(["target: target-failed"]);
    const slow = await open(lambda({ functionName: "f", endpoint: silentEndpoint, timeoutMs: 200 }));
    expect((await slow.deliver([delivery()], soon())).map(verdictOf)).toEqual(["target: target-timeout"]);
    silent.closeAllConnections();
    silent.close();
  });
});
