/** v3 produce requests: record objects one after another, or `{"entries": [...]}`. From their bytes to records, and the schemas that describe them. Pure. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { JsonScanner } from "../../json/scanner.js";
import type { OutgoingRecord } from "../../kafka/records.js";
import { BodyPlace, bodyPlace, describeObject, type MemberRow, readObject } from "./members.js";
import {
  noBody,
  noHeaders,
  partitionMember,
  type RecordDraft,
  readRecord,
  sharedMembers,
  toOutgoing,
  tooManyRecords,
} from "./record-members.js";
import { dataSchema, plainBytes, readData, type V3Data, type WrittenSchema } from "./v3-data.js";

/** A record as it was asked for: what goes into Kafka, and what the answer says of its forms. */
export interface V3Record {
  readonly record: OutgoingRecord;
  readonly keyData?: V3Data;
  readonly valueData?: V3Data;
  /** The schemas by which key and value were written. */
  readonly keySchema?: WrittenSchema;
  readonly valueSchema?: WrittenSchema;
  /** Its name in a batch. */
  readonly id?: string;
}

/** A record object that could not be read: it fails alone. */
export interface V3Fault {
  readonly error: RelayError;
  readonly id?: string;
}

export type V3Entry = V3Record | V3Fault;

interface V3Limits {
  readonly recordsMax: number;
}

interface V3Draft extends RecordDraft {
  keyData: V3Data | undefined;
  valueData: V3Data | undefined;
  id: string | undefined;
}

const newV3Draft = (): V3Draft => ({
  key: null,
  value: null,
  headers: noHeaders,
  timestampMs: undefined,
  partition: undefined,
  keyData: undefined,
  valueData: undefined,
  id: undefined,
});

const recordMembers: readonly MemberRow<V3Draft>[] = [
  {
    name: "key",
    schema: v.nullish(dataSchema),
    read: (scanner, draft, place) => {
      draft.keyData = readData(scanner, place);
      draft.key = plainBytes(draft.keyData);
    },
  },
  {
    name: "value",
    schema: v.nullish(dataSchema),
    read: (scanner, draft, place) => {
      draft.valueData = readData(scanner, place);
      draft.value = plainBytes(draft.valueData);
    },
  },
  partitionMember("partition_id"),
  ...sharedMembers,
];

const idPattern = /^[0-9A-Za-z_-]{1,80}$/;

const entryMembers: readonly MemberRow<V3Draft>[] = [
  {
    name: "id",
    schema: v.pipe(v.string(), v.regex(idPattern)),
    read: (scanner, draft) => {
      draft.id = readId(scanner);
    },
  },
  ...recordMembers,
];

interface BatchDraft {
  readonly limits: V3Limits;
  entries: readonly V3Entry[] | undefined;
}

const batchMembers: readonly MemberRow<BatchDraft>[] = [
  {
    name: "entries",
    schema: v.pipe(v.array(describeObject(entryMembers)), v.minLength(1)),
    read: (scanner, draft) => {
      draft.entries = readEntries(scanner, draft.limits);
    },
  },
];

/** One of the objects that follow one another in a `/records` body. */
export const v3Record = v.pipe(
  describeObject(recordMembers),
  v.description("One record. A body is any number of these objects, one after another."),
);

export const v3Batch = describeObject(batchMembers);

/**
 * Reads the record objects of a `/records` body. What is wrong in one object fails that object alone; what is not JSON ends the reading with one last fault.
 * If nothing was read before it, it refuses the request, as does a body without any object.
 */
export function readV3Stream(body: Buffer, { recordsMax }: V3Limits): readonly V3Entry[] {
  const { entries, malformed } = readV3Part(body, 0, recordsMax);
  if (malformed !== undefined) {
    if (entries.length === 0) throw malformed;
    return [...entries, { error: malformed }];
  }
  if (entries.length === 0) throw noBody(42206);
  return entries;
}

interface V3Part {
  readonly entries: readonly V3Entry[];
  /** What ended the reading: text that is not JSON. */
  readonly malformed: RelayError | undefined;
}

/** Reads whole record objects, the first of which has the index `first` in its request. Throws only for more than `recordsMax` of them. */
export function readV3Part(bytes: Buffer, first: number, recordsMax = Number.POSITIVE_INFINITY): V3Part {
  const scanner = new JsonScanner(bytes);
  const place = new BodyPlace((index) => `record ${index}`);
  const entries: V3Entry[] = [];
  while (!scanner.isAtEnd()) {
    if (entries.length >= recordsMax) throw tooManyRecords(recordsMax);
    place.begin(first + entries.length);
    try {
      entries.push(readAlone(scanner, recordMembers, place));
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
      return { entries, malformed: error };
    }
  }
  return { entries, malformed: undefined };
}

/** Reads a `records:batch` body. 42208 for an invalid batch or id, 422 for unknown members; any other fault fails its entry alone. */
export function readV3Batch(body: Buffer, limits: V3Limits): readonly V3Entry[] {
  const scanner = new JsonScanner(body);
  if (scanner.isAtEnd()) throw noBody(42208);
  if (scanner.nextKind() !== "object") {
    scanner.readValue();
    if (scanner.isNull()) throw badBatch("The body is null.");
    throw new RelayError("bad-request", 'The body must be an object with "entries".');
  }
  const draft: BatchDraft = { limits, entries: undefined };
  readObject(scanner, batchMembers, draft, bodyPlace());
  if (!scanner.isAtEnd()) throw scanner.malformed("the body must be a single JSON object, but more text follows it");
  if (draft.entries === undefined || draft.entries.length === 0) throw badBatch('"entries" is missing or empty.');
  return draft.entries;
}

function badBatch(message: string): RelayError {
  return new RelayError("unprocessable", message, { restCode: 42208 });
}

function readEntries(scanner: JsonScanner, { recordsMax }: V3Limits): readonly V3Entry[] {
  const kind = scanner.nextKind();
  if (kind !== "array") {
    scanner.readValue();
    if (kind === "null") return [];
    throw new RelayError("bad-request", `entries: must be a list, not a ${kind}.`);
  }
  const entries: V3Entry[] = [];
  const ids = new Set<string>();
  if (!scanner.enter("array")) return entries;
  const place = new BodyPlace((index) => `entries[${index}]`);
  do {
    if (entries.length >= recordsMax) throw badBatch(`The batch has more than ${recordsMax} entries, the most that one request may have.`);
    place.begin(entries.length);
    const entry = readAlone(scanner, entryMembers, place);
    place.begin(entries.length);
    if (entry.id === undefined) throw badBatch(`${place}: "id" must be a string of 1 to 80 of 0-9, A-Z, a-z, "_" and "-".`);
    if (ids.has(entry.id)) throw badBatch(`${place}: the id ${JSON.stringify(entry.id)} is given twice.`);
    ids.add(entry.id);
    entries.push(entry);
  } while (scanner.hasMore("array"));
  return entries;
}

/**
 * One record object. A fault of its own becomes its entry, and reading goes on after it: the object is then walked once more, for its end and its id.
 * In a batch an unknown member refuses the whole request, as the contract requires.
 */
function readAlone(scanner: JsonScanner, members: readonly MemberRow<V3Draft>[], place: BodyPlace): V3Entry {
  const isEntry = members === entryMembers;
  const from = scanner.at;
  try {
    return readOne(scanner, members, place);
  } catch (error) {
    if (!(error instanceof RelayError) || error.code === "malformed-json") throw error;
    if (isEntry && error.code === "unprocessable") throw error;
    scanner.at = from;
    scanner.readValue();
    const asRecordFault = error.code === "unprocessable" ? new RelayError("bad-request", error.message) : error;
    return isEntry ? { error: asRecordFault, ...idOf(scanner.slice()) } : { error: asRecordFault };
  }
}

function readOne(scanner: JsonScanner, members: readonly MemberRow<V3Draft>[], place: BodyPlace): V3Record {
  const draft = newV3Draft();
  readRecord(scanner, members, draft, place, "bad-request");
  const { keyData, valueData, id } = draft;
  return {
    record: toOutgoing(draft),
    ...(keyData === undefined ? undefined : { keyData }),
    ...(valueData === undefined ? undefined : { valueData }),
    ...(id === undefined ? undefined : { id }),
  };
}

function readId(scanner: JsonScanner): string | undefined {
  scanner.readValue();
  if (scanner.kind !== "string") return undefined;
  const id = scanner.text();
  return idPattern.test(id) ? id : undefined;
}

/** The id of an entry whose other members could not be read. */
function idOf(object: Buffer): { readonly id?: string } {
  const scanner = new JsonScanner(object);
  if (scanner.nextKind() !== "object" || !scanner.enter("object")) return {};
  do {
    scanner.readName();
    if (scanner.nameIs("id")) {
      const id = readId(scanner);
      return id === undefined ? {} : { id };
    }
    scanner.readValue();
  } while (scanner.hasMore("object"));
  return {};
}
