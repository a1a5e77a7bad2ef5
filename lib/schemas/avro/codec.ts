/** Avro both ways, with everything that it can do: logical types, and a reader's schema beside the writer's. */
import { type AvroForm, createAvroDecoder, decoderBy } from "./decoder.js";
import { createAvroEncoder } from "./encoder.js";
import { logicalBytes } from "./logical-bytes.js";
import { logicalTexts } from "./logical-text.js";
import { parseAvroSchema } from "./parse-schema.js";
import { compileResolver } from "./resolve.js";
import type { AvroType } from "./schema.js";

export interface AvroOptions extends AvroForm {
  /** Read as this schema says, by Avro's rules of schema resolution; as it was written where absent. */
  readonly readerSchema?: AvroSchema;
}

interface AvroSchema {
  readonly type: AvroType;
}

interface AvroCodec {
  /** One value's JSON text to bytes. Throws `record-undecodable` with the path to what does not fit. */
  readonly encode: (json: string) => Buffer;
  /** Bytes to JSON text. Throws `record-undecodable`. */
  readonly decode: (bytes: Buffer) => string;
}

/** Throws `schema-invalid`. */
export function avroSchema(text: string, references: readonly string[] = []): AvroSchema {
  return { type: parseAvroSchema(text, references) };
}

/** Compiles a schema's encoder and decoder on first use of each; throws `schema-invalid` where reader and writer schema do not match. */
export function createAvroCodec({ type }: AvroSchema, { logical = false, unions = "tagged", readerSchema }: AvroOptions = {}): AvroCodec {
  const options = { logical: logical ? logicalTexts : undefined, unions };
  return {
    encode: createAvroEncoder(type, logical ? logicalBytes : undefined),
    decode:
      readerSchema === undefined ? createAvroDecoder(type, options) : decoderBy(() => compileResolver(type, readerSchema.type, options)),
  };
}
