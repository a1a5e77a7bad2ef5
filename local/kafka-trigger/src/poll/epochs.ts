/** Under which leaders a partition's records were written, so that a replaced log is noticed. Pure. */

const entriesMax = 64;

export class LeaderEpochs {
  #entries: { readonly from: number; readonly epoch: number }[] = [];

  /** Records from `from` on belong to `epoch`, until the next entry. */
  note(from: number, epoch: number): void {
    const last = this.#entries.at(-1);
    if (epoch < 0 || (last !== undefined && (epoch <= last.epoch || from < last.from))) return;
    this.#entries.push({ from, epoch });
    if (this.#entries.length > entriesMax) this.#entries.shift();
  }

  /** The epoch of the last record before an offset. */
  before(offset: number): number | undefined {
    return this.#entries.findLast(({ from }) => from < offset)?.epoch;
  }

  /** Forgets everything from `offset` on; the record before it belongs to `epoch`. */
  cut(offset: number, epoch: number): void {
    this.#entries = this.#entries.filter((entry) => entry.from < offset && entry.epoch <= epoch);
    this.note(offset - 1, epoch);
  }

  clear(): void {
    this.#entries = [];
  }
}
