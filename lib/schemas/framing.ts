/** How a record says which schema it was written with: Confluent's prefix or header, and AWS Glue's prefix. Both directions, pure. */
import { deflateSync, inflateSync } from "node:zlib";
import { RelayError } from "../errors.js";

/** What a record names, and the bytes of the value itself. */
export type Framed =
  | { readonly framing: "prefix"; readonly id: number; readonly payload: Buffer }
  | { readonly framing: "header"; readonly guid: string; readonly payload: Buffer; readonly messageIndexes: readonly number[] | undefined }
  | { readonly framing: "glue"; readonly versionId: string; readonly payload: Buffer };

interface RecordHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

type Part = "key" | "value";

/** A Protobuf message, and the bytes after its indexes. */
interface IndexedMessage {
  readonly messageIndexes: readonly number[];
  readonly payload: Buffer;
}

const confluentMagic = 0;
const guidMagic = 1;
const glueMagic = 3;
const glueCompression = { none: 0, zlib: 5 } as const;
const prefixBytes = 5;
const guidBytes = 16;
const glueBytes = 2 + guidBytes;
/** As deep as messages may be declared inside one another. */
const messageIndexesMax = 100;
/** A compressed value of a stranger may unpack to so much. */
const unpackedBytesMax = 64 * 1_048_576;

/** `__key_schema_id` or `__value_schema_id`: 0x01, a GUID, and for Protobuf the message indexes (Confluent's HeaderSchemaIdSerializer). */
function schemaIdHeader(part: Part): string {
  return `__${part}_schema_id`;
}

/** Reads the header first, then the prefix, as Confluent's DualSchemaIdDeserializer does. Undefined: the record names no schema. */
export function parseFraming(bytes: Buffer, headers: readonly RecordHeader[], part: Part): Framed | undefined {
  const header = headers.findLast(({ name }) => name === schemaIdHeader(part))?.value ?? undefined;
  if (header !== undefined) return parseHeader(header, bytes);
  if (bytes[0] === confluentMagic && bytes.length >= prefixBytes) {
    return { framing: "prefix", id: bytes.readUInt32BE(1), payload: bytes.subarray(prefixBytes) };
  }
  return bytes[0] === glueMagic && bytes.length >= glueBytes ? parseGlue(bytes) : undefined;
}

function parseHeader(header: Buffer, payload: Buffer): Framed {
  if (header[0] === guidMagic && header.length >= 1 + guidBytes) {
    const indexes = header.subarray(1 + guidBytes);
    const messageIndexes = indexes.length === 0 ? undefined : parseMessageIndexes(indexes).messageIndexes;
    return { framing: "header", guid: toUuid(header.subarray(1, 1 + guidBytes)), payload, messageIndexes };
  }
  // A header may hold what would be the prefix, too.
  if (header[0] === confluentMagic && header.length >= prefixBytes) return { framing: "prefix", id: header.readUInt32BE(1), payload };
  throw undecodable("its schema id header holds neither a GUID nor an id");
}

function parseGlue(bytes: Buffer): Framed | undefined {
  const compression = bytes[1];
  const versionId = toUuid(bytes.subarray(2, glueBytes));
  const payload = bytes.subarray(glueBytes);
  if (compression === glueCompression.none) return { framing: "glue", versionId, payload };
  if (compression !== glueCompression.zlib) return undefined;
  try {
    return { framing: "glue", versionId, payload: inflateSync(payload, { maxOutputLength: unpackedBytesMax }) };
  } catch (cause) {
    throw undecodable(`its zlib data cannot be unpacked, or to more than ${unpackedBytesMax} bytes`, cause);
  }
}

export function confluentPrefix(id: number): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(id, 1);
  return prefix;
}

export function guidHeader(part: Part, guid: string, messageIndexes?: readonly number[]): RecordHeader {
  const indexes = messageIndexes === undefined ? Buffer.alloc(0) : formatMessageIndexes(messageIndexes);
  return { name: schemaIdHeader(part), value: Buffer.concat([Buffer.of(guidMagic), fromUuid(guid), indexes]) };
}

export function gluePrefixed(versionId: string, payload: Buffer, compression: keyof typeof glueCompression = "none"): Buffer {
  const data = compression === "zlib" ? deflateSync(payload) : payload;
  return Buffer.concat([Buffer.of(glueMagic, glueCompression[compression]), fromUuid(versionId), data]);
}

/** Zig-zag numbers: how many, and each; the first message alone is the single byte 0. */
export function formatMessageIndexes(messageIndexes: readonly number[]): Buffer {
  if (messageIndexes.length === 1 && messageIndexes[0] === 0) return Buffer.of(0);
  return Buffer.from([messageIndexes.length, ...messageIndexes].flatMap((index) => varintBytes(index * 2)));
}

/**
 * The indexes before a Protobuf message. Karapace, and old clients, write them without zig-zag (https://github.com/Aiven-Open/karapace, encoding_variants.py):
 * `isMessage` decides which of the two readings is one; where both are, zig-zag is what the format says.
 */
export function parseMessageIndexes(bytes: Buffer, isMessage: (indexes: readonly number[]) => boolean = () => true): IndexedMessage {
  const zigZag = readIndexes(bytes, true);
  if (zigZag !== undefined && isMessage(zigZag.messageIndexes)) return zigZag;
  const plain = readIndexes(bytes, false);
  if (plain !== undefined && isMessage(plain.messageIndexes)) return plain;
  if (zigZag !== undefined) return zigZag;
  throw undecodable("its Protobuf message indexes cannot be read");
}

function readIndexes(bytes: Buffer, isZigZag: boolean): IndexedMessage | undefined {
  let at = 0;
  const next = (): number | undefined => {
    const read = readVarint(bytes, at);
    if (read === undefined) return undefined;
    at = read.end;
    if (!isZigZag) return read.value;
    return read.value % 2 === 0 ? read.value / 2 : -(read.value + 1) / 2;
  };
  const count = next();
  if (count === undefined || count < 0 || count > messageIndexesMax) return undefined;
  const messageIndexes: number[] = [];
  for (let index = 0; index < count; index++) {
    const one = next();
    if (one === undefined || one < 0) return undefined;
    messageIndexes.push(one);
  }
  return { messageIndexes: count === 0 ? [0] : messageIndexes, payload: bytes.subarray(at) };
}

/** Glue's one number: which of all messages, inner ones too, in the order of their full names (MessageIndexFinder of the awslabs library). */
export function parseGlueMessageIndex(bytes: Buffer): { readonly messageIndex: number; readonly payload: Buffer } {
  const read = readVarint(bytes, 0);
  if (read === undefined) throw undecodable("its Protobuf message index cannot be read");
  return { messageIndex: read.value, payload: bytes.subarray(read.end) };
}

export function formatGlueMessageIndex(messageIndex: number): Buffer {
  return Buffer.from(varintBytes(messageIndex));
}

const varintBytesMax = 5;

function readVarint(bytes: Buffer, from: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let at = from; at < from + varintBytesMax; at++) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * (at - from));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return undefined;
}

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 0x80);
  return [...bytes, rest];
}

function toUuid(bytes: Buffer): string {
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function fromUuid(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll("-", ""), "hex");
}

function undecodable(why: string, cause?: unknown): RelayError {
  return new RelayError("record-undecodable", `The record's schema cannot be found: ${why}.`, cause === undefined ? {} : { cause });
}
