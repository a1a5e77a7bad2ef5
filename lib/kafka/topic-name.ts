/** What may be the name of a topic, and which topics are Kafka's own. */
import { RelayError } from "../errors.js";
import type { TopicName } from "./records.js";

const legalTopicName = /^[a-zA-Z0-9._-]{1,249}$/;

export function isTopicName(text: string): text is TopicName {
  return legalTopicName.test(text) && text !== "." && text !== "..";
}

/** Checks a name that came from outside; `unprocessable` where Kafka would not take it. */
export function parseTopicName(text: string): TopicName {
  if (isTopicName(text)) return text;
  throw new RelayError(
    "unprocessable",
    `${JSON.stringify(text.slice(0, 300))} is not a valid topic name: a topic name has 1 to 249 letters, digits, ".", "_" or "-", and is neither "." nor "..".`,
    { restCode: 42206 },
  );
}

/** Kafka's own topics (`__consumer_offsets` and its like): neither written, read, altered nor deleted by us. */
export function isInternalTopic(topic: string): boolean {
  return topic.startsWith("__");
}
