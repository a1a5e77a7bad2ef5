/** A record as the v2 contract writes it: topic, key, value, partition and offset, embedded in the format of its instance. Pure. */
import { isUtf8 } from "node:buffer";
import { RelayError } from "../errors.js";
import { jsonDepthMax } from "../json/depth.js";
import { isJsonBytes } from "../json/walk.js";
import type { KafkaRecord } from "../kafka/records.js";
import type { ConsumerFormat } from "./options.js";

/** The answer adds levels around the value, and many readers stop at 1,000. */
const depthMax = jsonDepthMax / 2;

/** Its JSON text. Throws `record-undecodable` (422) for bytes that the format cannot express. JSON is copied as it is stored, with every digit. */
export function toRecordText(record: KafkaRecord, format: ConsumerFormat): string {
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
  return `{"topic":${JSON.stringify(topic)},"key":${embed(key, "key")},"value":${embed(value, "value")},"partition":${partition},"offset":${offset}}`;
}

/** Undefined: the format has no form for these bytes. */
function embedded(bytes: Buffer | null, format: ConsumerFormat): string | undefined {
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
