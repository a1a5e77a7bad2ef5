/** A schema in a file: its text, its type by the file's name, and whether records can be written and read by it here. */
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { InvalidArgumentError } from "commander";
import { encodingOf } from "../../../lib/schemas/encodings.js";
import type { ResolvedSchema, SchemaReference, SchemaText, SchemaType } from "../../../lib/schemas/registry/registry.js";
import { usageError } from "../cli.js";

/** As the API's media types call the formats. */
const typeNames = { avro: "AVRO", jsonschema: "JSON", protobuf: "PROTOBUF" } as const satisfies Record<string, SchemaType>;
const typesByEnding: Readonly<Record<string, SchemaType>> = { ".avsc": "AVRO", ".json": "JSON", ".proto": "PROTOBUF" };

export function toSchemaType(text: string): SchemaType {
  const type = Object.entries(typeNames).find(([name]) => name === text)?.[1];
  if (type === undefined) throw new InvalidArgumentError(`It must be ${Object.keys(typeNames).join(", ")}.`);
  return type;
}

/** Collects `--reference name=subject:version`. */
export function collectReferences(text: string, before: readonly SchemaReference[] = []): readonly SchemaReference[] {
  const [, name, subject, version] = /^([^=]+)=(.+):([1-9]\d{0,8})$/.exec(text) ?? [];
  if (name === undefined || subject === undefined) {
    throw new InvalidArgumentError("It must have the form name=subject:version: the name in the schema, and where the registry has it.");
  }
  return [...before, { name, subject, version: Number(version) }];
}

/** Throws a usage error where the file cannot be read, or its name does not say what it holds. */
export async function readSchemaFile(
  path: string,
  given: SchemaType | undefined,
  references: readonly SchemaReference[] = [],
): Promise<SchemaText> {
  const type = given ?? typesByEnding[extname(path).toLowerCase()];
  if (type === undefined) {
    const endings = Object.keys(typesByEnding).join(", ");
    throw usageError(`The format of ${path} is not clear from its name. Give --type, or name the file with the ending ${endings}.`);
  }
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw usageError(`${path} cannot be read: ${cause.message}.`);
  });
  return { type, text, references };
}

/** Throws `schema-invalid`: a registry may accept what cannot be used here. */
export async function assertUsable(schema: ResolvedSchema): Promise<void> {
  await encodingOf(schema);
}
