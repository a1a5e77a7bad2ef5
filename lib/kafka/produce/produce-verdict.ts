/**
 * What a broker's answer to a batch means: written, refused, or unknown. The list of what was surely not written is closed; whatever is not on it may have been.
 * Pure. Codes: https://kafka.apache.org/protocol#protocol_error_codes
 */
import { RelayError } from "../../errors.js";
import type { PartitionAnswer } from "../protocol/produce.js";

export type ProduceVerdict =
  | { readonly verdict: "written" }
  /** Not written: some records are refused one by one, the others may go again without them. */
  | { readonly verdict: "records-refused"; readonly refused: ReadonlyMap<number, RelayError> }
  /** Not written: too large as a whole. */
  | { readonly verdict: "too-large" }
  /** Not written, and which record is at fault is not told: the half of them may go. */
  | { readonly verdict: "halve"; readonly error: RelayError }
  /** Not written, and will not be. */
  | { readonly verdict: "refused"; readonly error: RelayError }
  /** Not written: the broker does not know our producer id or its sequence any more. */
  | { readonly verdict: "new-producer-id"; readonly error: RelayError }
  /** To be sent again byte for byte; `isMaybe`: this attempt may have been written. */
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

const corruptMessage = 2;
const unknownTopicOrPartition = 3;
const messageTooLarge = 10;
const invalidTopic = 17;
const recordListTooLarge = 18;
const notEnoughReplicas = 19;
const topicForbidden = 29;
const clusterForbidden = 31;
const invalidTimestamp = 32;
const policyViolation = 44;
const outOfOrderSequence = 45;
const duplicateSequence = 46;
const invalidProducerEpoch = 47;
const unknownProducerId = 59;
const unsupportedCompression = 76;
const invalidRecord = 87;

/** The closed list: the batch is not on the log, and the sequence is as it was. */
const notWritten: ReadonlySet<number> = new Set([
  corruptMessage,
  messageTooLarge,
  invalidTopic,
  recordListTooLarge,
  notEnoughReplicas,
  topicForbidden,
  clusterForbidden,
  invalidTimestamp,
  policyViolation,
  unsupportedCompression,
  invalidRecord,
]);

/** Leaders move, replicas lag, disks fail, topics are made anew: fresh metadata and the same bytes again. */
const worthAnother: ReadonlySet<number> = new Set([unknownTopicOrPartition, 5, 6, 7, 8, 9, 13, 20, 56, 74, 75]);

/** The broker's state of our producer id is not ours; the append was refused. */
const sequenceFaults: ReadonlySet<number> = new Set([outOfOrderSequence, invalidProducerEpoch, unknownProducerId]);

export function judge(answer: PartitionAnswer, batch: BatchState): ProduceVerdict {
  const { errorCode } = answer;
  if (errorCode === 0 || errorCode === duplicateSequence) return { verdict: "written" };
  const error = toError(answer, batch);
  if (errorCode === notEnoughReplicas || errorCode === corruptMessage) return { verdict: "again", isMaybe: false, error };
  if (worthAnother.has(errorCode)) return { verdict: "again", isMaybe: true, error };
  if (batch.isMaybeWritten)
    return sequenceFaults.has(errorCode) ? { verdict: "again", isMaybe: true, error } : { verdict: "unknown", error };
  if (sequenceFaults.has(errorCode)) return { verdict: "new-producer-id", error };
  if (!notWritten.has(errorCode)) return { verdict: "unknown", error };
  if (errorCode === messageTooLarge || errorCode === recordListTooLarge) return { verdict: "too-large" };
  if (errorCode === invalidRecord || errorCode === invalidTimestamp) return judgeRecords(answer, batch, error);
  return { verdict: "refused", error };
}

function judgeRecords({ errorCode, recordErrors }: PartitionAnswer, batch: BatchState, error: RelayError): ProduceVerdict {
  const refused = new Map(
    recordErrors
      .filter(({ index }) => index >= 0 && index < batch.recordsCount)
      .map(({ index, message }) => [index, toRecordError(errorCode, message, batch)]),
  );
  if (refused.size > 0) return { verdict: "records-refused", refused };
  return batch.recordsCount > 1 ? { verdict: "halve", error } : { verdict: "refused", error };
}

const place = ({ topic, partition }: BatchState): string => `partition ${partition} of topic ${JSON.stringify(topic)}`;

function toRecordError(kafkaCode: number, message: string | null, batch: BatchState): RelayError {
  const why = message === null || message === "" ? refusals.get(kafkaCode) : message.replace(/[.\s]+$/, "");
  return new RelayError("record-refused", `Kafka refused the record for ${place(batch)}: ${why}.`, { kafkaCode });
}

const refusals: ReadonlyMap<number, string> = new Map([
  [invalidRecord, "it does not fit the topic, as one without a key does not fit a compacted topic"],
  [invalidTimestamp, "its timestamp is further from the broker's clock than the topic allows"],
  [policyViolation, "a policy of the cluster forbids it"],
]);

function toError(answer: PartitionAnswer, batch: BatchState): RelayError {
  const { errorCode: kafkaCode, errorMessage } = answer;
  const where = place(batch);
  const said = errorMessage === null || errorMessage === "" ? "" : ` (${errorMessage.replace(/[.\s]+$/, "")})`;
  switch (kafkaCode) {
    case invalidRecord:
    case invalidTimestamp:
    case policyViolation:
      return toRecordError(kafkaCode, errorMessage, batch);
    case unknownTopicOrPartition:
      return new RelayError("kafka-retriable", `The broker asked does not have ${where}.`, { kafkaCode });
    case invalidTopic:
      return new RelayError("kafka-bad-request", `Kafka takes no records for topic ${JSON.stringify(batch.topic)}${said}.`, { kafkaCode });
    case notEnoughReplicas:
      return new RelayError("kafka-retriable", `Too few replicas of ${where} are in sync to take records.`, { kafkaCode });
    case topicForbidden:
      return new RelayError("kafka-forbidden", `We may not write to topic ${JSON.stringify(batch.topic)}.`, { kafkaCode });
    case clusterForbidden:
      return idempotenceForbidden(kafkaCode);
    case unsupportedCompression:
      return new RelayError("kafka-refused", `Kafka does not take the compression of the batch for ${where}.`, { kafkaCode });
    default:
      return worthAnother.has(kafkaCode)
        ? new RelayError("kafka-retriable", `The leader of ${where} could not take the records: error ${kafkaCode}${said}.`, { kafkaCode })
        : new RelayError("kafka-refused", `Kafka answered error ${kafkaCode} for ${where}${said}.`, { kafkaCode });
  }
}

/** Written in so many words, because nothing else says how to go on. */
export function idempotenceForbidden(kafkaCode: number): RelayError {
  return new RelayError(
    "kafka-forbidden",
    "We may not write idempotently: grant kafka-cluster:WriteDataIdempotently (IAM) or IDEMPOTENT_WRITE on the cluster (ACL), or set KAFKA_IDEMPOTENCE=off and live with duplicates after faults.",
    { kafkaCode },
  );
}
