/** Records of one partition on their way: parts of calls wait, a batch of them is encoded once and sent until it is resolved, each time the same bytes. */

import {
  type BatchProducer,
  encodeRecordBatch,
  type MeasuredBatch,
  measureRecordBatch,
  writeRecordBatch,
} from "../codec/record-batch-encoder.js";
import type { BatchBytes } from "../protocol/produce.js";
import type { OutgoingRecord } from "../records.js";
import type { ProduceCall } from "./produce-call.js";

/** Records of one call for one partition, in order. */
export interface Part {
  readonly call: ProduceCall;
  readonly records: readonly OutgoingRecord[];
  /** Where each stands in its call. */
  readonly indexes: readonly number[];
  /** At most, in a batch. */
  readonly bytes: number;
}

/** At most, without looking at its text: what a record may take in a batch. */
export function boundBytes({ key, value, headers }: OutgoingRecord): number {
  let bytes = recordOverheadMax + (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) bytes += headerOverheadMax + header.name.length * utf8UnitBytesMax + (header.value?.length ?? 0);
  return bytes;
}

const recordOverheadMax = 36; // length, attributes, timestamp and offset deltas, lengths of key and value, number of headers
const headerOverheadMax = 10;
const utf8UnitBytesMax = 3;

/** The records `from` to `to` of a part. */
export function slice(part: Part, from: number, to: number): Part {
  const records = part.records.slice(from, to);
  return {
    call: part.call,
    records,
    indexes: part.indexes.slice(from, to),
    bytes: records.reduce((sum, record) => sum + boundBytes(record), 0),
  };
}

export class Batch implements BatchBytes {
  readonly parts: readonly Part[];
  readonly records: readonly OutgoingRecord[];
  readonly nowMs: number;
  /** Under way to the leader right now. */
  isInFlight = false;
  /** Some attempt may have been written. */
  isMaybeWritten = false;
  /** Another cluster answers since it was made: its producer id and sequence mean nothing there, and it is not sent again as it is. */
  isStranded = false;
  /** Every attempt in doubt was answered by a broker that does not have the partition: where the topic is gone too, the batch is not in Kafka. */
  isOnlyDisowned = true;
  attempts = 0;
  #producer: BatchProducer | undefined;
  #measured: MeasuredBatch | undefined;
  #bytes: Buffer | undefined;

  constructor(parts: readonly Part[], nowMs: number) {
    const [only] = parts;
    this.parts = parts;
    this.records = parts.length === 1 && only !== undefined ? only.records : parts.flatMap(({ records }) => records);
    this.nowMs = nowMs;
  }

  /** Fixes its bytes: the producer id and the sequence stand in them. */
  seal(producer: BatchProducer, compression: "none" | "gzip"): void {
    this.#producer = producer;
    if (compression === "gzip") this.#bytes = encodeRecordBatch(this.records, { ...producer, nowMs: this.nowMs, compression });
    else this.#measured = measureRecordBatch(this.records, this.nowMs);
  }

  get isSealed(): boolean {
    return this.#producer !== undefined;
  }

  get byteLength(): number {
    return this.#bytes?.length ?? this.#measured?.bytes ?? 0;
  }

  writeTo(target: Buffer, at: number): void {
    if (this.#bytes !== undefined) target.set(this.#bytes, at);
    else if (this.#measured !== undefined && this.#producer !== undefined) {
      this.#bytes = target.subarray(at, writeRecordBatch(this.#measured, target, at, this.#producer));
    }
  }

  /** Is there anybody who still waits for it? */
  get isWanted(): boolean {
    return this.parts.some(({ call }) => !call.isOver);
  }

  /** The longest that anybody waits. */
  get leftMs(): number {
    return this.parts.reduce((longest, { call }) => (call.isOver ? longest : Math.max(longest, call.deadline.leftMs())), 0);
  }

  /** Each record with the call it belongs to, in the order of the batch. */
  visit(visit: (call: ProduceCall, index: number, at: number) => void): void {
    let at = 0;
    for (const { call, indexes } of this.parts) for (let own = 0; own < indexes.length; own++) visit(call, indexes[own] as number, at++);
  }

  /** It is on its way once more. */
  leave(): void {
    this.isInFlight = true;
    this.attempts++;
  }

  /** The attempt that just ended may have been written. `isDisowned`: a broker said that it does not have the partition, instead of saying nothing. */
  doubt(isDisowned: boolean): void {
    this.isMaybeWritten = true;
    if (!isDisowned) this.isOnlyDisowned = false;
  }

  /** Its parts without the records at these places. */
  without(places: ReadonlyMap<number, unknown>): readonly Part[] {
    let at = 0;
    return this.parts.flatMap((part) => {
      const from = at;
      at += part.records.length;
      const kept = part.records.map((_, own) => own).filter((own) => !places.has(from + own));
      if (kept.length === part.records.length) return [part];
      const runs = kept.map((own) => slice(part, own, own + 1));
      return runs.length === 0 ? [] : [join(runs)];
    });
  }
}

function join(parts: readonly Part[]): Part {
  const [{ call }] = parts as readonly [Part];
  return {
    call,
    records: parts.flatMap(({ records }) => records),
    indexes: parts.flatMap(({ indexes }) => indexes),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
