/** The source "s3": objects whose creation a queue reports. Each record of an object is a record in Kafka, and a large object goes on where an invocation stopped. */
import * as v from "valibot";
import { RelayError, toRelayError } from "../errors.js";
import { flag, oneOf, whole } from "../option-values.js";
import { textOf } from "../targets/option-checks.js";
import { awsEntries, checkOptions } from "../targets/options.js";
import { answerBatch, recordsOfEvent, textMember } from "./aws-event.js";
import type { ItemResult, SourceContext, SourceOrigin } from "./origin.js";
import { type ObjectPlace, objectsIn } from "./s3/notification.js";
import { createObjects, type Objects } from "./s3/objects.js";
import { readStoredObject } from "./s3/reading.js";

export interface S3ObjectsOptions {
  /** The bucket whose objects are read. A message that names another one is refused. */
  readonly bucket: string;
  /** "ndjson": lines; "json-array": elements; "csv": rows under a header, as JSON objects of texts; "object": each object is one record. */
  readonly format: "ndjson" | "json-array" | "csv" | "object";
  /** Between the fields of CSV; a comma where absent. */
  readonly delimiter?: string;
  /** A longer record becomes a dead letter that says where it is; 1,000,000 where absent. */
  readonly recordBytesMax?: number;
  readonly region?: string;
  readonly endpoint?: string;
  readonly forcePathStyle?: boolean;
}

const recordBytesMaxDefault = 1_000_000;
/** An object is not begun that could not get anywhere. */
const objectMsMin = 5_000;

export function s3Objects(options: S3ObjectsOptions): SourceOrigin {
  checkOptions("s3Objects", options, optionEntries, "source");
  const recordBytesMax = options.recordBytesMax ?? recordBytesMaxDefault;
  return {
    kind: "s3",
    name: `${options.bucket}, ${options.format}`,
    options: { ...options },
    order: "partition",
    recordBytesMax,
    retryDeadlineMs: 60_000,
    bind: ({ contextOfEvent }) => {
      let objects: Objects | undefined;
      return {
        handle: async (event, invocation) => {
          const records = recordsOfEvent(event, "aws:sqs", "an SQS queue that S3 notifies");
          const context = contextOfEvent(invocation as never);
          objects ??= createObjects({ ...options, region: options.region ?? context.config.AWS_REGION });
          const results: ItemResult[] = [];
          for (const [index, record] of records.entries()) {
            const arn = textMember(record, ["eventSourceARN"], `event.Records[${index}]`);
            results.push(await readMessage(String(record.body ?? ""), { options, recordBytesMax, objects, queueArn: arn }, context));
          }
          return answerBatch(
            records.map(({ messageId }) => String(messageId)),
            results,
            context,
          );
        },
        close: async () => objects?.close(),
      };
    },
  };
}

const optionEntries = {
  bucket: textOf(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "the name of a bucket"),
  format: oneOf("ndjson", "json-array", "csv", "object"),
  delimiter: v.optional(textOf(/^[^"\r\n]$/, "one character")),
  recordBytesMax: v.optional(whole(1, 16_000_000)),
  region: awsEntries.region,
  endpoint: awsEntries.endpoint,
  forcePathStyle: v.optional(flag),
};

interface ReadParts {
  readonly options: S3ObjectsOptions;
  readonly recordBytesMax: number;
  readonly objects: Objects;
  readonly queueArn: string;
}

/** A message is settled once each of its objects is read to its end, or goes on in a message of its own. */
async function readMessage(body: string, parts: ReadParts, context: SourceContext): Promise<ItemResult> {
  try {
    for (const place of objectsIn(body, context.now())) await readPlace(place, parts, context);
    return { verdict: "delivered" };
  } catch (thrown) {
    const error = toRelayError(thrown);
    context.log("warn", "object not read", { code: error.code, reason: error.message });
    return { verdict: "given-back", error };
  }
}

async function readPlace(
  place: ObjectPlace,
  { options, recordBytesMax, objects, queueArn }: ReadParts,
  context: SourceContext,
): Promise<void> {
  if (context.deadline.leftMs() < objectMsMin) throw new RelayError("deadline-exceeded", "The function had no time left for this object.");
  if (place.bucket !== options.bucket)
    throw new RelayError(
      "bad-request",
      `The message names the bucket ${JSON.stringify(place.bucket.slice(0, 100))}, but this source reads ${options.bucket}.`,
    );
  const { format, delimiter = "," } = options;
  const { next, error } = await readStoredObject(place, { format, delimiter, recordBytesMax, objects }, context);
  if (next === undefined) return;
  // An invocation that got nowhere leaves the message to the queue and its redrive policy.
  if (next.record === place.record) throw error ?? new RelayError("deadline-exceeded", "The function had no time left for this object.");
  await objects.goOn(queueArn, next, error !== undefined);
  context.log("info", "object goes on in another invocation", { bucket: next.bucket, key: next.key, byte: next.byte, record: next.record });
}
