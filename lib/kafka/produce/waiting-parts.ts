/** The parts of calls that wait for a batch of their partition, in order. */
import type { RelayError } from "../../errors.js";
import { batchHeaderBytes } from "../codec/record-batch-encoder.js";
import type { ProduceCall } from "./call.js";
import { boundBytes, type Part, slice } from "./part.js";

export class WaitingParts {
  #parts: Part[] = [];

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  add(part: Part): void {
    this.#parts.push(part);
  }

  /** These come before everything else again. */
  putBack(parts: readonly Part[]): void {
    this.#parts.unshift(...parts);
  }

  /** Takes what fits into one batch. At least one record always fits. Parts of calls that are over are dropped. */
  take(bytesMax: number, recordsMax: number): readonly Part[] {
    const taken: Part[] = [];
    let bytes = batchHeaderBytes;
    let count = 0;
    for (let part = this.#parts[0]; part !== undefined; part = this.#parts[0]) {
      if (part.call.isOver) {
        this.#parts.shift();
        continue;
      }
      const fitting = fittingRecords(part, bytesMax - bytes, recordsMax - count, count === 0);
      if (fitting === 0) break;
      this.#parts.shift();
      if (fitting < part.records.length) {
        taken.push(slice(part, 0, fitting));
        this.#parts.unshift(slice(part, fitting, part.records.length));
        break;
      }
      taken.push(part);
      bytes += part.bytes;
      count += part.records.length;
    }
    return taken;
  }

  /** The longest time that any call still waits. */
  get leftMs(): number {
    return this.#parts.reduce((longest, { call }) => (call.isOver ? longest : Math.max(longest, call.deadline.leftMs())), 0);
  }

  dropOver(): void {
    this.#parts = this.#parts.filter(({ call }) => !call.isOver);
  }

  /** Fails what waits of these calls, and forgets it. */
  fail(calls: ReadonlySet<ProduceCall>, error: RelayError): void {
    for (const { call, indexes } of this.#parts) if (calls.has(call)) for (const index of indexes) call.failed(index, error);
    this.#parts = this.#parts.filter(({ call }) => !calls.has(call));
  }

  failAll(error: RelayError): void {
    this.fail(new Set(this.#parts.map(({ call }) => call)), error);
  }

  /** Fails what waits of a call whose time is up. It is forgotten when the next batch is taken. */
  expire(expired: ProduceCall, error: RelayError): void {
    for (const { call, indexes } of this.#parts) if (call === expired) for (const index of indexes) call.failed(index, error);
  }
}

/** How many of the part's first records fit into what is left of a batch. One record always fits into an empty batch. */
function fittingRecords(part: Part, bytesLeft: number, recordsLeft: number, isBatchEmpty: boolean): number {
  if (part.bytes <= bytesLeft && part.records.length <= recordsLeft) return part.records.length;
  let bytes = 0;
  let fitting = 0;
  for (const record of part.records) {
    bytes += boundBytes(record);
    if ((bytes > bytesLeft || fitting >= recordsLeft) && !(isBatchEmpty && fitting === 0)) break;
    fitting++;
  }
  return fitting;
}
