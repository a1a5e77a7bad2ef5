/** Protobuf between JSON text and bytes by a `.proto` text, without generated code (https://protobuf.dev/programming-guides/json/). */
import { RelayError } from "../../errors.js";
import { parseJson } from "../../json/read.js";
import { Misfit } from "../misfit.js";
import { decodeMessage } from "./decode.js";
import { encodeMessage } from "./encode.js";
import {
  indexesInOrderOfNames,
  indexesOf,
  messageAt,
  type ProtobufReference,
  parseProtobufSchema,
  positionInOrderOfNames,
} from "./schema.js";

interface ProtobufCodec {
  /** The indexes of a message by its full name; undefined: it is not declared in this schema. */
  readonly indexesOf: (fullName: string) => readonly number[] | undefined;
  /** The full name of a message; undefined: there is none at these indexes. */
  readonly nameOf: (indexes: readonly number[]) => string | undefined;
  /** The indexes of the n-th message by full name. Throws `record-undecodable` where there are not as many. */
  readonly indexesInOrderOfNames: (position: number) => readonly number[];
  /** The reverse. */
  readonly positionInOrderOfNames: (indexes: readonly number[]) => number;
  /** One message's JSON text to bytes. Throws `record-undecodable` with the path to what does not fit. */
  readonly encode: (json: string, indexes: readonly number[]) => Buffer;
  /** Bytes to JSON text. Throws `record-undecodable`. */
  readonly decode: (bytes: Buffer, indexes: readonly number[]) => string;
}

/** Throws `schema-invalid`. */
export function createProtobufCodec(text: string, references: readonly ProtobufReference[] = []): ProtobufCodec {
  const schema = parseProtobufSchema(text, references);
  const typeAt = (indexes: readonly number[]) => {
    const type = messageAt(schema, indexes);
    if (type !== undefined) return type;
    throw new RelayError(
      "record-undecodable",
      `The Protobuf schema declares no message at the indexes ${JSON.stringify(indexes).slice(0, 100)}.`,
    );
  };
  return {
    indexesOf: (fullName) => indexesOf(schema, fullName),
    nameOf: (indexes) => messageAt(schema, indexes)?.fullName.slice(1),
    indexesInOrderOfNames: (position) => {
      const indexes = indexesInOrderOfNames(schema, position);
      if (indexes !== undefined) return indexes;
      throw new RelayError("record-undecodable", `The Protobuf schema does not declare ${position + 1} messages.`);
    },
    positionInOrderOfNames: (indexes) => positionInOrderOfNames(schema, indexes),
    encode: (json, indexes) => {
      const type = typeAt(indexes);
      try {
        return encodeMessage(type, parseJson(json));
      } catch (thrown) {
        throw refused(thrown);
      }
    },
    decode: (bytes, indexes) => decodeMessage(typeAt(indexes), bytes, { characters: 0 }),
  };
}

function refused(thrown: unknown): unknown {
  if (thrown instanceof SyntaxError) return new RelayError("record-undecodable", "The value is not valid JSON.");
  if (!(thrown instanceof Misfit)) return thrown;
  const place = thrown.path === "" ? "" : ` at ${thrown.path.replace(/^\./, "").slice(0, 300)}`;
  return new RelayError("record-undecodable", `The value does not fit its Protobuf schema${place}: ${thrown.message}.`);
}
