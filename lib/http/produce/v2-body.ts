/** A v2 produce request, `{"records": [...]}`: from its bytes to records, and the schemas that describe it. Pure. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { JsonScanner } from "../../json/scanner.js";
import type { OutgoingRecord } from "../../kafka/records.js";
import type { GivenSchemas } from "../../schemas/serialize-records.js";
import { BodyPlace, bodyPlace, describeObject, type MemberRow, readObject } from "./members.js";
import {
  base64Schema,
  newDraft,
  noBody,
  partitionMember,
  type RecordDraft,
  readBase64,
  readRecord,
  sharedMembers,
  toOutgoing,
  tooManyRecords,
  toTextBytes,
} from "./record-members.js";
import { type SchemaFormat, schemaMembers } from "./v2-schemas.js";

/** How keys and values are embedded: any JSON value kept as compact JSON, bytes in base64, or plain text. */
type EmbeddedFormat = "json" | "binary" | "text";

/** `application/json` means embedded JSON here. */
const formats: ReadonlyMap<string, EmbeddedFormat> = new Map([
  ["application/vnd.kafka.json.v2+json", "json"],
  ["application/vnd.kafka.json+json", "json"],
  ["application/json", "json"],
  ["application/vnd.kafka.binary.v2+json", "binary"],
  ["application/vnd.kafka.binary+json", "binary"],
  ["application/vnd.kafka.text.v2+json", "text"],
  ["application/vnd.kafka.text+json", "text"],
]);

const schemaFormats: ReadonlyMap<string, SchemaFormat> = new Map([
  ["application/vnd.kafka.avro.v2+json", "avro"],
  ["application/vnd.kafka.jsonschema.v2+json", "jsonschema"],
  ["application/vnd.kafka.protobuf.v2+json", "protobuf"],
]);

/** The format that a Content-Type names. `unsupported-media-type` explains why another type does not work, and what to send instead. */
export function toEmbeddedFormat(essence: string, hasRegistry: boolean): EmbeddedFormat | SchemaFormat {
  const format = formats.get(essence) ?? (hasRegistry ? schemaFormats.get(essence) : undefined);
  if (format !== undefined) return format;
  throw new RelayError("unsupported-media-type", refusalOf(essence));
}

function refusalOf(essence: string): string {
  const instead = "send application/vnd.kafka.json.v2+json or application/vnd.kafka.binary.v2+json";
  const [, schemaFormat] = /^application\/vnd\.kafka\.(avro|jsonschema|protobuf)(?:\.v[12])?\+json$/.exec(essence) ?? [];
  if (schemaFormat !== undefined)
    return `${essence} needs a schema registry, which this API does not have: ${instead}, with the ${schemaFormat} bytes encoded by the client.`;
  if (/^application\/vnd\.kafka(?:\.v2)?\+json$/.test(essence))
    return `${essence} does not say how keys and values are embedded: ${instead}.`;
  return `The media type ${essence} is not supported here: ${instead}.`;
}

type ReadEmbedded = (scanner: JsonScanner, place: BodyPlace) => Buffer | null;

const embedded: Readonly<Record<EmbeddedFormat, { readonly schema: v.GenericSchema; readonly read: ReadEmbedded }>> = {
  json: {
    schema: v.unknown(),
    read: (scanner) => {
      scanner.readValue();
      return scanner.isNull() ? null : scanner.compact();
    },
  },
  binary: { schema: v.nullable(base64Schema), read: readBase64 },
  text: {
    schema: v.nullable(v.string()),
    read: (scanner, place) => {
      scanner.readValue();
      return scanner.isNull() ? null : toTextBytes(scanner, place);
    },
  },
};

const membersOf = (format: EmbeddedFormat): readonly MemberRow<RecordDraft>[] => {
  const { schema, read } = embedded[format];
  return [
    {
      name: "key",
      schema: v.optional(schema),
      read: (scanner, draft, place) => {
        draft.key = read(scanner, place);
      },
    },
    {
      name: "value",
      schema: v.optional(schema),
      read: (scanner, draft, place) => {
        draft.value = read(scanner, place);
      },
    },
    partitionMember("partition"),
    ...sharedMembers,
  ];
};

/** Values with a schema are JSON until the schema is known, which may come after them. */
type BodyForm = EmbeddedFormat | "schema";

const bodyFormOf = (format: EmbeddedFormat | SchemaFormat): BodyForm =>
  format === "json" || format === "binary" || format === "text" ? format : "schema";

const recordMembers: Readonly<Record<BodyForm, readonly MemberRow<RecordDraft>[]>> = {
  json: membersOf("json"),
  binary: membersOf("binary"),
  text: membersOf("text"),
  schema: membersOf("json"),
};

interface V2Limits {
  /** Records in one request. */
  readonly recordsMax: number;
}

/** A request while it is read. */
interface RequestDraft {
  readonly form: BodyForm;
  readonly limits: V2Limits;
  readonly partitionOfPath: number | undefined;
  records: readonly OutgoingRecord[] | undefined;
  readonly schemas: GivenSchemas;
}

/** Schemas of keys and values are accepted and mean nothing in formats without them. */
const ignored = (name: string): MemberRow<RequestDraft> => ({
  name,
  schema: v.optional(v.unknown()),
  read: (scanner) => scanner.readValue(),
});

const requestMembers = (form: BodyForm): readonly MemberRow<RequestDraft>[] => [
  {
    name: "records",
    schema: v.pipe(v.array(describeObject(recordMembers[form])), v.minLength(1)),
    read: (scanner, draft) => {
      draft.records = readRecords(scanner, draft);
    },
  },
  ...(form === "schema" ? schemaMembers : ["key_schema", "key_schema_id", "value_schema", "value_schema_id"].map(ignored)),
];

const requests: Readonly<Record<BodyForm, readonly MemberRow<RequestDraft>[]>> = {
  json: requestMembers("json"),
  binary: requestMembers("binary"),
  text: requestMembers("text"),
  schema: requestMembers("schema"),
};

const anyJson = describeObject(requests.json);
const withSchemas = describeObject(requests.schema);

export const v2Bodies = {
  "application/vnd.kafka.json.v2+json": anyJson,
  "application/json": anyJson,
  "application/vnd.kafka.binary.v2+json": describeObject(requests.binary),
  "application/vnd.kafka.text.v2+json": describeObject(requests.text),
  "application/vnd.kafka.avro.v2+json": withSchemas,
  "application/vnd.kafka.jsonschema.v2+json": withSchemas,
  "application/vnd.kafka.protobuf.v2+json": withSchemas,
} as const;

interface V2Request {
  /** With a schema, keys and values are compact JSON here. */
  readonly records: readonly OutgoingRecord[];
  readonly schemas: GivenSchemas;
}

/**
 * Reads a v2 request of UTF-8 bytes. A partition in a record wins over `partitionOfPath`. Any fault refuses the whole request and names its place: 400 for what
 * is not JSON or has another type, 422 for `records` missing or empty and for unknown members.
 */
export function readV2Request(body: Buffer, format: EmbeddedFormat | SchemaFormat, limits: V2Limits, partitionOfPath?: number): V2Request {
  const scanner = new JsonScanner(body);
  if (scanner.isAtEnd()) throw noBody(42206);
  if (scanner.nextKind() !== "object") {
    scanner.readValue();
    throw unprocessableIf(scanner.isNull(), 'The body must be an object with "records".');
  }
  const form = bodyFormOf(format);
  const draft: RequestDraft = { form, limits, partitionOfPath, records: undefined, schemas: {} };
  readObject(scanner, requests[form], draft, bodyPlace());
  if (!scanner.isAtEnd()) throw scanner.malformed("the body must be a single JSON object, but more text follows it");
  if (draft.records === undefined || draft.records.length === 0)
    throw new RelayError("unprocessable", 'The body: "records" is missing or empty.');
  return { records: draft.records, schemas: draft.schemas };
}

function unprocessableIf(isUnprocessable: boolean, message: string): RelayError {
  return new RelayError(isUnprocessable ? "unprocessable" : "bad-request", message);
}

function readRecords(scanner: JsonScanner, { form, limits, partitionOfPath }: RequestDraft): readonly OutgoingRecord[] {
  const kind = scanner.nextKind();
  if (kind !== "array") {
    scanner.readValue();
    throw unprocessableIf(kind === "null", `records: must be a list, not ${kind}.`);
  }
  const records: OutgoingRecord[] = [];
  if (!scanner.enter("array")) return records;
  const members = recordMembers[form];
  const place = new BodyPlace((index) => `records[${index}]`);
  do {
    if (records.length >= limits.recordsMax) throw tooManyRecords(limits.recordsMax);
    place.begin(records.length);
    const draft = newDraft(partitionOfPath);
    readRecord(scanner, members, draft, place, "unprocessable");
    records.push(toOutgoing(draft));
  } while (scanner.hasMore("array"));
  return records;
}
