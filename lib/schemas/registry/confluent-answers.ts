/** Answers of Confluent's API as our words, and ours as its bodies. Pure. */
import { RelayError } from "../../errors.js";
import { type SchemaText, type SchemaType, type SubjectVersion, schemaTypes } from "./registry.js";

export type AnswerBody = Readonly<Record<string, unknown>>;

export function toSchemaText(body: AnswerBody): SchemaText {
  const { schema, schemaType = "AVRO", references } = body;
  if (typeof schema !== "string") throw registryUnavailable("its answer holds no schema");
  if (!schemaTypes.includes(schemaType as SchemaType)) {
    throw new RelayError(
      "schema-invalid",
      `The schema is of the type ${JSON.stringify(schemaType)}; ${schemaTypes.join(", ")} are supported.`,
    );
  }
  const list = Array.isArray(references) ? references : [];
  return {
    type: schemaType as SchemaType,
    text: schema,
    references: list.map((one: AnswerBody) => ({ name: String(one.name), subject: String(one.subject), version: Number(one.version) })),
  };
}

export function toSubjectVersion(body: AnswerBody): SubjectVersion {
  const { id, subject, version, guid } = body;
  if (typeof id !== "number" || typeof subject !== "string" || typeof version !== "number")
    throw registryUnavailable("its answer holds no id, subject and version");
  return { ...toSchemaText(body), id, subject, version, guid: typeof guid === "string" ? guid : undefined };
}

export function toSchemaBody({ type, text, references }: SchemaText): object {
  return { schema: text, ...(type === "AVRO" ? {} : { schemaType: type }), ...(references.length === 0 ? {} : { references }) };
}

export function toListOf<Kind extends "string" | "number">(
  body: unknown,
  kind: Kind,
): readonly (Kind extends "string" ? string : number)[] {
  if (Array.isArray(body) && body.every((one) => typeof one === kind)) return body;
  throw registryUnavailable("its answer is not the list that was asked for");
}

export function subjectPath(subject: string): string {
  return `/subjects/${encodeURIComponent(subject)}`;
}

export function registryUnavailable(why: string, cause?: unknown): RelayError {
  return new RelayError("registry-unavailable", `The schema registry is unavailable: ${why}.`, cause === undefined ? {} : { cause });
}
