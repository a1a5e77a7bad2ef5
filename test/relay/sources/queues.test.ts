/** Queues of SQS, and SNS through them, as sources: the shapes are those of @types/aws-lambda and of AWS's documentation. */
import type { SQSEvent, SQSRecord } from "aws-lambda";
import { expect, test } from "vitest";
import { snsMessages, sqsQueue } from "../../../lib/sources/sqs.js";
import { createTestTopic } from "../../support/broker/kafka.js";
import { uniqueName } from "../../support/broker/unique-names.js";
import { eventSourcesOfFile, partialResponses, snsEnvelope } from "../../support/relay/event-sources.js";
import { headersOf, idOf, recordsOf, textsOf } from "../../support/relay/source-run.js";

const { kafka, down, source } = eventSourcesOfFile();

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
  const { invoke, topic } = await source(sqsQueue());
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
  const { invoke, topic } = await source(sqsQueue());

  await invoke({ Records: [message("1", "a")] });
  await invoke({ Records: [message("1", "a", { receiptHandle: "another" })] });

  expect((await recordsOf(kafka, topic)).map(idOf)).toEqual([`${queueArn}/1`, `${queueArn}/1`]);
});

test("while Kafka is down, every message is named as failed, so that the queue keeps it", async () => {
  const { invoke } = await source(sqsQueue(), {}, partialResponses, down);

  const answer = await invoke({ Records: [message("1", "a"), message("2", "b")] }, 2_600);

  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }, { itemIdentifier: "2" }] });
});

test("where the mapping does not accept partial responses, the invocation fails instead", async () => {
  const { invoke } = await source(sqsQueue(), {}, {}, down);

  await expect(invoke({ Records: [message("1", "a"), message("2", "b")] }, 2_600)).rejects.toThrow(
    "Kafka has not acknowledged 2 of 2 records, so this invocation fails",
  );
});

test("of a standard queue, a message that cannot be written is the only one that stays", async () => {
  const { invoke, topic } = await source(sqsQueue(), {
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
  const { invoke } = await source(sqsQueue(), {
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
  const { invoke, name, topic } = await source(sqsQueue(), {
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
  const { invoke, topic, name } = await source(sqsQueue());
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

test("a message of SNS is taken out of its envelope, and has the id that SNS gave it", async () => {
  const { invoke, topic } = await source(snsMessages());

  await invoke({ Records: [message("1", JSON.stringify(snsEnvelope)), message("2", "raw"), message("3", '{"Type":"Notification"}')] });

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
