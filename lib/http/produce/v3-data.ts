/** A key or value of the v3 contract, `{"type", "data"}`, with or without a schema: read and described by one table of members. */
import * as v from "valibot";
import type { JsonScanner } from "../../json/scanner.js";
import type { SchemaChoice } from "../../schemas/schema-choice.js";
import type { SchemaWriter } from "../../schemas/serializer.js";
import { type BodyPlace, describeObject, type MemberRow, readObject } from "./members.js";
import { base64Schema, toBase64Bytes, toTextBytes } from "./record-members.js";
import { type SchemaDraft, schemaDataMembers, toSchemaChoice, withSchema } from "./v3-schema-members.js";

/** How one key or value is embedded. */
type DataType = "BINARY" | "STRING" | "JSON";

/** Bytes, or JSON that a schema turns into bytes. */
export type V3Data =
  | { readonly type: DataType; readonly bytes: Buffer | null }
  | {
      readonly choice: SchemaChoice;
      /** Null stays Kafka's null. */
      readonly json: Buffer | null;
      /** Where it stands in the request, for messages. */
      readonly place: string;
    };

/** What the answer says of a schema. */
export type WrittenSchema = Pick<SchemaWriter, "type" | "subject" | "id" | "version">;

/** `title` is the name of the component in the description. `read` takes the value that the scanner has just read. */
const types: Readonly<
  Record<
    DataType,
    { readonly title: string; readonly schema: v.GenericSchema; readonly read: (scanner: JsonScanner, place: BodyPlace) => Buffer }
  >
> = {
  JSON: { title: "JsonData", schema: v.optional(v.unknown()), read: (scanner) => scanner.compact() },
  BINARY: { title: "BinaryData", schema: v.nullish(base64Schema), read: toBase64Bytes },
  STRING: { title: "StringData", schema: v.nullish(v.string()), read: toTextBytes },
};

const isDataType = (type: string): type is DataType => Object.hasOwn(types, type);

interface DataDraft extends SchemaDraft {
  type: string | undefined;
  /** Where the data begins, until its type is known. Below 0: there is no data. */
  dataAt: number;
}

/** Type, data and schema stand in any order. */
const dataMembers: readonly MemberRow<DataDraft>[] = [
  {
    name: "type",
    schema: v.picklist(Object.keys(types)),
    read: (scanner, draft, place) => {
      scanner.readValue();
      if (scanner.kind === "string") draft.type = scanner.text();
      else if (!scanner.isNull()) throw place.fault(`must be one of ${allTypes}`);
    },
  },
  {
    name: "data",
    schema: v.unknown(),
    read: (scanner, draft) => {
      draft.dataAt = scanner.at;
      scanner.readValue();
      if (scanner.isNull()) draft.dataAt = -1;
    },
  },
  ...schemaDataMembers,
];

const allTypes = "BINARY, STRING, JSON, AVRO, JSONSCHEMA and PROTOBUF";

/** One object for each type, because the type decides what the data may be; and those with a schema. */
export const dataSchema = v.union([
  ...(Object.keys(types) as DataType[]).map((type) =>
    v.pipe(
      describeObject([
        { name: "type", schema: v.literal(type), read: () => {} },
        { name: "data", schema: types[type].schema, read: () => {} },
      ]),
      v.title(types[type].title),
    ),
  ),
  ...withSchema,
]);

/** Reads a key or value, or null. Refuses members that exclude each other in the contract's words. */
export function readData(scanner: JsonScanner, place: BodyPlace): V3Data | undefined {
  const kind = scanner.nextKind();
  if (kind !== "object") {
    scanner.readValue();
    if (kind === "null") return undefined;
    throw place.fault(`must be an object with "type" and "data", not ${kind}`);
  }
  const draft: DataDraft = { type: undefined, dataAt: -1 };
  readObject(scanner, dataMembers, draft, place);
  const end = scanner.at;
  const data = toData(scanner, draft, place);
  scanner.at = end;
  return data;
}

function toData(scanner: JsonScanner, draft: DataDraft, place: BodyPlace): V3Data | undefined {
  const { type, dataAt } = draft;
  const choice = toSchemaChoice(type, draft, dataAt >= 0, place);
  if (choice !== undefined) {
    const where = String(place);
    if (dataAt < 0) return { choice, json: null, place: where };
    scanner.at = dataAt;
    scanner.readValue();
    return { choice, json: scanner.compact(), place: where };
  }
  if (type === undefined) return undefined;
  if (!isDataType(type)) {
    place.enter("type");
    throw place.fault(`must be one of ${allTypes}, not ${JSON.stringify(type.slice(0, 40))}`);
  }
  if (dataAt < 0) return { type, bytes: null };
  scanner.at = dataAt;
  scanner.readValue();
  place.enter("data");
  const bytes = types[type].read(scanner, place);
  place.leave();
  return { type, bytes };
}

/** What goes into Kafka without a schema; null where there is nothing, or a schema is needed first. */
export function plainBytes(data: V3Data | undefined): Buffer | null {
  return data !== undefined && "bytes" in data ? data.bytes : null;
}
