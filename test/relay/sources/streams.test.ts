/** Streams of Kinesis and DynamoDB as sources: the shapes are those of @types/aws-lambda and of AWS's documentation. */
import type { DynamoDBStreamEvent } from "aws-lambda";
import { expect, test } from "vitest";
import { dynamodbStream, kinesisStream } from "../../../lib/sources/streams.js";
import { createTestTopic } from "../../support/broker/kafka.js";
import { uniqueName } from "../../support/broker/unique-names.js";
import { eventSourcesOfFile, kinesisEvent, streamArn } from "../../support/relay/event-sources.js";
import { aggregated } from "../../support/relay/kpl-records.js";
import { idOf, recordsOf, textsOf } from "../../support/relay/source-run.js";

const { kafka, source } = eventSourcesOfFile();

test("records of a Kinesis stream keep their key, bytes and time, and are identified by shard and sequence number", async () => {
  const { invoke, topic } = await source(kinesisStream());

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
  const { invoke } = await source(kinesisStream(), {
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
  const { invoke, topic } = await source(kinesisStream());
  const data = Buffer.from(aggregated.data, "base64");

  expect(await invoke(kinesisEvent([["7", aggregated.partitionKey, data]]))).toEqual({ batchItemFailures: [] });

  const records = await recordsOf(kafka, topic);
  expect(records.map(({ key, value }) => [key?.toString(), value?.toString("base64")])).toEqual(aggregated.records);
  expect(records.map(idOf)).toEqual([0, 1, 2, 3, 4, 5].map((index) => `${streamArn}/shardId-000000000006:7/${index}`));
});

test("an aggregated record with one record that Kafka has not acknowledged is read again as a whole", async () => {
  const there = await createTestTopic(kafka);
  const missing = uniqueName("missing");
  const { invoke } = await source(kinesisStream(), {
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
  const { invoke, topic } = await source(dynamodbStream());
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
  const { invoke, topic } = await source(dynamodbStream({ value: "image" }));

  await invoke(change("MODIFY", "1", { OldImage: { Id: { N: "1" } }, NewImage: { Id: { N: "2" } } }));
  await invoke(change("REMOVE", "2", { OldImage: { Id: { N: "2" } } }));

  expect(textsOf(await recordsOf(kafka, topic))).toEqual(['{"Id":2}', undefined]);
});
