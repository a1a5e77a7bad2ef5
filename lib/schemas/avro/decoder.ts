/** Bytes to Avro-JSON text, for one schema (https://avro.apache.org/docs/1.12.0/specification/#json-encoding). */
import { ByteReader, invalidAvro } from "./byte-reader.js";
import { compileReader, type DecodeOptions, type Read } from "./decode.js";
import { logicalTexts } from "./logical-text.js";
import { parseAvroSchema } from "./parse-schema.js";
import type { AvroType } from "./schema.js";

export interface AvroForm {
  /** Decimals, days and times as such. Off as in Confluent's proxy: bytes as U+0000 to U+00FF, times as numbers. */
  readonly logical?: boolean;
  /** How unions are written; tagged where absent. */
  readonly unions?: "tagged" | "plain";
}

/** From a schema's text to its decoders: all that reading needs. Throws `schema-invalid`. */
export function avroDecoderOf(text: string, references: readonly string[]): (form: AvroForm) => (bytes: Buffer) => string {
  const type = parseAvroSchema(text, references);
  return ({ logical = false, unions = "tagged" }) => createAvroDecoder(type, { logical: logical ? logicalTexts : undefined, unions });
}

/** Compiled on first use. Throws `record-undecodable`. */
export function createAvroDecoder(type: AvroType, options: DecodeOptions): (bytes: Buffer) => string {
  return decoderBy(() => compileReader(type, options));
}

/** `compile` is called with the first value. */
export function decoderBy(compile: () => Read): (bytes: Buffer) => string {
  let read: Read | undefined;
  return (bytes) => {
    read ??= compile();
    const reader = new ByteReader(bytes);
    read(reader);
    if (reader.at < bytes.length) throw invalidAvro(`${bytes.length - reader.at} bytes follow after the value`);
    return reader.out;
  };
}
