/** Avro-JSON text to bytes, for one schema: exact digits, unions as Confluent writes them, nothing compiled from text. */
import { RelayError } from "../../errors.js";
import { parseJson } from "../../json/read.js";
import { Misfit } from "../misfit.js";
import { ByteWriter } from "./byte-writer.js";
import { compileWriter } from "./encode.js";
import type { Write } from "./encode-primitives.js";
import type { LogicalBytes } from "./logical-bytes.js";
import { parseAvroSchema } from "./parse-schema.js";
import { type AvroType, branchTrialsMax, tagOf } from "./schema.js";

/** Larger ones are given back to the memory when a value is written. */
const keptBytesMax = 65_536;
let kept: Buffer | undefined;

/** From a schema's text to its encoder, without logical types: all that producing needs. Throws `schema-invalid`. */
export function avroEncoderOf(text: string, references: readonly string[]): { readonly name: string; readonly encode: EncodeAvro } {
  const type = parseAvroSchema(text, references);
  return { name: tagOf(type), encode: createAvroEncoder(type) };
}

/** `prefix`: bytes that go before it. */
type EncodeAvro = (json: string, prefix?: Buffer) => Buffer;

/** One value's JSON text to bytes. Compiled on first use. Throws `record-undecodable` with the path to what does not fit. */
export function createAvroEncoder(type: AvroType, logical?: LogicalBytes): EncodeAvro {
  let write: Write | undefined;
  return (json, prefix) => {
    write ??= compileWriter(type, { logical });
    return encode(write, json, prefix);
  };
}

function encode(write: Write, json: string, prefix: Buffer | undefined): Buffer {
  const writer = new ByteWriter(kept);
  kept = undefined;
  try {
    if (prefix !== undefined) writer.raw(prefix);
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
