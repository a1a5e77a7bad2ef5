/** A key or value of the v3 contract, `{"type", "data"}`: read and described by one table of types. */
import * as v from "valibot";
import type { JsonScanner } from "../../json/scanner.js";
import { type BodyPlace, describeObject, type MemberRow, readObject } from "./members.js";
import { base64Schema, toBase64Bytes, toTextBytes } from "./record-members.js";

/** How one key or value is embedded. */
export type DataType = "BINARY" | "STRING" | "JSON";

interface V3Data {
  readonly type: DataType;
  readonly bytes: Buffer | null;
}

/** `read` takes the value that the scanner has just read. */
const types: Readonly<
  Record<DataType, { readonly schema: v.GenericSchema; readonly read: (scanner: JsonScanner, place: BodyPlace) => Buffer }>
> = {
  JSON: { schema: v.optional(v.unknown()), read: (scanner) => scanner.compact() },
  BINARY: { schema: v.nullish(base64Schema), read: toBase64Bytes },
  STRING: { schema: v.nullish(v.string()), read: toTextBytes },
};

const isDataType = (type: string): type is DataType => Object.hasOwn(types, type);

/** Types that need a schema registry. */
const schemaTypes = ["AVRO", "JSONSCHEMA", "PROTOBUF"];
const supportedTypes = "BINARY, STRING or JSON";

interface DataDraft {
  type: string | undefined;
  /** Where the data begins, until its type is known. Below 0: there is no data. */
  dataAt: number;
}

/** Schema members are accepted as long as they are null. */
const schemaMember = (name: string): MemberRow<DataDraft> => ({
  name,
  isRepeatable: true,
  read: (scanner, _draft, place) => {
    scanner.readValue();
    if (!scanner.isNull()) throw place.fault(`schemas need a schema registry, which this API does not have; send ${supportedTypes}`);
  },
});

/** Type and data stand in any order. */
const dataMembers: readonly MemberRow<DataDraft>[] = [
  {
    name: "type",
    schema: v.picklist(Object.keys(types)),
    read: (scanner, draft, place) => {
      scanner.readValue();
      if (scanner.kind === "string") draft.type = scanner.text();
      else if (!scanner.isNull()) throw place.fault(`must be ${supportedTypes}`);
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
  ...["subject", "subject_name_strategy", "schema_id", "schema_version", "schema"].map(schemaMember),
];

/** One object for each type, because the type decides what the data may be. */
export const dataSchema = v.union(
  (Object.keys(types) as DataType[]).map((type) =>
    describeObject(
      dataMembers.map((member) =>
        member.name === "type"
          ? { ...member, schema: v.literal(type) }
          : member.name === "data"
            ? { ...member, schema: types[type].schema }
            : member,
      ),
    ),
  ),
);

/** Reads `{"type", "data"}`, or null. A type that needs a schema registry is refused, and the message names it. */
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

function toData(scanner: JsonScanner, { type, dataAt }: DataDraft, place: BodyPlace): V3Data | undefined {
  if (type === undefined) {
    if (dataAt < 0) return undefined;
    place.enter("type");
    throw place.fault(`data without a type needs a schema registry, which this API does not have; the type must be ${supportedTypes}`);
  }
  if (!isDataType(type)) {
    place.enter("type");
    throw place.fault(refusalOf(type));
  }
  if (dataAt < 0) return { type, bytes: null };
  scanner.at = dataAt;
  scanner.readValue();
  place.enter("data");
  const bytes = types[type].read(scanner, place);
  place.leave();
  return { type, bytes };
}

function refusalOf(type: string): string {
  return schemaTypes.includes(type)
    ? `${type} needs a schema registry, which this API does not have; encode the value in the client and send BINARY`
    : `must be ${supportedTypes}, not ${JSON.stringify(type.slice(0, 40))}`;
}
