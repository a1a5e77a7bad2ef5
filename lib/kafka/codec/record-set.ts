/**
 * The record set of a Fetch answer -> its records, one visit each, without an object per record. Knows batches of version 2 and the message sets
 * of old brokers, every codec, control batches and aborted transactions. Pure, but for codecs that are loaded on first use.
 */
import { type Codec, codecOf, decompress } from "./compression.js";
import { crc32c } from "./crc32c.js";
import { walkMessage } from "./message-set.js";
import { placeOf, type RecordView, readInt64, type SetPlace, unreadable } from "./record-view.js";
import { VarintCursor } from "./varint.js";

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

export interface RecordSet extends SetPlace {
  readonly bytes: Buffer;
  /** Records below it are skipped: brokers answer whole batches. */
  readonly fromOffset: bigint;
  /** As the broker lists them for a read_committed Fetch. */
  readonly abortedTransactions: readonly AbortedTransaction[];
}

/** Called with one view that is refilled for each record: copy what you need, and do not keep the view. False: this record is not accepted, so stop before it. */
export type RecordVisitor = (record: RecordView) => boolean;

/**
 * Visits the records of a set in offset order and returns where to go on: after everything that was accepted or is never shown, before the record that the visitor
 * refused. A batch cut off at the end is left for the next read. Throws `batch-unreadable` with the place.
 */
export async function walkRecordSet(set: RecordSet, visit: RecordVisitor): Promise<bigint> {
  const { bytes } = set;
  const fromOffset = Number(set.fromOffset);
  const aborted = createAbortedFilter(set.abortedTransactions);
  const view = emptyView(bytes);
  let nextOffset = fromOffset;
  let at = 0;
  while (at + magicAt < bytes.length) {
    const length = bytes.readInt32BE(at + 8);
    const end = at + lengthEnd + length;
    if (length < contentBytesMin) throw unreadable(set, readInt64(bytes, at), `claims to have ${length} bytes`);
    if (end > bytes.length) break;
    const magic = bytes[at + magicAt] as number;
    if (magic > 2) throw unreadable(set, readInt64(bytes, at), `has version ${magic}; only versions 0 to 2 are known`);
    const walked = magic === 2 ? walkBatch(at, end) : walkMessage(set, bytes, at, end, fromOffset, view, visit);
    const step = walked instanceof Promise ? await walked : walked; // one-record batches are many: no await without need
    if (step.isStopped) return BigInt(step.nextOffset);
    if (step.nextOffset > nextOffset) nextOffset = step.nextOffset;
    at = end;
  }
  if (at === 0 && bytes.length > 0) throw unreadable(set, fromOffset, "came without its end");
  return BigInt(nextOffset);

  function walkBatch(start: number, end: number): WalkStep | Promise<WalkStep> {
    const baseOffset = readInt64(bytes, start);
    const batch = readBatchHeader(set, bytes, start, end, baseOffset);
    // Before anything else in it is believed: damaged offsets would skip records.
    if (crc32c(bytes, start + 21, end) !== bytes.readInt32BE(start + 17)) throw unreadable(set, baseOffset, "does not match its checksum");
    const nextAfter = baseOffset + batch.lastOffsetDelta + 1;
    const isHidden = batch.isTransactional && aborted.hides(batch.producerId, nextAfter - 1);
    if ((nextAfter <= fromOffset || isHidden) && !batch.isControl) return { isStopped: false, nextOffset: nextAfter };
    if (batch.isControl) {
      walkRecords(set, batch, bytes, start + headerBytes, end, 0, view, (marker) => {
        if (marker.keyBytes >= 4 && marker.bytes.readInt16BE(marker.keyAt + 2) === abortMarker) aborted.end(batch.producerId);
        return true;
      });
      return { isStopped: false, nextOffset: nextAfter };
    }
    const toStep = (stoppedAt: number | undefined): WalkStep => ({
      isStopped: stoppedAt !== undefined,
      nextOffset: stoppedAt ?? nextAfter,
    });
    if (batch.codec === "none") return toStep(walkRecords(set, batch, bytes, start + headerBytes, end, fromOffset, view, visit));
    return decompress(batch.codec, bytes.subarray(start + headerBytes, end), placeOf(set, baseOffset)).then((records) =>
      toStep(walkRecords(set, batch, records, 0, records.length, fromOffset, view, visit)),
    );
  }
}

/** How a batch or message ended the walk, or where it goes on. */
export interface WalkStep {
  readonly isStopped: boolean;
  readonly nextOffset: number;
}

const lengthEnd = 12; // base offset and length
const magicAt = 16; // the same in every version
const contentBytesMin = 14; // the smallest message of version 0
const headerBytes = 61;
const abortMarker = 0;

interface BatchHeader {
  readonly baseOffset: number;
  readonly lastOffsetDelta: number;
  readonly leaderEpoch: number;
  readonly baseTimestampMs: number;
  /** Set where the broker stamped the batch: then it is the time of all its records. */
  readonly appendTimestampMs: number | undefined;
  readonly producerId: bigint;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly codec: Codec;
  readonly count: number;
}

function readBatchHeader(place: SetPlace, bytes: Buffer, start: number, end: number, baseOffset: number): BatchHeader {
  if (end - start < headerBytes) throw unreadable(place, baseOffset, `has ${end - start} bytes, fewer than its header needs`);
  const attributes = bytes.readInt16BE(start + 21);
  const codec = codecOf(attributes);
  if (codec === undefined) throw unreadable(place, baseOffset, `is compressed with the unknown codec ${attributes & 7}`);
  return {
    baseOffset,
    lastOffsetDelta: bytes.readInt32BE(start + 23),
    leaderEpoch: bytes.readInt32BE(start + 12),
    baseTimestampMs: readInt64(bytes, start + 27),
    appendTimestampMs: (attributes & 0x08) === 0 ? undefined : readInt64(bytes, start + 35),
    producerId: bytes.readBigInt64BE(start + 43),
    isTransactional: (attributes & 0x10) !== 0,
    isControl: (attributes & 0x20) !== 0,
    codec,
    count: bytes.readInt32BE(start + 57),
  };
}

/** Visits the records between `from` and `end`; returns the offset of the record that was refused. */
function walkRecords(
  place: SetPlace,
  batch: BatchHeader,
  bytes: Buffer,
  from: number,
  end: number,
  fromOffset: number,
  view: RecordView,
  visit: RecordVisitor,
): number | undefined {
  const { baseOffset, baseTimestampMs, appendTimestampMs } = batch;
  const cursor = new VarintCursor(bytes, from);
  view.bytes = bytes;
  view.leaderEpoch = batch.leaderEpoch;
  view.timestampType = appendTimestampMs === undefined ? "CREATE_TIME" : "LOG_APPEND_TIME";
  for (let index = 0; index < batch.count; index++) {
    const length = cursor.varint();
    const recordEnd = cursor.at + length;
    if (length < 0 || recordEnd > end) throw unreadable(place, baseOffset + index, "has a record that runs over its end");
    cursor.at++; // attributes: none are defined
    const timestampDelta = cursor.varlong();
    view.timestampMs = appendTimestampMs ?? baseTimestampMs + timestampDelta;
    view.offset = baseOffset + cursor.varint();
    view.contentBytes = recordEnd - cursor.at;
    view.keyBytes = cursor.varint();
    view.keyAt = cursor.at;
    if (view.keyBytes > 0) cursor.at += view.keyBytes;
    view.valueBytes = cursor.varint();
    view.valueAt = cursor.at;
    if (view.valueBytes > 0) cursor.at += view.valueBytes;
    view.headerCount = cursor.varint();
    view.headersAt = cursor.at;
    for (let header = 0; header < view.headerCount && cursor.at <= recordEnd; header++) {
      const nameBytes = cursor.varint();
      cursor.at += nameBytes < 0 ? length : nameBytes; // a name is never null: a null name runs over the record's end
      const valueBytes = cursor.varint();
      if (valueBytes > 0) cursor.at += valueBytes;
    }
    if (cursor.at !== recordEnd) throw unreadable(place, view.offset, "has a record whose lengths do not add up");
    if (view.offset >= fromOffset && !visit(view)) return view.offset;
  }
  return undefined;
}

function emptyView(bytes: Buffer): RecordView {
  return {
    bytes,
    offset: 0,
    timestampMs: 0,
    timestampType: "CREATE_TIME",
    leaderEpoch: -1,
    keyAt: 0,
    keyBytes: -1,
    valueAt: 0,
    valueBytes: -1,
    headersAt: 0,
    headerCount: 0,
    contentBytes: 0,
  };
}

/** Which producers are inside an aborted transaction while a set is walked, as the Java client decides it: opened by the list, closed by the marker. */
function createAbortedFilter(transactions: readonly AbortedTransaction[]) {
  const waiting = [...transactions].sort((one, other) => (one.firstOffset < other.firstOffset ? -1 : 1));
  const inside = new Set<bigint>();
  let opened = 0;
  return {
    hides: (producerId: bigint, lastOffset: number): boolean => {
      for (let next = waiting[opened]; next !== undefined && Number(next.firstOffset) <= lastOffset; next = waiting[++opened]) {
        inside.add(next.producerId);
      }
      return inside.has(producerId);
    },
    end: (producerId: bigint): void => {
      inside.delete(producerId);
    },
  };
}
