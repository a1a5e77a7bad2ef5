/** From a schema to the way from JSON text to bytes; each format is loaded with the first value that has it. */
import { RelayError } from "../errors.js";
import { tagOf } from "./avro/schema.js";
import { formatGlueMessageIndex, formatMessageIndexes } from "./framing.js";
import type { ResolvedSchema } from "./registry/registry.js";
import type { ValidationTime } from "./validation-time.js";

export interface Encoding {
  /** The full name of Avro's type or of Protobuf's message, the title of a JSON schema. */
  readonly name: string | undefined;
  /** Begins a request, whose values share a limit of time. The way throws `record-undecodable` with the path to what does not fit. `prefix` goes before the value. */
  readonly begin: (time: ValidationTime) => (json: string, prefix?: Buffer) => Buffer;
}

const nothing = Buffer.alloc(0);

interface EncodingForm {
  /** Avro's logical types as such. */
  readonly logical?: boolean;
  /** Protobuf: the full name of the message; the first one where absent. */
  readonly message?: string | undefined;
  /** Protobuf: the message is named as AWS Glue does. */
  readonly isGlue?: boolean;
}

/** Throws `schema-invalid`. */
export async function encodingOf(schema: ResolvedSchema, form: EncodingForm = {}): Promise<Encoding> {
  switch (schema.type) {
    case "AVRO":
      return avroEncoding(schema, form);
    case "JSON":
      return jsonEncoding(schema);
    case "PROTOBUF":
      return protobufEncoding(schema, form);
  }
}

async function avroEncoding({ text, resolved }: ResolvedSchema, { logical = false }: EncodingForm): Promise<Encoding> {
  const references = resolved.map((one) => one.text);
  if (!logical) {
    const { name, encode } = (await import("./avro/encoder.js")).avroEncoderOf(text, references);
    return { name, begin: () => encode };
  }
  const { avroSchema, createAvroCodec } = await import("./avro/codec.js");
  const schema = avroSchema(text, references);
  const { encode } = createAvroCodec(schema, { logical });
  return { name: tagOf(schema.type), begin: () => encode };
}

async function jsonEncoding({ text, resolved }: ResolvedSchema): Promise<Encoding> {
  const { createJsonSchemaCodec } = await import("./json-schema/codec.js");
  const codec = createJsonSchemaCodec(text, resolved);
  const { title } = Object(JSON.parse(text)) as { readonly title?: unknown };
  return {
    name: typeof title === "string" && title !== "" ? title : undefined,
    begin:
      (time) =>
      (json, before = nothing) => {
        codec.validate(json, time);
        return Buffer.concat([before, Buffer.from(json)]);
      },
  };
}

async function protobufEncoding({ text, resolved }: ResolvedSchema, { message, isGlue = false }: EncodingForm): Promise<Encoding> {
  const { createProtobufCodec } = await import("./protobuf/codec.js");
  const codec = createProtobufCodec(text, resolved);
  // A schema by itself means its first message, as for Confluent's proxy.
  const indexes = message === undefined ? [0] : codec.indexesOf(message);
  if (indexes === undefined) throw new RelayError("schema-invalid", `The Protobuf schema does not declare a message ${message}.`);
  const prefix = isGlue ? formatGlueMessageIndex(codec.positionInOrderOfNames(indexes)) : formatMessageIndexes(indexes);
  return {
    name: codec.nameOf(indexes),
    begin:
      () =>
      (json, before = nothing) =>
        Buffer.concat([before, prefix, codec.encode(json, indexes)]),
  };
}
