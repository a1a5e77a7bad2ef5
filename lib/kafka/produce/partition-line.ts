/** One partition's line of records: at most one batch of it is in progress, and its sequence moves only when that batch is resolved. */
import type { RelayError } from "../../errors.js";
import type { PartitionAnswer } from "../protocol/produce.js";
import { Batch, type Doubt, graver } from "./batch.js";
import type { ProduceCall } from "./call.js";
import { clusterReplaced, toMaybeWritten, toNotSent, toOutOfTime } from "./failed-records.js";
import type { Part } from "./part.js";
import type { ProducerIdentity } from "./producer-ids.js";
import { advanced, atNextEpoch, batchProducer, identified, type Sequence, unidentified, withoutIdentity } from "./sequence.js";
import { WaitingParts } from "./waiting-parts.js";

/**
 * `open`: the next batch may be sent as soon as the leader's next request leaves. Otherwise nothing is sent meanwhile: a producer id is being asked for, a batch is in
 * flight, fresh metadata is waited for, or the topic is asked how large a batch may be.
 */
type LineState = "open" | "identifying" | "in-flight" | "looking-again" | "asking-limit";

export class PartitionLine {
  readonly topic: string;
  readonly partition: number;
  state: LineState = "open";
  /** The batch that is not resolved yet. */
  batch: Batch | undefined;
  /** Attempts in a row that failed. */
  failuresInRow = 0;
  /** What went wrong last, for records whose time runs out. */
  trouble: RelayError | undefined;
  /** Records that a batch may have while a refusal does not say which record it is about. */
  #recordsMax = Number.POSITIVE_INFINITY;
  #leader: number | null = null;
  #leaderEpoch: number | undefined;
  #sequence: Sequence = unidentified;
  readonly #waiting = new WaitingParts();

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Null: none is known. */
  get leader(): number | null {
    return this.#leader;
  }

  /**
   * True: it has another leader than before. The answer of a late broker, which still names a former leader, has a lower epoch (KIP-320) and is ignored. Give
   * no epoch where another topic may have this name, because its epochs start over.
   */
  follow(leader: number | null, leaderEpoch: number | undefined): boolean {
    if (leaderEpoch !== undefined && this.#leaderEpoch !== undefined && leaderEpoch < this.#leaderEpoch) return false;
    const hasMoved = leader !== this.#leader;
    this.#leader = leader;
    this.#leaderEpoch = leaderEpoch;
    return hasMoved;
  }

  // --- the producer id and the sequence ---

  get needsIdentity(): boolean {
    return this.#sequence.identity === undefined;
  }

  /** It has never had an identity: its first one is the id that all partitions share. */
  get isNew(): boolean {
    return this.#sequence.isNew;
  }

  identify(identity: ProducerIdentity): void {
    this.#sequence = identified(identity);
  }

  forgetIdentity(): void {
    this.#sequence = withoutIdentity(this.#sequence);
  }

  // --- from waiting records to a batch ---

  get hasWork(): boolean {
    return this.batch !== undefined || !this.#waiting.isEmpty;
  }

  /** Records wait for the next batch, and no earlier one is unresolved. */
  get isGathering(): boolean {
    return this.batch === undefined && !this.#waiting.isEmpty;
  }

  add(part: Part): void {
    this.#waiting.add(part);
    part.call.heldBy(this);
  }

  /** The batch to send now: the unresolved one, or a new one of what waits. Undefined if nobody waits. */
  nextBatch(bytesMax: number, nowMs: number): Batch | undefined {
    if (this.batch?.isWanted === false) this.#abandon();
    if (this.batch === undefined) {
      const parts = this.#waiting.take(bytesMax, this.#recordsMax);
      if (this.#waiting.isEmpty) this.#recordsMax = Number.POSITIVE_INFINITY;
      if (parts.length > 0) this.batch = new Batch(parts, nowMs);
    }
    return this.batch;
  }

  /** The batch gets its producer id and sequence, once, and is on its way. */
  send(batch: Batch, compression: "none" | "gzip"): void {
    const producer = batchProducer(this.#sequence);
    if (producer !== undefined) batch.seal(producer, compression);
    batch.attempts++;
    this.state = "in-flight";
  }

  // --- what became of the batch ---

  written(batch: Batch, { baseOffset, logAppendTimeMs }: PartitionAnswer): void {
    const appendTimeMs = Number(logAppendTimeMs);
    batch.visit((call, index, at) => {
      // A broker that recognizes an old duplicate may no longer know its offset.
      const offset = baseOffset < 0n ? baseOffset : baseOffset + BigInt(at);
      call.written(index, this.partition, offset, appendTimeMs >= 0 ? appendTimeMs : (batch.records[at]?.timestampMs ?? batch.nowMs));
    });
    this.#sequence = advanced(this.#sequence, batch.records.length);
    this.#resolve();
  }

  /** The batch was surely not written: its records come first again, in batches of at most `recordsMax` records. */
  putBack(parts: readonly Part[], recordsMax?: number): void {
    if (recordsMax !== undefined) this.#recordsMax = recordsMax;
    this.batch = undefined;
    this.#waiting.putBack(parts);
  }

  /** The batch was not written, and will not be. */
  refuse(error: RelayError): void {
    this.batch?.visit((call, index) => call.failed(index, error));
    this.#failBehind(error);
    this.#resolve();
  }

  /** Nobody can say whether the batch was written: its sequence cannot be used again, so the partition goes on under the next epoch. */
  leaveUnresolved(error: RelayError): void {
    const failure = toMaybeWritten(error);
    this.batch?.visit((call, index) => call.failed(index, failure));
    this.#failBehind(failure);
    this.doubt("open");
    this.#abandon();
  }

  /** What the attempt that has just ended may have done. */
  doubt(doubt: Doubt): void {
    if (this.batch !== undefined) this.batch.doubt = graver(this.batch.doubt, doubt);
  }

  /** Everything here fails for one reason; what may have been written says so. `isGone`: several answers agree that the partition no longer exists. */
  failAll(error: RelayError, isGone = false): void {
    const isInDoubt = this.batch?.isMaybeWritten === true && !(isGone && this.batch.doubt === "disowned");
    if (isInDoubt) this.leaveUnresolved(error);
    else this.refuse(error);
    this.#waiting.failAll(error);
    if (isGone) this.forgetIdentity();
  }

  #resolve(): void {
    this.batch = undefined;
    this.failuresInRow = 0;
    this.trouble = undefined;
  }

  /**
   * Records after a failed batch of the same call are not sent: what is written of a call is always a prefix of each partition, so that a caller who repeats
   * the rest keeps the order. Only a record that fails for its own sake leaves a gap, because it will never be written.
   */
  #failBehind(error: RelayError): void {
    if (this.batch === undefined || error.failure.blame === "record") return;
    this.#waiting.fail(new Set(this.batch.parts.map(({ call }) => call)), toNotSent(error, this));
  }

  #abandon(): void {
    if (this.batch?.isMaybeWritten === true) this.#sequence = atNextEpoch(this.#sequence);
    this.batch = undefined;
  }

  // --- another cluster, and time that runs out ---

  /** Another cluster answers now: the sequence starts over there. A batch in flight is judged when it is answered, or fails. */
  clusterChanged(): void {
    this.#sequence = { ...this.#sequence, identity: undefined, isNew: true };
    if (this.batch === undefined) return;
    this.batch.isStranded = true;
    if (this.state !== "in-flight") this.leaveStranded();
  }

  /** What may be in the old cluster is not sent to the new one; what was never sent is, under the new sequence. */
  leaveStranded(): void {
    const { batch } = this;
    if (batch?.isStranded !== true) return;
    if (batch.isMaybeWritten) this.leaveUnresolved(clusterReplaced());
    else this.putBack(batch.parts);
  }

  /** The longest time that anybody here still waits. */
  get leftMs(): number {
    return Math.max(this.batch?.leftMs ?? 0, this.#waiting.leftMs);
  }

  abandonUnwanted(): void {
    if (this.batch?.isWanted === false) this.#abandon();
    this.#waiting.dropOver();
  }

  /** The call's time is up: what was never sent is not written, what was sent may be. */
  expire(call: ProduceCall): void {
    const outOfTime = toOutOfTime(this.trouble, this);
    const { batch } = this;
    if (batch !== undefined) {
      const error = this.state === "in-flight" || batch.isMaybeWritten ? toMaybeWritten(this.trouble) : outOfTime;
      batch.visit((owner, index) => {
        if (owner === call) call.failed(index, error);
      });
    }
    this.#waiting.expire(call, outOfTime);
  }
}
