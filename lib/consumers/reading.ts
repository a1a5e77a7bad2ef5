/** One read of an instance, as short waits one after the other, so that neither a rebalance nor another call has to wait for it. */
import { type Deadline, sooner } from "../deadline.js";
import { RelayError } from "../errors.js";
import type { Kafka } from "../kafka/port.js";
import type { PartitionRead } from "../kafka/read/reader.js";
import { type InstanceOptions, readBytesMax, readRecordsMax } from "./options.js";
import { type Place, toPosition } from "./places.js";
import { toRecordText } from "./record-text.js";
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
  { format, offsetReset }: InstanceOptions,
  collected: Collected,
  bytesMax: number,
  waitMs: number,
  deadline: Deadline,
): Promise<boolean> {
  const { moved } = collected;
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
      if (!(await recovered(kafka, place, read.error, offsetReset, deadline))) failed.push(read.error);
      continue;
    }
    undecodable ??= take(collected, place, read, format);
  }
  if (undecodable !== undefined && collected.texts.length === 0) throw undecodable;
  if (failed[0] !== undefined && failed.length === moved.length && collected.texts.length === 0) throw failed[0];
  return undecodable === undefined && collected.texts.length < readRecordsMax;
}

/** Moves the place past the records that can be written; gives the failure of the first that cannot. */
function take(collected: Collected, place: Place, read: PartitionRead, format: InstanceOptions["format"]): RelayError | undefined {
  place.topicId = read.topicId ?? place.topicId;
  for (const record of read.records) {
    try {
      collected.texts.push(toRecordText(record, format));
    } catch (error) {
      if (error instanceof RelayError) return error;
      throw error;
    }
    place.position = record.offset + 1n;
    place.lastEpoch = undefined;
    collected.last = place;
    collected.bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
  }
  place.position = read.nextOffset;
  place.lastEpoch = read.lastEpoch;
  return undefined;
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
