/** Bytes of a record's key or value to JSON text, by the schema that they name. Loaded on first use, as is each format. */
import { utf8Text } from "../cloudevents/event.js";
import type { Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import { isJson } from "../json/read.js";
import type { RecordHeader } from "../kafka/records.js";
import type { AvroForm } from "./avro/decoder.js";
import { type Framed, parseFraming, parseGlueMessageIndex, parseMessageIndexes } from "./framing.js";
import type { GlueRegistry } from "./registry/glue.js";
import { Kept } from "./registry/kept.js";
import type { ResolvedSchema, SchemaRegistry, SchemaType } from "./registry/registry.js";

/** How Avro is written as JSON. */
export type JsonForm = AvroForm;

/** The schema that a value was decoded by, under the name by which the record has it. */
interface UsedSchema {
  readonly type: SchemaType;
  /** Of a registry with Confluent's API, or its GUID there, or the id of a schema version of AWS Glue. */
  readonly id?: number;
  readonly guid?: string;
  readonly versionId?: string;
  /** Protobuf: the full name of the message. */
  readonly message?: string;
}

export interface DecodedValue {
  /** With every digit. */
  readonly json: string;
  readonly schema: UsedSchema;
}

type MaybeLater<T> = T | Promise<T>;

export interface Deserializer {
  /**
   * Decodes what names a schema of a configured registry; undefined: the bytes name none. At once where the schema is known, otherwise once the registry has
   * answered. Throws, or rejects with, `record-undecodable` and `schema-not-found` for what is the record's own fault, and what a registry throws that cannot be asked.
   */
  readonly decode: (
    bytes: Buffer,
    headers: readonly RecordHeader[],
    part: "key" | "value",
    deadline: Deadline,
    options?: JsonForm,
  ) => MaybeLater<DecodedValue> | undefined;
}

interface DeserializerOptions {
  readonly confluent?: SchemaRegistry | undefined;
  readonly glue?: GlueRegistry | undefined;
  /** Are values of JSON Schema validated? Confluent's deserializers do not. */
  readonly validates?: boolean;
}

/** A schema that is ready to read values. */
interface SchemaReader {
  readonly read: (framed: Framed, options: JsonForm) => DecodedValue;
}

const readersMax = 1_000;
/** A schema that is not there is not asked for again with every record that names it. */
const failureKeptMs = 5_000;

export function createDeserializer({ confluent, glue, validates = false }: DeserializerOptions): Deserializer {
  const readers = new Kept<SchemaReader>({ entriesMax: readersMax, failureKeptMs });
  const fetchSchema = (framed: Framed, deadline: Deadline): Promise<ResolvedSchema> | undefined => {
    switch (framed.framing) {
      case "prefix":
        return confluent?.byId(framed.id, deadline);
      case "header":
        return confluent?.byGuid(framed.guid, deadline);
      case "glue":
        return glue?.byVersionId(framed.versionId, deadline).then((schema) => ({ ...schema, references: [], resolved: [] }));
    }
  };
  return {
    decode: (bytes, headers, part, deadline, options = {}) => {
      const framed = parseFraming(bytes, headers, part);
      if (framed === undefined || (framed.framing === "glue" ? glue : confluent) === undefined) return undefined;
      const name = nameOf(framed);
      const known = readers.known(name);
      if (known !== undefined) return known.read(framed, options);
      const failure = readers.knownFailure(name);
      if (failure !== undefined) throw failure;
      const opening = readers.get(name, async () => openReader((await fetchSchema(framed, deadline)) as ResolvedSchema, validates));
      return opening.then((reader) => reader.read(framed, options));
    },
  };
}

function nameOf(framed: Framed): string {
  switch (framed.framing) {
    case "prefix":
      return `id ${framed.id}`;
    case "header":
      return `guid ${framed.guid}`;
    case "glue":
      return `glue ${framed.versionId}`;
  }
}

/** A schema never changes under its id: one that cannot be used here is remembered, and the fault is that of each record that names it. */
async function openReader(schema: ResolvedSchema, validates: boolean): Promise<SchemaReader> {
  try {
    switch (schema.type) {
      case "AVRO":
        return await avroReader(schema);
      case "JSON":
        return await jsonReader(schema, validates);
      case "PROTOBUF":
        return await protobufReader(schema);
    }
  } catch (thrown) {
    if (!(thrown instanceof RelayError) || thrown.code !== "schema-invalid") throw thrown;
    return {
      read: () => {
        throw new RelayError("record-undecodable", `The record's schema cannot be used: ${thrown.message}`, { cause: thrown });
      },
    };
  }
}

async function avroReader({ text, resolved }: ResolvedSchema): Promise<SchemaReader> {
  const { avroDecoderOf } = await import("./avro/decoder.js");
  const decoderOf = avroDecoderOf(
    text,
    resolved.map((one) => one.text),
  );
  const decoders = new Map<string, ReturnType<typeof decoderOf>>();
  return {
    read: (framed, { logical = false, unions = "tagged" }) => {
      const variant = `${logical} ${unions}`;
      const decode = decoders.get(variant) ?? decoderOf({ logical, unions });
      decoders.set(variant, decode);
      return { json: decode(framed.payload), schema: usedSchema("AVRO", framed) };
    },
  };
}

async function jsonReader({ text, resolved }: ResolvedSchema, validates: boolean): Promise<SchemaReader> {
  const codec = validates ? (await import("./json-schema/codec.js")).createJsonSchemaCodec(text, resolved) : undefined;
  return {
    read: (framed) => {
      const json = utf8Text(framed.payload);
      if (json === undefined || !isJson(json))
        throw new RelayError("record-undecodable", "The record names a JSON Schema, but its bytes are not valid JSON.");
      codec?.validate(json);
      return { json, schema: usedSchema("JSON", framed) };
    },
  };
}

async function protobufReader({ text, resolved }: ResolvedSchema): Promise<SchemaReader> {
  const { createProtobufCodec } = await import("./protobuf/codec.js");
  const codec = createProtobufCodec(text, resolved);
  const messageOf = (framed: Framed): { readonly indexes: readonly number[]; readonly payload: Buffer } => {
    if (framed.framing === "header" && framed.messageIndexes !== undefined)
      return { indexes: framed.messageIndexes, payload: framed.payload };
    if (framed.framing === "glue") {
      const { messageIndex, payload } = parseGlueMessageIndex(framed.payload);
      return { indexes: codec.indexesInOrderOfNames(messageIndex), payload };
    }
    return indexedMessage(framed.payload, (indexes) => codec.nameOf(indexes) !== undefined);
  };
  return {
    read: (framed) => {
      const { indexes, payload } = messageOf(framed);
      const json = codec.decode(payload, indexes);
      const message = codec.nameOf(indexes);
      return { json, schema: { ...usedSchema("PROTOBUF", framed), ...(message === undefined ? {} : { message }) } };
    },
  };
}

/** Some producers leave the indexes out (https://github.com/confluentinc/confluent-kafka-javascript/issues/481): what cannot be indexes begins the first message. */
function indexedMessage(
  bytes: Buffer,
  isMessage: (indexes: readonly number[]) => boolean,
): { readonly indexes: readonly number[]; readonly payload: Buffer } {
  try {
    const { messageIndexes, payload } = parseMessageIndexes(bytes, isMessage);
    if (isMessage(messageIndexes)) return { indexes: messageIndexes, payload };
  } catch (thrown) {
    if (!(thrown instanceof RelayError)) throw thrown;
  }
  return { indexes: [0], payload: bytes };
}

function usedSchema(type: SchemaType, framed: Framed): UsedSchema {
  switch (framed.framing) {
    case "prefix":
      return { type, id: framed.id };
    case "header":
      return { type, guid: framed.guid };
    case "glue":
      return { type, versionId: framed.versionId };
  }
}
