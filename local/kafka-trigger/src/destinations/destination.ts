/** Where a batch that is given up goes: a topic of the same cluster, a queue, an SNS topic, a bucket. Records that cannot be delivered there are dropped with a warning, as on AWS. */
import { randomUUID } from "node:crypto";
import { createDeadline } from "../../../../lib/deadline.js";
import { RelayError } from "../../../../lib/errors.js";
import type { Kafka } from "../../../../lib/kafka/port.js";
import { parseTopicName } from "../../../../lib/kafka/topic-name.js";
import type { Mapping, OnFailureDestination } from "../mapping.js";
import { countOf } from "../poll/run.js";
import type { GivenUp } from "../poll/settle.js";
import { loadSdk, missingSdk } from "../sdk.js";
import { type FailureContext, toBatchFailure, toRecordFailures } from "./failure-record.js";

export interface DestinationWorld {
  readonly kafka: Kafka;
  readonly mapping: Mapping;
  readonly functionArn: string;
  /** SDK clients are loaded from here. */
  readonly serviceFolder: string;
  readonly shell: NodeJS.ProcessEnv;
  /** The region of the service: the ARN of a bucket has none. */
  readonly region: string;
  readonly now?: () => number;
}

const deliveryTimeoutMs = 15_000;
const attemptsMax = 3;
/** The limit of SNS (https://docs.aws.amazon.com/sns/latest/dg/sns-quotas.html), and for a long time that of SQS. */
const snsBytesMax = 262_144;

/** Resolves when the destination has accepted the records; rejects with the reason. */
type Deliver = (given: GivenUp) => Promise<void>;

export function createDestination(destination: OnFailureDestination, world: DestinationWorld): Deliver {
  const { now = Date.now } = world;
  const context = (): FailureContext => ({ mapping: world.mapping, functionArn: world.functionArn, nowMs: now() });
  if (destination.kind === "topic") return (given) => toTopic(destination.topic, given, context(), world.kafka);
  const [, , service, region] = destination.arn.split(":");
  switch (service) {
    case "sqs":
      return (given) => toQueue(destination.arn, region, toBatchFailure(given, context(), false), world);
    case "sns":
      return (given) => toSns(destination.arn, region, toBatchFailure(given, context(), false), world);
    case "s3":
      return (given) => toBucket(destination.arn, given, context(), world);
    default:
      throw new RelayError(
        "bad-configuration",
        `${destination.arn} is not a valid destination. It must be the ARN of an SQS queue, an SNS topic or an S3 bucket, or kafka://topic.`,
      );
  }
}

async function toTopic(topic: string, given: GivenUp, context: FailureContext, kafka: Kafka): Promise<void> {
  const records = toRecordFailures(given, context).map(({ key, value }) => ({
    key: key === undefined ? null : Buffer.from(key, "base64"),
    value: Buffer.from(JSON.stringify(value)),
    headers: [],
  }));
  const outcomes = await kafka.producer.produce(parseTopicName(topic), records, createDeadline(deliveryTimeoutMs));
  const failed = outcomes.find((outcome) => outcome.outcome === "failed");
  if (failed?.outcome === "failed") throw failed.error;
}

async function toQueue(arn: string, region: string | undefined, message: object, world: DestinationWorld): Promise<void> {
  const { SQSClient, GetQueueUrlCommand, SendMessageCommand } = loadSdk<typeof import("@aws-sdk/client-sqs")>(
    "@aws-sdk/client-sqs",
    world.serviceFolder,
  );
  const [account, name] = arn.split(":").slice(-2);
  await withClient(new SQSClient(clientOptions(region, world)), async (client) => {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account }));
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(message) }));
  });
}

async function toSns(arn: string, region: string | undefined, message: object, world: DestinationWorld): Promise<void> {
  const { SNSClient, PublishCommand } = loadSdk<typeof import("@aws-sdk/client-sns")>("@aws-sdk/client-sns", world.serviceFolder);
  const text = JSON.stringify(message);
  if (Buffer.byteLength(text) > snsBytesMax) throw new Error(`the message is larger than the ${snsBytesMax} bytes that SNS accepts`);
  await withClient(new SNSClient(clientOptions(region, world)), (client) =>
    client.send(new PublishCommand({ TopicArn: arn, Message: text })),
  );
}

async function toBucket(arn: string, given: GivenUp, context: FailureContext, world: DestinationWorld): Promise<void> {
  const { S3Client, PutObjectCommand } = loadSdk<typeof import("@aws-sdk/client-s3")>("@aws-sdk/client-s3", world.serviceFolder);
  const bucket = arn.split(":").at(-1) ?? "";
  const at = new Date(context.nowMs).toISOString();
  const place = `${world.mapping.topic}-${given.runs[0]?.partition ?? 0}/${at.slice(0, 10).replaceAll("-", "/")}`;
  const key = `aws/lambda/${world.mapping.consumerGroupId}/${place}/${at.replaceAll(":", ".")}-${randomUUID()}`;
  const body = JSON.stringify(toBatchFailure(given, context, true));
  await withClient(new S3Client({ ...clientOptions(undefined, world), forcePathStyle: true }), (client) =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: "application/json" })),
  );
}

/** The SDK itself reads the endpoint from AWS_ENDPOINT_URL. An emulator accepts any credentials, but requires some. */
function clientOptions(region: string | undefined, { shell, region: regionDefault }: DestinationWorld) {
  const isEmulated = (shell.AWS_ENDPOINT_URL ?? "") !== "";
  const hasCredentials = (shell.AWS_ACCESS_KEY_ID ?? shell.AWS_PROFILE ?? "") !== "";
  return {
    region: region === undefined || region === "" ? (shell.AWS_REGION ?? regionDefault) : region,
    maxAttempts: attemptsMax,
    ...(isEmulated && !hasCredentials ? { credentials: { accessKeyId: "local", secretAccessKey: "local" } } : {}),
  };
}

async function withClient<Client extends { destroy: () => void }, Answer>(
  client: Client,
  use: (client: Client) => Promise<Answer>,
): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      use(client),
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${deliveryTimeoutMs / 1000} s`)), deliveryTimeoutMs);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    client.destroy();
  }
}

const sdks: Readonly<Record<string, string>> = { sqs: "@aws-sdk/client-sqs", sns: "@aws-sdk/client-sns", s3: "@aws-sdk/client-s3" };

/** The SDK package that a destination needs and that is not installed. Checked at the start: when a batch is given up, it is too late. */
export function missingFor(destination: OnFailureDestination, serviceFolder: string): string | undefined {
  const name = destination.kind === "arn" ? sdks[destination.arn.split(":")[2] ?? ""] : undefined;
  return name === undefined ? undefined : missingSdk(name, serviceFolder);
}

/** Delivers the records, and logs the result. */
export async function giveUpTo(
  deliver: Deliver,
  name: string,
  given: GivenUp,
  say: (line: string) => void,
  warn: (line: string) => void,
): Promise<void> {
  const count = countOf(given.runs);
  try {
    await deliver(given);
    say(`${count} record(s) were given up and sent to ${name}`);
  } catch (thrown) {
    warn(
      `${count} record(s) were given up, but ${name} did not accept them: ${thrown instanceof Error ? thrown.message : thrown}. They are dropped, as on AWS`,
    );
  }
}
