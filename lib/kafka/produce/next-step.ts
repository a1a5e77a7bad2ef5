/** What happens next to a batch, by what its leader answered, or by why it did not. Pure: `partition-flow.ts` carries the steps out. */
import type { RelayError } from "../../errors.js";
import { isKafkaError } from "../protocol/error-codes.js";
import type { PartitionAnswer } from "../protocol/produce.js";
import type { Doubt } from "./batch.js";
import { type BatchState, judge } from "./produce-verdict.js";

/** A batch whose attempt has just ended. */
export interface EndedAttempt extends BatchState {
  /** How often it was sent. */
  readonly attempts: number;
  /** Attempts in a row that failed in this partition. */
  readonly failuresInRow: number;
}

export type Step =
  | { readonly step: "written"; readonly answer: PartitionAnswer }
  /** The same bytes again, after a pause and fresh metadata. `doubt`: what this attempt may have done. */
  | { readonly step: "send-again"; readonly doubt: Doubt; readonly error: RelayError }
  /** Not written: its records come first again, except the refused ones, in batches of at most `recordsMax` records. */
  | { readonly step: "put-back"; readonly refused: ReadonlyMap<number, RelayError>; readonly recordsMax?: number }
  /** Not written: its records come first again under another producer id. */
  | { readonly step: "put-back-under-another-id" }
  /** Not written: too large, so its records go in smaller batches. */
  | { readonly step: "make-smaller" }
  /** Not written, and will not be. */
  | { readonly step: "refuse"; readonly error: RelayError; readonly needsAnotherId: boolean }
  /** Nobody can say whether it was written. `isTrouble`: what failed also explains why later records are not sent. */
  | { readonly step: "leave-unresolved"; readonly error: RelayError; readonly isTrouble: boolean };

/** How often a batch may be sent under another producer id, or be refused as damaged or out of order, before that is its result. */
const repeatsMax = 3;

const none: ReadonlyMap<number, RelayError> = new Map();

export function afterAnswer(answer: PartitionAnswer, attempt: EndedAttempt): Step {
  const verdict = judge(answer, attempt);
  switch (verdict.verdict) {
    case "written":
      return { step: "written", answer };
    case "records-refused":
      return { step: "put-back", refused: verdict.refused };
    case "too-large":
      return { step: "make-smaller" };
    case "halve":
      return { step: "put-back", refused: none, recordsMax: Math.ceil(attempt.recordsCount / 2) };
    case "refused":
      return { step: "refuse", error: verdict.error, needsAnotherId: false };
    case "new-producer-id":
      return attempt.failuresInRow < repeatsMax
        ? { step: "put-back-under-another-id" }
        : { step: "refuse", error: verdict.error, needsAnotherId: true };
    case "again": {
      const doubt = !verdict.isMaybe ? "none" : isDisowned(answer.errorCode) ? "disowned" : "open";
      const isHopeless = staysWrong(answer.errorCode) && attempt.attempts > repeatsMax;
      return isHopeless ? giveUp(verdict.error, doubt, attempt) : { step: "send-again", doubt, error: verdict.error };
    }
    case "unknown":
      return { step: "leave-unresolved", error: verdict.error, isTrouble: false };
  }
}

/** The request was not answered: either it was not sent, or it may have been received. */
export function afterSilence(error: RelayError, attempt: EndedAttempt): Step {
  const doubt = error.failure.written === "maybe" ? "open" : "none";
  return isWorthAnother(error) ? { step: "send-again", doubt, error } : giveUp(error, doubt, attempt);
}

function giveUp(error: RelayError, doubt: Doubt, { isMaybeWritten }: EndedAttempt): Step {
  return isMaybeWritten || doubt !== "none"
    ? { step: "leave-unresolved", error, isTrouble: true }
    : { step: "refuse", error, needsAnotherId: false };
}

/** What a failed look at the metadata means for a partition: it is gone, it fails for good, or it is looked for again. */
export function afterFailedLook(error: RelayError): "gone" | "fail" | "look-again" {
  if (error.code === "topic-not-found") return "gone";
  return isWorthAnother(error) ? "look-again" : "fail";
}

/** Whether nothing was sent or something may have been: the same bytes may go again. */
function isWorthAnother({ code }: RelayError): boolean {
  return (
    code === "maybe-written" ||
    code === "kafka-unreachable" ||
    code === "broker-not-available" ||
    code === "leader-not-available" ||
    code === "deadline-exceeded"
  );
}

const isDisowned = (kafkaCode: number): boolean => isKafkaError(kafkaCode, "UNKNOWN_TOPIC_OR_PARTITION");

/** Damaged, or out of order when it is sent again: waiting does not change that. */
const staysWrong = (kafkaCode: number): boolean =>
  isKafkaError(kafkaCode, "CORRUPT_MESSAGE", "OUT_OF_ORDER_SEQUENCE_NUMBER", "INVALID_PRODUCER_EPOCH", "UNKNOWN_PRODUCER_ID");
