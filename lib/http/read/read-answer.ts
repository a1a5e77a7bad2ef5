/** One read as its answer: positions from the query, records as text straight from the fetched bytes, kept below what Lambda can give back. */
import { type Deadline, sooner } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { RecordView } from "../../kafka/codec/record-view.js";
import type { Kafka } from "../../kafka/kafka.js";
import { partitionNotFound } from "../../kafka/metadata.js";
import { isFetchedById } from "../../kafka/read/fetch.js";
import type { PartitionProgress, ReadPosition } from "../../kafka/read/reader.js";
import { lambdaPayloadBytesMax } from "../body-limits.js";
import { createScan } from "./filtered-scan.js";
import { bytesDefault, bytesMax, type ReadQuery, recordsDefault, type Start, scannedBytesMax, scannedDefault } from "./read-query.js";
import { type CursorPosition, type RecordCursor, toCursorText } from "./record-cursor.js";
import { type RecordFormats, RecordJson } from "./record-json.js";

/** The names of things in the two contracts. */
export type RecordStyle = "v2" | "v3";

export interface ReadRequest {
  readonly topic: string;
  readonly partitions: readonly number[] | "all";
  readonly start: Start;
  readonly query: Pick<ReadQuery, "limit" | "bytes_max" | "wait_ms" | "filter" | "scan_max">;
  readonly formats: RecordFormats;
  readonly style: RecordStyle;
}

export interface PartitionTold extends PartitionProgress {
  /** Records before it were asked for and are deleted; the read went on here. */
  readonly deletedBefore?: bigint;
  /** Of the first record that is given. */
  readonly firstOffset?: bigint;
}

export interface ReadAnswer {
  /** The JSON texts of the records, joined by commas. */
  readonly recordsJson: string;
  readonly partitions: readonly PartitionTold[];
  readonly cursor: string;
  /** Of a filtered read: the records it looked at, and whether it ended because it may look at no more. */
  readonly scan?: { readonly scanned: number; readonly isLimited: boolean };
}

/** Kept back from the wait, to answer in. */
const answerMarginMs = 1_000;
/** Times a read goes on at the first kept record: retention may delete again meanwhile. */
const deletedTriesMax = 3;

/**
 * Throws what concerns all partitions; one of several that fails is told with its error and keeps its place in the cursor.
 */
export async function readRecords(kafka: Kafka, request: ReadRequest, deadline: Deadline): Promise<ReadAnswer> {
  const { topic, query, start } = request;
  const writer = createRecordWriter(request, deadline);
  const positions = await positionsOf(kafka, request, deadline);
  const patience = sooner(deadline, Math.min(query.wait_ms ?? 0, Math.max(0, deadline.leftMs() - answerMarginMs)));
  const told = new Map<number, PartitionProgress>();
  const deletedBefore = new Map<number, bigint>();

  let open: readonly ReadPosition[] = positions;
  let tries = 0;
  while (open.length > 0 && tries <= deletedTriesMax) {
    const before = writer.scanned();
    const progress = await kafka.reader.visit(open, limitsOf(query, writer, patience.leftMs()), deadline, writer.visit);
    const asked = open;
    open = progress.flatMap((one, index): readonly ReadPosition[] => {
      const { partition, error, logStartOffset } = one;
      const { offset } = asked[index] as ReadPosition;
      if (error?.code !== "offset-out-of-range" || offset >= logStartOffset) {
        told.set(partition, one);
        return [];
      }
      if (start.at !== "beginning") deletedBefore.set(partition, logStartOffset);
      told.set(partition, { topic, partition, nextOffset: logStartOffset, highWatermark: one.highWatermark, logStartOffset });
      return [{ topic, partition, offset: logStartOffset, topicId: one.topicId }];
    });
    tries++;
    // Records that do not match end a wait at the broker, and not the caller's.
    const isStillWaiting = open.length === 0 && query.filter !== undefined && writer.count() === 0 && !writer.isScanLimited();
    if (!isStillWaiting || writer.scanned() === before || patience.leftMs() <= 0) continue;
    open = asked.map((position) => goneOn(position, told.get(position.partition)));
    tries = 0;
  }
  const partitions = [...told.values()]
    .sort((one, other) => one.partition - other.partition)
    .map((one): PartitionTold => {
      const before = deletedBefore.get(one.partition);
      const first = writer.firstOffset(one.partition);
      return { ...one, ...(before === undefined ? {} : { deletedBefore: before }), ...(first === undefined ? {} : { firstOffset: first }) };
    });
  assertSameTopic(partitions, start);
  if (writer.count() === 0) assertSomethingTold(partitions);
  const served = rotated(positions, writer.lastPartition());
  return {
    ...(query.filter === undefined ? {} : { scan: { scanned: writer.scanned(), isLimited: writer.isScanLimited() } }),
    recordsJson: writer.finish(),
    partitions,
    cursor: toCursorText({
      topic,
      ...topicIdOf(partitions),
      isWholeTopic: start.at === "cursor" ? start.cursor.isWholeTopic : request.partitions === "all",
      positions: served.map(({ partition, offset, lastEpoch }) => toCursorPosition(partition, told.get(partition), offset, lastEpoch)),
    }),
  };
}

function goneOn(position: ReadPosition, told: PartitionProgress | undefined): ReadPosition {
  if (told === undefined || told.error !== undefined) return position;
  const { topicId, lastEpoch } = told;
  return {
    ...position,
    offset: told.nextOffset,
    ...(topicId === undefined ? {} : { topicId }),
    ...(lastEpoch === undefined ? {} : { lastEpoch }),
  };
}

/** All partitions were read of one topic, since a read that meets two of them fails. */
function topicIdOf(partitions: readonly PartitionTold[]): { readonly topicId?: string } {
  const topicId = partitions.find((one) => one.topicId !== undefined)?.topicId;
  return topicId === undefined ? {} : { topicId };
}

/** Where the next read goes on; a partition that could not be read keeps its place. */
function toCursorPosition(
  partition: number,
  told: PartitionProgress | undefined,
  offset: bigint,
  epoch: number | undefined,
): CursorPosition {
  const lastEpoch = told === undefined ? epoch : told.lastEpoch;
  return { partition, offset: told?.nextOffset ?? offset, ...(lastEpoch === undefined ? {} : { lastEpoch }) };
}

function limitsOf(query: ReadRequest["query"], writer: RecordWriter, waitMs: number) {
  // What a filtered read gives is limited by the writer: these are the limits of what it looks at.
  if (query.filter !== undefined)
    return {
      bytesMax: scannedBytesMax,
      recordsMax: (query.scan_max ?? scannedDefault) - writer.scanned(),
      waitMs: writer.count() > 0 ? 0 : waitMs,
    };
  return {
    bytesMax: Math.min(query.bytes_max ?? bytesDefault, bytesMax),
    recordsMax: (query.limit ?? recordsDefault) - writer.count(),
    waitMs: writer.count() > 0 ? 0 : waitMs,
  };
}

function assertSameTopic(partitions: readonly PartitionTold[], start: Start): void {
  const recreated = partitions.find(({ error }) => error?.code === "topic-recreated")?.error;
  if (recreated !== undefined) throw start.at === "cursor" ? cursorOutlived(recreated) : recreated;
}

/** What all partitions failed by is the caller's answer; a single failure, or one behind records that are given, is told beside the others. */
function assertSomethingTold(partitions: readonly PartitionTold[]): void {
  const [first] = partitions;
  if (first?.error !== undefined && partitions.every(({ error }) => error !== undefined)) throw first.error;
}

function cursorOutlived(recreated: RelayError): RelayError {
  const message = `cursor: ${recreated.message} Omit the cursor to start over from the beginning, or use from=end to read only what comes next.`;
  return new RelayError("topic-recreated", message, { cause: recreated });
}

/** The partition that filled the answer is served last the next time. */
function rotated(positions: readonly ReadPosition[], lastPartition: number | undefined): readonly ReadPosition[] {
  const at = positions.findIndex(({ partition }) => partition === lastPartition) + 1;
  return [...positions.slice(at), ...positions.slice(0, at)];
}

interface RecordWriter {
  readonly visit: (place: { readonly partition: number }, view: RecordView) => boolean;
  readonly finish: () => string;
  readonly count: () => number;
  /** Records that a filter has looked at. */
  readonly scanned: () => number;
  readonly isScanLimited: () => boolean;
  readonly firstOffset: (partition: number) => bigint | undefined;
  readonly lastPartition: () => number | undefined;
}

/** For the answer's frame, its partitions and cursor, and the headers around it. */
const aroundBytes = 120_000;

function createRecordWriter(request: ReadRequest, deadline: Deadline): RecordWriter {
  const { topic, style, formats, query } = request;
  const filter = query.filter === undefined ? undefined : createScan(query.filter, query, deadline);
  const json = new RecordJson(formats, lambdaPayloadBytesMax - aroundBytes);
  const firstOffsets = new Map<number, number>();
  let prefix: Buffer = Buffer.alloc(0);
  let last: number | undefined;
  return {
    visit: ({ partition }, view) => {
      const verdict = filter?.judge(view, { topic, partition }, json.count) ?? "given";
      if (verdict !== "given") return verdict === "passed over";
      if (partition !== last) prefix = prefixOf(topic, partition, style);
      if (!json.add(view, prefix)) return false;
      filter?.give(view);
      if (partition !== last && !firstOffsets.has(partition)) firstOffsets.set(partition, view.offset);
      last = partition;
      return true;
    },
    finish: () => json.finish(),
    count: () => json.count,
    scanned: () => filter?.scanned() ?? 0,
    isScanLimited: () => filter?.isLimited() ?? false,
    firstOffset: (partition) => {
      const first = firstOffsets.get(partition);
      return first === undefined ? undefined : BigInt(first);
    },
    lastPartition: () => last,
  };
}

function prefixOf(topic: string, partition: number, style: RecordStyle): Buffer {
  const name = JSON.stringify(topic);
  return Buffer.from(style === "v3" ? `{"topic_name":${name},"partition_id":${partition},` : `{"topic":${name},"partition":${partition},`);
}

/** Where each partition starts, in the order in which they are served. */
async function positionsOf(kafka: Kafka, { topic, partitions, start }: ReadRequest, deadline: Deadline): Promise<readonly ReadPosition[]> {
  switch (start.at) {
    case "beginning":
      return (await existing(kafka, topic, partitions, deadline)).map((partition) => ({ topic, partition, offset: 0n }));
    case "end": {
      const offsets = await kafka.reader.offsets(topic, partitions, deadline);
      return offsets.map(({ partition, end }) => ({ topic, partition, offset: end }));
    }
    case "timestamp": {
      const offsets = await kafka.reader.offsetsForTime(topic, partitions, start.timestampMs, deadline);
      return [...offsets].map(([partition, offset]) => ({ topic, partition, offset }));
    }
    case "offset": {
      const [partition, ...others] = await existing(kafka, topic, partitions, deadline);
      if (partition === undefined || others.length > 0) {
        throw new RelayError("bad-request", "query: an offset is of one partition; say which by partition=.");
      }
      return [{ topic, partition, offset: start.offset }];
    }
    case "cursor":
      return cursorPositions(kafka, topic, partitions, start.cursor, deadline);
    default:
      return start satisfies never;
  }
}

/** A cursor of the whole topic has partitions that are new since begin at their beginning: all that is in them came later. */
async function cursorPositions(
  kafka: Kafka,
  topic: string,
  partitions: ReadRequest["partitions"],
  { topicId, isWholeTopic, positions }: RecordCursor,
  deadline: Deadline,
): Promise<readonly ReadPosition[]> {
  const asked = isWholeTopic ? "all" : positions.map(({ partition }) => partition);
  if (partitions !== "all" && (asked === "all" || partitions.join() !== asked.join())) {
    throw new RelayError("bad-request", `cursor: it is not of partition ${partitions.join()} alone.`);
  }
  const known = positions.map((one) => ({ topic, topicId, ...one }));
  if (asked !== "all") {
    // Brokers that read by name alone would answer for any topic of that name: which one it is now is asked first.
    const isChecked = topicId === undefined || (await isFetchedById(kafka.connection, "any", deadline));
    if (!isChecked) await kafka.metadata.topic(topic, deadline, { ageMaxMs: 0 });
    return known;
  }
  const added = (await existing(kafka, topic, "all", deadline)).filter((partition) => known.every((one) => one.partition !== partition));
  return [...known, ...added.map((partition) => ({ topic, topicId, partition, offset: 0n }))];
}

async function existing(kafka: Kafka, topic: string, asked: ReadRequest["partitions"], deadline: Deadline): Promise<readonly number[]> {
  if (asked !== "all" && asked.some((partition) => partition < 0)) {
    const { partitions } = await kafka.metadata.topic(topic, deadline);
    throw partitionNotFound(topic, asked.find((partition) => partition < 0) ?? -1, partitions.length);
  }
  if (asked !== "all") return asked;
  // Asked afresh: what was added since the last read may hold records already.
  return (await kafka.metadata.topic(topic, deadline, { ageMaxMs: 0 })).partitions.map(({ partition }) => partition);
}
