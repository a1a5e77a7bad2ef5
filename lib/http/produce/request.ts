/** What every produce request is checked for first: the topic in the path may be written to, and the body is JSON text. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import type { TopicName } from "../../kafka/records.js";
import { isInternalTopic, isTopicName } from "../../kafka/topic-name.js";
import type { MediaType } from "../media-type.js";
import { assertJsonText, toMediaType } from "../request-body.js";

/** A topic that records may be written to. */
export const writableTopic = v.pipe(v.string(), v.transform(toWritableTopic));

function toWritableTopic(name: string): TopicName {
  if (!isTopicName(name)) {
    throw new RelayError(
      "kafka-bad-request",
      `${JSON.stringify(name.slice(0, 300))} is not a valid topic name: it must have 1 to 249 letters, digits, ".", "_" or "-", and must not be "." or "..".`,
    );
  }
  if (isInternalTopic(name))
    throw new RelayError("forbidden", `Topic ${JSON.stringify(name)} is internal to Kafka and cannot be written to.`, { restCode: 40301 });
  return name;
}

/** The media type of a body of JSON text, after its charset and its bytes have been checked. */
export function toJsonType(headers: Readonly<Record<string, string | undefined>>, body: Buffer): MediaType {
  const type = toMediaType(headers);
  assertJsonText(body, type);
  return type;
}
