/** A zip of few small files that is the same bytes whenever its files are (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT). */
import { crc32, deflateRawSync } from "node:zlib";

export interface ZipEntry {
  /** With forward slashes. */
  readonly name: string;
  readonly bytes: Buffer;
}

const version = 20; // 2.0: deflate
const madeByUnix = (3 << 8) | version;
const deflated = 8;
const utf8Names = 1 << 11;
const readableFile = (0o100644 << 16) >>> 0;
/** 1980-01-01 00:00, the first moment a zip knows: real times would make two builds of the same code differ. */
const dosTime = 0;
const dosDate = (1 << 5) | 1;
const localHeaderBytes = 30;
const centralHeaderBytes = 46;
const endBytes = 22;
/** Beyond, zip needs its 64 bit form; a Lambda may be 50 MB. */
const zipBytesMax = 0xffff_ffff;

export function zip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes } of [...entries].sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const nameBytes = Buffer.from(name, "utf8");
    const packed = deflateRawSync(bytes, { level: 9 });
    const fields = { crc: crc32(bytes), packed: packed.length, size: bytes.length, name: nameBytes.length };
    parts.push(localHeader(fields), nameBytes, packed);
    directory.push(centralHeader(fields, offset), nameBytes);
    offset += localHeaderBytes + nameBytes.length + packed.length;
  }
  const directoryBytes = Buffer.concat(directory);
  if (offset + directoryBytes.length > zipBytesMax) throw new RangeError("a zip of more than 4 GB is not written");
  return Buffer.concat([...parts, directoryBytes, endRecord(entries.length, directoryBytes.length, offset)]);
}

interface Fields {
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly name: number;
}

function localHeader({ crc, packed, size, name }: Fields): Buffer {
  const header = Buffer.alloc(localHeaderBytes);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(version, 4);
  writeShared(header, 6, { crc, packed, size, name });
  return header;
}

function centralHeader(fields: Fields, offset: number): Buffer {
  const header = Buffer.alloc(centralHeaderBytes);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(madeByUnix, 4);
  header.writeUInt16LE(version, 6);
  writeShared(header, 8, fields);
  header.writeUInt32LE(readableFile, 38);
  header.writeUInt32LE(offset, 42);
  return header;
}

/** The fields that both headers have, in the same order. */
function writeShared(header: Buffer, at: number, { crc, packed, size, name }: Fields): void {
  header.writeUInt16LE(utf8Names, at);
  header.writeUInt16LE(deflated, at + 2);
  header.writeUInt16LE(dosTime, at + 4);
  header.writeUInt16LE(dosDate, at + 6);
  header.writeUInt32LE(crc, at + 8);
  header.writeUInt32LE(packed, at + 12);
  header.writeUInt32LE(size, at + 16);
  header.writeUInt16LE(name, at + 20);
}

function endRecord(count: number, directorySize: number, directoryOffset: number): Buffer {
  const record = Buffer.alloc(endBytes);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(directorySize, 12);
  record.writeUInt32LE(directoryOffset, 16);
  return record;
}
