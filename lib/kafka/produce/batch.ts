/** A batch of one partition: encoded once, and sent again with the same bytes until it is known what became of it. */
import {
  type BatchProducer,
  encodeRecordBatch,
  type MeasuredBatch,
  measureRecordBatch,
  writeRecordBatch,
} from "../codec/record-batch-encoder.js";
import type { OutgoingRecord } from "../records.js";
import type { ProduceCall } from "./call.js";
import type { OutgoingBatch } from "./leader-lines.js";
import { type Part, withoutPlaces } from "./part.js";

/**
 * What earlier attempts left behind. `none`: no attempt was written. `disowned`: every attempt in doubt was answered by a broker that does not have the
 * partition, so that the batch is not in Kafka if the topic is gone too. `open`: some attempt may have been written.
 */
export type Doubt = "none" | "disowned" | "open";

/** Doubt never becomes smaller: what one attempt may have done, no later one undoes. */
export function graver(one: Doubt, other: Doubt): Doubt {
  if (one === "open" || other === "open") return "open";
  return one === "disowned" || other === "disowned" ? "disowned" : "none";
}

export class Batch implements OutgoingBatch {
  readonly parts: readonly Part[];
  readonly records: readonly OutgoingRecord[];
  readonly nowMs: number;
  doubt: Doubt = "none";
  /** Another cluster has answered since it was made: its producer id and sequence mean nothing there, so it is not sent again as it is. */
  isStranded = false;
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

  /** Some attempt may have been written. */
  get isMaybeWritten(): boolean {
    return this.doubt !== "none";
  }

  /** Fixes its bytes, once: they contain the producer id and the sequence. */
  seal(producer: BatchProducer, compression: "none" | "gzip"): void {
    if (this.#producer !== undefined) return;
    this.#producer = producer;
    if (compression === "gzip") this.#bytes = encodeRecordBatch(this.records, { ...producer, nowMs: this.nowMs, compression });
    else this.#measured = measureRecordBatch(this.records, this.nowMs);
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

  /** Somebody still waits for it. */
  get isWanted(): boolean {
    return this.parts.some(({ call }) => !call.isOver);
  }

  /** The longest time that any call still waits for it. */
  get leftMs(): number {
    return this.parts.reduce((longest, { call }) => (call.isOver ? longest : Math.max(longest, call.deadline.leftMs())), 0);
  }

  /** Each record with its call, in the order of the batch. */
  visit(visit: (call: ProduceCall, index: number, at: number) => void): void {
    let at = 0;
    for (const { call, indexes } of this.parts) for (let own = 0; own < indexes.length; own++) visit(call, indexes[own] as number, at++);
  }

  /** Its parts without the records at these places of the batch. */
  without(places: ReadonlyMap<number, unknown>): readonly Part[] {
    if (places.size === 0) return this.parts;
    let at = 0;
    return this.parts.flatMap((part) => {
      const from = at;
      at += part.records.length;
      return withoutPlaces(part, (own) => places.has(from + own));
    });
  }
}
