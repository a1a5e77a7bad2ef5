/** Bytes to Avro-JSON text, for one schema (https://avro.apache.org/docs/1.12.0/specification/#json-encoding). */
import { ByteReader, invalidAvro } from "./byte-reader.js";
import { compileReader, type DecodeOptions, type Read } from "./decode.js";
import type { AvroType } from "./schema.js";

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
