/** What a reader's schema says of a field that was not written, in the form that values have. */
import { RelayError } from "../../errors.js";
import { ByteReader } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import { compileReader, type DecodeOptions } from "./decode.js";
import { compileWriter } from "./encode.js";
import type { AvroType, Field, RecordType } from "./schema.js";

/** The JSON of a default leaves out the tags of unions. Writing it and reading it back gives the form that values have. */
export function unwrittenText(field: Field, record: RecordType, options: DecodeOptions): string {
  const bytes = new ByteWriter();
  try {
    compileWriter(field.type, {})(bytes, toValue(field.type, field.defaultValue));
  } catch (cause) {
    throw new RelayError(
      "schema-invalid",
      `The writer's and the reader's schema do not match: the default of the field ${record.name}.${field.name} does not fit its type.`,
      { cause },
    );
  }
  const reader = new ByteReader(bytes.written());
  compileReader(field.type, options)(reader);
  return reader.out;
}

/** A default's JSON as Avro-JSON: tags for unions, and the members that a record leaves to its own defaults. */
function toValue(type: AvroType, json: unknown, depth = 0): unknown {
  if (depth > 100) throw new RangeError("a default that holds itself");
  if (type.kind === "union") {
    const branch = type.branches.find((one) => isOfKind(one, json));
    if (branch === undefined || branch.kind === "null") return json;
    return { ["name" in branch ? branch.name : branch.kind]: toValue(branch, json, depth + 1) };
  }
  if (type.kind === "array" && Array.isArray(json)) return json.map((item) => toValue(type.items, item, depth + 1));
  if (typeof json !== "object" || json === null) return json;
  const members = json as Readonly<Record<string, unknown>>;
  if (type.kind === "map")
    return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, toValue(type.values, value, depth + 1)]));
  if (type.kind !== "record") return json;
  return Object.fromEntries(
    type.fields.map((field) => [
      field.name,
      toValue(field.type, Object.hasOwn(members, field.name) ? members[field.name] : field.defaultValue, depth + 1),
    ]),
  );
}

/** Does a default's JSON look like this branch? Since Avro 1.12 it may be of any branch. */
function isOfKind(type: AvroType, json: unknown): boolean {
  switch (type.kind) {
    case "null":
      return json === null;
    case "boolean":
      return typeof json === "boolean";
    case "enum":
      return type.symbols.includes(json as string);
    case "string":
    case "bytes":
    case "fixed":
      return typeof json === "string";
    case "array":
      return Array.isArray(json);
    case "record":
    case "map":
      return typeof json === "object" && json !== null && !Array.isArray(json);
    default:
      return typeof json === "number" || (typeof json === "object" && json !== null && !Array.isArray(json));
  }
}
