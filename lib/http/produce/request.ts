/** What every way of producing begins with: the topic in the path may be written to, and the body is JSON text. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import type { TopicName } from "../../kafka/records.js";
import { isInternalTopic, isTopicName } from "../../kafka/topic-name.js";
import { assertJsonText, toMediaType } from "../event.js";
import type { MediaType } from "../media-type.js";

/** A topic that records may be written to. */
export const writableTopic = v.pipe(v.string(), v.transform(toWritableTopic));

function toWritableTopic(name: string): TopicName {
  if (!isTopicName(name)) {
    throw new RelayError(
      "kafka-bad-request",
      `${JSON.stringify(name.slice(0, 300))} is no topic name: 1 to 249 letters, digits, ".", "_" or "-", and neither "." nor "..".`,
    );
  }
  if (isInternalTopic(name))
    throw new RelayError("forbidden", `Topic ${JSON.stringify(name)} is Kafka's own: it is not written to here.`, { restCode: 40301 });
  return name;
}

/** A body of JSON text: its media type, after the charset and the bytes have been checked. */
export function toJsonType(headers: Readonly<Record<string, string | undefined>>, body: Buffer): MediaType {
  const type = toMediaType(headers);
  assertJsonText(body, type);
  return type;
}

export const failedEntry = {
  error_code: v.pipe(v.number(), v.integer()),
  retriable: v.boolean(),
  maybe_written: v.boolean(),
} as const;

/** Statuses that `Prefer: status=strict` may answer where every record failed. */
export const strictStatuses = [207, 400, 401, 403, 404, 413, 422, 429, 500, 503, 504] as const;

export function strictAnswers<Schema>(schema: Schema): Record<(typeof strictStatuses)[number], Schema> {
  return Object.fromEntries(strictStatuses.map((status) => [status, schema])) as Record<(typeof strictStatuses)[number], Schema>;
}
