/** A record that is tried on a route, and what the route would make of it. Pure. */
import * as v from "valibot";
import { toJsonText } from "../../json/write.js";
import type { KafkaRecord } from "../../kafka/records.js";
import { isTopicName } from "../../kafka/topic-name.js";
import type { RouteDescription } from "../../relay/status/route-description.js";
import type { TriedMessage, TriedRecord } from "../../relay/status/try-record.js";
import { timestampForm, toTimestampMs } from "../timestamp.js";

/** Bytes as text, in base64, or (only in requests) as a JSON value; a dead letter's record has the same form. */
const givenBytes = v.nullish(
  v.union(
    [
      v.strictObject({ text: v.string() }),
      v.strictObject({ base64: v.pipe(v.string(), v.base64()) }),
      v.strictObject({ json: v.unknown() }),
    ],
    'must be null, {"text"}, {"base64"} or {"json"}',
  ),
);
const headersMax = 1_000;
const topicName = v.pipe(v.string(), v.check(isTopicName, "is not a valid topic name"));

export const tryBody = v.strictObject({
  record: v.strictObject({
    topic: v.optional(topicName),
    partition: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2_147_483_647)), 0),
    offset: v.optional(
      v.pipe(
        v.union([v.number(), v.bigint(), v.string()]),
        v.check((given) => /^\d{1,16}$/.test(String(given)), "must be an offset: a whole number of at most 16 digits"),
        v.transform((given) => BigInt(given)),
      ),
      0,
    ),
    timestamp: v.optional(
      v.pipe(
        v.union([v.string(), v.number()]),
        v.check((given) => toTimestampMs(given) !== undefined, `must be a time: ${timestampForm}`),
        v.transform((given) => toTimestampMs(given) as number),
      ),
    ),
    key: givenBytes,
    value: givenBytes,
    headers: v.optional(v.pipe(v.array(v.strictObject({ name: v.string(), value: givenBytes })), v.maxLength(headersMax)), []),
  }),
});

/** `topic`: where the record lies if it does not say so itself. */
export function toTriedRecord({ record }: v.InferOutput<typeof tryBody>, topic: string, nowMs: number): KafkaRecord {
  return {
    topic: record.topic ?? topic,
    partition: record.partition,
    offset: record.offset,
    timestampMs: record.timestamp ?? nowMs,
    timestampType: "CREATE_TIME",
    key: bytesOf(record.key),
    value: bytesOf(record.value),
    headers: record.headers.map(({ name, value }) => ({ name, value: bytesOf(value) })),
  };
}

function bytesOf(given: v.InferOutput<typeof givenBytes>): Buffer | null {
  if (given === null || given === undefined) return null;
  if ("text" in given) return Buffer.from(given.text);
  return "base64" in given ? Buffer.from(given.base64, "base64") : Buffer.from(toJsonText(given.json) ?? "null");
}

const shownBytes = v.nullable(v.object({ text: v.optional(v.string()), base64: v.optional(v.string()) }));
export const triedAnswer = v.object({
  route: v.string(),
  outcome: v.picklist(["delivered", "filtered", "dead-lettered", "given-back"]),
  filter: v.object({ matches: v.nullable(v.boolean()) }),
  error: v.nullable(v.object({ stage: v.string(), code: v.string(), message: v.string() })),
  target: v.nullable(v.object({ kind: v.string(), name: v.string() })),
  messages: v.array(
    v.object({
      id: v.string(),
      key: shownBytes,
      value: shownBytes,
      headers: v.array(v.object({ name: v.string(), value: shownBytes })),
      timestamp: v.number(),
    }),
  ),
});

export function toTriedAnswer(
  route: string,
  { outcome, matches, messages, error }: TriedRecord,
  target: RouteDescription["target"] | undefined,
): v.InferOutput<typeof triedAnswer> {
  return {
    route,
    outcome,
    filter: { matches },
    error,
    target: target === undefined ? null : { kind: target.kind, name: target.name },
    messages: messages.map(toShownMessage),
  };
}

function toShownMessage({ id, key, value, headers, timestampMs }: TriedMessage) {
  return {
    id,
    key: toShownBytes(key),
    value: toShownBytes(value),
    headers: headers.map((header) => ({ name: header.name, value: toShownBytes(header.value) })),
    timestamp: timestampMs,
  };
}

/** As text where the bytes are UTF-8, otherwise in base64. */
function toShownBytes(base64: string | null) {
  if (base64 === null) return null;
  const bytes = Buffer.from(base64, "base64");
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? { text } : { base64 };
}
