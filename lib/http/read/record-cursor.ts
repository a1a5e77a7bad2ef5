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
  readonly lastEpoch?: number | undefined;
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
/** A partition and an epoch of 5 bytes each at most, and an offset of 10. */
const positionBytesMax = 20;
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
  const at = writeCursor(bytes, { topic, topicId, isWholeTopic, positions }, hasEpochs);
  bytes.writeInt32BE(crc32c(bytes, 0, at), at);
  return bytes.toString("base64url");
}

interface WrittenCursor extends Omit<RecordCursor, "topicId"> {
  readonly topicId: string | undefined;
}

/** Everything but the checksum; returns where it ends. */
function writeCursor(bytes: Buffer, { topic, topicId, isWholeTopic, positions }: WrittenCursor, hasEpochs: boolean): number {
  bytes[0] = version;
  bytes[1] = (isWholeTopic ? wholeTopicFlag : 0) | (topicId === undefined ? 0 : topicIdFlag) | (hasEpochs ? epochsFlag : 0);
  bytes.writeInt32BE(topicChecksum(topic), 2);
  let at = headerBytes;
  if (topicId !== undefined) at += bytes.write(topicId, at, topicIdBytes, "hex");
  for (const { partition, offset, lastEpoch = -1 } of positions) {
    at = writeVarint(bytes, at, partition);
    at = writeVarlong(bytes, at, Number(offset));
    if (hasEpochs) at = writeVarint(bytes, at, lastEpoch);
  }
  return at;
}

/** Where a read stands while it goes on. Its text after each record costs no more than the bytes of it. */
export class MovingCursor {
  readonly topic: string;
  readonly topicId: string | undefined;
  readonly #isWholeTopic: boolean;
  readonly #places = new Map<number, { offset: bigint; epoch: number }>();
  /** The bytes of the last text: everything but the partition that moves, which comes last. */
  #bytes: Buffer = Buffer.alloc(0);
  #movingAt = 0;
  #moving = -1;

  constructor({ topic, topicId, isWholeTopic, positions }: RecordCursor) {
    this.topic = topic;
    this.topicId = topicId;
    this.#isWholeTopic = isWholeTopic;
    for (const { partition, offset, lastEpoch } of positions) this.moveTo(partition, offset, lastEpoch);
  }

  get positions(): readonly (CursorPosition & { readonly topic: string; readonly topicId: string | undefined })[] {
    const { topic, topicId } = this;
    return [...this.#places].map(([partition, { offset, epoch }]) => ({
      topic,
      topicId,
      partition,
      offset,
      ...(epoch < 0 ? {} : { lastEpoch: epoch }),
    }));
  }

  /** Reads that go on serve the other partitions first. */
  serveLast(partition: number): void {
    const place = this.#places.get(partition);
    if (place === undefined) return;
    this.#places.delete(partition);
    this.#places.set(partition, place);
  }

  offsetOf(partition: number): bigint | undefined {
    return this.#places.get(partition)?.offset;
  }

  moveTo(partition: number, offset: bigint, lastEpoch: number | undefined): void {
    const place = this.#places.get(partition);
    if (place === undefined) this.#places.set(partition, { offset, epoch: lastEpoch ?? -1 });
    else {
      place.offset = offset;
      place.epoch = lastEpoch ?? -1;
    }
    if (partition !== this.#moving) this.#moving = -1;
  }

  /** Moves past a record, and gives the cursor that goes on after it. */
  textAfter(partition: number, offset: number, leaderEpoch: number): string {
    this.moveTo(partition, BigInt(offset + 1), leaderEpoch);
    if (partition !== this.#moving) this.#arrange(partition);
    const bytes = this.#bytes;
    let at = writeVarint(bytes, this.#movingAt, partition);
    at = writeVarlong(bytes, at, offset + 1);
    if (this.#hasEpochs) at = writeVarint(bytes, at, leaderEpoch);
    bytes.writeInt32BE(crc32c(bytes, 0, at), at);
    return bytes.toString("base64url", 0, at + checksumBytes);
  }

  snapshot(): RecordCursor {
    const { topic, topicId, positions } = this;
    return { topic, ...(topicId === undefined ? {} : { topicId }), isWholeTopic: this.#isWholeTopic, positions };
  }

  text(): string {
    return toCursorText(this.snapshot());
  }

  get #hasEpochs(): boolean {
    return this.#places.size <= epochsMax;
  }

  #arrange(partition: number): void {
    const { topic, topicId } = this;
    const others = this.positions.filter((one) => one.partition !== partition);
    this.#bytes = Buffer.alloc(headerBytes + topicIdBytes + (others.length + 1) * positionBytesMax + checksumBytes);
    this.#movingAt = writeCursor(this.#bytes, { topic, topicId, isWholeTopic: this.#isWholeTopic, positions: others }, this.#hasEpochs);
    this.#moving = partition;
  }
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
