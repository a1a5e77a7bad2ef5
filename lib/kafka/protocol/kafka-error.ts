/** A code of Kafka as a failure: callers name the topic, partition or group, and the row of the code says the rest. */
import { RelayError } from "../../errors.js";
import { kafkaError, kafkaErrors } from "./error-codes.js";

/** How messages name a topic, a partition and a group. */
export const topicWords = (topic: string): string => `Topic ${JSON.stringify(topic)}`;
export const partitionWords = (topic: string, partition: number): string => `Partition ${partition} of topic ${JSON.stringify(topic)}`;
export const groupWords = (groupId: string): string => `Group ${JSON.stringify(groupId)}`;

/** A broker's text as the end of our sentence, without its own full stop. */
export function sayIn(text: string | null | undefined): string | undefined {
  const said = text?.replace(/[.\s]+$/, "");
  return said === "" ? undefined : said;
}

/** Why something was not read. `what` begins the sentence: `Topic "orders"`, `Group "billing"`. The broker's own text replaces ours where it explains more. */
export function toKafkaError(code: number, what: string, said: string | null = null): RelayError {
  const { name, failure, message, isSaidByUs } = kafkaError(code);
  const why = (isSaidByUs ? undefined : sayIn(said)) ?? (message === "" ? `Kafka returned ${name}` : message);
  return new RelayError(failure, `${what}: ${why}.`, { kafkaCode: code });
}

/** Why something was not changed, and whether it may have been changed nevertheless. A request that the caller got wrong was refused before anything was done. */
export function toChangeError(code: number, what: string, said: string | null = null): RelayError {
  const error = toKafkaError(code, what, said);
  const isMaybe = kafkaError(code).written === "maybe" && error.failure.blame !== "caller";
  return isMaybe ? new RelayError(error.code, error.message, { kafkaCode: code, written: "maybe" }) : error;
}

/** Why a leader did not do it. A broker that does not lead a partition says that it does not exist; only metadata shows whether it does. */
export function toLeaderError(code: number, topic: string, partition: number): RelayError {
  const what = partitionWords(topic, partition);
  if (code !== kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION.code) return toKafkaError(code, what);
  return new RelayError("leader-not-available", `${what}: the broker that was asked does not have it.`, { kafkaCode: code });
}

/** For a response that leaves out what was asked for. */
export function notAnswered(what: string, written: "no" | "maybe" = "no"): RelayError {
  return new RelayError("kafka-refused", `${what}: Kafka's response does not mention it.`, { written });
}
