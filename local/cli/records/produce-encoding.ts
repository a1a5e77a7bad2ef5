/** `kafka-relay produce --value-format ...`: lines of JSON as keys and values with a schema, which is in a file, or is the subject's latest, or has an id. */
import type { Command } from "commander";
import { parseConfig } from "../../../lib/config.js";
import { RelayError } from "../../../lib/errors.js";
import { isJson } from "../../../lib/json/read.js";
import type { OutgoingRecord } from "../../../lib/kafka/records.js";
import type { EncodeValue } from "../../../lib/schemas/encoder.js";
import { canDecode } from "../../../lib/schemas/on-demand.js";
import type { SchemaType } from "../../../lib/schemas/registry/registry.js";
import { openSchemas } from "../../../lib/schemas/schemas.js";
import { toCount } from "../arguments.js";
import { type CliContext, usageError } from "../cli.js";
import { type RegistryOption, registryFlag, registryHelp } from "../schemas/registry-context.js";
import { readSchemaFile, toSchemaType } from "../schemas/schema-file.js";

export interface ProduceSchemaOptions extends RegistryOption {
  readonly valueFormat?: SchemaType;
  readonly schemaFile?: string;
  readonly schemaId?: number;
  readonly subject?: string;
  readonly keyFormat?: SchemaType;
  readonly keySchemaFile?: string;
  readonly keySchemaId?: number;
  readonly keySubject?: string;
  readonly logical?: boolean;
}

export interface RecordEncoder {
  readonly encode: (record: OutgoingRecord) => OutgoingRecord;
  readonly encodes: { readonly key: boolean; readonly value: boolean };
  readonly close: () => void;
}

export function encodingOptions(command: Command): Command {
  return command
    .option("--value-format <format>", "values are JSON, written by a schema: avro, jsonschema or protobuf", toSchemaType)
    .option("--schema-file <path>", "the schema of values, registered where it is new (default: the subject's latest)")
    .option("--schema-id <id>", "or the id of the schema of values", toCount)
    .option("--subject <name>", "the subject of values (default: <topic>-value)")
    .option("--key-format <format>", "the same for keys; a key that is not JSON is a text", toSchemaType)
    .option("--key-schema-file <path>", "the schema of keys")
    .option("--key-schema-id <id>", "or its id", toCount)
    .option("--key-subject <name>", "the subject of keys (default: <topic>-key)")
    .option("--logical", "Avro: decimals are numbers, days and times are text")
    .option(registryFlag, registryHelp);
}

interface Part {
  readonly name: "key" | "value";
  readonly type: SchemaType | undefined;
  readonly file: string | undefined;
  readonly id: number | undefined;
  readonly subject: string;
}

/** Asks the registry before the first line is read, so that a wrong schema gives one message, not one per line. Undefined: nothing is encoded. */
export async function createRecordEncoder(
  context: CliContext,
  options: ProduceSchemaOptions,
  topic: string,
): Promise<RecordEncoder | undefined> {
  const parts = partsOf(options, topic);
  if (parts.length === 0) return undefined;
  const { registry, logical = false } = options;
  const config = parseConfig({ ...context.world.env, ...(registry === undefined ? {} : { SCHEMA_REGISTRY_URL: registry }) });
  if (!canDecode(config))
    throw new RelayError("bad-configuration", "No schema registry is named. Set SCHEMA_REGISTRY_URL, or give --registry.");
  const { encoderOf, close } = openSchemas(config);
  try {
    const encoders = new Map<Part["name"], EncodeValue>();
    for (const { name, type = "AVRO", file, id, subject } of parts) {
      const schema = file === undefined ? undefined : (await readSchemaFile(file, type)).text;
      encoders.set(name, await encoderOf({ subject, type, schema, id, logical }, context.deadline()));
    }
    const [key, value] = [encoders.get("key"), encoders.get("value")];
    return {
      encode: (record) => ({
        ...record,
        key: key === undefined || record.key === null ? record.key : key(keyJson(record.key)),
        value: value === undefined || record.value === null ? record.value : value(record.value.toString("utf8")),
      }),
      encodes: { key: key !== undefined, value: value !== undefined },
      close,
    };
  } catch (thrown) {
    close();
    throw thrown;
  }
}

function partsOf(options: ProduceSchemaOptions, topic: string): readonly Part[] {
  const { valueFormat, schemaFile, schemaId, keyFormat, keySchemaFile, keySchemaId } = options;
  const parts: readonly Part[] = [
    { name: "value", type: valueFormat, file: schemaFile, id: schemaId, subject: options.subject ?? `${topic}-value` },
    { name: "key", type: keyFormat, file: keySchemaFile, id: keySchemaId, subject: options.keySubject ?? `${topic}-key` },
  ];
  return parts.filter(({ name, type, file, id }) => {
    const options = name === "value" ? "--value-format" : "--key-format";
    if (file !== undefined && id !== undefined) throw usageError(`For a ${name}, give either a schema file or a schema id.`);
    if (type === undefined && (file !== undefined || id !== undefined)) throw usageError(`A schema for a ${name} needs ${options}.`);
    return type !== undefined;
  });
}

function keyJson(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return isJson(text) ? text : JSON.stringify(text);
}
