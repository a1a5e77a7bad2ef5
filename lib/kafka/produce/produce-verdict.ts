/** What a broker's answer to a batch means: written, refused, or unknown. The list of what was surely not written is closed; anything else may have been. Pure. */
import { RelayError } from "../../errors.js";
import { isKafkaError, isPassing, type KafkaErrorName, kafkaError, kafkaErrors } from "../protocol/error-codes.js";
import { partitionWords, sayIn } from "../protocol/kafka-error.js";
import type { PartitionAnswer } from "../protocol/produce.js";

export type ProduceVerdict =
  | { readonly verdict: "written" }
  /** Not written: some records are refused one by one, and the others may be sent again without them. */
  | { readonly verdict: "records-refused"; readonly refused: ReadonlyMap<number, RelayError> }
  /** Not written: too large as a whole. */
  | { readonly verdict: "too-large" }
  /** Not written, and the broker does not say which record it refuses: half of them may be sent. */
  | { readonly verdict: "halve"; readonly error: RelayError }
  /** Not written, and will not be. */
  | { readonly verdict: "refused"; readonly error: RelayError }
  /** Not written: the broker no longer knows our producer id or its sequence. */
  | { readonly verdict: "new-producer-id"; readonly error: RelayError }
  /** To be sent again with the same bytes. `isMaybe`: this attempt may have been written. */
  | { readonly verdict: "again"; readonly isMaybe: boolean; readonly error: RelayError }
  /** Nobody can say. */
  | { readonly verdict: "unknown"; readonly error: RelayError };

export interface BatchState {
  readonly topic: string;
  readonly partition: number;
  readonly recordsCount: number;
  /** Some earlier attempt may have been written. */
  readonly isMaybeWritten: boolean;
}

/** The closed list: the batch is not in the log, and the sequence is as it was. */
const notWritten: readonly KafkaErrorName[] = [
  "CORRUPT_MESSAGE",
  "MESSAGE_TOO_LARGE",
  "INVALID_TOPIC_EXCEPTION",
  "RECORD_LIST_TOO_LARGE",
  "NOT_ENOUGH_REPLICAS",
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "INVALID_TIMESTAMP",
  "POLICY_VIOLATION",
  "UNSUPPORTED_COMPRESSION_TYPE",
  "INVALID_RECORD",
];

export function judge(answer: PartitionAnswer, batch: BatchState): ProduceVerdict {
  const { errorCode } = answer;
  if (errorCode === 0 || isKafkaError(errorCode, "DUPLICATE_SEQUENCE_NUMBER")) return { verdict: "written" };
  const error = toError(answer, batch);
  if (isKafkaError(errorCode, "NOT_ENOUGH_REPLICAS", "CORRUPT_MESSAGE")) return { verdict: "again", isMaybe: false, error };
  if (isInDoubtForNow(errorCode)) return { verdict: "again", isMaybe: true, error };
  if (batch.isMaybeWritten) return isSequenceFault(errorCode) ? { verdict: "again", isMaybe: true, error } : { verdict: "unknown", error };
  if (isSequenceFault(errorCode)) return { verdict: "new-producer-id", error };
  if (!isKafkaError(errorCode, ...notWritten)) return { verdict: "unknown", error };
  if (isKafkaError(errorCode, "MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE")) return { verdict: "too-large" };
  if (isKafkaError(errorCode, "INVALID_RECORD", "INVALID_TIMESTAMP")) return judgeRecords(answer, batch, error);
  return { verdict: "refused", error };
}

/** Leaders move, replicas lag, disks fail, topics are created again: fresh metadata and the same bytes again. */
const isInDoubtForNow = (kafkaCode: number): boolean => isPassing(kafkaCode) && kafkaError(kafkaCode).written === "maybe";

/** What the broker knows of our producer id differs from what we know, so it refused to append. */
const isSequenceFault = (kafkaCode: number): boolean =>
  isKafkaError(kafkaCode, "OUT_OF_ORDER_SEQUENCE_NUMBER", "INVALID_PRODUCER_EPOCH", "UNKNOWN_PRODUCER_ID");

function judgeRecords({ errorCode, recordErrors }: PartitionAnswer, batch: BatchState, error: RelayError): ProduceVerdict {
  const refused = new Map(
    recordErrors
      .filter(({ index }) => index >= 0 && index < batch.recordsCount)
      .map(({ index, message }) => [index, toRecordError(errorCode, message, batch)]),
  );
  if (refused.size > 0) return { verdict: "records-refused", refused };
  return batch.recordsCount > 1 ? { verdict: "halve", error } : { verdict: "refused", error };
}

/** In place of the table's words, which are about topics: a leader that has moved does not have the partition either. */
const notHere = "the broker that was asked does not have it";

/** In place of the table's words, which are not about one record. */
const recordRefusals: ReadonlyMap<number, string> = new Map([
  [kafkaErrors.INVALID_RECORD.code, "it does not fit the topic (a compacted topic, for example, needs a key)"],
  [kafkaErrors.INVALID_TIMESTAMP.code, "its timestamp is further from the broker's clock than the topic allows"],
  [kafkaErrors.POLICY_VIOLATION.code, "a policy of the cluster forbids it"],
]);

function toRecordError(kafkaCode: number, message: string | null, { topic, partition }: BatchState): RelayError {
  const why = sayIn(message) ?? recordRefusals.get(kafkaCode);
  return new RelayError(
    "record-refused",
    `Kafka refused the record for partition ${partition} of topic ${JSON.stringify(topic)}: ${why}.`,
    {
      kafkaCode,
    },
  );
}

function toError({ errorCode: kafkaCode, errorMessage }: PartitionAnswer, batch: BatchState): RelayError {
  if (recordRefusals.has(kafkaCode)) return toRecordError(kafkaCode, errorMessage, batch);
  const { name, message } = kafkaError(kafkaCode);
  if (isKafkaError(kafkaCode, "CLUSTER_AUTHORIZATION_FAILED")) return idempotenceForbidden(kafkaCode);
  const what = partitionWords(batch.topic, batch.partition);
  const said = sayIn(errorMessage);
  const why = isKafkaError(kafkaCode, "UNKNOWN_TOPIC_OR_PARTITION") ? notHere : message === "" ? `Kafka returned ${name}` : message;
  return new RelayError(failureOf(kafkaCode), `${what}: ${why}${said === undefined ? "" : ` (${said})`}.`, { kafkaCode });
}

/** A code's failure for a batch. Only a leader that has moved, or a broker that is late, says that a partition does not exist: asking again gives the truth. */
function failureOf(kafkaCode: number): RelayError["code"] {
  if (isKafkaError(kafkaCode, "INVALID_TOPIC_EXCEPTION", "TOPIC_AUTHORIZATION_FAILED")) return kafkaError(kafkaCode).failure;
  return isInDoubtForNow(kafkaCode) || isKafkaError(kafkaCode, "NOT_ENOUGH_REPLICAS") ? "kafka-retriable" : "kafka-refused";
}

/** Spelled out, because nothing else says how to go on. */
export function idempotenceForbidden(kafkaCode: number): RelayError {
  return new RelayError(
    "kafka-forbidden",
    "Kafka does not authorize us to write idempotently. Grant kafka-cluster:WriteDataIdempotently (IAM) or IDEMPOTENT_WRITE on the cluster (ACL), or set KAFKA_IDEMPOTENCE=off and accept duplicates after faults.",
    { kafkaCode },
  );
}
