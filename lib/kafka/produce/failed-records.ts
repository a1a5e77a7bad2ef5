/** The errors of records that were not acknowledged: not sent, out of time, or perhaps written. */
import { RelayError } from "../../errors.js";

interface Place {
  readonly topic: string;
  readonly partition: number;
}

const placeWords = ({ topic, partition }: Place): string => `partition ${partition} of topic ${JSON.stringify(topic)}`;

/** For a record that stood after a batch that failed. */
export function toNotSent(error: RelayError, place: Place): RelayError {
  const code = error.failure.written === "no" ? error.code : "kafka-retriable";
  const { kafkaCode, retryAfterMs } = error.details;
  return new RelayError(code, `The record was not sent, because an earlier record for ${placeWords(place)} failed: ${error.message}`, {
    cause: error,
    written: "no",
    ...(kafkaCode === undefined ? {} : { kafkaCode }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

export function toMaybeWritten(cause: RelayError | undefined): RelayError {
  const why = cause === undefined ? "Kafka did not answer in time." : cause.message;
  const kafkaCode = cause?.details.kafkaCode;
  return new RelayError("maybe-written", `${why} The record may have been written.`, {
    cause,
    ...(kafkaCode === undefined ? {} : { kafkaCode }),
  });
}

/** For a record that was never sent: the last trouble of its partition, where there was one. */
export function toOutOfTime(trouble: RelayError | undefined, place: Place): RelayError {
  if (trouble?.failure.written === "no") return trouble;
  return new RelayError("deadline-exceeded", `There was no time left to send the record to ${placeWords(place)}.`);
}

export const leaderMissing = ({ topic, partition }: Place): RelayError =>
  new RelayError("leader-not-available", `Partition ${partition} of topic ${JSON.stringify(topic)} has no leader at the moment.`);

export const clusterReplaced = (): RelayError =>
  new RelayError("kafka-unreachable", "The Kafka cluster that answers now is not the one that the record was sent to.");

export const producerClosed = (): RelayError => new RelayError("kafka-unreachable", "The producer has been closed.");
