/** What a Fetch's error code means to a reader: ask again where the leader is now, or a row of the failure table. */
import { RelayError } from "../../errors.js";
import type { SetPlace } from "../codec/record-view.js";

export const offsetOutOfRangeCode = 1;

/** Stale metadata, an election under way, a replica that is not ready (https://kafka.apache.org/protocol#protocol_error_codes). */
const movedCodes: ReadonlySet<number> = new Set([3, 5, 6, 9, 56, 74, 75, 78, 100, 103]);

export function isMovedLeader(kafkaCode: number): boolean {
  return movedCodes.has(kafkaCode);
}

/** Is it worth asking again, with fresh metadata, after a request to a leader failed altogether? */
export function isLostLeader(error: RelayError): boolean {
  return error.code === "kafka-unreachable" || error.code === "maybe-written" || error.code === "broker-not-available";
}

export function toReadError(kafkaCode: number, { topic, partition }: SetPlace): RelayError {
  const place = `Partition ${partition} of ${topic}`;
  if (isMovedLeader(kafkaCode)) {
    return new RelayError("leader-not-available", `${place} has no leader that answers at the moment.`, { kafkaCode });
  }
  switch (kafkaCode) {
    case 2:
      return new RelayError("batch-unreadable", `${place} is damaged on the broker.`, { kafkaCode });
    case 29:
      return new RelayError("kafka-forbidden", `We may not read ${topic}: it needs the permission READ on the topic.`, { kafkaCode });
    case 76:
      return new RelayError("unsupported-by-broker", `${place} is compressed by zstd, which this broker does not give to us.`, {
        kafkaCode,
      });
    default:
      return new RelayError("kafka-refused", `${place} was not told: the broker answered error ${kafkaCode}.`, { kafkaCode });
  }
}

export function offsetOutOfRange(topic: string, partition: number, offset: bigint, beginning: bigint, end: bigint): RelayError {
  return new RelayError(
    "offset-out-of-range",
    `Offset ${offset} is not in partition ${partition} of ${topic}, which goes from ${beginning} to ${end}.`,
    { kafkaCode: offsetOutOfRangeCode },
  );
}

export function topicRecreated(topic: string): RelayError {
  return new RelayError(
    "topic-recreated",
    `Topic ${JSON.stringify(topic)} was deleted and created again: the offsets of the old topic say nothing of the records in the new one.`,
  );
}
