/**
 * The cursor of a read: all the state a reader has, in one opaque text. Version byte, flags, checksum of the topic's name, then the partitions with the offsets
 * to go on at, and a checksum over it all; in base64url. Pure.
 */
import { RelayError } from "../../errors.js";
import { crc32c } from "../../kafka/codec/crc32c.js";
import { VarintCursor, varintBytes, varlongBytes, writeVarint, writeVarlong } from "../../kafka/codec/varint.js";

export interface RecordCursor {
  readonly topic: string;
  /** Every partition of the topic, also those that come to be later; else those named alone. */
  readonly isWholeTopic: boolean;
  /** In the order in which they are to be served, so that a busy partition does not keep the others waiting. */
  readonly positions: readonly { readonly partition: number; readonly offset: bigint }[];
}

const version = 1;
const headerBytes = 6;
const checksumBytes = 4;
/** More than any cursor of ours: the gateway takes lines of 10 KB at most. */
const cursorLengthMax = 16_384;

export function toCursorText({ topic, isWholeTopic, positions }: RecordCursor): string {
  const bodyBytes = positions.reduce((sum, { partition, offset }) => sum + varintBytes(partition) + varlongBytes(Number(offset)), 0);
  const bytes = Buffer.alloc(headerBytes + bodyBytes + checksumBytes);
  bytes[0] = version;
  bytes[1] = isWholeTopic ? 1 : 0;
  bytes.writeInt32BE(topicChecksum(topic), 2);
  let at = headerBytes;
  for (const { partition, offset } of positions) {
    at = writeVarint(bytes, at, partition);
    at = writeVarlong(bytes, at, Number(offset));
  }
  bytes.writeInt32BE(crc32c(bytes, 0, at), at);
  return bytes.toString("base64url");
}

/** Reads a cursor that came back for `topic`; `bad-request` where it is none of ours, damaged, or another topic's. */
export function parseCursor(text: string, topic: string): RecordCursor {
  if (text.length > cursorLengthMax || !/^[A-Za-z0-9_-]+$/.test(text)) throw notACursor();
  const bytes = Buffer.from(text, "base64url");
  const end = bytes.length - checksumBytes;
  if (end < headerBytes || bytes[0] !== version || crc32c(bytes, 0, end) !== bytes.readInt32BE(end)) throw notACursor();
  if (bytes.readInt32BE(2) !== topicChecksum(topic)) {
    throw new RelayError("bad-request", `cursor: it belongs to another topic than ${JSON.stringify(topic)}.`);
  }
  const cursor = new VarintCursor(bytes, headerBytes);
  const offsets = new Map<number, bigint>();
  while (cursor.at < end) {
    const partition = cursor.varint();
    const offset = cursor.varlong();
    if (cursor.at > end || partition < 0 || offset < 0 || !Number.isSafeInteger(offset) || offsets.has(partition)) throw notACursor();
    offsets.set(partition, BigInt(offset));
  }
  return { topic, isWholeTopic: bytes[1] === 1, positions: [...offsets].map(([partition, offset]) => ({ partition, offset })) };
}

function notACursor(): RelayError {
  return new RelayError("bad-request", "cursor: it is none that was answered here, or it has been damaged; leave it away to begin anew.");
}

function topicChecksum(topic: string): number {
  return crc32c(Buffer.from(topic));
}
