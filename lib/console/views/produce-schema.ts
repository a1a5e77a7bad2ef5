/** The schema of a record while it is written, as members of the call. Pure. */

export type SchemaBy = "latest" | "id" | "text";
export type TypedSchemaKind = "AVRO" | "JSONSCHEMA" | "PROTOBUF";

export interface TypedSchema {
  readonly by: SchemaBy;
  /** "": the one that the topic's name makes. */
  readonly subject: string;
  readonly id: string;
  readonly type: TypedSchemaKind;
  readonly text: string;
}

export const emptySchema: TypedSchema = { by: "latest", subject: "", id: "", type: "AVRO", text: "" };

/** What is missing, as a sentence. */
export function schemaFault(part: "key" | "value", { by, id, text }: TypedSchema): string | undefined {
  if (by === "id" && !/^\d+$/.test(id.trim())) return `The schema id of the ${part} must be a number.`;
  if (by === "text" && text.trim() === "") return `The schema of the ${part} is missing.`;
  return undefined;
}

/** `"schema_id":7,"subject":"orders-value"`, to stand before the data. */
export function typedSchemaMembers({ by, subject, id, type, text }: TypedSchema): readonly string[] {
  return [
    ...(by === "text" ? [`"type":"${type}"`, `"schema":${JSON.stringify(text)}`] : []),
    ...(by === "id" ? [`"schema_id":${Number(id)}`] : []),
    ...(subject.trim() === "" ? [] : [`"subject":${JSON.stringify(subject.trim())}`]),
  ];
}
