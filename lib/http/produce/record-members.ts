/** The members that records have in every produce contract, read and described: headers, timestamp, partition, and bytes in base64 or as text. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import type { JsonScanner } from "../../json/scanner.js";
import type { OutgoingRecord, RecordHeader } from "../../kafka/records.js";
import { timestampForm, toTimestampMs } from "../timestamp.js";
import { type BodyPlace, describeObject, type MemberRow, readObject } from "./members.js";

/** A record while its members are read. */
export interface RecordDraft {
  key: Buffer | null;
  value: Buffer | null;
  headers: readonly RecordHeader[];
  timestampMs: number | undefined;
  partition: number | undefined;
}

export const newDraft = (partition: number | undefined): RecordDraft => ({
  key: null,
  value: null,
  headers: noHeaders,
  timestampMs: undefined,
  partition,
});

/** Absent members stay absent. Written out, not spread: this runs for every record. */
export function toOutgoing({ key, value, headers, timestampMs, partition }: RecordDraft): OutgoingRecord {
  if (timestampMs === undefined) return partition === undefined ? { key, value, headers } : { key, value, headers, partition };
  return partition === undefined ? { key, value, headers, timestampMs } : { key, value, headers, timestampMs, partition };
}

/** Reads a record object into its draft. `ifNull`: how the contract refuses null in its place. */
export function readRecord<Draft extends RecordDraft>(
  scanner: JsonScanner,
  members: readonly MemberRow<Draft>[],
  draft: Draft,
  place: BodyPlace,
  ifNull: "unprocessable" | "bad-request",
): void {
  const kind = scanner.nextKind();
  if (kind !== "object") {
    scanner.readValue();
    throw new RelayError(kind === "null" ? ifNull : "bad-request", `${place}: must be an object, not ${kind}.`);
  }
  readObject(scanner, members, draft, place);
}

export function tooManyRecords(recordsMax: number): RelayError {
  return new RelayError("too-large", `The request has more than ${recordsMax} records, the most that one request may have.`);
}

/** `restCode`: the contract's number for an empty body. */
export function noBody(restCode: number): RelayError {
  return new RelayError("unprocessable", "The request has no body, and one is required.", { restCode });
}

export const noHeaders: readonly RecordHeader[] = [];
const headersMax = 1_000;
const int32Max = 2_147_483_647;

export const base64Schema = v.pipe(v.string(), v.description("base64"));
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Reads a base64 string, or null. Padding may be missing. */
export function readBase64(scanner: JsonScanner, place: BodyPlace): Buffer | null {
  scanner.readValue();
  return scanner.isNull() ? null : toBase64Bytes(scanner, place);
}

/** The bytes of the base64 string read last. */
export function toBase64Bytes(scanner: JsonScanner, place: BodyPlace): Buffer {
  if (scanner.kind !== "string") throw place.fault(`must be a base64 string or null, not a ${scanner.kind}`);
  const text = scanner.text();
  const digits = text.endsWith("=") ? text.length - (text.endsWith("==") ? 2 : 1) : text.length;
  if (digits % 4 === 1 || !base64.test(text)) throw place.fault("is not valid base64");
  return Buffer.from(text, "base64");
}

/** The UTF-8 bytes of the string read last. */
export function toTextBytes(scanner: JsonScanner, place: BodyPlace): Buffer {
  if (scanner.kind !== "string") throw place.fault(`must be a string or null, not a ${scanner.kind}`);
  const bytes = scanner.utf8();
  if (bytes === undefined) throw place.fault("contains half of a surrogate pair, which UTF-8 cannot represent");
  return bytes;
}

/** The partition under the contract's name for it. The producer decides whether the topic has it, and what a negative one means. */
export const partitionMember = (name: string): MemberRow<RecordDraft> => ({
  name,
  schema: v.nullish(v.pipe(v.number(), v.integer())),
  read: (scanner, draft, place) => {
    scanner.readValue();
    if (scanner.isNull()) return;
    const partition = scanner.integer();
    if (partition === undefined || partition > int32Max || partition < -int32Max - 1)
      throw place.fault("must be a partition number: a whole number of 32 bits");
    draft.partition = partition;
  },
});

const timestampMember: MemberRow<RecordDraft> = {
  name: "timestamp",
  schema: v.nullish(v.union([v.pipe(v.number(), v.integer(), v.minValue(0)), v.pipe(v.string(), v.isoTimestamp())])),
  read: (scanner, draft, place) => {
    scanner.readValue();
    if (scanner.isNull()) return;
    const given = scanner.kind === "string" ? scanner.text() : scanner.integer();
    draft.timestampMs = given === undefined ? undefined : toTimestampMs(given);
    if (draft.timestampMs === undefined) throw place.fault(`must be a time: ${timestampForm}`);
  },
};

interface HeaderDraft {
  name: string | undefined;
  value: Buffer | null;
}

/** `key` is accepted for `name`, as one Kafka bridge writes it. */
const headerMembers: readonly MemberRow<HeaderDraft>[] = [
  {
    name: "name",
    alias: "key",
    schema: v.string(),
    read: (scanner, draft, place) => {
      scanner.readValue();
      draft.name = toTextBytes(scanner, place).toString("utf8");
    },
  },
  {
    name: "value",
    schema: v.nullish(base64Schema),
    read: (scanner, draft, place) => {
      draft.value = readBase64(scanner, place);
    },
  },
];

/** `[{"name", "value"}]`: the order and repeated names are kept, values are base64 or null. Null means no headers. */
const headersMember: MemberRow<RecordDraft> = {
  name: "headers",
  schema: v.nullish(v.array(describeObject(headerMembers))),
  read: (scanner, draft, place) => {
    const kind = scanner.nextKind();
    if (kind !== "array") {
      scanner.readValue();
      if (kind === "null") return;
      throw place.fault(`must be a list of {"name", "value"}, not a ${kind}`);
    }
    if (scanner.enter("array")) draft.headers = readHeaders(scanner, place);
  },
};

function readHeaders(scanner: JsonScanner, place: BodyPlace): readonly RecordHeader[] {
  const headers: RecordHeader[] = [];
  do {
    if (headers.length >= headersMax) throw place.fault(`a record may have at most ${headersMax} headers`);
    place.enter(headers.length);
    headers.push(readHeader(scanner, place));
    place.leave();
  } while (scanner.hasMore("array"));
  return headers;
}

function readHeader(scanner: JsonScanner, place: BodyPlace): RecordHeader {
  const kind = scanner.nextKind();
  if (kind !== "object") throw place.fault(`must be an object with "name" and "value", not a ${kind}`);
  const draft: HeaderDraft = { name: undefined, value: null };
  readObject(scanner, headerMembers, draft, place);
  const { name, value } = draft;
  if (name === undefined) throw place.fault('"name" is missing');
  return { name, value };
}

/** Members that every contract calls by the same name. */
export const sharedMembers: readonly MemberRow<RecordDraft>[] = [headersMember, timestampMember];
