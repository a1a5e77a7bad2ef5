/** One step of a stream: a bounded read from where a cursor stands, written as a frame, and what happened to its partitions. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { PartitionProgress, Reader } from "../../kafka/read/reader.js";
import type { MovingCursor } from "../read/record-cursor.js";
import { type Frame, type FrameForm, FrameWriter, type Gap } from "./record-frames.js";

interface StepLimits {
  /** How long to wait while there is nothing new. */
  readonly waitMs: number;
  /** Partitions to read, each up to its offset; absent: all, as far as they go. */
  readonly until?: ReadonlyMap<number, bigint>;
}

interface Step {
  /** Absent: no record came, or none that the filter lets through. */
  readonly frame: Frame | undefined;
  readonly gaps: readonly Gap[];
  /** Records were read, whether the filter let them through or not. */
  readonly hasMoved: boolean;
  /** Everything that is there now has been read. */
  readonly isAtEnd: boolean;
  /** Why a partition could not be read this time, though it may be later. */
  readonly trouble: RelayError | undefined;
  /** What ends the stream, once the frame is sent: a topic that is gone or another one, a permission that is missing, a batch that cannot be read. */
  readonly fatal: RelayError | undefined;
}

/** Of records per step: what a reader holds at most while its client does not read. */
const stepBytesMax = 262_144;
const stepRecordsMax = 10_000;

/** Moves `cursor`. Throws if the read as a whole fails. */
export async function readStep(
  reader: Reader,
  cursor: MovingCursor,
  form: FrameForm,
  { waitMs, until }: StepLimits,
  deadline: Deadline,
): Promise<Step> {
  const writer = new FrameWriter(form, cursor, deadline);
  const limits = { bytesMax: stepBytesMax, recordsMax: stepRecordsMax, waitMs };
  let last: number | undefined;
  const visit = () =>
    reader.visit(positionsToRead(cursor, until), limits, deadline, (place, view) => {
      const end = until?.get(place.partition);
      if ((end !== undefined && view.offset >= end) || !writer.visit(place, view)) return false;
      last = place.partition;
      return true;
    });
  let progress = await visit();
  for (let waiting = writer.takeWaiting(); waiting !== undefined; waiting = writer.takeWaiting()) {
    await waiting;
    progress = await visit();
  }
  // Before the frame is finished: its cursor is past what is never shown.
  const ends = progress.map((one) => moveOn(cursor, one));
  if (last !== undefined) cursor.serveLast(last);
  return {
    frame: writer.count === 0 ? undefined : writer.finish(),
    gaps: ends.flatMap(({ gap }) => gap ?? []),
    isAtEnd: last === undefined || progress.every(({ nextOffset, highWatermark }) => highWatermark >= 0n && nextOffset >= highWatermark),
    hasMoved: last !== undefined,
    trouble: ends.find(({ error }) => error?.failure.isRetriable === true)?.error,
    fatal: ends.find(({ error }) => error?.failure.isRetriable === false)?.error,
  };
}

function positionsToRead(cursor: MovingCursor, until: StepLimits["until"]): MovingCursor["positions"] {
  const { positions } = cursor;
  return until === undefined ? positions : positions.filter(({ partition, offset }) => offset < (until.get(partition) ?? 0n));
}

function moveOn(cursor: MovingCursor, progress: PartitionProgress): { readonly error?: RelayError; readonly gap?: Gap } {
  const { partition, nextOffset, lastEpoch, truncatedTo, error, logStartOffset } = progress;
  if (error?.code === "offset-out-of-range" && nextOffset < logStartOffset) {
    const isFromTheBeginning = nextOffset === 0n;
    cursor.moveTo(partition, logStartOffset, undefined);
    return isFromTheBeginning ? {} : { gap: { partition, deleted_before: Number(logStartOffset) } };
  }
  if (error !== undefined) return { error: error.code === "topic-recreated" ? startOver(error) : error };
  cursor.moveTo(partition, nextOffset, lastEpoch);
  return truncatedTo === undefined ? {} : { gap: { partition, truncated_to: Number(truncatedTo) } };
}

function startOver(recreated: RelayError): RelayError {
  const message = `${recreated.message} Start over with from=beginning or from=end, and without a cursor or Last-Event-ID.`;
  return new RelayError("topic-recreated", message, { cause: recreated });
}
