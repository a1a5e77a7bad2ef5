/** Follows a topic for all readers that want the same of it in the same form: one read at the brokers, and the latest frames in memory. */
import { setTimeout as sleep } from "node:timers/promises";
import { createDeadline } from "../../deadline.js";
import { type RelayError, toRelayError } from "../../errors.js";
import type { KnowsTopics } from "../../kafka/metadata.js";
import type { Reader } from "../../kafka/read/reader.js";
import { MovingCursor, type RecordCursor } from "../read/record-cursor.js";
import { createPatience } from "./patience.js";
import { readStep } from "./read-step.js";
import { type Frame, type FrameForm, gapText } from "./record-frames.js";

interface FollowedTopic {
  readonly kafka: KnowsTopics;
  /** With connections of its own for long polls. */
  readonly reader: Reader;
  readonly form: FrameForm;
}

/** How long a broker may hold one read. */
const waitMs = 2_000;
const stepTimeoutMs = 15_000;
/** Records that come one by one are read together: there are no more than so many reads per second. */
const gatherMs = 10;
/** Partitions may be added. */
const partitionsCheckMs = 5_000;
/** Of the latest frames: a reader that falls further behind reads by itself until it has caught up. */
const historyBytesMax = 2_097_152;

export class TopicFollower {
  /** Set: it has ended, and so do its readers. */
  failure: RelayError | undefined;
  readonly #followed: FollowedTopic;
  readonly #isWholeTopic: boolean;
  readonly #cursor: MovingCursor;
  readonly #frames: Frame[] = [];
  readonly #waiting = new Set<() => void>();
  #framesBytes = 0;
  #firstNumber = 0;
  #isClosed = false;

  constructor(followed: FollowedTopic, start: RecordCursor) {
    this.#followed = followed;
    this.#isWholeTopic = start.isWholeTopic;
    this.#cursor = new MovingCursor(start);
    void this.#follow();
  }

  /** The number of the frame that comes next. */
  get nextNumber(): number {
    return this.#firstNumber + this.#frames.length;
  }

  /** Where that frame goes on. */
  offsets(): ReadonlyMap<number, bigint> {
    return new Map(this.#cursor.positions.map(({ partition, offset }) => [partition, offset]));
  }

  cursorText(): string {
    return this.#cursor.text();
  }

  /** "next": it has not come yet; undefined: it is no longer kept. */
  frame(number: number): Frame | "next" | undefined {
    return number >= this.nextNumber ? "next" : this.#frames[number - this.#firstNumber];
  }

  /** Resolves when there is something new here, after `limitMs`, or when `over` is aborted. */
  change(limitMs: number, over: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        over.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      this.#waiting.add(done);
      over.addEventListener("abort", done);
      if (over.aborted || this.failure !== undefined) done();
    });
  }

  close(): void {
    this.#isClosed = true;
  }

  async #follow(): Promise<void> {
    const { reader, form } = this.#followed;
    const patience = createPatience();
    let checkedAtMs = Date.now();
    try {
      while (!this.#isClosed) {
        const step = await readStep(reader, this.#cursor, form, { waitMs }, createDeadline(stepTimeoutMs));
        if (step.frame !== undefined) this.#keep(step.frame);
        for (const gap of step.gaps) this.#keep(this.#gapFrame(gapText(form.type, gap, this.cursorText())));
        if (step.hasMoved || step.gaps.length > 0) this.#wakeAll();
        if (step.fatal !== undefined) throw step.fatal;
        await patience.after(step.trouble);
        if (this.#isWholeTopic && Date.now() - checkedAtMs > partitionsCheckMs) {
          await this.#addPartitions();
          checkedAtMs = Date.now();
        }
        if (step.hasMoved) await sleep(gatherMs);
      }
    } catch (thrown) {
      this.failure = toRelayError(thrown);
      this.#wakeAll();
    }
  }

  #gapFrame(text: string): Frame {
    return { bytes: Buffer.from(text), ends: [], cursor: this.cursorText() };
  }

  #keep(frame: Frame): void {
    this.#frames.push(frame);
    this.#framesBytes += frame.bytes.length;
    while (this.#framesBytes > historyBytesMax && this.#frames.length > 1) {
      this.#framesBytes -= this.#frames.shift()?.bytes.length ?? 0;
      this.#firstNumber++;
    }
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** A broker that does not answer now is asked again later; a topic that is gone is noticed by the read. */
  async #addPartitions(): Promise<void> {
    const { kafka, form } = this.#followed;
    const topic = await kafka.metadata.topic(form.topic, createDeadline(stepTimeoutMs), { ageMaxMs: 0 }).catch(() => undefined);
    if (topic === undefined || topic.topicId !== this.#cursor.topicId) return;
    for (const { partition } of topic.partitions)
      if (this.#cursor.offsetOf(partition) === undefined) this.#cursor.moveTo(partition, 0n, undefined);
  }
}
