/** The records of one partition that wait for the function, in offset order. */
import { type Rows, WaitingRecord } from "./rows.js";

export class WaitingRows {
  readonly #rows: Rows[] = [];
  /** The first row of the first of them that still waits. */
  #from = 0;
  #count = 0;
  #bytes = 0;
  #oldestAtMs = 0;

  get count(): number {
    return this.#count;
  }

  /** As the payload counts them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the first of them arrived, or when records were last taken from before it. */
  get oldestAtMs(): number {
    return this.#oldestAtMs;
  }

  /** The payload of the record that is taken next; 0 where none waits. */
  get firstBytes(): number {
    return this.#rows[0]?.payload(this.#from) ?? 0;
  }

  /** The offset of the record that is taken next. */
  get firstOffset(): number | undefined {
    return this.#rows[0]?.offset(this.#from);
  }

  add(rows: Rows, nowMs: number): void {
    if (rows.count === 0) return;
    if (this.#count === 0) this.#oldestAtMs = nowMs;
    this.#rows.push(rows);
    this.#count += rows.count;
    this.#bytes += rows.payloadBytes;
  }

  /** From the front, within both limits. The window of the rest begins now. */
  take(countMax: number, bytesMax: number, nowMs: number): readonly WaitingRecord[] {
    const taken: WaitingRecord[] = [];
    let bytesLeft = bytesMax;
    for (let rows = this.#rows[0]; rows !== undefined && taken.length < countMax; rows = this.#rows[0]) {
      const payloadBytes = rows.payload(this.#from);
      if (payloadBytes > bytesLeft) break;
      bytesLeft -= payloadBytes;
      taken.push(new WaitingRecord(rows, this.#from));
      this.#pass(rows);
    }
    this.#oldestAtMs = nowMs;
    return taken;
  }

  dropBelow(offset: number): void {
    for (let rows = this.#rows[0]; rows !== undefined && rows.offset(this.#from) < offset; rows = this.#rows[0]) this.#pass(rows);
  }

  clear(): void {
    this.#rows.length = 0;
    this.#from = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  #pass(rows: Rows): void {
    this.#count--;
    this.#bytes -= rows.payload(this.#from);
    this.#from++;
    if (this.#from < rows.count) return;
    this.#rows.shift();
    this.#from = 0;
  }
}
