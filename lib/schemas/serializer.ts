/** JSON values to bytes with Confluent's prefix, by schemas that a registry has or gets. Loaded on first use, as is each format. */
import type { Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import type { OutgoingRecord } from "../kafka/records.js";
import { type Encoding, encodingOf } from "./encodings.js";
import { confluentPrefix } from "./framing.js";
import { Kept } from "./registry/kept.js";
import type { ResolvedSchema, SchemaRegistry, SchemaText, SchemaType } from "./registry/registry.js";
import { type ChoicePlace, chooseSchema, type SchemaChoice, shownSchema } from "./schema-choice.js";
import { type RecordSchemas, type SerializedRecords, serializeRecords } from "./serialize-records.js";
import { createValidationTime, type ValidationTime } from "./validation-time.js";

export interface SchemaWriter {
  readonly type: SchemaType;
  readonly subject: string;
  readonly id: number;
  readonly version: number;
  /** JSON text to the bytes of a record's key or value. Throws `record-undecodable` with the path to what does not fit. */
  readonly write: (json: string) => Buffer;
}

/**
 * Finds the schema that is chosen; one that is given by its text is registered where its subject does not have it. What it gives is for one request: its values
 * share a limit of time. Throws `schema-invalid`, `schema-refused`, `bad-request`, and what a registry throws that cannot be asked.
 */
export type OpenWriter = (choice: SchemaChoice, place: ChoicePlace, deadline: Deadline, time?: ValidationTime) => Promise<SchemaWriter>;

export interface Serializer {
  readonly open: OpenWriter;
  /** The records of a v2 request. */
  readonly serialize: (records: readonly OutgoingRecord[], schemas: RecordSchemas, deadline: Deadline) => Promise<SerializedRecords>;
}

const encodingsMax = 200;
const failureKeptMs = 1_000;

/** Undefined: only another kind of registry is configured, and every call is rejected with `bad-configuration`. */
export function createSerializer(registry: SchemaRegistry | undefined): Serializer {
  const open = registry === undefined ? refuse : openerOf(registry);
  return { open, serialize: (records, schemas, deadline) => serializeRecords(records, schemas, open, deadline) };
}

async function refuse(): Promise<never> {
  throw new RelayError("bad-configuration", "SCHEMA_REGISTRY_URL is not set, and schemas need it.");
}

function openerOf(registry: SchemaRegistry): OpenWriter {
  const encodings = new Kept<Encoding>({ entriesMax: encodingsMax, failureKeptMs });
  const encoding = (schema: ResolvedSchema): Promise<Encoding> =>
    encodings
      .get(JSON.stringify([schema.type, schema.text, schema.references]), () => encodingOf(schema))
      .catch((thrown: unknown) => Promise.reject(unparsed(schema, thrown)));
  // Its name is asked for before it is registered: a registry may accept what cannot be used here.
  const nameOf = async (schema: ResolvedSchema) => (await encoding(schema)).name;
  return async (choice, place, deadline, time = createValidationTime()) => {
    const { schema, subject, id, version } = await chooseSchema({ registry, nameOf }, choice, place, deadline);
    const encode = (await encoding(schema)).begin(time);
    const prefix = confluentPrefix(id);
    return { type: schema.type, subject, id, version, write: (json) => encode(json, prefix) };
  };
}

function unparsed({ type, text }: SchemaText, thrown: unknown): unknown {
  if (!(thrown instanceof RelayError) || thrown.code !== "schema-invalid") return thrown;
  return new RelayError(
    "schema-invalid",
    `Invalid schema: Error when parsing raw schema. format = ${type}, schema = ${shownSchema(text)}\n${thrown.message}`,
    { cause: thrown },
  );
}
