/**
 * Reads a dead letter of any writer: ours, Kafka Connect's, Lambda's own failure records and Knative's. Returns the reason and the original record.
 * Pure.
 */

import { toIsoText } from "../../calendar.js";
import type { KafkaRecord, RecordHeader } from "../../kafka/records.js";
import { readKafkaEvent } from "../../kafka-event/read.js";
import { errorHeaderPrefix } from "./dead-letter.js";

interface Coordinates {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface Letter {
  /** Where the letter lies. */
  readonly at: Coordinates;
  /** Who wrote it; "unknown" has no reason that can be read, and is taken as it is. */
  readonly writtenBy: "relay" | "connect" | "lambda" | "knative" | "unknown";
  readonly route: string | undefined;
  readonly target: string | undefined;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly stage: string | undefined;
  readonly status: string | undefined;
  readonly answer: string | undefined;
  readonly attempts: number | undefined;
  readonly firstTime: string | undefined;
  /** ISO 8601, when it was last tried; if unknown, the record's own time, or the end of the dates that lies nearest to it. */
  readonly lastTime: string;
  /** Of its delivery id, so that a redrive differs from a new record. */
  readonly namespace: string | undefined;
  /** Which topic of its name the record lay in; undefined where another program wrote the letter. */
  readonly generation: number | undefined;
  readonly redrives: number;
  /** Where the record was first; undefined if unknown. */
  readonly origin: Coordinates | undefined;
  /** The record without what was added to it, at its origin, or where that is unknown, where the letter lies. */
  readonly record: KafkaRecord;
}

type Reason = Partial<Omit<Letter, "at" | "record" | "writtenBy">>;

export function readLetter(record: KafkaRecord): Letter {
  return (
    readRelay(record) ?? readConnect(record) ?? readKnative(record) ?? readLambda(record) ?? toLetter(record, "unknown", {}, record.headers)
  );
}

function toLetter(
  lying: KafkaRecord,
  writtenBy: Letter["writtenBy"],
  reason: Reason,
  headers: readonly RecordHeader[],
  original: Pick<KafkaRecord, "key" | "value" | "timestampMs" | "timestampType"> = lying,
): Letter {
  const { topic, partition, offset, timestampMs } = lying;
  const place = reason.origin ?? { topic, partition, offset };
  const { key, value, timestampType } = original;
  return {
    at: { topic, partition, offset },
    writtenBy,
    route: undefined,
    target: undefined,
    code: undefined,
    message: undefined,
    stage: undefined,
    status: undefined,
    answer: undefined,
    attempts: undefined,
    firstTime: undefined,
    lastTime: toIsoText(Math.max(0, timestampMs)),
    namespace: undefined,
    generation: undefined,
    redrives: 0,
    origin: undefined,
    ...reason,
    record: { ...place, timestampMs: original.timestampMs, timestampType, key, value, headers },
  };
}

/** The last header of each name that begins with the prefix, as text without it. */
function textsOf(record: KafkaRecord, prefix: string): ReadonlyMap<string, string> {
  return new Map(
    record.headers.flatMap(({ name, value }) =>
      name.startsWith(prefix) && value !== null ? [[name.slice(prefix.length), value.toString()] as const] : [],
    ),
  );
}

function toCoordinates(topic: string | undefined, partition: string | undefined, offset: string | undefined): Coordinates | undefined {
  if (topic === undefined || !/^\d{1,9}$/.test(partition ?? "") || !/^\d{1,19}$/.test(offset ?? "")) return undefined;
  return { topic, partition: Number(partition), offset: BigInt(offset ?? "0") };
}

/** Known and unknown members: absent ones must not cover the defaults. */
function reasonOf(reason: { readonly [name in keyof Reason]: Reason[name] | undefined }): Reason {
  return Object.fromEntries(Object.entries(reason).filter(([, value]) => value !== undefined)) as Reason;
}

function readRelay(record: KafkaRecord): Letter | undefined {
  const texts = textsOf(record, errorHeaderPrefix);
  if (!texts.has("route") && !texts.has("code")) return undefined;
  const count = (name: string): number | undefined => (/^\d{1,9}$/.test(texts.get(name) ?? "") ? Number(texts.get(name)) : undefined);
  const timestamp = texts.get("timestamp") ?? "";
  const reason = reasonOf({
    route: texts.get("route"),
    target: texts.get("target"),
    code: texts.get("code"),
    message: texts.get("message"),
    stage: texts.get("stage"),
    status: texts.get("status"),
    answer: texts.get("answer"),
    attempts: count("attempts"),
    firstTime: texts.get("first-time"),
    lastTime: isTime(texts.get("last-time")) ? texts.get("last-time") : undefined,
    namespace: texts.get("namespace"),
    generation: /^\d{1,15}$/.test(texts.get("generation") ?? "0") ? Number(texts.get("generation") ?? "0") : undefined,
    redrives: count("redrives"),
    origin: toCoordinates(texts.get("topic"), texts.get("partition"), texts.get("offset")),
  });
  // Letters of older versions carry the record's time as their own.
  const timestampMs = /^-?\d{1,19}$/.test(timestamp) ? Number(timestamp) : record.timestampMs;
  const { key, value, timestampType } = record;
  return toLetter(
    record,
    "relay",
    reason,
    without(record, (name) => name.startsWith(errorHeaderPrefix)),
    { key, value, timestampType, timestampMs },
  );
}

/** https://kafka.apache.org/documentation/#connect: errors.deadletterqueue.context.headers.enable */
function readConnect(record: KafkaRecord): Letter | undefined {
  const prefix = "__connect.errors.";
  const texts = textsOf(record, prefix);
  if (texts.size === 0) return undefined;
  const reason = reasonOf({
    route: texts.get("connector.name"),
    code: texts.get("exception.class.name"),
    message: texts.get("exception.message"),
    stage: texts.get("stage"),
    origin: toCoordinates(texts.get("topic"), texts.get("partition"), texts.get("offset")),
  });
  return toLetter(
    record,
    "connect",
    reason,
    without(record, (name) => name.startsWith(prefix)),
  );
}

/** https://knative.dev/docs/eventing/event-delivery/: extension attributes, and the place in the attributes of its Kafka source. */
function readKnative(record: KafkaRecord): Letter | undefined {
  const texts = textsOf(record, "ce_");
  if (!texts.has("knativeerrordest")) return undefined;
  const [, partition, offset] = /^partition:(\d+)#(\d+)$/.exec(texts.get("subject") ?? "") ?? [];
  const data = texts.get("knativeerrordata");
  const reason = reasonOf({
    target: texts.get("knativeerrordest"),
    status: texts.get("knativeerrorcode"),
    code: texts.get("knativeerrorcode"),
    answer: data === undefined ? undefined : Buffer.from(data, "base64").toString(),
    origin: toCoordinates(texts.get("source")?.split("#")[1], partition, offset),
  });
  return toLetter(
    record,
    "knative",
    reason,
    without(record, (name) => /^ce_(knativeerror|kne)/.test(name)),
  );
}

/** https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html: the payload contains the record, wrapped in the event it came in. */
function readLambda(record: KafkaRecord): Letter | undefined {
  const text = record.value?.toString() ?? "";
  if (!text.startsWith("{") || !text.includes('"requestContext"')) return undefined;
  try {
    const { requestContext, responseContext, payload, timestamp } = JSON.parse(text) as Readonly<
      Record<string, Readonly<Record<string, unknown>> | undefined>
    >;
    const event: unknown = typeof payload === "string" ? JSON.parse(payload) : payload;
    const original = readKafkaEvent(event)[0]?.records[0];
    if (original === undefined || requestContext === undefined) return undefined;
    const { topic, partition, offset } = original;
    const reason = reasonOf({
      route: typeof requestContext.functionArn === "string" ? requestContext.functionArn.split(":")[6] : undefined,
      code: typeof requestContext.condition === "string" ? requestContext.condition : undefined,
      status: responseContext === undefined || responseContext === null ? undefined : String(responseContext.statusCode),
      attempts: typeof requestContext.approximateInvokeCount === "number" ? requestContext.approximateInvokeCount : undefined,
      lastTime: isTime(timestamp) ? new Date(String(timestamp)).toISOString() : undefined,
      origin: { topic, partition, offset },
    });
    return toLetter(record, "lambda", reason, original.headers, original);
  } catch {
    return undefined;
  }
}

function without(record: KafkaRecord, isAdded: (name: string) => boolean): readonly RecordHeader[] {
  return record.headers.filter(({ name }) => !isAdded(name));
}

function isTime(text: unknown): boolean {
  return typeof text === "string" && !Number.isNaN(Date.parse(text));
}
