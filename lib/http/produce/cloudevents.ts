/**
 * CloudEvents as HTTP carries them: binary, structured and batched mode (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md).
 * Pure: from headers and bytes to events. JSON data stays the slice of bytes that it is, so its digits and the order of its members are kept.
 */
import { type AttributeValue, attributeFault, type CloudEvent, characterFault, isJsonType, utf8Text } from "../../cloudevents/event.js";
import { toBinaryRecord, toStructuredRecord } from "../../cloudevents/kafka.js";
import { RelayError } from "../../errors.js";
import { JsonScanner } from "../../json/scanner.js";
import type { OutgoingRecord } from "../../kafka/records.js";
import { BodyPlace } from "./members.js";
import { toBase64Bytes } from "./record-members.js";

type EventMode = "binary" | "structured" | "batch";

/** The mode that the Content-Type asks for; `unsupported-media-type` for an event format that is not supported. */
export function requestModeOf(essence: string): EventMode {
  switch (essence) {
    case "application/cloudevents+json":
      return "structured";
    case "application/cloudevents-batch+json":
      return "batch";
  }
  if (!essence.startsWith("application/cloudevents")) return "binary";
  throw new RelayError(
    "unsupported-media-type",
    `The event format ${essence} is not supported; send application/cloudevents+json, application/cloudevents-batch+json, or the event in binary mode.`,
  );
}

/** How an event is written: Kafka's content mode, and whether the extension `partitionkey` becomes the record's key (Kafka binding, section 3.1). */
export interface EventForm {
  readonly contentMode: "binary" | "structured";
  readonly key: "partitionkey" | "none";
}

export function toCloudEventRecord(event: CloudEvent, { contentMode, key }: EventForm): OutgoingRecord {
  const { partitionkey } = event.attributes;
  const bytes = key === "none" || partitionkey === undefined ? null : Buffer.from(String(partitionkey));
  return contentMode === "structured" ? toStructuredRecord(event, bytes) : toBinaryRecord(event, bytes);
}

function refuse(place: string, what: string): RelayError {
  return new RelayError("bad-request", `${place}: ${what}.`);
}

function assertEvent(
  attributes: Readonly<Record<string, unknown>>,
  place: string,
): asserts attributes is Readonly<Record<string, AttributeValue>> {
  const fault = attributeFault(attributes) ?? characterFault(attributes);
  if (fault !== undefined) throw refuse(place, fault);
}

// --- binary mode ---

type Headers = Readonly<Record<string, string | undefined>>;

/** Reads an event from `ce-*` headers; the body is its data, untouched. A request without any of them is refused, because it is not an event. */
export function readBinaryEvent(headers: Headers, body: Buffer): CloudEvent {
  const place = "The event";
  const attributes: Record<string, AttributeValue> = {};
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith("ce-") || value === undefined) continue;
    const name = header.slice(3);
    if (name === "datacontenttype") throw refuse(place, "in binary mode, send Content-Type instead of the header ce-datacontenttype");
    if (name === "data") throw refuse(place, "an attribute must not be called data");
    setAttribute(attributes, name, decodeHeader(value, name));
  }
  if (Object.keys(attributes).length === 0) {
    throw refuse(
      place,
      "the request has neither the headers ce-specversion, ce-id, ce-source and ce-type nor the Content-Type application/cloudevents+json",
    );
  }
  const contentType = headers["content-type"];
  if (contentType !== undefined && contentType !== "") attributes.datacontenttype = contentType;
  assertEvent(attributes, place);
  return { attributes, data: body.length === 0 ? null : body };
}

/** Unquoted if it is a quoted string (as older senders write it), then percent-decoded once. A `+` stays a `+`. */
function decodeHeader(header: string, name: string): string {
  const text = header.length >= 2 && header.startsWith('"') && header.endsWith('"') ? header.slice(1, -1).replace(/\\(.)/g, "$1") : header;
  if (!text.includes("%")) return text;
  const bytes = Buffer.from(text, "utf8");
  const decoded = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const pair = bytes[at] === 0x25 ? bytes.toString("latin1", at + 1, at + 3) : "";
    if (/^[0-9a-fA-F]{2}$/.test(pair)) {
      decoded[length++] = Number.parseInt(pair, 16);
      at += 2;
    } else decoded[length++] = bytes[at] as number;
  }
  const value = utf8Text(decoded.subarray(0, length));
  if (value === undefined) throw refuse("The event", `the attribute ${name} is not valid UTF-8 after percent-decoding`);
  return value;
}

// --- structured and batched mode ---

/** Reads one event in the JSON format. */
export function readStructuredEvent(body: Buffer): CloudEvent {
  const scanner = new JsonScanner(body);
  if (scanner.isAtEnd()) throw new RelayError("bad-request", "The request has no body; it must be an event.");
  const event = readEvent(scanner, "The event");
  if (!scanner.isAtEnd()) throw scanner.malformed("the body must be a single event, but more text follows it");
  return event;
}

/** Reads a batch: for each of its places an event, or why it is not a valid event. A body that is not JSON is refused as a whole. An empty batch is valid. */
export function readEventBatch(body: Buffer, limits: { readonly eventsMax: number }): readonly (CloudEvent | RelayError)[] {
  const scanner = new JsonScanner(body);
  if (scanner.isAtEnd()) throw new RelayError("bad-request", "The request has no body; it must be a list of events.");
  const kind = scanner.nextKind();
  const events: (CloudEvent | RelayError)[] = [];
  if (kind !== "array") throw new RelayError("bad-request", `The body must be a list of events, not ${kind}.`);
  if (scanner.enter("array")) {
    do {
      if (events.length >= limits.eventsMax) {
        throw new RelayError("too-large", `The batch has more than ${limits.eventsMax} events, the most that one request may have.`);
      }
      events.push(readAlone(scanner, `events[${events.length}]`));
    } while (scanner.hasMore("array"));
  }
  if (!scanner.isAtEnd()) throw scanner.malformed("the body must be a single list, but more text follows it");
  return events;
}

/** An invalid event becomes its own error, and reading goes on after it. */
function readAlone(scanner: JsonScanner, place: string): CloudEvent | RelayError {
  const from = scanner.at;
  try {
    return readEvent(scanner, place);
  } catch (error) {
    if (!(error instanceof RelayError) || error.code === "malformed-json") throw error;
    scanner.at = from;
    scanner.readValue();
    return error;
  }
}

function readEvent(scanner: JsonScanner, place: string): CloudEvent {
  const kind = scanner.nextKind();
  if (kind !== "object") throw refuse(place, `an event must be a JSON object, not ${kind}`);
  const attributes: Record<string, AttributeValue> = {};
  const names = new Set<string>();
  let data: { readonly json: Buffer; readonly text: string | undefined } | undefined;
  let bytes: Buffer | undefined;
  if (scanner.enter("object")) {
    do {
      scanner.readName();
      const name = scanner.name();
      if (names.has(name)) throw refuse(place, `${JSON.stringify(name.slice(0, 80))} is given twice`);
      names.add(name);
      scanner.readValue();
      if (name === "data") data = { json: scanner.slice(), text: scanner.kind === "string" ? scanner.text() : undefined };
      else if (scanner.isNull()) continue;
      else if (name === "data_base64") bytes = toBase64Bytes(scanner, new BodyPlace(() => `${place}: data_base64`));
      else setAttribute(attributes, name, toAttribute(scanner, name, place));
    } while (scanner.hasMore("object"));
  }
  assertEvent(attributes, place);
  if (data !== undefined && bytes !== undefined) throw refuse(place, "an event must not have both data and data_base64");
  if (data === undefined) return { attributes, data: bytes ?? null };
  if (data.text === undefined || isJsonType(attributes.datacontenttype)) return { attributes, data: data.json };
  if (/\p{Surrogate}/u.test(data.text)) throw refuse(place, "data contains half of a surrogate pair, which UTF-8 cannot represent");
  return { attributes, data: Buffer.from(data.text, "utf8") };
}

/** Defined, not assigned, so that a name such as __proto__ is refused like any other invalid name. */
function setAttribute(attributes: Record<string, AttributeValue>, name: string, value: AttributeValue): void {
  Object.defineProperty(attributes, name, { value, writable: true, enumerable: true, configurable: true });
}

function toAttribute(scanner: JsonScanner, name: string, place: string): AttributeValue {
  switch (scanner.kind) {
    case "string":
      return scanner.text();
    case "boolean":
      return scanner.slice().length === 4;
    case "number":
      return scanner.integer() ?? Number.NaN;
    default:
      throw refuse(place, `the attribute ${JSON.stringify(name.slice(0, 80))} must be a string, a boolean or a whole number of 32 bits`);
  }
}
