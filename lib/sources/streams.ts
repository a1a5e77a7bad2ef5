/**
 * The sources "kinesis" and "dynamodb": a batch is one run of a shard, and after the first record that Kafka has not acknowledged the shard is read again from it
 * (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html, https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html).
 */

import * as v from "valibot";
import { oneOf } from "../option-values.js";
import { checkOptions } from "../targets/options.js";
import { parseArn } from "./arn.js";
import { answerBatch, type BatchResponse, type EventObject, isEventObject, msOfSeconds, recordsOfEvent, textMember } from "./aws-event.js";
import { itemJson } from "./dynamodb-item.js";
import { toDebezium } from "./envelope.js";
import { takeApart } from "./kpl.js";
import type { BoundOrigin, BoundSource, SourceItem, SourceOrigin } from "./origin.js";

/** A record of a stream can have 10 MiB (https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html). */
const kinesisBytesMax = 10_485_760;
/** Two images of an item of 400 KB, as JSON. */
const changeBytesMax = 2_097_152;
const retryDeadlineMs = 300_000;

/** The records of a Kinesis stream, and of those that its Producer Library has aggregated, each one. The partition key is the record's key. */
export function kinesisStream(): SourceOrigin {
  return {
    kind: "kinesis",
    name: "stream",
    options: {},
    order: "partition",
    recordBytesMax: kinesisBytesMax,
    retryDeadlineMs,
    bind: (source) => readShards(source, "aws:kinesis", "a Kinesis stream", toKinesisItems, ["kinesis", "sequenceNumber"]),
  };
}

interface DynamodbStreamOptions {
  /** "debezium" (default): before, after and operation. "image": the new image, and a tombstone for an item that was deleted. */
  readonly value?: "debezium" | "image";
}

/** The changes of a DynamoDB table. The item's key, as JSON, is the record's key. */
export function dynamodbStream(options: DynamodbStreamOptions = {}): SourceOrigin {
  checkOptions("dynamodbStream", options, { value: v.optional(oneOf("debezium", "image")) }, "source");
  const toItems = (record: EventObject, place: string, nowMs: number) => [toChangeItem(record, place, nowMs, options.value ?? "debezium")];
  return {
    kind: "dynamodb",
    name: "table",
    options: { ...options },
    order: "partition",
    recordBytesMax: changeBytesMax,
    retryDeadlineMs,
    bind: (source) => readShards(source, "aws:dynamodb", "a DynamoDB stream", toItems, ["dynamodb", "SequenceNumber"]),
  };
}

function readShards(
  { contextOfEvent }: BoundSource,
  eventSource: string,
  what: string,
  toItems: (record: EventObject, place: string, nowMs: number) => readonly SourceItem[],
  identifier: readonly string[],
): BoundOrigin {
  return {
    handle: async (event, invocation) => {
      const records = recordsOfEvent(event, eventSource, what);
      const context = contextOfEvent(invocation as never);
      const items: SourceItem[] = [];
      // Of each item: a record that holds many is read again as a whole.
      const identifiers: string[] = [];
      for (const [index, record] of records.entries()) {
        const place = `event.Records[${index}]`;
        const sequence = textMember(record, identifier, place);
        for (const item of toItems(record, place, context.now())) {
          items.push(item);
          identifiers.push(sequence);
        }
      }
      const [results = []] = await context.pass([items], context.deadline);
      return firstOf(answerBatch(identifiers, results, context));
    },
  };
}

/** Lambda reads the shard again from the lowest sequence number that is named; naming the later ones says nothing more. */
const firstOf = ({ batchItemFailures }: BatchResponse): BatchResponse => ({ batchItemFailures: batchItemFailures.slice(0, 1) });

function toKinesisItems(record: EventObject, place: string, nowMs: number): readonly SourceItem[] {
  const arn = textMember(record, ["eventSourceARN"], place);
  const partitionKey = textMember(record, ["kinesis", "partitionKey"], place);
  const { data, approximateArrivalTimestamp } = record.kinesis as EventObject;
  // The shard and the sequence number.
  const id = `${arn}/${textMember(record, ["eventID"], place)}`;
  const bytes = Buffer.from(String(data ?? ""), "base64");
  const toItem = (itemId: string, key: string, value: Buffer): SourceItem => ({
    id: itemId,
    key: Buffer.from(key),
    value,
    headers: [],
    timestampMs: msOfSeconds(approximateArrivalTimestamp, nowMs),
    about: { source: arn, type: "aws.kinesis.record", subject: key, contentType: "application/octet-stream" },
  });
  const inside = takeApart(bytes);
  if (inside === undefined) return [toItem(id, partitionKey, bytes)];
  // The number within the record is what the Kinesis Client Library calls its sub-sequence number.
  return inside.map((one, index) => toItem(`${id}/${index}`, one.partitionKey, one.data));
}

const operations: Readonly<Record<string, "c" | "u" | "d">> = { INSERT: "c", MODIFY: "u", REMOVE: "d" };

function toChangeItem(record: EventObject, place: string, nowMs: number, form: "debezium" | "image"): SourceItem {
  const arn = textMember(record, ["eventSourceARN"], place);
  const eventName = textMember(record, ["eventName"], place);
  const change = isEventObject(record.dynamodb) ? record.dynamodb : {};
  const timestampMs = msOfSeconds(change.ApproximateCreationDateTime, nowMs);
  const [key, before, after] = [change.Keys, change.OldImage, change.NewImage].map((image) =>
    isEventObject(image) ? itemJson(image) : undefined,
  );
  const operation = operations[eventName] ?? "u";
  const table = parseArn(arn).resource.split("/")[1] ?? "";
  const source = { connector: "dynamodb", name: arn, table, sequence: String(change.SequenceNumber), ts_ms: timestampMs };
  const image = after === undefined ? null : Buffer.from(after);
  return {
    id: `${arn}/${textMember(record, ["eventID"], place)}`,
    key: key === undefined ? null : Buffer.from(key),
    value: form === "image" ? image : toDebezium({ operation, before, after, source, timestampMs }),
    headers: [],
    timestampMs,
    about: { source: arn, type: `aws.dynamodb.${eventName.toLowerCase()}`, ...(key === undefined ? {} : { subject: key }) },
  };
}
