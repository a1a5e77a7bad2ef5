/** Reads records from a body as it arrives, a bounded number of bytes ahead of the code that takes them. */
import { isUtf8 } from "node:buffer";
import { RelayError, toRelayError } from "../../errors.js";
import { noBody } from "../produce/record-members.js";
import { readV3Part, type V3Entry } from "../produce/v3-body.js";
import { RecordCutter } from "./record-cutter.js";

/** What a record takes in memory beside its own bytes, roughly. */
const entryBytes = 128;

export class RecordIntake {
  /** Why it ended before the body did; undefined while it goes on, and if the body was read to its end. */
  fault: RelayError | undefined;
  readonly #bytesMax: number;
  #waiting: V3Entry[] = [];
  #waitingBytes = 0;
  #readCount = 0;
  #isEnded = false;
  #wakeTaker: () => void = () => {};
  #wakeReader: () => void = () => {};

  /** `bytesMax`: of one record. Records that wait here may take half of it, because as much again is being written. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Reads until the body ends, is not JSON or fails, or until `stop`. Never throws: `fault` says why. */
  async read(chunks: AsyncIterable<Buffer>): Promise<void> {
    const cutter = new RecordCutter();
    try {
      for await (const chunk of chunks) {
        this.#add(cutter.cut(chunk));
        if (cutter.isBroken || this.#isEnded) break;
        if (cutter.leftBytes > this.#bytesMax) throw recordTooLarge(this.#readCount, this.#bytesMax);
        while (this.#waitingBytes >= this.#bytesMax / 2 && !this.#isEnded)
          await new Promise<void>((resolve) => {
            this.#wakeReader = resolve;
          });
      }
      this.#add(cutter.rest());
      this.#end(this.#readCount === 0 ? noBody(42206) : undefined);
    } catch (thrown) {
      this.#end(toRelayError(thrown));
    }
  }

  /** The next records, as soon as there are any; undefined at the end. */
  async take(recordsMax: number): Promise<readonly V3Entry[] | undefined> {
    while (this.#waiting.length === 0) {
      if (this.#isEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeTaker = resolve;
      });
    }
    if (this.#waiting.length > recordsMax) return this.#waiting.splice(0, recordsMax);
    const taken = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#wakeReader();
    return taken;
  }

  /** Ends it for a reason that has nothing to do with the body. What waits is dropped, so that no record without a report is written. */
  stop(fault?: RelayError): void {
    if (!this.#isEnded || this.#waiting.length > 0) {
      this.#waiting = [];
      this.fault = fault;
    }
    this.#isEnded = true;
    this.#wakeTaker();
    this.#wakeReader();
  }

  #add(bytes: Buffer | undefined): void {
    if (bytes === undefined || bytes.length === 0 || this.#isEnded) return;
    if (!isUtf8(bytes)) {
      this.#end(notUtf8(this.#readCount));
      return;
    }
    const { entries, malformed } = readV3Part(bytes, this.#readCount);
    this.#readCount += entries.length;
    this.#waitingBytes += bytes.length + entries.length * entryBytes;
    for (const entry of entries) this.#waiting.push(entry);
    if (malformed !== undefined) this.#end(inRecord(this.#readCount, malformed));
    else if (entries.length > 0) this.#wakeTaker();
  }

  #end(fault: RelayError | undefined): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.fault = fault;
    this.#wakeTaker();
  }
}

/** Without the place of the byte, which counts from where the text was cut. */
function inRecord(index: number, malformed: RelayError): RelayError {
  return new RelayError(malformed.code, `record ${index}: ${malformed.message.replace(/at byte \d+, /, "")}`, { cause: malformed });
}

function notUtf8(index: number): RelayError {
  return new RelayError(
    "malformed-json",
    `The body is not valid UTF-8 in record ${index} or soon after it, so it cannot be parsed as JSON.`,
  );
}

function recordTooLarge(index: number, bytesMax: number): RelayError {
  return new RelayError(
    "too-large",
    `record ${index} has more than ${bytesMax} bytes, the most that a record in a stream may have (RELAY_STREAM_BYTES_MAX).`,
  );
}
