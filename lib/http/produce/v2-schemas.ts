/** Schemas of a v2 request: the members that give them. */
import * as v from "valibot";
import type { SchemaType } from "../../schemas/registry/registry.js";
import type { GivenSchemas, SchemaIds } from "../../schemas/serialize-records.js";
import type { MemberRow } from "./members.js";

/** Formats that need a schema registry. */
export type SchemaFormat = "avro" | "jsonschema" | "protobuf";

export const schemaTypeOf: Readonly<Record<SchemaFormat, SchemaType>> = { avro: "AVRO", jsonschema: "JSON", protobuf: "PROTOBUF" };

type Part = "key" | "value";

export const noSchemaIds: SchemaIds = { key: null, value: null };

const int32Max = 2_147_483_647;

const membersOfPart = (part: Part): readonly MemberRow<{ readonly schemas: GivenSchemas }>[] => [
  {
    name: `${part}_schema`,
    schema: v.nullish(v.string()),
    read: (scanner, { schemas }, place) => {
      scanner.readValue();
      if (scanner.isNull()) return;
      if (scanner.kind !== "string") throw place.fault(`must be the schema's text as a string, not ${scanner.kind}`);
      give(schemas, part, scanner.text());
    },
  },
  {
    name: `${part}_schema_id`,
    schema: v.nullish(v.pipe(v.number(), v.integer())),
    read: (scanner, { schemas }, place) => {
      scanner.readValue();
      if (scanner.isNull()) return;
      const id = scanner.integer();
      if (id === undefined || id < 0 || id > int32Max) throw place.fault("must be the id of a schema: a whole number of 31 bits");
      give(schemas, part, id);
    },
  },
];

export const schemaMembers = [...membersOfPart("key"), ...membersOfPart("value")];

function give(schemas: GivenSchemas, part: Part, schema: string | number): void {
  if (schemas[part] !== undefined) schemas.contradiction = part;
  schemas[part] = schema;
}
