/** Avro between JSON text and bytes: exact digits, unions as Confluent writes them, nothing compiled from text (https://avro.apache.org/docs/1.12.0/specification/#json-encoding). */
import { RelayError } from "../../errors.js";
import { parseJson } from "../../json/read.js";
import { Misfit } from "../misfit.js";
import { ByteReader, undecodable } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import { compileReader, type Read } from "./decode.js";
import { compileWriter, type Write } from "./encode.js";
import { parseAvroSchema } from "./parse-schema.js";
import { compileResolver } from "./resolve.js";
import { type AvroType, branchTrialsMax } from "./schema.js";

export interface AvroOptions {
  /** Decimals, days and times as such. Off as in Confluent's proxy: bytes as U+0000 to U+00FF, times as numbers. */
  readonly logical?: boolean;
  /** How unions are written when reading; tagged where absent. */
  readonly unions?: "tagged" | "plain";
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

/** Larger ones are given back to the memory when a value is written. */
const keptBytesMax = 65_536;
let kept: Buffer | undefined;

/** Compiles a schema's encoder and decoder on first use of each; throws `schema-invalid` where reader and writer schema do not match. */
export function createAvroCodec({ type }: AvroSchema, options: AvroOptions = {}): AvroCodec {
  const { logical = false, unions = "tagged", readerSchema } = options;
  let write: Write | undefined;
  let read: Read | undefined;
  return {
    encode: (json) => {
      write ??= compileWriter(type, { logical });
      return encode(write, json);
    },
    decode: (bytes) => {
      read ??=
        readerSchema === undefined
          ? compileReader(type, { logical, unions })
          : compileResolver(type, readerSchema.type, { logical, unions });
      const reader = new ByteReader(bytes);
      read(reader);
      if (reader.at < bytes.length) throw undecodable(`${bytes.length - reader.at} bytes follow after the value`);
      return reader.out;
    },
  };
}

function encode(write: Write, json: string): Buffer {
  const writer = new ByteWriter(kept);
  kept = undefined;
  try {
    write(writer, parseJson(json));
    return writer.written();
  } catch (thrown) {
    throw refused(thrown);
  } finally {
    if (writer.bytes.length <= keptBytesMax) kept = writer.bytes;
  }
}

function refused(thrown: unknown): unknown {
  if (thrown instanceof Misfit) {
    const place = thrown.path === "" ? "" : ` at ${thrown.path.replace(/^\./, "").slice(0, 300)}`;
    return new RelayError("record-undecodable", `The value does not fit its Avro schema${place}: ${thrown.message}.`);
  }
  if (thrown instanceof SyntaxError) return new RelayError("record-undecodable", "The value is not valid JSON.");
  if (!(thrown instanceof RangeError)) return thrown;
  return new RelayError(
    "record-undecodable",
    `The value was tried against more than ${branchTrialsMax} branches of unions; name the types, as { "<type>": value }.`,
    { cause: thrown },
  );
}
