/** Messages of versions 0 and 1, which topics from before Kafka 0.11 may still have (https://kafka.apache.org/documentation/#messageset). */
import { crc32 } from "node:zlib";
import { codecOf, decompress } from "./compression.js";
import type { RecordVisitor, WalkStep } from "./record-set.js";
import { placeOf, type RecordView, readInt64, type SetPlace, unreadable } from "./record-view.js";

/** One message between `start` and `end`, or the messages that are compressed inside it. */
export function walkMessage(
  place: SetPlace,
  bytes: Buffer,
  start: number,
  end: number,
  fromOffset: number,
  view: RecordView,
  visit: RecordVisitor,
): WalkStep | Promise<WalkStep> {
  const offset = readInt64(bytes, start);
  if (offset < fromOffset) return { isStopped: false, nextOffset: offset + 1 };
  const outer = readMessage(place, bytes, start, end, offset);
  const codec = codecOf(outer.attributes);
  if (codec === undefined) throw unreadable(place, offset, `is compressed with the unknown codec ${outer.attributes & 7}`);
  if (codec === "none") {
    fillView(view, bytes, outer, offset, outer.timestampMs);
    return visit(view) ? { isStopped: false, nextOffset: offset + 1 } : { isStopped: true, nextOffset: offset };
  }

  const compressed = bytes.subarray(outer.valueAt, outer.valueAt + Math.max(0, outer.valueBytes));
  return decompress(codec, compressed, placeOf(place, offset)).then((inner) =>
    walkInnerMessages(place, inner, outer, offset, fromOffset, view, visit),
  );
}

function walkInnerMessages(
  place: SetPlace,
  bytes: Buffer,
  outer: Message,
  offset: number,
  fromOffset: number,
  view: RecordView,
  visit: RecordVisitor,
): WalkStep {
  const messages = readInnerMessages(place, bytes, offset);
  // Version 1 counts inner offsets from the first message, version 0 gives them as they are; the outer offset is the last one's.
  const shift = outer.magic === 1 ? offset - (messages.at(-1)?.offset ?? 0) : 0;
  const isAppendTime = outer.magic === 1 && (outer.attributes & 0x08) !== 0;
  for (const message of messages) {
    const innerOffset = message.offset + shift;
    if (innerOffset < fromOffset) continue;
    fillView(view, bytes, message, innerOffset, isAppendTime ? outer.timestampMs : message.timestampMs);
    if (isAppendTime) view.timestampType = "LOG_APPEND_TIME";
    if (!visit(view)) return { isStopped: true, nextOffset: innerOffset };
  }
  return { isStopped: false, nextOffset: offset + 1 };
}

interface Message {
  readonly magic: number;
  readonly attributes: number;
  /** Version 0 has no timestamp: -1, Kafka's "no timestamp". */
  readonly timestampMs: number;
  readonly keyAt: number;
  readonly keyBytes: number;
  readonly valueAt: number;
  readonly valueBytes: number;
}

function readMessage(place: SetPlace, bytes: Buffer, start: number, end: number, offset: number): Message {
  const magic = bytes[start + 16] as number;
  if (end - start < (magic === 1 ? 34 : 26)) throw unreadable(place, offset, "has a message that is cut off");
  if (crc32(bytes.subarray(start + 16, end)) !== bytes.readUInt32BE(start + 12))
    throw unreadable(place, offset, "does not match its checksum");
  const keyAt = start + (magic === 1 ? 30 : 22);
  const keyBytes = bytes.readInt32BE(keyAt - 4);
  const valueAt = keyAt + Math.max(0, keyBytes) + 4;
  const valueBytes = valueAt <= end ? bytes.readInt32BE(valueAt - 4) : end;
  if (valueAt + Math.max(0, valueBytes) !== end) throw unreadable(place, offset, "has a message whose lengths do not add up");
  return {
    magic,
    attributes: bytes[start + 17] as number,
    timestampMs: magic === 1 ? readInt64(bytes, start + 18) : -1,
    keyAt,
    keyBytes,
    valueAt,
    valueBytes,
  };
}

function readInnerMessages(place: SetPlace, bytes: Buffer, outerOffset: number): readonly (Message & { readonly offset: number })[] {
  const messages: (Message & { readonly offset: number })[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 16 < bytes.length ? at + 12 + bytes.readInt32BE(at + 8) : Number.POSITIVE_INFINITY;
    if (end > bytes.length || end < at + 26) throw unreadable(place, outerOffset, "has a message that is cut off inside");
    if ((bytes[at + 16] as number) > 1) throw unreadable(place, outerOffset, "has a message of another version inside");
    const message = readMessage(place, bytes, at, end, outerOffset);
    if ((message.attributes & 7) !== 0) throw unreadable(place, outerOffset, "is compressed twice");
    messages.push({ ...message, offset: readInt64(bytes, at) });
    at = end;
  }
  return messages;
}

function fillView(view: RecordView, bytes: Buffer, message: Message, offset: number, timestampMs: number): void {
  view.bytes = bytes;
  view.leaderEpoch = -1;
  view.offset = offset;
  view.timestampMs = timestampMs;
  view.timestampType = (message.attributes & 0x08) !== 0 && message.magic === 1 ? "LOG_APPEND_TIME" : "CREATE_TIME";
  view.keyAt = message.keyAt;
  view.keyBytes = message.keyBytes;
  view.valueAt = message.valueAt;
  view.valueBytes = message.valueBytes;
  view.headersAt = 0;
  view.headerCount = 0;
  view.contentBytes = Math.max(0, message.keyBytes) + Math.max(0, message.valueBytes);
}
