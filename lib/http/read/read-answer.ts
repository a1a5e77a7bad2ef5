/** The answer to one read: positions from the query, records written as text straight from the fetched bytes, within what the host can return. */
import { type Deadline, sooner } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { Kafka } from "../../kafka/port.js";
import type { PartitionProgress, ReadPosition } from "../../kafka/read/reader.js";
import { positionsOf } from "./read-positions.js";
import {
  bytesDefault,
  bytesMax,
  isFiltered,
  type ReadQuery,
  recordsDefault,
  type Start,
  scannedBytesMax,
  scannedDefault,
} from "./read-query.js";
import { type CursorPosition, toCursorText } from "./record-cursor.js";
import type { DecodingOptions } from "./record-decoding.js";
import type { RecordFormats } from "./record-json.js";
import { createRecordWriter, type RecordStyle, type RecordWriter } from "./record-writer.js";

interface ReadRequest {
  readonly topic: string;
  readonly partitions: readonly number[] | "all";
  readonly start: Start;
  readonly query: Pick<ReadQuery, "limit" | "bytes_max" | "wait_ms" | "filter" | "contains" | "scan_max">;
  readonly formats: RecordFormats;
  readonly style: RecordStyle;
  /** What the host returns at most. */
  readonly replyBytesMax: number;
  /** By the schemas that records name; absent: no registry is configured. */
  readonly decoding?: Pick<DecodingOptions, "open" | "logical"> | undefined;
}

export interface PartitionResult extends PartitionProgress {
  /** The read asked for records before this offset, which are deleted, and continued here. */
  readonly deletedBefore?: bigint;
  /** Of the first record that is given. */
  readonly firstOffset?: bigint;
}

export interface ReadAnswer {
  /** The JSON texts of the records, joined by commas. */
  readonly recordsJson: string;
  readonly partitions: readonly PartitionResult[];
  readonly cursor: string;
  /** Of a filtered read: the records it looked at, and whether it ended because it may look at no more. */
  readonly scan?: { readonly scanned: number; readonly isLimited: boolean };
}

/** Subtracted from the wait, so that there is time to answer. */
const answerMarginMs = 1_000;
/** How often a read moves on to the first record that is kept: retention may delete more in the meantime. */
const deletedTriesMax = 3;

/**
 * Throws a failure that all partitions share. If only some fail, each of them has its error in the answer and keeps its position in the cursor.
 */
export async function readRecords(kafka: Kafka, request: ReadRequest, deadline: Deadline): Promise<ReadAnswer> {
  const { topic, query, start } = request;
  const writer = createRecordWriter(request, deadline);
  const positions = await positionsOf(kafka, request, deadline);
  const patience = sooner(deadline, Math.min(query.wait_ms ?? 0, Math.max(0, deadline.leftMs() - answerMarginMs)));
  const results = new Map<number, PartitionProgress>();
  const deletedBefore = new Map<number, bigint>();

  let open: readonly ReadPosition[] = positions;
  let tries = 0;
  while (open.length > 0 && tries <= deletedTriesMax) {
    const before = writer.scanned();
    const progress = await kafka.reader.visit(open, limitsOf(query, writer, patience.leftMs()), deadline, writer.visit);
    const asked = open;
    const moved = pastDeleted(progress, asked);
    for (const one of [...progress, ...moved]) results.set(one.partition, one);
    if (start.at !== "beginning") for (const { partition, nextOffset } of moved) deletedBefore.set(partition, nextOffset);
    open = moved.map(({ partition, nextOffset, topicId }) => ({ topic, partition, offset: nextOffset, topicId }));
    tries++;
    const waiting = writer.takeWaiting();
    if (waiting !== undefined) {
      await waiting;
      open = asked.map((position) => goneOn(position, results.get(position.partition)));
      tries = 0;
      continue;
    }
    // Records that do not match end the wait at the broker, but not the caller's wait.
    const isStillWaiting = open.length === 0 && isFiltered(query) && writer.count() === 0 && !writer.isScanLimited();
    if (!isStillWaiting || writer.scanned() === before || patience.leftMs() <= 0) continue;
    open = asked.map((position) => goneOn(position, results.get(position.partition)));
    tries = 0;
  }
  const partitions = [...results.values()]
    .sort((one, other) => one.partition - other.partition)
    .map((one): PartitionResult => {
      const before = deletedBefore.get(one.partition);
      const first = writer.firstOffset(one.partition);
      return { ...one, ...(before === undefined ? {} : { deletedBefore: before }), ...(first === undefined ? {} : { firstOffset: first }) };
    });
  assertSameTopic(partitions, start);
  if (writer.count() === 0) assertSomethingRead(partitions);
  const served = rotated(positions, writer.lastPartition());
  return {
    ...(!isFiltered(query) ? {} : { scan: { scanned: writer.scanned(), isLimited: writer.isScanLimited() } }),
    recordsJson: writer.finish(),
    partitions,
    cursor: toCursorText({
      topic,
      ...topicIdOf(partitions),
      isWholeTopic: start.at === "cursor" ? start.cursor.isWholeTopic : request.partitions === "all",
      positions: served.map(({ partition, offset, lastEpoch }) => toCursorPosition(partition, results.get(partition), offset, lastEpoch)),
    }),
  };
}

/** Partitions whose records from the offset that was asked for on are deleted: they go on at the first one that is kept. */
function pastDeleted(progress: readonly PartitionProgress[], asked: readonly ReadPosition[]): readonly PartitionProgress[] {
  return progress.flatMap(({ topic, partition, error, highWatermark, logStartOffset, topicId }, index): readonly PartitionProgress[] => {
    const { offset } = asked[index] as ReadPosition;
    if (error?.code !== "offset-out-of-range" || offset >= logStartOffset) return [];
    return [{ topic, partition, nextOffset: logStartOffset, highWatermark, logStartOffset, ...(topicId === undefined ? {} : { topicId }) }];
  });
}

function goneOn(position: ReadPosition, result: PartitionProgress | undefined): ReadPosition {
  if (result === undefined || result.error !== undefined) return position;
  const { topicId, lastEpoch } = result;
  return {
    ...position,
    offset: result.nextOffset,
    ...(topicId === undefined ? {} : { topicId }),
    ...(lastEpoch === undefined ? {} : { lastEpoch }),
  };
}

/** All partitions belong to the same topic: a read that finds two topic ids fails. */
function topicIdOf(partitions: readonly PartitionResult[]): { readonly topicId?: string } {
  const topicId = partitions.find((one) => one.topicId !== undefined)?.topicId;
  return topicId === undefined ? {} : { topicId };
}

/** Where the next read continues. A partition that could not be read keeps its position. */
function toCursorPosition(
  partition: number,
  result: PartitionProgress | undefined,
  offset: bigint,
  epoch: number | undefined,
): CursorPosition {
  const lastEpoch = result === undefined ? epoch : result.lastEpoch;
  return { partition, offset: result?.nextOffset ?? offset, ...(lastEpoch === undefined ? {} : { lastEpoch }) };
}

function limitsOf(query: ReadRequest["query"], writer: RecordWriter, waitMs: number) {
  // The writer limits what a filtered read returns. These are the limits of what it looks at.
  if (isFiltered(query))
    return {
      bytesMax: scannedBytesMax,
      recordsMax: (query.scan_max ?? scannedDefault) - writer.scanned(),
      waitMs: writer.count() > 0 ? 0 : waitMs,
    };
  return {
    bytesMax: Math.max(1, Math.min(query.bytes_max ?? bytesDefault, bytesMax) - writer.bytes()),
    recordsMax: (query.limit ?? recordsDefault) - writer.count(),
    waitMs: writer.count() > 0 ? 0 : waitMs,
  };
}

function assertSameTopic(partitions: readonly PartitionResult[], start: Start): void {
  const recreated = partitions.find(({ error }) => error?.code === "topic-recreated")?.error;
  if (recreated !== undefined) throw start.at === "cursor" ? cursorOutlived(recreated) : recreated;
}

/** A failure of all partitions is the answer to the call. A failure of some, or one after records that are returned, stands beside the records. */
function assertSomethingRead(partitions: readonly PartitionResult[]): void {
  const [first] = partitions;
  if (first?.error !== undefined && partitions.every(({ error }) => error !== undefined)) throw first.error;
}

function cursorOutlived(recreated: RelayError): RelayError {
  const message = `cursor: ${recreated.message} Omit the cursor to start over from the beginning, or use from=end to read only what comes next.`;
  return new RelayError("topic-recreated", message, { cause: recreated });
}

/** The partition that filled the answer is read last the next time. */
function rotated(positions: readonly ReadPosition[], lastPartition: number | undefined): readonly ReadPosition[] {
  const at = positions.findIndex(({ partition }) => partition === lastPartition) + 1;
  return [...positions.slice(at), ...positions.slice(0, at)];
}
