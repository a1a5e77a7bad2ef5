/** Reading objects from S3, and the message that says where reading goes on. */
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { installed } from "../../installed.js";
import { type AwsClientConfig, lazily, toAwsFailure } from "../../targets/aws.js";
import { parseArn } from "../arn.js";
import { type ObjectPlace, toContinuation } from "./notification.js";

interface ObjectBytes {
  readonly bytes: AsyncIterable<Buffer>;
  readonly cancel: () => void;
}

export interface Objects {
  /** The object's bytes from its place on, decompressed; undefined: it is not there any more, or another one is under its name. */
  readonly read: (place: ObjectPlace, timeoutMs: number) => Promise<ObjectBytes | undefined>;
  /** Sends the queue a message that says where reading goes on; later, if Kafka is to recover first. */
  readonly goOn: (queueArn: string, place: ObjectPlace, isLater: boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

interface ObjectsOptions {
  readonly region: string | undefined;
  readonly endpoint?: string;
  readonly forcePathStyle?: boolean;
}

const sendTimeoutMs = 5_000;
const laterSeconds = 30;

export function createObjects({ region, endpoint, forcePathStyle = false }: ObjectsOptions): Objects {
  const client: AwsClientConfig = {
    maxAttempts: 1,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  const s3 = lazily(
    async () => new (await loadS3()).S3Client({ ...client, forcePathStyle }),
    (made) => made.destroy(),
  );
  const sqs = lazily(
    async () => new (await loadSqs()).SQSClient(client),
    (made) => made.destroy(),
  );
  return {
    read: async (place, timeoutMs) => openObject(await s3.get(), place, timeoutMs),
    goOn: async (queueArn, place, isLater) => sendOn(await sqs.get(), queueArn, place, isLater),
    close: async () => {
      await Promise.all([s3.forget(), sqs.forget()]);
    },
  };
}

async function openObject(s3: S3Client, place: ObjectPlace, timeoutMs: number): Promise<ObjectBytes | undefined> {
  const { bucket, key } = place;
  const isCompressed = key.endsWith(".gz");
  const controller = new AbortController();
  // Of the answer's beginning: its body is read under the deadline of the invocation.
  const timer = setTimeout(() => controller.abort(), Math.max(1, timeoutMs));
  try {
    const { GetObjectCommand } = await loadS3();
    const range = isCompressed || place.byte === 0 ? {} : { Range: `bytes=${place.byte}-` };
    const request = new GetObjectCommand({ Bucket: bucket, Key: key, ...versionOf(place), ...range });
    const answer = await s3.send(request, { abortSignal: controller.signal });
    const body = answer.Body as Readable;
    body.on("error", () => {});
    const plain = isCompressed || answer.ContentEncoding === "gzip" ? unzipped(body, place.byte) : body;
    return { bytes: plain as AsyncIterable<Buffer>, cancel: () => body.destroy() };
  } catch (thrown) {
    const { name = "", $metadata } = thrown as { readonly name?: string; readonly $metadata?: { readonly httpStatusCode?: number } };
    if (name === "NoSuchKey" || name === "NoSuchVersion" || $metadata?.httpStatusCode === 412) return undefined;
    throw toAwsFailure(thrown, `s3://${bucket}/${key}`);
  } finally {
    clearTimeout(timer);
  }
}

async function sendOn(queue: SQSClient, queueArn: string, place: ObjectPlace, isLater: boolean): Promise<void> {
  const { account, resource } = parseArn(queueArn);
  try {
    const { GetQueueUrlCommand, SendMessageCommand } = await loadSqs();
    const abortSignal = AbortSignal.timeout(sendTimeoutMs);
    const { QueueUrl } = await queue.send(new GetQueueUrlCommand({ QueueName: resource, QueueOwnerAWSAccountId: account }), {
      abortSignal,
    });
    const message = { QueueUrl, MessageBody: toContinuation(place), DelaySeconds: isLater ? laterSeconds : 0 };
    await queue.send(new SendMessageCommand(message), { abortSignal });
  } catch (thrown) {
    throw toAwsFailure(thrown, `The queue ${resource}`);
  }
}

const loadS3 = () => installed("@aws-sdk/client-s3", () => import("@aws-sdk/client-s3"));
const loadSqs = () => installed("@aws-sdk/client-sqs", () => import("@aws-sdk/client-sqs"));

/** The object that was reported, and not one that has replaced it. */
function versionOf({ versionId, etag }: ObjectPlace) {
  if (versionId !== undefined) return { VersionId: versionId };
  return etag === undefined ? {} : { IfMatch: etag };
}

/** Compressed bytes have no places of their own: they are decompressed from the beginning, and what was read before is dropped. */
async function* unzipped(body: Readable, skipBytes: number): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  body.once("error", (error) => gunzip.destroy(error));
  let left = skipBytes;
  for await (const chunk of body.pipe(gunzip) as AsyncIterable<Buffer>) {
    if (left >= chunk.length) left -= chunk.length;
    else {
      yield left === 0 ? chunk : chunk.subarray(left);
      left = 0;
    }
  }
}
