/**
 * Lambda's mappings of queues and streams, on the laptop: they read an emulated AWS and hand functions its events. A message that the function names stays in the queue,
 * and a shard is read again from the record that it names.
 */
import { setTimeout as wait } from "node:timers/promises";
import { callEmulator, type EmulatedAws, type EmulatedService } from "./emulated-aws.js";

/** Throws where the invocation failed: then nothing of the batch counts as processed. */
export type InvokeMapped = (
  event: unknown,
) => Promise<{ readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[] } | null>;

interface MappingParts {
  readonly aws: EmulatedAws;
  readonly arn: string;
  readonly batchSize: number;
  readonly invoke: InvokeMapped;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** SQS returns at most so many messages at once. */
const messagesMax = 10;
const idleMs = 500;
const retryMs = 1_000;

/** Repeats `step` until the signal; a failure is written to the log, and the step is tried again. */
async function forever({ signal, log }: Pick<MappingParts, "signal" | "log">, step: () => Promise<boolean>): Promise<void> {
  while (!signal.aborted) {
    let isBusy = false;
    try {
      isBusy = await step();
    } catch (thrown) {
      log(`source mapping: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      await wait(retryMs, undefined, { signal }).catch(() => undefined);
      continue;
    }
    if (!isBusy) await wait(idleMs, undefined, { signal }).catch(() => undefined);
  }
}

interface QueueMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<
    Record<string, { readonly StringValue?: string; readonly BinaryValue?: string; readonly DataType: string }>
  >;
}

export async function mapQueue(parts: MappingParts): Promise<void> {
  const { aws, arn, batchSize, invoke } = parts;
  const call = <Answer>(action: string, body: object) => callEmulator<Answer>(aws, "sqs", action, body);
  let url: string | undefined;
  await forever(parts, async () => {
    url ??= (await call<{ QueueUrl: string }>("GetQueueUrl", { QueueName: arn.split(":").pop() })).QueueUrl;
    const wanted = {
      MaxNumberOfMessages: Math.min(messagesMax, batchSize),
      AttributeNames: ["All"],
      MessageAttributeNames: ["All"],
      WaitTimeSeconds: 1,
    };
    const { Messages: messages = [] } = await call<{ Messages?: readonly QueueMessage[] }>("ReceiveMessage", { QueueUrl: url, ...wanted });
    if (messages.length === 0) return false;
    const answer = await invoke({ Records: messages.map((message) => toQueueRecord(message, arn, aws.region)) });
    const failed = new Set(answer?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier));
    for (const { MessageId, ReceiptHandle } of messages)
      if (!failed.has(MessageId)) await call("DeleteMessage", { QueueUrl: url, ReceiptHandle });
    return true;
  });
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event */
function toQueueRecord(message: QueueMessage, arn: string, region: string) {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, { StringValue, BinaryValue, DataType }]) => [
    name,
    { stringValue: StringValue, binaryValue: BinaryValue, stringListValues: [], binaryListValues: [], dataType: DataType },
  ]);
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(attributes),
    md5OfBody: message.MD5OfBody,
    eventSource: "aws:sqs",
    eventSourceARN: arn,
    awsRegion: region,
  };
}

interface StreamAnswer {
  readonly NextShardIterator?: string;
  readonly Records: readonly StreamRecord[];
}

interface StreamRecord {
  readonly SequenceNumber?: string;
  readonly PartitionKey?: string;
  readonly Data?: string;
  readonly ApproximateArrivalTimestamp?: number;
  readonly dynamodb?: { readonly SequenceNumber: string };
}

/** Every shard from its beginning: places are kept in memory, so a restart delivers again, under the same ids. */
export async function mapStream(parts: MappingParts): Promise<void> {
  const { aws, arn } = parts;
  const service: EmulatedService = arn.split(":")[2] === "kinesis" ? "kinesis" : "dynamodb";
  const named = service === "kinesis" ? { StreamName: arn.split("/").pop() } : { StreamArn: arn };
  const known = new Set<string>();
  await forever(parts, async () => {
    const { StreamDescription } = await callEmulator<{ StreamDescription: { readonly Shards: readonly { readonly ShardId: string }[] } }>(
      aws,
      service,
      "DescribeStream",
      named,
    );
    for (const { ShardId } of StreamDescription.Shards) {
      if (known.has(ShardId)) continue;
      known.add(ShardId);
      void mapShard(parts, service, { ...named, ShardId });
    }
    return false;
  });
}

async function mapShard(parts: MappingParts, service: EmulatedService, shard: { readonly ShardId: string }): Promise<void> {
  const { aws, arn, batchSize, invoke } = parts;
  const call = <Answer>(action: string, body: object) => callEmulator<Answer>(aws, service, action, body);
  let after: string | undefined;
  let iterator: string | undefined;
  await forever(parts, async () => {
    const start =
      after === undefined
        ? { ShardIteratorType: "TRIM_HORIZON" }
        : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: after };
    iterator ??= (await call<{ ShardIterator: string }>("GetShardIterator", { ...shard, ...start })).ShardIterator;
    const { Records: records, NextShardIterator } = await call<StreamAnswer>("GetRecords", { ShardIterator: iterator, Limit: batchSize });
    // Until the batch is settled, a failure leads back to the last settled record.
    iterator = undefined;
    if (records.length > 0) {
      const answer = await invoke({ Records: records.map((record) => toShardRecord(record, arn, aws.region, shard.ShardId)) });
      const failed = answer?.batchItemFailures?.[0]?.itemIdentifier;
      const settled =
        failed === undefined
          ? records
          : records.slice(
              0,
              Math.max(
                0,
                records.findIndex((record) => sequenceOf(record) === failed),
              ),
            );
      after = sequenceOf(settled.at(-1)) ?? after;
      if (failed !== undefined) throw new Error(`${arn}: a record was given back and is delivered again`);
    }
    iterator = NextShardIterator;
    return records.length > 0;
  });
}

const sequenceOf = (record: StreamRecord | undefined): string | undefined => record?.SequenceNumber ?? record?.dynamodb?.SequenceNumber;

/** https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html#services-kinesis-event-example; a record of DynamoDB is in the event's form already. */
function toShardRecord(record: StreamRecord, arn: string, region: string, shardId: string) {
  if (record.dynamodb !== undefined) return { ...record, eventSource: "aws:dynamodb", eventSourceARN: arn, awsRegion: region };
  const { SequenceNumber, PartitionKey, Data, ApproximateArrivalTimestamp } = record;
  return {
    kinesis: {
      kinesisSchemaVersion: "1.0",
      partitionKey: PartitionKey,
      sequenceNumber: SequenceNumber,
      data: Data,
      approximateArrivalTimestamp: ApproximateArrivalTimestamp,
    },
    eventSource: "aws:kinesis",
    eventVersion: "1.0",
    eventID: `${shardId}:${SequenceNumber}`,
    eventName: "aws:kinesis:record",
    awsRegion: region,
    eventSourceARN: arn,
  };
}
