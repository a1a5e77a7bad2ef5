/** One reader of a topic: first by itself, until it has caught up; then with all others that want the same; and by itself again if it falls behind. */
import { setTimeout as sleep } from "node:timers/promises";
import { createDeadline } from "../../deadline.js";
import { type RelayError, toRelayError } from "../../errors.js";
import type { Reader } from "../../kafka/read/reader.js";
import { MovingCursor, parseCursor } from "../read/record-cursor.js";
import type { Followed, Followers } from "./followers.js";
import { createPatience } from "./patience.js";
import { readStep } from "./read-step.js";
import { beat, type Frame, type FrameForm, gapText, problemText } from "./record-frames.js";
import { eventsType } from "./stream-types.js";
import type { TopicFollower } from "./topic-follower.js";

interface RecordStreamParts {
  readonly reader: Reader;
  readonly form: FrameForm;
  readonly followed: Followed;
  readonly inTurn: Followers["inTurn"];
  readonly heartbeatMs: number;
  /** Ends the stream after so many records. */
  readonly recordsMax: number;
  readonly gone: AbortSignal;
  /** Watches for what ends the stream from outside; returns what ends the watch. */
  readonly watch: (end: (why: RelayError) => void) => () => void;
}

type Chunk = string | Uint8Array;

const stepTimeoutMs = 15_000;
const changeWaitMs = 500;
/** A browser that lost the stream comes back after so long. */
const reconnectMs = 1_000;

export class RecordStream {
  readonly #parts: RecordStreamParts;
  readonly #over = new AbortController();
  #cursor: MovingCursor;
  #left: number;
  #lastSentMs = 0;
  #ended: RelayError | undefined;
  readonly #patience = createPatience();

  constructor(cursor: MovingCursor, parts: RecordStreamParts) {
    this.#parts = parts;
    this.#cursor = cursor;
    this.#left = parts.recordsMax;
  }

  /** Ends with the reason as its last event, unless the client has gone or has what it asked for. `first`: sent before anything else. */
  async *chunks(first: readonly Chunk[]): AsyncGenerator<Chunk> {
    const { form, gone, watch, followed } = this.#parts;
    const onGone = () => this.#over.abort();
    gone.addEventListener("abort", onGone);
    const unwatch = watch((why) => this.#end(why));
    try {
      yield form.type === eventsType ? `retry: ${reconnectMs}\n\n` : "";
      yield* first;
      while (this.#isOn()) {
        yield* this.#catchUp();
        if (this.#isOn()) yield* this.#follow(followed.follower(this.#cursor.snapshot()));
      }
      if (this.#ended !== undefined) yield problemText(form.type, this.#ended);
    } catch (thrown) {
      yield problemText(form.type, toRelayError(thrown));
    } finally {
      unwatch();
      gone.removeEventListener("abort", onGone);
      followed.release();
    }
  }

  /** Reads once before the reply, so that what cannot be read at all has a status of its own. Returns what is to be sent first. */
  async begin(): Promise<readonly Chunk[]> {
    const start = beat(this.#parts.form.type, this.#cursor.text());
    const { chunks } = await this.#read(undefined);
    return [start, ...chunks];
  }

  #isOn(): boolean {
    return !this.#over.signal.aborted && this.#left > 0;
  }

  /** By itself, as far as there is anything. */
  async *#catchUp(): AsyncGenerator<Chunk> {
    for (let isAtEnd = false; this.#isOn() && !isAtEnd; ) {
      const read = await this.#read(undefined);
      yield* read.chunks;
      if (this.#isBeatDue()) yield this.#beat(this.#cursor.text());
      ({ isAtEnd } = read);
    }
  }

  /** With the others: exactly from where the follower stands, so that nothing is missing or repeated between both. */
  async *#follow(follower: TopicFollower): AsyncGenerator<Chunk> {
    // This reader may have read a moment further than the follower.
    while (this.#isOn() && this.#isAheadOf(follower)) {
      if (follower.failure !== undefined) throw follower.failure;
      await follower.change(changeWaitMs, this.#over.signal);
      if (this.#isBeatDue()) yield this.#beat(this.#cursor.text());
    }
    const [number, offsets] = [follower.nextNumber, follower.offsets()];
    for (const partition of offsets.keys())
      if (this.#cursor.offsetOf(partition) === undefined) this.#cursor.moveTo(partition, 0n, undefined);
    while (this.#isOn() && this.#isBehind(offsets)) {
      const read = await this.#read(offsets);
      yield* read.chunks;
      // Where a log has become shorter, there is nothing to read up to: look again from the start.
      if (!read.hasMoved && this.#isBehind(offsets)) {
        await sleep(changeWaitMs);
        return;
      }
    }
    yield* this.#live(follower, number);
  }

  async *#live(follower: TopicFollower, from: number): AsyncGenerator<Chunk> {
    const { form, heartbeatMs } = this.#parts;
    let cursor = this.#cursor.text();
    for (let number = from; this.#isOn(); ) {
      const frame = follower.frame(number);
      if (frame === undefined) break; // this reader has fallen too far behind
      if (frame !== "next") {
        number++;
        ({ cursor } = frame);
        yield this.#cut(frame);
      } else if (follower.failure !== undefined) throw follower.failure;
      else if (this.#isBeatDue()) yield this.#beat(follower.cursorText());
      else await follower.change(this.#lastSentMs + heartbeatMs - Date.now() + 1, this.#over.signal);
    }
    this.#cursor = new MovingCursor(parseCursor(cursor, form.topic));
  }

  async #read(until: ReadonlyMap<number, bigint> | undefined) {
    const { reader, form, inTurn } = this.#parts;
    const limits = { waitMs: 0, ...(until === undefined ? {} : { until }) };
    const step = await inTurn(() => readStep(reader, this.#cursor, form, limits, createDeadline(stepTimeoutMs)));
    const chunks: Chunk[] = step.frame === undefined ? [] : [this.#cut(step.frame)];
    for (const gap of step.gaps) chunks.push(gapText(form.type, gap, this.#cursor.text()));
    if (chunks.length > 0) this.#lastSentMs = Date.now();
    if (step.fatal !== undefined) {
      if (chunks.length === 0) throw step.fatal;
      this.#end(step.fatal);
    }
    await this.#patience.after(step.trouble);
    return { chunks, hasMoved: step.hasMoved || step.gaps.length > 0, isAtEnd: step.isAtEnd && step.trouble === undefined };
  }

  /** Of the last frame, only as many records as are still wanted. */
  #cut({ bytes, ends }: Frame): Uint8Array {
    this.#lastSentMs = Date.now();
    const isWhole = ends.length <= this.#left;
    const end = isWhole ? bytes.length : (ends[this.#left - 1] ?? 0);
    this.#left -= Math.min(this.#left, ends.length);
    return bytes.subarray(0, end);
  }

  #isBeatDue(): boolean {
    return Date.now() - this.#lastSentMs > this.#parts.heartbeatMs;
  }

  #beat(cursor: string): string {
    this.#lastSentMs = Date.now();
    return beat(this.#parts.form.type, cursor);
  }

  #isAheadOf(follower: TopicFollower): boolean {
    const offsets = follower.offsets();
    return this.#cursor.positions.some(({ partition, offset }) => offset > (offsets.get(partition) ?? 0n));
  }

  #isBehind(offsets: ReadonlyMap<number, bigint>): boolean {
    return [...offsets].some(([partition, offset]) => (this.#cursor.offsetOf(partition) ?? 0n) < offset);
  }

  #end(why: RelayError): void {
    this.#ended = why;
    this.#over.abort();
  }
}
