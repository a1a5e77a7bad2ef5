/**
 * CloudEvents in Kafka records, both modes (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md).
 * The record's key and its other headers are the record's own and never become attributes.
 */
import type { KafkaRecord, OutgoingRecord, RecordHeader } from "../kafka/records.js";
import { type AttributeValue, attributeFault, type CloudEvent, isStructuredType, looksLikeEvent, undecodable, utf8Text } from "./event.js";
import { formatJsonEvent, parseJsonEvent } from "./json-event.js";

/** In lower case: the JavaScript SDK compares the whole header. */
const structuredContentType = "application/cloudevents+json; charset=utf-8";

type Carrier = Pick<KafkaRecord, "value" | "headers">;

/** Which mode a record claims to be in; a cheap look at its headers. The content type decides, wherever it stands among them (Kafka binding, section 3). */
export function modeOf({ headers }: Pick<Carrier, "headers">): "binary" | "structured" | "none" {
  if (isStructuredType(contentTypeIn(headers) ?? "")) return "structured";
  return headers.some(({ name }) => name === "ce_specversion") ? "binary" : "none";
}

const isContentType = (name: string): boolean => name.length === 12 && name.toLowerCase() === "content-type";

/** Of several the last, as Kafka's clients read headers. */
function contentTypeIn(headers: readonly RecordHeader[]): string | undefined {
  return headers.findLast(({ name, value }) => value !== null && isContentType(name))?.value?.toString();
}

/**
 * The event a record carries, or undefined where it is a plain record (also one that has some `ce_*` headers and not the required four: nothing is made up).
 * Throws `record-undecodable` naming the attribute that cannot be read.
 */
export function readCloudEvent(record: Carrier): CloudEvent | undefined {
  switch (modeOf(record)) {
    case "binary":
      return readBinary(record);
    case "structured":
      return readStructured(record);
    case "none":
      return undefined;
  }
}

function readBinary({ value, headers }: Carrier): CloudEvent | undefined {
  const attributes: Record<string, AttributeValue> = {};
  for (const { name, value: bytes } of headers) {
    if (bytes === null) continue;
    if (name.startsWith("ce_")) attributes[name.slice(3)] = textOf(name, bytes);
    else if (isContentType(name)) attributes.datacontenttype = textOf(name, bytes);
  }
  for (const required of ["specversion", "id", "source", "type"]) if (attributes[required] === undefined) return undefined;
  const fault = attributeFault(attributes);
  if (fault !== undefined) throw undecodable(fault);
  return { attributes, data: value };
}

function textOf(name: string, bytes: Buffer): string {
  const text = utf8Text(bytes);
  if (text === undefined) throw undecodable(`the header ${name} is not UTF-8 text`);
  return text;
}

function readStructured({ value, headers }: Carrier): CloudEvent {
  const type = contentTypeIn(headers) ?? "";
  if (!/^\s*application\/cloudevents\+json\s*(;|$)/i.test(type))
    throw undecodable(`the format ${JSON.stringify(type.slice(0, 100))} is not supported, only JSON is`);
  if (value === null) throw undecodable("its content type says that the event is in the value, but the value is null");
  const text = utf8Text(value);
  if (text === undefined) throw undecodable("the value is not UTF-8 text");
  return parseJsonEvent(text, "The record's value");
}

/**
 * Binary mode: attributes as `ce_*` headers in UTF-8, data untouched; an event without data becomes a record without value, which is a tombstone. An event
 * whose data is itself a CloudEvent is written in structured mode: in binary mode its content type would say that the data is the event.
 */
export function toBinaryRecord(event: CloudEvent, key: Buffer | null, others: readonly RecordHeader[] = []): OutgoingRecord {
  const { attributes, data } = event;
  if (looksLikeEvent(attributes.datacontenttype)) return toStructuredRecord(event, key, others);
  const headers = Object.entries(attributes).map(([name, value]) => ({
    name: name === "datacontenttype" ? "content-type" : `ce_${name}`,
    value: Buffer.from(String(value)),
  }));
  return { key, value: data, headers: [...headers, ...others] };
}

/** Structured mode: everything in the value. */
export function toStructuredRecord(event: CloudEvent, key: Buffer | null, others: readonly RecordHeader[] = []): OutgoingRecord {
  return {
    key,
    value: Buffer.from(formatJsonEvent(event)),
    headers: [{ name: "content-type", value: Buffer.from(structuredContentType) }, ...others],
  };
}
