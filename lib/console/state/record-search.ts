/** What is looked for in records, and how far one step of a search goes: the API looks, and this page asks again until enough was found. Pure. */

/** An event pattern as JSON, and text. Absent: every record. */
export interface RecordSearch {
  readonly filter?: string;
  readonly contains?: string;
}

export const isSearch = ({ filter, contains }: RecordSearch): boolean => filter !== undefined || contains !== undefined;

/** A search pauses after so many records and so much time; it goes on when it is asked to. */
const stepRecordsMax = 500_000;
const stepMs = 20_000;

/** Bounds one step: from one click to the next. */
export class SearchStep {
  readonly #untilMs: number;
  readonly #found: number;
  readonly #wanted: number;
  #looked = 0;

  /** `found`: how many records the list has already; `wanted`: how many more end the step. */
  constructor(found: number, wanted: number, nowMs: number) {
    this.#found = found;
    this.#wanted = wanted;
    this.#untilMs = nowMs + stepMs;
  }

  add(looked: number): void {
    this.#looked += looked;
  }

  isOver(found: number, nowMs: number): boolean {
    return found - this.#found >= this.#wanted || this.#looked >= stepRecordsMax || nowMs >= this.#untilMs;
  }
}
