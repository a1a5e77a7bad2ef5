/** The v3 produce contract on the wire: concatenated record objects, or `{"entries": [...]}`, in; one answer a record out. Pure. */
import { RelayError } from "../../errors.js";
import { JsonScanner } from "../../json/scanner.js";
import type { ProduceOutcome } from "../../kafka/produce/producer.js";
import type { OutgoingRecord, RecordHeader } from "../../kafka/records.js";
import { toOutgoing } from "./produce-v2.js";
import {
  badMember,
  noHeaders,
  once,
  readHeaders,
  readPartition,
  readTimestamp,
  toBase64Bytes,
  toTextBytes,
  unknownMember,
} from "./record-members.js";

/** How one key or value is embedded. */
export type DataType = "BINARY" | "STRING" | "JSON";

export interface V3Data {
  readonly type: DataType;
  readonly bytes: Buffer | null;
}

/** A record as it was asked for: what goes into Kafka, and what the answer tells of its forms. */
export interface V3Record {
  readonly record: OutgoingRecord;
  readonly keyType?: DataType;
  readonly valueType?: DataType;
  /** Its name in a batch. */
  readonly id?: string;
}

/** A record object that could not be read: it fails alone. */
export interface V3Fault {
  readonly error: RelayError;
  readonly id?: string;
}

export type V3Entry = V3Record | V3Fault;

export interface V3Limits {
  readonly recordsMax: number;
}

/**
 * Reads the record objects of a `/records` body, one behind the other. What is wrong in one object fails that one; what is no JSON ends the reading, with a
 * last fault for it, unless nothing was read before: then it refuses the request, as does a body without any object.
 */
export function readV3Stream(body: Buffer, limits: V3Limits): readonly V3Entry[] {
  const scanner = new JsonScanner(body);
  const entries: V3Entry[] = [];
  while (!scanner.isAtEnd()) {
    if (entries.length >= limits.recordsMax) throw tooMany(limits.recordsMax);
    try {
      entries.push(readAlone(scanner, false, `record ${entries.length}`));
    } catch (error) {
      if (entries.length === 0 || !(error instanceof RelayError)) throw error;
      entries.push({ error });
      return entries;
    }
  }
  if (entries.length === 0) throw new RelayError("unprocessable", "The request has no body, and one is needed.", { restCode: 42206 });
  return entries;
}

function tooMany(recordsMax: number): RelayError {
  return new RelayError("too-large", `The request holds more than ${recordsMax} records, which is the most a request may hold here.`);
}

/** Reads a `records:batch` body. `unprocessable` 42208 for a batch or an id that is none, 422 for members nobody knows; the rest fails entry by entry. */
export function readV3Batch(body: Buffer, limits: V3Limits): readonly V3Entry[] {
  const scanner = new JsonScanner(body);
  if (scanner.isAtEnd()) throw new RelayError("unprocessable", "The request has no body, and one is needed.", { restCode: 42208 });
  if (scanner.nextKind() !== "object") {
    scanner.readValue();
    if (scanner.isNull()) throw badBatch("The body is null.");
    throw new RelayError("bad-request", 'The body: an object with "entries" was expected.');
  }
  let entries: readonly V3Entry[] | undefined;
  if (scanner.enter("object")) {
    do {
      scanner.readName();
      if (!scanner.nameIs("entries")) throw unknownMember("The body", scanner.name(), '"entries"');
      if (entries !== undefined) throw badMember("The body", '"entries" is given twice');
      entries = readEntries(scanner, limits);
    } while (scanner.hasMore("object"));
  }
  if (!scanner.isAtEnd()) throw scanner.malformed("one JSON object was expected, and more follows it");
  if (entries === undefined || entries.length === 0) throw badBatch('"entries" is missing or empty.');
  return entries;
}

function badBatch(message: string): RelayError {
  return new RelayError("unprocessable", message, { restCode: 42208 });
}

function readEntries(scanner: JsonScanner, limits: V3Limits): readonly V3Entry[] {
  const kind = scanner.nextKind();
  if (kind !== "array") {
    scanner.readValue();
    if (kind === "null") return [];
    throw new RelayError("bad-request", `entries: a list was expected, not a ${kind}.`);
  }
  const entries: V3Entry[] = [];
  const ids = new Set<string>();
  if (!scanner.enter("array")) return entries;
  do {
    if (entries.length >= limits.recordsMax)
      throw badBatch(`The batch has more than ${limits.recordsMax} entries, which is the most it may have here.`);
    const entry = readAlone(scanner, true, `entries[${entries.length}]`);
    const id = entry.id;
    if (id === undefined)
      throw badBatch(`entries[${entries.length}]: "id" is missing, or no string of 1 to 80 of 0-9, A-Z, a-z, "_" and "-".`);
    if (ids.has(id)) throw badBatch(`entries[${entries.length}]: the id ${JSON.stringify(id)} is given twice.`);
    ids.add(id);
    entries.push(entry);
  } while (scanner.hasMore("array"));
  return entries;
}

/**
 * One record object. A fault of its own becomes its entry, and reading goes on behind it: the object is then walked once more, for its end and its id.
 * In a batch a member nobody knows refuses all, as the contract has it.
 */
function readAlone(scanner: JsonScanner, isEntry: boolean, place: string): V3Entry {
  const from = scanner.at;
  try {
    return readRecord(scanner, isEntry, place);
  } catch (error) {
    if (!(error instanceof RelayError) || error.code === "malformed-json") throw error;
    if (isEntry && error.code === "unprocessable") throw error;
    scanner.at = from;
    scanner.readValue();
    const asRecordFault = error.code === "unprocessable" ? new RelayError("bad-request", error.message) : error;
    return isEntry ? { error: asRecordFault, ...idOf(scanner.slice()) } : { error: asRecordFault };
  }
}

const legalId = /^[0-9A-Za-z_-]{1,80}$/;

function toId(scanner: JsonScanner): string | undefined {
  scanner.readValue();
  if (scanner.kind !== "string") return undefined;
  const id = scanner.text();
  return legalId.test(id) ? id : undefined;
}

function idOf(object: Buffer): { readonly id?: string } {
  const scanner = new JsonScanner(object);
  if (scanner.nextKind() !== "object" || !scanner.enter("object")) return {};
  do {
    scanner.readName();
    if (scanner.nameIs("id")) {
      const id = toId(scanner);
      return id === undefined ? {} : { id };
    }
    scanner.readValue();
  } while (scanner.hasMore("object"));
  return {};
}

const knownOfRecord = '"key", "value", "partition_id", "headers" and "timestamp"';

function readRecord(scanner: JsonScanner, isEntry: boolean, place: string): V3Record {
  let key: V3Data | undefined;
  let value: V3Data | undefined;
  let headers: readonly RecordHeader[] = noHeaders;
  let timestampMs: number | undefined;
  let partition: number | undefined;
  let id: string | undefined;
  let seen = 0;
  const kind = scanner.nextKind();
  if (kind !== "object") throw badMember(place, `an object was expected, not ${kind}`);
  if (scanner.enter("object")) {
    do {
      scanner.readName();
      if (scanner.nameIs("value")) {
        seen = once(seen, 1, scanner, place);
        value = readData(scanner, `${place}.value`);
      } else if (scanner.nameIs("key")) {
        seen = once(seen, 2, scanner, place);
        key = readData(scanner, `${place}.key`);
      } else if (scanner.nameIs("partition_id")) {
        seen = once(seen, 4, scanner, place);
        partition = readPartition(scanner, `${place}.partition_id`);
      } else if (scanner.nameIs("headers")) {
        seen = once(seen, 8, scanner, place);
        headers = readHeaders(scanner, `${place}.headers`);
      } else if (scanner.nameIs("timestamp")) {
        seen = once(seen, 16, scanner, place);
        timestampMs = readTimestamp(scanner, `${place}.timestamp`);
      } else if (isEntry && scanner.nameIs("id")) {
        seen = once(seen, 32, scanner, place);
        id = toId(scanner);
      } else throw unknownMember(place, scanner.name(), isEntry ? `"id", ${knownOfRecord}` : knownOfRecord);
    } while (scanner.hasMore("object"));
  }
  return {
    record: toOutgoing(key?.bytes ?? null, value?.bytes ?? null, headers, timestampMs, partition),
    ...(key === undefined ? undefined : { keyType: key.type }),
    ...(value === undefined ? undefined : { valueType: value.type }),
    ...(id === undefined ? undefined : { id }),
  };
}

const schemaMembers = ["subject", "subject_name_strategy", "schema_id", "schema_version", "schema"] as const;
const schemaTypes = ["AVRO", "JSONSCHEMA", "PROTOBUF"];
const knownTypes = "BINARY, STRING or JSON";

/** `{"type", "data"}` in any order; null is none. What needs a schema registry is refused by name. */
function readData(scanner: JsonScanner, place: string): V3Data | undefined {
  const kind = scanner.nextKind();
  if (kind !== "object") {
    scanner.readValue();
    if (kind === "null") return undefined;
    throw badMember(place, `an object with "type" and "data" was expected, not ${kind}`);
  }
  let type: string | undefined;
  // Where the data stand, until their type is known.
  let dataAt = -1;
  let seen = 0;
  if (scanner.enter("object")) {
    do {
      scanner.readName();
      if (scanner.nameIs("type")) {
        seen = once(seen, 1, scanner, place);
        scanner.readValue();
        if (scanner.kind === "string") type = scanner.text();
        else if (!scanner.isNull()) throw badMember(`${place}.type`, `${knownTypes} was expected`);
      } else if (scanner.nameIs("data")) {
        seen = once(seen, 2, scanner, place);
        dataAt = scanner.at;
        scanner.readValue();
        if (scanner.isNull()) dataAt = -1;
      } else readSchemaMember(scanner, place);
    } while (scanner.hasMore("object"));
  }
  const end = scanner.at;
  const data = toData(scanner, type, dataAt, place);
  scanner.at = end;
  return data;
}

/** Schema members may stand there as null. */
function readSchemaMember(scanner: JsonScanner, place: string): void {
  const name = schemaMembers.find((member) => scanner.nameIs(member));
  if (name === undefined) throw unknownMember(place, scanner.name(), '"type" and "data"');
  scanner.readValue();
  if (!scanner.isNull())
    throw badMember(`${place}.${name}`, `schemas need a schema registry, and none is behind this API; send ${knownTypes}`);
}

function toData(scanner: JsonScanner, type: string | undefined, dataAt: number, place: string): V3Data | undefined {
  if (type === undefined) {
    if (dataAt < 0) return undefined;
    throw badMember(`${place}.type`, `data without a type needs a schema registry, and none is behind this API; say ${knownTypes}`);
  }
  if (type !== "BINARY" && type !== "STRING" && type !== "JSON") throw badMember(`${place}.type`, refusalOf(type));
  if (dataAt < 0) return { type, bytes: null };
  scanner.at = dataAt;
  scanner.readValue();
  const bytes =
    type === "JSON"
      ? scanner.compact()
      : type === "STRING"
        ? toTextBytes(scanner, `${place}.data`)
        : toBase64Bytes(scanner, `${place}.data`);
  return { type, bytes };
}

function refusalOf(type: string): string {
  return schemaTypes.includes(type)
    ? `${type} needs a schema registry, and none is behind this API; encode in the client and send BINARY`
    : `${knownTypes} was expected, not ${JSON.stringify(type.slice(0, 40))}`;
}

/** One entry's end: what the producer said of its record, or the fault that kept it from the producer. */
export type V3Outcome = { readonly entry: V3Record; readonly outcome: ProduceOutcome } | { readonly entry: V3Fault };

/** The error of a failed entry; undefined for a written one. */
export function errorOf(outcome: V3Outcome): RelayError | undefined {
  if ("error" in outcome.entry) return outcome.entry.error;
  return "outcome" in outcome && outcome.outcome.outcome === "failed" ? outcome.outcome.error : undefined;
}
