/** A record as the v2 contract writes it: topic, key, value, partition and offset, embedded in the format of its instance. */
import { isUtf8 } from "node:buffer";
import type { Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import { jsonDepthMax } from "../json/depth.js";
import { isJsonBytes } from "../json/walk.js";
import type { KafkaRecord } from "../kafka/records.js";
import type { Deserializer } from "../schemas/deserializer.js";
import type { SchemaType } from "../schemas/registry/registry.js";
import type { PlainFormat } from "./options.js";

/** The answer adds levels around the value, and many readers stop at 1,000. */
const depthMax = jsonDepthMax / 2;

/** Of one key or value. */
const decodedCharactersMax = 8_388_608;

/** Its JSON text. Throws `record-undecodable` (422) for bytes that the format cannot express. JSON is copied as it is stored, with every digit. */
export function toRecordText(record: KafkaRecord, format: PlainFormat): string {
  const { topic, partition, offset, key, value } = record;
  const embed = (bytes: Buffer | null, what: "key" | "value"): string => {
    const text = embedded(bytes, format);
    if (text !== undefined) return text;
    throw new RelayError(
      "record-undecodable",
      `The ${what} of the record at offset ${offset} in partition ${partition} of ${topic} is not valid ${format === "json" ? "JSON" : "UTF-8"}, so this instance of format ${format} cannot return it. Read it with an instance of format binary, or seek past it with positions.`,
      { restCode: 42207 },
    );
  };
  return textOf(record, embed(key, "key"), embed(value, "value"));
}

function textOf({ topic, partition, offset }: KafkaRecord, key: string, value: string): string {
  return `{"topic":${JSON.stringify(topic)},"key":${key},"value":${value},"partition":${partition},"offset":${offset}}`;
}

/**
 * The same, decoded by the schemas that key and value name. A key that names none is text. Throws `record-undecodable` (422) for what cannot be decoded, and why
 * a registry cannot be asked, which is not the record's fault.
 */
export async function toDecodedText(record: KafkaRecord, type: SchemaType, { decode }: Deserializer, deadline: Deadline): Promise<string> {
  const { topic, partition, offset, headers } = record;
  const undecodable = (what: "key" | "value", why: string, cause?: unknown) =>
    new RelayError(
      "record-undecodable",
      `The ${what} of the record at offset ${offset} in partition ${partition} of ${topic} cannot be decoded: ${why} Read it with an instance of format binary, or seek past it with positions.`,
      { restCode: 42207, cause },
    );
  const embed = async (bytes: Buffer | null, what: "key" | "value"): Promise<string> => {
    if (bytes === null) return "null";
    try {
      const decoded = await decode(bytes, headers, what, deadline);
      if (decoded !== undefined && decoded.schema.type !== type)
        throw undecodable(what, `its schema is of the type ${decoded.schema.type}.`);
      if (decoded !== undefined && decoded.json.length > decodedCharactersMax)
        throw undecodable(what, "its JSON is too long for an answer.");
      if (decoded !== undefined) return decoded.json;
    } catch (thrown) {
      if (!(thrown instanceof RelayError) || thrown.failure.restCode === 42207 || thrown.failure.blame !== "record") throw thrown;
      throw undecodable(what, thrown.message, thrown);
    }
    const text = what === "key" ? embedded(bytes, "text") : undefined;
    if (text !== undefined) return text;
    throw undecodable(what, "it does not name a schema.");
  };
  return textOf(record, await embed(record.key, "key"), await embed(record.value, "value"));
}

/** Undefined: the format has no form for these bytes. */
function embedded(bytes: Buffer | null, format: PlainFormat): string | undefined {
  if (bytes === null) return "null";
  switch (format) {
    case "binary":
      return `"${bytes.toString("base64")}"`;
    case "json":
      return isUtf8(bytes) && isJsonBytes(bytes, 0, bytes.length, depthMax) ? bytes.toString("utf8") : undefined;
    case "text":
      return isUtf8(bytes) ? JSON.stringify(bytes.toString("utf8")) : undefined;
    default:
      return format satisfies never;
  }
}
