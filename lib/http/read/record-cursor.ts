/**
 * The cursor of a read: all the state that a reader has, in one opaque text. Version byte, flags, checksum of the topic's name, the topic's id, then the partitions with
 * the offsets to continue at, and a checksum over it all; in base64url. Pure.
 */
import { RelayError } from "../../errors.js";
import { crc32c } from "../../kafka/codec/crc32c.js";
import { VarintCursor, varintBytes, varlongBytes, writeVarint, writeVarlong } from "../../kafka/codec/varint.js";

export interface CursorPosition {
  readonly partition: number;
  readonly offset: bigint;
  /** The leader epoch of the record before the offset, where it is known. */
  readonly lastEpoch?: number;
}

export interface RecordCursor {
  readonly topic: string;
  /** Distinguishes the topic from a later one of the same name. In hexadecimal; absent where the brokers have no topic ids. */
  readonly topicId?: string;
  /** Every partition of the topic, also those that are added later; otherwise only those named. */
  readonly isWholeTopic: boolean;
  /** In the order in which they are read, so that a busy partition does not keep the others waiting. */
  readonly positions: readonly CursorPosition[];
}

const version = 2;
/** What 0.1.0 issued: no topic id and no epochs. */
const versionBefore = 1;
const wholeTopicFlag = 1;
const topicIdFlag = 2;
const epochsFlag = 4;
const headerBytes = 6;
const topicIdBytes = 16;
const checksumBytes = 4;
/** Longer than any cursor of ours: the gateway accepts request lines of at most 10 KB. */
const cursorLengthMax = 16_384;
/** With more partitions, their epochs are left out, so that the cursor fits into a URL. */
const epochsMax = 500;

export function toCursorText({ topic, topicId, isWholeTopic, positions }: RecordCursor): string {
  const hasEpochs = positions.length <= epochsMax && positions.some(({ lastEpoch }) => lastEpoch !== undefined);
  const epochOf = ({ lastEpoch = -1 }: CursorPosition) => lastEpoch;
  const bodyBytes = positions.reduce(
    (sum, one) => sum + varintBytes(one.partition) + varlongBytes(Number(one.offset)) + (hasEpochs ? varintBytes(epochOf(one)) : 0),
    topicId === undefined ? 0 : topicIdBytes,
  );
  const bytes = Buffer.alloc(headerBytes + bodyBytes + checksumBytes);
  bytes[0] = version;
  bytes[1] = (isWholeTopic ? wholeTopicFlag : 0) | (topicId === undefined ? 0 : topicIdFlag) | (hasEpochs ? epochsFlag : 0);
  bytes.writeInt32BE(topicChecksum(topic), 2);
  let at = headerBytes;
  if (topicId !== undefined) at += bytes.write(topicId, at, topicIdBytes, "hex");
  for (const one of positions) {
    at = writeVarint(bytes, at, one.partition);
    at = writeVarlong(bytes, at, Number(one.offset));
    if (hasEpochs) at = writeVarint(bytes, at, epochOf(one));
  }
  bytes.writeInt32BE(crc32c(bytes, 0, at), at);
  return bytes.toString("base64url");
}

/** Reads a cursor that was sent back for `topic`. Throws `bad-request` if it was not issued here, was changed, or belongs to another topic. */
export function parseCursor(text: string, topic: string): RecordCursor {
  if (text.length > cursorLengthMax || !/^[A-Za-z0-9_-]+$/.test(text)) throw notACursor();
  const bytes = Buffer.from(text, "base64url");
  const end = bytes.length - checksumBytes;
  if (end < headerBytes || crc32c(bytes, 0, end) !== bytes.readInt32BE(end)) throw notACursor();
  if (bytes[0] !== version && bytes[0] !== versionBefore) throw notACursor();
  if (bytes.readInt32BE(2) !== topicChecksum(topic)) {
    throw new RelayError("bad-request", `cursor: this cursor does not belong to the topic ${JSON.stringify(topic)}.`);
  }
  const flags = bytes[1] ?? 0;
  const hasTopicId = (flags & topicIdFlag) !== 0;
  const from = headerBytes + (hasTopicId ? topicIdBytes : 0);
  if (from > end) throw notACursor();
  return {
    topic,
    ...(hasTopicId ? { topicId: bytes.toString("hex", headerBytes, from) } : {}),
    isWholeTopic: (flags & wholeTopicFlag) !== 0,
    positions: parsePositions(bytes, from, end, (flags & epochsFlag) !== 0),
  };
}

function parsePositions(bytes: Buffer, from: number, end: number, hasEpochs: boolean): readonly CursorPosition[] {
  const cursor = new VarintCursor(bytes, from);
  const positions = new Map<number, CursorPosition>();
  while (cursor.at < end) {
    const partition = cursor.varint();
    const offset = cursor.varlong();
    const lastEpoch = hasEpochs ? cursor.varint() : -1;
    if (cursor.at > end || partition < 0 || offset < 0 || !Number.isSafeInteger(offset) || positions.has(partition)) throw notACursor();
    positions.set(partition, { partition, offset: BigInt(offset), ...(lastEpoch < 0 ? {} : { lastEpoch }) });
  }
  return [...positions.values()];
}

function notACursor(): RelayError {
  return new RelayError(
    "bad-request",
    "cursor: this cursor was not issued by this API, or it was changed. Omit `cursor` to start from the beginning.",
  );
}

function topicChecksum(topic: string): number {
  return crc32c(Buffer.from(topic));
}
