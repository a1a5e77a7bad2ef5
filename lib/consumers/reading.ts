/** One read of an instance, as short waits one after the other, so that neither a rebalance nor another call has to wait for it. */
import { type Deadline, sooner } from "../deadline.js";
import { RelayError } from "../errors.js";
import type { Kafka } from "../kafka/port.js";
import type { PartitionRead } from "../kafka/read/reader.js";
import type { KafkaRecord } from "../kafka/records.js";
import { type InstanceOptions, readBytesMax, readRecordsMax, typeOfFormat } from "./options.js";
import { type Place, toPosition } from "./places.js";
import { toDecodedText, toRecordText } from "./record-text.js";
import { noPosition, resetPlaces, withoutPosition } from "./starting-points.js";

/** How long one wait at the brokers lasts. */
export const sliceMs = 500;
/** A leader that died may take so long to be replaced; a read that has nothing else waits for it. */
const sliceDeadlineMs = 8_000;

export interface ReadRequest {
  readonly timeoutMs: number;
  readonly bytesMax: number;
}

interface Collected {
  /** JSON, in the order of offsets within each partition. */
  readonly texts: string[];
  /** Copies of the places, moved on: nothing has been read before the instance takes them over. */
  readonly moved: readonly Place[];
  bytes: number;
  /** The partition of the last record. */
  last: Place | undefined;
}

export const startCollecting = (places: readonly Place[]): Collected => ({
  texts: [],
  moved: places.map((place) => ({ ...place })),
  bytes: 0,
  last: undefined,
});

/**
 * Reads on for a moment at most. Throws `record-undecodable` if nothing was collected and the next record of a partition cannot be written in the instance's format,
 * and what is wrong with all partitions if nothing can be read. False: there is no use in reading on, since the next record of a partition cannot be written.
 */
export async function collectMore(
  kafka: Kafka,
  options: InstanceOptions,
  collected: Collected,
  bytesMax: number,
  waitMs: number,
  deadline: Deadline,
): Promise<boolean> {
  const { moved } = collected;
  const writer = await textWriter(options, deadline);
  const lost = moved.find(({ position }) => position === noPosition);
  if (lost !== undefined) throw withoutPosition(lost);
  const limits = {
    bytesMax: Math.min(readBytesMax, Math.max(1, bytesMax - collected.bytes)),
    recordsMax: readRecordsMax - collected.texts.length,
    waitMs: Math.min(sliceMs, waitMs),
  };
  const reads = await kafka.reader.read(moved.map(toPosition), limits, sooner(deadline, sliceDeadlineMs));
  const failed: RelayError[] = [];
  let undecodable: RelayError | undefined;
  for (const [index, read] of reads.entries()) {
    const place = moved[index] as Place;
    if (read.error !== undefined && read.records.length === 0) {
      if (!(await recovered(kafka, place, read.error, options.offsetReset, deadline))) failed.push(read.error);
      continue;
    }
    undecodable ??= await take(collected, place, read, writer, bytesMax);
  }
  if (undecodable !== undefined && collected.texts.length === 0) throw undecodable;
  if (failed[0] !== undefined && failed.length === moved.length && collected.texts.length === 0) throw failed[0];
  return undecodable === undefined && collected.texts.length < readRecordsMax;
}

interface WrittenRecord {
  readonly text: string;
  /** What it counts towards `bytesMax`. */
  readonly bytes: number;
}

type RecordTextWriter = (record: KafkaRecord) => WrittenRecord | Promise<WrittenRecord>;

async function textWriter({ format, deserializer }: InstanceOptions, deadline: Deadline): Promise<RecordTextWriter> {
  if (format === "binary" || format === "json" || format === "text")
    return (record) => ({ text: toRecordText(record, format), bytes: (record.key?.length ?? 0) + (record.value?.length ?? 0) });
  const opened = await deserializer();
  return async (record) => {
    const text = await toDecodedText(record, typeOfFormat[format], opened, deadline);
    // A decoded value may be far longer than its bytes.
    return { text, bytes: text.length };
  };
}

/** Moves the place past the records that can be written; gives the failure of the first that cannot. */
async function take(
  collected: Collected,
  place: Place,
  read: PartitionRead,
  write: RecordTextWriter,
  bytesMax: number,
): Promise<RelayError | undefined> {
  place.topicId = read.topicId ?? place.topicId;
  for (const record of read.records) {
    try {
      const written = write(record);
      const { text, bytes } = written instanceof Promise ? await written : written;
      // An answer that its host refuses would lose what it has passed over.
      if (collected.texts.length > 0 && collected.bytes + bytes > bytesMax) return answerFull(bytesMax);
      collected.texts.push(text);
      collected.bytes += bytes;
    } catch (error) {
      if (error instanceof RelayError) return error;
      throw error;
    }
    place.position = record.offset + 1n;
    place.lastEpoch = undefined;
    collected.last = place;
  }
  place.position = read.nextOffset;
  place.lastEpoch = read.lastEpoch;
  return undefined;
}

function answerFull(bytesMax: number): RelayError {
  return new RelayError("too-large", `The next record does not fit an answer of ${bytesMax} bytes with those before it.`);
}

/** An offset that is not kept any more, or of a topic that was created again, has a new start. */
async function recovered(
  kafka: Kafka,
  place: Place,
  error: RelayError,
  offsetReset: InstanceOptions["offsetReset"],
  deadline: Deadline,
): Promise<boolean> {
  if (error.code !== "offset-out-of-range" && error.code !== "topic-recreated") return false;
  const to = error.code === "topic-recreated" ? "earliest" : offsetReset; // nothing of a new topic has been read
  const [start] = await resetPlaces(kafka, [place], to, deadline);
  if (start !== undefined) Object.assign(place, { position: start.position, topicId: undefined, lastEpoch: undefined });
  return true;
}
