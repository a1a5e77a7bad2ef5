/** One call of the producer: an outcome for every record, by its deadline at the latest. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { ProduceOutcome } from "./outcome.js";

/** A partition that holds records of a call. It is called when the call's time is up. */
interface Holder {
  readonly expire: (call: ProduceCall) => void;
}

export class ProduceCall {
  readonly deadline: Deadline;
  readonly ended: Promise<readonly ProduceOutcome[]>;
  readonly #outcomes: (ProduceOutcome | undefined)[];
  readonly #holders: Holder[] = [];
  #open: number;
  #timer: NodeJS.Timeout | undefined;
  #end: (outcomes: readonly ProduceOutcome[]) => void = () => {};

  constructor(recordsCount: number, deadline: Deadline) {
    this.deadline = deadline;
    this.#open = recordsCount;
    this.#outcomes = new Array(recordsCount);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#timer = setTimeout(() => this.#expire(), deadline.leftMs());
  }

  /** Every record has its outcome, so nobody waits any more. */
  get isOver(): boolean {
    return this.#open === 0;
  }

  heldBy(holder: Holder): void {
    this.#holders.push(holder);
  }

  written(index: number, partition: number, offset: bigint, timestampMs: number): void {
    this.#settle(index, { outcome: "written", partition, offset, timestampMs });
  }

  failed(index: number, error: RelayError): void {
    this.#settle(index, { outcome: "failed", error });
  }

  /** The first outcome of a record counts. */
  #settle(index: number, outcome: ProduceOutcome): void {
    if (this.#outcomes[index] !== undefined) return;
    this.#outcomes[index] = outcome;
    this.#open--;
    if (this.#open > 0) return;
    clearTimeout(this.#timer);
    this.#end(this.#outcomes as readonly ProduceOutcome[]);
  }

  /** Every partition that still holds records of this call says what it knows about them. */
  #expire(): void {
    for (const holder of this.#holders) holder.expire(this);
    if (this.isOver) return;
    const error = new RelayError("maybe-written", "The deadline has passed, and the result is unknown. The record may have been written.");
    for (let index = 0; index < this.#outcomes.length; index++) this.failed(index, error);
  }
}
