/** JSON values to bytes with Confluent's prefix, by schemas that a registry has or gets. Loaded on first use, as is each format but Avro. */
import type { Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import type { OutgoingRecord } from "../kafka/records.js";
import { avroSchema, createAvroCodec } from "./avro/codec.js";
import { confluentPrefix, formatGlueMessageIndex, formatMessageIndexes } from "./framing.js";
import { Kept } from "./registry/kept.js";
import type { ResolvedSchema, SchemaRegistry, SchemaText, SchemaType } from "./registry/registry.js";
import { type RecordSchemas, type SerializedRecords, serializeRecords } from "./serialize-records.js";

/** A schema by its text or its id, for a subject. */
interface WantedSchema {
  readonly type: SchemaType;
  readonly subject: string;
  readonly schema: string | number;
}

export interface SchemaWriter {
  readonly id: number;
  /** JSON text to the bytes of a record's key or value. Throws `record-undecodable` with the path to what does not fit. */
  readonly write: (json: string) => Buffer;
}

/**
 * Looks a schema's text up under the subject, or else registers it; an id has to be one of the subject. What it gives is for one request: its values share a
 * limit of time. Throws `schema-invalid`, `schema-refused`, and what a registry throws that cannot be asked.
 */
export type WriterOf = (wanted: WantedSchema, deadline: Deadline) => Promise<SchemaWriter>;

export interface Serializer {
  readonly serialize: (records: readonly OutgoingRecord[], schemas: RecordSchemas, deadline: Deadline) => Promise<SerializedRecords>;
}

/** Begins a request: gives its way from JSON text to bytes. */
export type Encoding = () => (json: string) => Buffer;

const encodingsMax = 200;
const failureKeptMs = 1_000;
const shownCharactersMax = 300;

/** Undefined: only another kind of registry is configured, and every call is rejected with `bad-configuration`. */
export function createSerializer(registry: SchemaRegistry | undefined): Serializer {
  if (registry === undefined) {
    const refuse = async (): Promise<never> => {
      throw new RelayError("bad-configuration", "SCHEMA_REGISTRY_URL is not set, and schemas need it.");
    };
    return { serialize: refuse };
  }
  const encodings = new Kept<Encoding>({ entriesMax: encodingsMax, failureKeptMs });
  const writerOf: WriterOf = async (wanted, deadline) => {
    const { type, subject, schema } = wanted;
    const isId = typeof schema === "number";
    const known = isId ? await byId(registry, wanted, schema, deadline) : await byText(registry, type, schema, deadline);
    const key = JSON.stringify([known.type, known.text, known.references]);
    // Before it is registered: a registry may accept what cannot be used here.
    const begin = await encodings.get(key, () => encodingOf(known)).catch((thrown: unknown) => Promise.reject(unparsed(known, thrown)));
    const id = isId ? schema : await register(registry, subject, known, deadline);
    const encode = begin();
    const prefix = confluentPrefix(id);
    return { id, write: (json) => Buffer.concat([prefix, encode(json)]) };
  };
  return { serialize: (records, schemas, deadline) => serializeRecords(records, schemas, writerOf, deadline) };
}

function byText(registry: SchemaRegistry, type: SchemaType, text: string, deadline: Deadline): Promise<ResolvedSchema> {
  return registry.resolve({ type, text, references: [] }, deadline);
}

async function byId(registry: SchemaRegistry, { type, subject }: WantedSchema, id: number, deadline: Deadline): Promise<ResolvedSchema> {
  const refused = (why: string, cause?: unknown) =>
    new RelayError(
      "schema-refused",
      `Error serializing message. Error when fetching schema. format = ${type}, subject = ${subject}, schema id = ${id}\n${why}`,
      { cause },
    );
  try {
    const schema = await registry.byId(id, deadline);
    if (schema.type !== type)
      throw refused(`The schema with the id ${id} is of the type ${schema.type}, and the request is of the type ${type}.`);
    if ((await registry.lookUp(subject, schema, deadline)) !== undefined) return schema;
    throw refused(`The subject ${JSON.stringify(subject)} does not have the schema with the id ${id}.`);
  } catch (thrown) {
    throw isRefusal(thrown) ? refused(thrown.message, thrown) : thrown;
  }
}

async function register(registry: SchemaRegistry, subject: string, schema: SchemaText, deadline: Deadline): Promise<number> {
  try {
    return (await registry.register(subject, { type: schema.type, text: schema.text, references: schema.references }, deadline)).id;
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    throw new RelayError(
      "schema-refused",
      `Error serializing message. Error when registering schema. format = ${schema.type}, subject = ${subject}, schema = ${shown(schema.text)}\n${thrown.message}`,
      { cause: thrown },
    );
  }
}

/** What the registry says of a schema, as opposed to not being able to say anything. What has its final words already is left alone. */
function isRefusal(thrown: unknown): thrown is RelayError {
  if (!(thrown instanceof RelayError) || thrown.message.startsWith("Error serializing message.")) return false;
  return thrown.code === "schema-refused" || thrown.code === "schema-not-found";
}

function unparsed({ type, text }: SchemaText, thrown: unknown): unknown {
  if (!(thrown instanceof RelayError) || thrown.code !== "schema-invalid") return thrown;
  return new RelayError(
    "schema-invalid",
    `Invalid schema: Error when parsing raw schema. format = ${type}, schema = ${shown(text)}\n${thrown.message}`,
    { cause: thrown },
  );
}

function shown(text: string): string {
  return text.length <= shownCharactersMax ? text : `${text.slice(0, shownCharactersMax)}...`;
}

interface EncodingForm {
  /** Avro's logical types as such. */
  readonly logical?: boolean;
  /** Protobuf: the full name of the message; the first one where absent. */
  readonly message?: string | undefined;
  /** Protobuf: the message is named as AWS Glue does. */
  readonly isGlue?: boolean;
}

/** Throws `schema-invalid`. */
export async function encodingOf({ type, text, resolved }: ResolvedSchema, form: EncodingForm = {}): Promise<Encoding> {
  switch (type) {
    case "AVRO": {
      const codec = createAvroCodec(
        avroSchema(
          text,
          resolved.map((one) => one.text),
        ),
        { logical: form.logical ?? false },
      );
      return () => codec.encode;
    }
    case "JSON": {
      const { createJsonSchemaCodec, createValidationTime } = await import("./json-schema/codec.js");
      const codec = createJsonSchemaCodec(text, resolved);
      return () => {
        const time = createValidationTime();
        return (json) => {
          codec.validate(json, time);
          return Buffer.from(json);
        };
      };
    }
    case "PROTOBUF": {
      const { createProtobufCodec } = await import("./protobuf/codec.js");
      const codec = createProtobufCodec(text, resolved);
      // A schema by itself means its first message, as for Confluent's proxy.
      const indexes = form.message === undefined ? [0] : codec.indexesOf(form.message);
      if (indexes === undefined) throw new RelayError("schema-invalid", `The Protobuf schema does not declare a message ${form.message}.`);
      const prefix = form.isGlue === true ? formatGlueMessageIndex(codec.positionInOrderOfNames(indexes)) : formatMessageIndexes(indexes);
      return () => (json) => Buffer.concat([prefix, codec.encode(json, indexes)]);
    }
  }
}
