/** Queues, topics, buses, functions and secrets of AWS on MiniStack: what arrives, what a repeat does, and whose fault a refusal is. */
import { CreateEventBusCommand, EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, GetQueueAttributesCommand, type Message, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, describe, expect, test } from "vitest";
import { createSecrets } from "../../../lib/secrets.js";
import { eventbridge } from "../../../lib/targets/eventbridge.js";
import { lambda } from "../../../lib/targets/lambda.js";
import { sns } from "../../../lib/targets/sns.js";
import { sqs } from "../../../lib/targets/sqs.js";
import { zip } from "../../../local/build/zip.js";
import { uniqueName } from "../../support/broker/unique-names.js";
import { delivery, soon, verdictOf } from "../../support/relay/deliveries.js";
import { type MiniStack, startMiniStack } from "../../support/targets/ministack.js";
import { openTarget } from "../../support/targets/opened-target.js";

const aws: MiniStack | undefined = await startMiniStack("the AWS targets (test/relay/targets/aws.test.ts)");
const { endpoint = "", client: config = {} } = aws ?? {};
afterAll(() => aws?.stop());

const queues = new SQSClient(config);

async function aQueue(name = uniqueName("queue")): Promise<string> {
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
    const target = await openTarget(sqs({ queueUrl, endpoint }));
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
    const queueUrl = await aQueue(`${uniqueName("queue")}.fifo`);
    const target = await openTarget(sqs({ queueUrl, endpoint }));
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
    const target = await openTarget(sqs({ queueUrl, endpoint }));
    for (let round = 0; round < 2; round++) await target.deliver([delivery({ value: "a" })], soon());
    const ids = (await messagesIn(queueUrl, 2)).map(({ MessageAttributes }) => MessageAttributes?.["delivery-id"]?.StringValue);
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe(ids[1]);
  });

  test("a missing queue is the target's state", async () => {
    const target = await openTarget(sqs({ queueUrl: `${endpoint}/000000000000/${uniqueName("missing")}`, endpoint }));
    expect((await target.deliver([delivery()], soon())).map(verdictOf)).toEqual(["target: target-refused"]);
  });
});

describe.skipIf(aws === undefined)("sns", () => {
  test("records are published with their attributes, and a repeat carries the same delivery id", async () => {
    const client = new SNSClient(config);
    const queueUrl = await aQueue();
    const { TopicArn: topicArn = "" } = await client.send(new CreateTopicCommand({ Name: uniqueName("topic") }));
    const { Attributes } = await queues.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] }));
    await client.send(
      new SubscribeCommand({
        TopicArn: topicArn,
        Protocol: "sqs",
        Endpoint: Attributes?.QueueArn,
        Attributes: { RawMessageDelivery: "true" },
      }),
    );
    const target = await openTarget(sns({ topicArn, endpoint }));

    for (let round = 0; round < 2; round++)
      expect((await target.deliver([delivery({ key: "k", value: '{"a":1}' })], soon())).map(verdictOf)).toEqual(["delivered"]);

    const messages = await messagesIn(queueUrl, 2);
    expect(messages.map(({ Body }) => Body)).toEqual(['{"a":1}', '{"a":1}']);
    expect(new Set(messages.map(({ MessageAttributes }) => MessageAttributes?.["delivery-id"]?.StringValue)).size).toBe(1);
  });

  test("a missing topic is the target's state", async () => {
    const target = await openTarget(sns({ topicArn: `arn:aws:sns:us-east-1:000000000000:${uniqueName("missing")}`, endpoint }));
    expect((await target.deliver([delivery()], soon())).map(verdictOf)).toEqual(["target: target-refused"]);
  });
});

describe.skipIf(aws === undefined)("eventbridge", () => {
  test("records become events that rules can match, and a repeat carries the same id", async () => {
    const client = new EventBridgeClient(config);
    const bus = uniqueName("bus");
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
    const target = await openTarget(eventbridge({ bus, endpoint }));

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
    const target = await openTarget(
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
    const FunctionName = uniqueName("function");
    await new LambdaClient(config).send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: "nodejs20.x",
        Handler: "index.handler",
        Role: "arn:aws:iam::000000000000:role/any",
        Code: { ZipFile: await zip([{ name: "index.js", bytes: Buffer.from(code) }]) },
      }),
    );
    const target = await openTarget(lambda({ functionName: FunctionName, endpoint }));
    const outcomes = [];
    for (const value of [{ fail: false }, { fail: true }]) outcomes.push(...(await target.deliver([delivery({ value })], soon())));
    expect(outcomes.map(verdictOf)).toEqual(["delivered", "target: target-failed"]);
    expect(outcomes[1]?.verdict === "failed" && outcomes[1].error.details.targetAnswer).toContain("no thanks");
    const missing = await openTarget(lambda({ functionName: uniqueName("missing"), endpoint }));
    expect((await missing.deliver([delivery()], soon())).map(verdictOf)).toEqual(["target: target-refused"]);
  });
});

describe.skipIf(aws === undefined)("secrets", () => {
  test("a secret and a field of it are read, kept, and read again when asked", async () => {
    const client = new SecretsManagerClient(config);
    const { ARN = "" } = await client.send(new CreateSecretCommand({ Name: uniqueName("secret"), SecretString: '{"password":"one"}' }));
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
