/** One partition's line of records: at most one batch of it is under way, and its sequence moves only when that one is resolved. */
import { RelayError } from "../../errors.js";
import { batchHeaderBytes } from "../codec/record-batch-encoder.js";
import type { PartitionAnswer } from "../protocol/produce.js";
import { Batch, boundBytes, type Part, slice } from "./produce-batch.js";
import type { ProduceCall } from "./produce-call.js";
import type { ProducerIdentity } from "./producer-ids.js";

const sequencesCount = 0x8000_0000; // after 2^31 - 1 comes 0
const epochLast = 32_766; // of 16 bits, less the one that Kafka keeps for itself

export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  #leader: number | null = null;
  #leaderEpoch: number | undefined;
  /** Undefined: a new one is needed, and with it the sequence begins anew. */
  identity: ProducerIdentity | undefined;
  /** Has it ever had one? The first is the one that all partitions share. */
  isNew = true;
  /** In flight, or waiting for metadata, an id or a pause: nothing else is sent meanwhile. */
  isBusy = false;
  batch: Batch | undefined;
  /** Records a batch may hold, while a refusal does not say which of them is at fault. */
  recordsMax = Number.POSITIVE_INFINITY;
  failuresInRow = 0;
  /** What went wrong last, for those whose time runs out. */
  trouble: RelayError | undefined;
  #waiting: Part[] = [];
  #nextSequence = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Null: none is known. */
  get leader(): number | null {
    return this.#leader;
  }

  /**
   * True: it has another leader than before. An answer of a late broker, which still names a former leader, has a lower epoch (KIP-320) and is ignored. Give
   * no epoch where another topic may have taken the name, because its epochs start over.
   */
  follow(leader: number | null, leaderEpoch: number | undefined): boolean {
    if (leaderEpoch !== undefined && this.#leaderEpoch !== undefined && leaderEpoch < this.#leaderEpoch) return false;
    const hasMoved = leader !== this.#leader;
    this.#leader = leader;
    this.#leaderEpoch = leaderEpoch;
    return hasMoved;
  }

  add(part: Part): void {
    this.#waiting.push(part);
    part.call.heldBy(this);
  }

  /** A batch that was surely not written is taken apart, and its records come first again. */
  putBack(parts: readonly Part[]): void {
    this.batch = undefined;
    this.#waiting.unshift(...parts);
  }

  /** The batch to send now: the unresolved one, or a new one of what waits. Undefined where nobody waits. */
  take(bytesMax: number, nowMs: number): Batch | undefined {
    if (this.batch !== undefined && !this.batch.isWanted) this.abandon();
    if (this.batch === undefined) {
      const parts = this.#takeParts(bytesMax);
      if (parts.length > 0) this.batch = new Batch(parts, nowMs);
    }
    return this.batch;
  }

  get hasWork(): boolean {
    return this.batch !== undefined || this.#waiting.length > 0;
  }

  #takeParts(bytesMax: number): readonly Part[] {
    const parts: Part[] = [];
    let bytes = batchHeaderBytes;
    let count = 0;
    for (let part = this.#waiting[0]; part !== undefined; part = this.#waiting[0]) {
      if (part.call.isOver) {
        this.#waiting.shift();
        continue;
      }
      const fits =
        bytes + part.bytes <= bytesMax && count + part.records.length <= this.recordsMax
          ? part.records.length
          : this.#fitting(part, bytes, count, bytesMax);
      if (fits === 0) break;
      this.#waiting.shift();
      if (fits < part.records.length) {
        parts.push(slice(part, 0, fits));
        this.#waiting.unshift(slice(part, fits, part.records.length));
        break;
      }
      parts.push(part);
      bytes += part.bytes;
      count += part.records.length;
    }
    if (this.#waiting.length === 0) this.recordsMax = Number.POSITIVE_INFINITY;
    return parts;
  }

  /** How many of the part's first records fit beside what is there; one always fits into an empty batch. */
  #fitting(part: Part, bytesBefore: number, countBefore: number, bytesMax: number): number {
    let bytes = bytesBefore;
    let fits = 0;
    for (const record of part.records) {
      bytes += boundBytes(record);
      if ((bytes > bytesMax || countBefore + fits >= this.recordsMax) && countBefore + fits > 0) break;
      fits++;
    }
    return fits;
  }

  /** Gives the batch its producer id and sequence, once. */
  seal(batch: Batch, compression: "none" | "gzip"): void {
    if (batch.isSealed || this.identity === undefined) return;
    const isAnonymous = this.identity.producerId < 0n;
    batch.seal({ ...this.identity, baseSequence: isAnonymous ? -1 : this.#nextSequence }, compression);
  }

  identify(identity: ProducerIdentity): void {
    this.identity = identity;
    this.isNew = false;
    this.#nextSequence = 0;
  }

  written(batch: Batch, { baseOffset, logAppendTimeMs }: PartitionAnswer): void {
    const appendTimeMs = Number(logAppendTimeMs);
    batch.visit((call, index, at) => {
      // A duplicate so old that the broker does not know its place any more has none to tell.
      const offset = baseOffset < 0n ? baseOffset : baseOffset + BigInt(at);
      call.written(index, this.partition, offset, appendTimeMs >= 0 ? appendTimeMs : (batch.records[at]?.timestampMs ?? batch.nowMs));
    });
    this.#nextSequence = (this.#nextSequence + batch.records.length) % sequencesCount;
    this.#resolved();
  }

  #resolved(): void {
    this.batch = undefined;
    this.failuresInRow = 0;
    this.trouble = undefined;
  }

  /** The batch is not written, and will not be. */
  refused(error: RelayError): void {
    this.batch?.visit((call, index) => call.failed(index, error));
    this.#failBehind(error);
    this.#resolved();
  }

  /**
   * Records behind a failed batch of the same call are not sent: what is written of a call is always a prefix of each partition, so that a caller who repeats
   * the rest keeps the order. Only a record that fails for its own sake leaves a gap, because it will never be written.
   */
  #failBehind(error: RelayError): void {
    if (this.batch === undefined || error.failure.blame === "record") return;
    const calls = new Set(this.batch.parts.map(({ call }) => call));
    const failure = toNotSent(error, this);
    for (const { call, indexes } of this.#waiting) if (calls.has(call)) for (const index of indexes) call.failed(index, failure);
    this.#waiting = this.#waiting.filter(({ call }) => !calls.has(call));
  }

  /** Nobody can say whether the batch was written: its sequence cannot be used again, so the partition begins anew under the next epoch. */
  unresolved(error: RelayError): void {
    const failure = toMaybeWritten(error);
    this.batch?.visit((call, index) => call.failed(index, failure));
    this.#failBehind(failure);
    this.batch?.doubt(false);
    this.abandon();
  }

  /** Everything here fails for one reason; what may have been written says so. `isGone`: several answers agree that the partition does not exist any more. */
  failAll(error: RelayError, isGone = false): void {
    if (this.batch?.isMaybeWritten === true && !(isGone && this.batch.isOnlyDisowned)) this.unresolved(error);
    else this.refused(error);
    for (const { call, indexes } of this.#waiting) for (const index of indexes) call.failed(index, error);
    this.#waiting = [];
    if (isGone) this.identity = undefined;
  }

  /** Another cluster answers now: the sequence begins anew there. A batch in flight is judged when its answer, or its failure, is there. */
  clusterChanged(): void {
    this.identity = undefined;
    this.isNew = true;
    if (this.batch === undefined) return;
    this.batch.isStranded = true;
    if (!this.batch.isInFlight) this.leaveStranded();
  }

  /** What may be in the old cluster is not sent to the new one; what was never sent is, under the new sequence. */
  leaveStranded(): void {
    const { batch } = this;
    if (batch?.isStranded !== true) return;
    if (!batch.isMaybeWritten) this.putBack(batch.parts);
    else this.unresolved(new RelayError("kafka-unreachable", "Another Kafka cluster answers now than the one the record was sent to."));
  }

  /** The longest that anybody here waits. */
  get waitsMs(): number {
    return this.#waiting.reduce(
      (longest, { call }) => (call.isOver ? longest : Math.max(longest, call.deadline.leftMs())),
      this.batch?.leftMs ?? 0,
    );
  }

  abandonUnwanted(): void {
    if (this.batch?.isWanted === false) this.abandon();
    this.#waiting = this.#waiting.filter(({ call }) => !call.isOver);
  }

  abandon(): void {
    if (this.batch?.isMaybeWritten === true) this.#beginEpoch();
    this.batch = undefined;
  }

  /**
   * What is still on its way must not be written behind newer records: the leader refuses an epoch below the last that it saw of a producer id, which it could not do
   * under another id (https://cwiki.apache.org/confluence/display/KAFKA/KIP-360%3A+Improve+reliability+of+idempotent%2Ftransactional+producer).
   */
  #beginEpoch(): void {
    const { identity } = this;
    const hasNext = identity !== undefined && identity.producerId >= 0n && identity.producerEpoch < epochLast;
    this.identity = hasNext ? { ...identity, producerEpoch: identity.producerEpoch + 1 } : undefined;
    this.#nextSequence = 0;
  }

  /** The call's time is up: what was never sent is not written, what was sent may be. */
  expire(call: ProduceCall): void {
    const notSent =
      this.trouble?.failure.written === "no"
        ? this.trouble
        : new RelayError(
            "deadline-exceeded",
            `No time was left to send the record to partition ${this.partition} of topic ${JSON.stringify(this.topic)}.`,
          );
    const { batch } = this;
    if (batch !== undefined) {
      const inDoubt = batch.isInFlight || batch.isMaybeWritten;
      const error = inDoubt ? toMaybeWritten(this.trouble) : notSent;
      batch.visit((owner, index) => {
        if (owner === call) call.failed(index, error);
      });
    }
    for (const part of this.#waiting) if (part.call === call) for (const index of part.indexes) call.failed(index, notSent);
  }
}

/** Of a record behind a batch that failed. */
function toNotSent(error: RelayError, { topic, partition }: PartitionQueue): RelayError {
  const code = error.failure.written === "no" ? error.code : "kafka-retriable";
  const { kafkaCode, retryAfterMs } = error.details;
  return new RelayError(
    code,
    `The record was not sent, because one before it failed in partition ${partition} of topic ${JSON.stringify(topic)}: ${error.message}`,
    {
      cause: error,
      written: "no",
      ...(kafkaCode === undefined ? {} : { kafkaCode }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  );
}

function toMaybeWritten(cause: RelayError | undefined): RelayError {
  const why = cause === undefined ? "Kafka did not answer in time." : cause.message;
  const kafkaCode = cause?.details.kafkaCode;
  return new RelayError("maybe-written", `${why} The record may have been written.`, {
    cause,
    ...(kafkaCode === undefined ? {} : { kafkaCode }),
  });
}
