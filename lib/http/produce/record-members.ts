/** The members that records have in every produce contract: bytes in base64, headers, timestamp, partition. Each is refused with its place. */
import { RelayError } from "../../errors.js";
import type { JsonScanner } from "../../json/scanner.js";
import type { RecordHeader } from "../../kafka/records.js";
import { timestampForm, toTimestampMs } from "../timestamp.js";

export const noHeaders: readonly RecordHeader[] = [];
const headersMax = 1_000;
const int32Max = 2_147_483_647;

export function badMember(place: string, what: string): RelayError {
  return new RelayError("bad-request", `${place}: ${what}.`);
}

/** A member nobody knows: 422, as the contract has it. */
export function unknownMember(place: string, name: string, known: string): RelayError {
  return new RelayError("unprocessable", `${place}: ${JSON.stringify(name.slice(0, 80))} is not known here; there are ${known}.`);
}

/** Marks a member as seen; given twice it is refused, for nobody can say which was meant. */
export function once(seen: number, bit: number, scanner: JsonScanner, place: string): number {
  if ((seen & bit) !== 0) throw badMember(place, `${JSON.stringify(scanner.name())} is given twice`);
  return seen | bit;
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Reads a base64 string, or null. Padding may be missing. */
export function readBase64(scanner: JsonScanner, place: string): Buffer | null {
  scanner.readValue();
  return scanner.isNull() ? null : toBase64Bytes(scanner, place);
}

/** The bytes of the base64 string read last. */
export function toBase64Bytes(scanner: JsonScanner, place: string): Buffer {
  if (scanner.kind !== "string") throw badMember(place, `a base64 string or null was expected, not a ${scanner.kind}`);
  const text = scanner.text();
  const digits = text.endsWith("=") ? text.length - (text.endsWith("==") ? 2 : 1) : text.length;
  if (digits % 4 === 1 || !base64.test(text)) throw badMember(place, "this is no base64");
  return Buffer.from(text, "base64");
}

/** The UTF-8 bytes of the string read last. */
export function toTextBytes(scanner: JsonScanner, place: string): Buffer {
  if (scanner.kind !== "string") throw badMember(place, `a string or null was expected, not a ${scanner.kind}`);
  const bytes = scanner.utf8();
  if (bytes === undefined) throw badMember(place, "this holds half of a surrogate pair, which UTF-8 cannot say");
  return bytes;
}

/** A partition number, or undefined for null. Whether the topic has it, and what is said of a negative one, is not decided here. */
export function readPartition(scanner: JsonScanner, place: string): number | undefined {
  scanner.readValue();
  if (scanner.isNull()) return undefined;
  const partition = scanner.integer();
  if (partition === undefined || partition > int32Max || partition < -int32Max - 1) {
    throw badMember(place, "a partition number was expected: a whole number of 32 bits");
  }
  return partition;
}

/** Milliseconds, or undefined for null. */
export function readTimestamp(scanner: JsonScanner, place: string): number | undefined {
  scanner.readValue();
  if (scanner.isNull()) return undefined;
  const given = scanner.kind === "string" ? scanner.text() : scanner.integer();
  const timestampMs = given === undefined ? undefined : toTimestampMs(given);
  if (timestampMs === undefined) throw badMember(place, `a time was expected: ${timestampForm}`);
  return timestampMs;
}

/** `[{"name", "value"}]`, in order, names repeated as they come, values base64 or null; null is no headers. `key` is taken for `name`, as one bridge has it. */
export function readHeaders(scanner: JsonScanner, place: string): readonly RecordHeader[] {
  const kind = scanner.nextKind();
  if (kind !== "array") {
    scanner.readValue();
    if (kind === "null") return noHeaders;
    throw badMember(place, `a list of {"name", "value"} was expected, not a ${kind}`);
  }
  if (!scanner.enter("array")) return noHeaders;
  const headers: RecordHeader[] = [];
  do {
    if (headers.length >= headersMax) throw badMember(place, `a record may have at most ${headersMax} headers`);
    headers.push(readHeader(scanner, `${place}[${headers.length}]`));
  } while (scanner.hasMore("array"));
  return headers;
}

function readHeader(scanner: JsonScanner, place: string): RecordHeader {
  const kind = scanner.nextKind();
  if (kind !== "object") throw badMember(place, `an object with "name" and "value" was expected, not a ${kind}`);
  let name: string | undefined;
  let value: Buffer | null = null;
  let seen = 0;
  if (scanner.enter("object")) {
    do {
      scanner.readName();
      if (scanner.nameIs("name") || scanner.nameIs("key")) {
        seen = once(seen, 1, scanner, place);
        scanner.readValue();
        name = toTextBytes(scanner, `${place}.name`).toString("utf8");
      } else if (scanner.nameIs("value")) {
        seen = once(seen, 2, scanner, place);
        value = readBase64(scanner, `${place}.value`);
      } else throw unknownMember(place, scanner.name(), '"name" and "value"');
    } while (scanner.hasMore("object"));
  }
  if (name === undefined) throw badMember(place, '"name" is missing');
  return { name, value };
}
