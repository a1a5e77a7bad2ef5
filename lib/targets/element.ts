/** A delivery as JSON in one line: its value alone, or the whole record. */
import { utf8Text } from "../cloudevents/event.js";
import { RelayError } from "../errors.js";
import { isJson } from "../json/read.js";
import { toJsonText } from "../json/write.js";
import type { Delivery } from "../relay/delivery.js";

/** "value": the JSON value as it stands, null for a tombstone. "record": `{id, topic, partition, offset, timestamp, headers, key, value}`, which every record has. */
export type ElementKind = "value" | "record";

/** One element of a batch as JSON text in one line. Throws `record-not-for-target` if the value is not JSON; it is then sent alone. */
export function toElement(delivery: Delivery, element: ElementKind): string {
  return element === "value" ? toValueElement(delivery) : toRecordElement(delivery);
}

/** The value's own text, so that its digits stay; in valid JSON line ends stand between tokens alone and may become spaces. */
function toValueElement({ message }: Delivery): string {
  if (message.value === null) return "null";
  const text = utf8Text(message.value);
  if (text === undefined || !isJson(text))
    throw new RelayError("record-not-for-target", "The record's value is not JSON, but this target sends JSON values.");
  return text.replace(/[\r\n]/g, " ");
}

function toRecordElement({ id, message, source }: Delivery): string {
  const { key, value, headers, timestampMs } = message;
  const text = value === null ? undefined : utf8Text(value);
  const valueMember = text !== undefined && isJson(text) ? `"value":${text.replace(/[\r\n]/g, " ")}` : bytesMember("value", value);
  const frame = toJsonText({
    id,
    topic: source.topic,
    partition: source.partition,
    offset: source.offset,
    timestamp: timestampMs,
    headers: headers.map((header) => ({ name: header.name, ...bytesAsJson("value", header.value) })),
  });
  return `${frame?.slice(0, -1)},${bytesMember("key", key)},${valueMember}}`;
}

/** Text stays text; bytes that are not UTF-8 go under `<name>Base64`; null stays null. */
function bytesAsJson(name: string, bytes: Buffer | null): Record<string, string | null> {
  if (bytes === null) return { [name]: null };
  const text = bytes.toString("utf8");
  return text.includes("\ufffd") ? { [`${name}Base64`]: bytes.toString("base64") } : { [name]: text };
}

function bytesMember(name: string, bytes: Buffer | null): string {
  return JSON.stringify(bytesAsJson(name, bytes)).slice(1, -1);
}
