/** Avro schemas as this codec knows them, and the limits for schemas and values that come from strangers (https://avro.apache.org/docs/1.12.0/specification/). */

export const primitives = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"] as const;
export type PrimitiveKind = (typeof primitives)[number];

/** What a number, bytes or text stands for; an annotation that does not fit its type is ignored, as the specification asks. */
export type Logical =
  | { readonly name: "decimal"; readonly scale: number; readonly precision: number }
  | { readonly name: "date" | "uuid" | "duration" }
  | { readonly name: "time" | "timestamp" | "local-timestamp"; readonly fractionDigits: 3 | 6 | 9 };

export interface PrimitiveType {
  readonly kind: PrimitiveKind;
  readonly logical?: Logical | undefined;
}

export interface Field {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: AvroType;
  /** As JSON; undefined: the field has no default. */
  readonly defaultValue: unknown;
}

/** Names are full names. */
interface Named {
  readonly name: string;
  readonly aliases: readonly string[];
}

export interface RecordType extends Named {
  readonly kind: "record";
  /** Empty until all of its fields have been parsed: a record may hold itself. */
  fields: readonly Field[];
}

export interface EnumType extends Named {
  readonly kind: "enum";
  readonly symbols: readonly string[];
  readonly defaultSymbol: string | undefined;
}

export interface FixedType extends Named {
  readonly kind: "fixed";
  readonly size: number;
  readonly logical?: Logical | undefined;
}

interface ArrayType {
  readonly kind: "array";
  readonly items: AvroType;
}

interface MapType {
  readonly kind: "map";
  readonly values: AvroType;
}

export interface UnionType {
  readonly kind: "union";
  readonly branches: readonly AvroType[];
}

export type NamedType = RecordType | EnumType | FixedType;
export type AvroType = PrimitiveType | NamedType | ArrayType | MapType | UnionType;

/** What a union's branch is called in Avro-JSON: the full name of a named type, else the kind. */
export function tagOf(type: AvroType): string {
  return "name" in type ? type.name : type.kind;
}

/** Of a schema and all its references together. */
export const schemaCharactersMax = 1_048_576;
export const schemaDepthMax = 100;
export const schemaTypesMax = 20_000;
/** Records, arrays and maps inside one another, in a value. */
export const valueDepthMax = 1_000;
/** Records, items and entries in one value: null and empty types take no bytes, so a few bytes could stand for any number of them. */
export const valueItemsMax = 2_000_000;
/** Of the JSON text of one value: an enum's symbol may be much longer than its byte. */
export const textCharactersMax = 64 * 1_048_576;
/** How often a value is tried against the branches of unions that are not tagged; nested unions multiply. */
export const branchTrialsMax = 100_000;
