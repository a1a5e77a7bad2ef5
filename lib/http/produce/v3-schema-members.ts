/** The members that choose the schema of a key or value in the v3 contract, which of them exclude each other, and how the description shows them. */
import * as v from "valibot";
import type { SchemaChoice, SubjectNameStrategy } from "../../schemas/schema-choice.js";
import { type BodyPlace, describeObject, type MemberRow } from "./members.js";

/** What a request gives; null is as if a member were absent. */
export interface SchemaDraft {
  subject?: string;
  subject_name_strategy?: SubjectNameStrategy;
  schema_id?: number;
  schema_version?: number;
  schema?: string;
}

const int32Max = 2_147_483_647;
const subjectCharactersMax = 1_000;
const strategies = ["TOPIC_NAME", "RECORD_NAME", "TOPIC_RECORD_NAME"] as const satisfies readonly SubjectNameStrategy[];
const schemaTypeOf = { AVRO: "AVRO", JSONSCHEMA: "JSON", PROTOBUF: "PROTOBUF" } as const;
const isSchemaType = (type: string | undefined): type is keyof typeof schemaTypeOf =>
  type !== undefined && Object.hasOwn(schemaTypeOf, type);

const textMember = (name: "subject" | "schema", what: string, charactersMax = Number.POSITIVE_INFINITY): MemberRow<SchemaDraft> => ({
  name,
  read: (scanner, draft, place) => {
    scanner.readValue();
    if (scanner.isNull()) return;
    const text = scanner.kind === "string" ? scanner.text() : "";
    if (text === "" || text.length > charactersMax) throw place.fault(`must be ${what}`);
    draft[name] = text;
  },
});

const numberMember = (name: "schema_id" | "schema_version", min: number, what: string): MemberRow<SchemaDraft> => ({
  name,
  read: (scanner, draft, place) => {
    scanner.readValue();
    if (scanner.isNull()) return;
    const number = scanner.integer();
    if (number === undefined || number < min || number > int32Max) throw place.fault(`must be ${what}`);
    draft[name] = number;
  },
});

export const schemaDataMembers: readonly MemberRow<SchemaDraft>[] = [
  textMember("subject", `the name of a subject: a string of 1 to ${subjectCharactersMax} characters`, subjectCharactersMax),
  {
    name: "subject_name_strategy",
    read: (scanner, draft, place) => {
      scanner.readValue();
      if (scanner.isNull()) return;
      const given = scanner.kind === "string" ? scanner.text() : "";
      const strategy = strategies.find((one) => one === given);
      if (strategy === undefined) throw place.fault(`must be one of ${strategies.join(", ")}`);
      draft.subject_name_strategy = strategy;
    },
  },
  numberMember("schema_id", 0, "the id of a schema: a whole number of 31 bits"),
  numberMember("schema_version", 1, "the version of a schema: a whole number from 1"),
  textMember("schema", "the schema's text as a string"),
];

/** Undefined: no schema is asked for. Refuses in the words of Confluent's proxy (ProduceRequest.java), which clients know. */
export function toSchemaChoice(type: string | undefined, draft: SchemaDraft, hasData: boolean, place: BodyPlace): SchemaChoice | undefined {
  assertOneOfEach(draft, place);
  const subject = {
    ...(draft.subject === undefined ? undefined : { subject: draft.subject }),
    ...(draft.subject_name_strategy === undefined ? undefined : { strategy: draft.subject_name_strategy }),
  };
  if (isSchemaType(type)) return { ...subject, by: { is: "text", type: schemaTypeOf[type], text: textOf(draft, place) } };
  if (type !== undefined) {
    assertNoSchema(type, draft, place);
    return undefined;
  }
  if (draft.schema !== undefined) throw place.fault("'schema' cannot be used without 'type'; the type is AVRO, JSONSCHEMA or PROTOBUF");
  if (draft.schema_id !== undefined) return { ...subject, by: { is: "id", id: draft.schema_id } };
  if (draft.schema_version !== undefined) return { ...subject, by: { is: "version", version: draft.schema_version } };
  const isNamed = draft.subject !== undefined || draft.subject_name_strategy !== undefined;
  return hasData || isNamed ? { ...subject, by: { is: "version", version: "latest" } } : undefined;
}

function assertOneOfEach(draft: SchemaDraft, place: BodyPlace): void {
  if (draft.subject !== undefined && draft.subject_name_strategy !== undefined)
    throw place.fault("Only one of 'subject_name_strategy' or 'subject' can be used");
  if ([draft.schema_id, draft.schema_version, draft.schema].filter((one) => one !== undefined).length > 1)
    throw place.fault("Only one of 'schema_id', 'schema_version' or 'schema' can be used");
}

function textOf({ schema_id, schema_version, schema }: SchemaDraft, place: BodyPlace): string {
  if (schema_id !== undefined) throw place.fault(`'schema_id=${schema_id}' cannot be used with 'serializer'`);
  if (schema_version !== undefined) throw place.fault(`'schema_version=${schema_version}' cannot be used with 'serializer'`);
  if (schema === undefined)
    throw place.fault("'schema_version=latest' cannot be used with 'serializer'; give the schema, or omit the type");
  return schema;
}

function assertNoSchema(type: string, draft: SchemaDraft, place: BodyPlace): void {
  const names = { subject_name_strategy: "subject_strategy" } as Readonly<Record<string, string>>;
  const order = ["subject_name_strategy", "subject", "schema_id", "schema_version", "schema"] as const;
  const given = order.find((name) => draft[name] !== undefined);
  if (given === undefined) return;
  throw place.fault(`'type=${type.slice(0, 40)}' cannot be used with '${names[given] ?? given}'`);
}

/** One object for each way to choose: what excludes each other never stands in the same one. The titles are names of components in the description. */
export const withSchema: readonly v.GenericSchema[] = [
  { titleEnd: "", subject: { subject: v.nullish(v.pipe(v.string(), v.nonEmpty(), v.maxLength(subjectCharactersMax))) } },
  { titleEnd: "AndStrategy", subject: { subject_name_strategy: v.picklist(strategies) } },
].flatMap(({ titleEnd, subject }) =>
  [
    { title: "DataWithSchemaId", by: { schema_id: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(int32Max)) } },
    {
      title: "DataWithSchemaVersion",
      by: { schema_version: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(int32Max))) },
    },
    { title: "DataWithSchema", by: { type: v.picklist(Object.keys(schemaTypeOf)), schema: v.pipe(v.string(), v.nonEmpty()) } },
  ].map(({ title, by }) => {
    const members = Object.entries<v.GenericSchema>({ ...by, ...subject, data: v.unknown() });
    return v.pipe(describeObject(members.map(([name, schema]) => ({ name, schema, read: () => {} }))), v.title(`${title}${titleEnd}`));
  }),
);
