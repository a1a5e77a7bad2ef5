/** What the rest of lib asks a schema registry, whichever it is. */
import type { Deadline } from "../../deadline.js";

export const schemaTypes = ["AVRO", "JSON", "PROTOBUF"] as const;
export type SchemaType = (typeof schemaTypes)[number];

/** A schema that another one uses, under the name by which it does. */
export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** What is looked up, registered or checked. */
export interface SchemaText {
  readonly type: SchemaType;
  readonly text: string;
  readonly references: readonly SchemaReference[];
}

/** A schema with the texts of everything that it refers to, each before those that use it. */
export interface ResolvedSchema extends SchemaText {
  readonly resolved: readonly { readonly name: string; readonly text: string }[];
}

/** A schema under its number in a subject. */
export interface SubjectVersion extends SchemaText {
  readonly id: number;
  readonly subject: string;
  readonly version: number;
  /** Newer registries only. */
  readonly guid: string | undefined;
}

/**
 * Throws `schema-not-found`, `schema-invalid` and `schema-refused` for what the registry says of a schema, `registry-unavailable` where it cannot be asked now,
 * `registry-unauthenticated` and `registry-forbidden` where it does not take our credentials.
 */
export interface SchemaRegistry {
  readonly byId: (id: number, deadline: Deadline) => Promise<ResolvedSchema>;
  readonly byGuid: (guid: string, deadline: Deadline) => Promise<ResolvedSchema>;
  readonly byVersion: (subject: string, version: number | "latest", deadline: Deadline) => Promise<SubjectVersion>;
  /** Undefined: the subject does not have this schema. */
  readonly lookUp: (subject: string, schema: SchemaText, deadline: Deadline) => Promise<SubjectVersion | undefined>;
  /** Registers it unless the subject has it already. */
  readonly register: (subject: string, schema: SchemaText, deadline: Deadline) => Promise<SubjectVersion>;
  readonly resolve: (schema: SchemaText, deadline: Deadline) => Promise<ResolvedSchema>;
  readonly subjects: (deadline: Deadline) => Promise<readonly string[]>;
  readonly versions: (subject: string, deadline: Deadline) => Promise<readonly number[]>;
  /** The reasons why the subject does not accept it; empty: it does. */
  readonly incompatibilities: (subject: string, schema: SchemaText, deadline: Deadline) => Promise<readonly string[]>;
  readonly close: () => void;
}
