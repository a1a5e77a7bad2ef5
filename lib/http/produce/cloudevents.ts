/**
 * CloudEvents as HTTP carries them: binary, structured and batched mode (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md).
 * Pure: from headers and bytes to events. JSON data is taken as the slice it is, so that its digits and its members' order stay.
 */
import { type AttributeValue, attributeFault, type CloudEvent, characterFault, isJsonType, utf8Text } from "../../cloudevents/event.js";
import { toBinaryRecord, toStructuredRecord } from "../../cloudevents/kafka.js";
import { RelayError } from "../../errors.js";
import { JsonScanner } from "../../json/scanner.js";
import type { OutgoingRecord } from "../../kafka/records.js";
import { toBase64Bytes } from "./record-members.js";

export type EventMode = "binary" | "structured" | "batch";

/** Which mode the Content-Type says; `unsupported-media-type` for a format that is not spoken here. */
export function modeOf(essence: string): EventMode {
  switch (essence) {
    case "application/cloudevents+json":
      return "structured";
    case "application/cloudevents-batch+json":
      return "batch";
  }
  if (!essence.startsWith("application/cloudevents")) return "binary";
  throw new RelayError(
    "unsupported-media-type",
    `The format ${essence} is not spoken here; send application/cloudevents+json, application/cloudevents-batch+json, or the event in binary mode.`,
  );
}

/** How an event is written: Kafka's content mode, and whether the extension `partitionkey` becomes the record's key (Kafka binding, section 3.1). */
export interface EventForm {
  readonly contentMode: "binary" | "structured";
  readonly key: "partitionkey" | "none";
}

export function toEventRecord(event: CloudEvent, { contentMode, key }: EventForm): OutgoingRecord {
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

/** Reads an event from `ce-*` headers; the body is its data, untouched. A request without any of them is told that it is no event. */
export function readBinaryEvent(headers: Headers, body: Buffer): CloudEvent {
  const place = "The event";
  const attributes: Record<string, AttributeValue> = {};
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith("ce-") || value === undefined) continue;
    const name = header.slice(3);
    if (name === "datacontenttype") throw refuse(place, "the header ce-datacontenttype is Content-Type in binary mode");
    if (name === "data") throw refuse(place, "no attribute may be called data");
    setAttribute(attributes, name, decodeHeader(value, name));
  }
  if (Object.keys(attributes).length === 0) {
    throw refuse(
      place,
      "the request has no ce-specversion, ce-id, ce-source and ce-type headers, nor a Content-Type of application/cloudevents+json",
    );
  }
  const contentType = headers["content-type"];
  if (contentType !== undefined && contentType !== "") attributes.datacontenttype = contentType;
  assertEvent(attributes, place);
  return { attributes, data: body.length === 0 ? null : body };
}

/** Unquoted if it is a quoted string (older senders), then percent-decoded once; `+` stays. */
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
  if (value === undefined) throw refuse("The event", `the attribute ${name} is no UTF-8 once its percent escapes are decoded`);
  return value;
}

// --- structured and batched mode ---

/** Reads one event in the JSON format. */
export function readStructuredEvent(body: Buffer): CloudEvent {
  const scanner = new JsonScanner(body);
  if (scanner.isAtEnd()) throw new RelayError("bad-request", "The request has no body, and an event was expected in it.");
  const event = readEvent(scanner, "The event");
  if (!scanner.isAtEnd()) throw scanner.malformed("one event was expected, and more follows it");
  return event;
}

/** Reads a batch: an event, or why it is none, for each of its places. What is no JSON refuses all. An empty batch is a batch. */
export function readEventBatch(body: Buffer, limits: { readonly eventsMax: number }): readonly (CloudEvent | RelayError)[] {
  const scanner = new JsonScanner(body);
  if (scanner.isAtEnd()) throw new RelayError("bad-request", "The request has no body, and a list of events was expected in it.");
  const kind = scanner.nextKind();
  const events: (CloudEvent | RelayError)[] = [];
  if (kind !== "array") throw new RelayError("bad-request", `The body: a list of events was expected, not ${kind}.`);
  if (scanner.enter("array")) {
    do {
      if (events.length >= limits.eventsMax) {
        throw new RelayError(
          "too-large",
          `The batch holds more than ${limits.eventsMax} events, which is the most a request may hold here.`,
        );
      }
      events.push(readAlone(scanner, `events[${events.length}]`));
    } while (scanner.hasMore("array"));
  }
  if (!scanner.isAtEnd()) throw scanner.malformed("one list was expected, and more follows it");
  return events;
}

/** An event's own fault is its answer, and reading goes on behind it. */
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
  if (kind !== "object") throw refuse(place, `an event is a JSON object, not ${kind}`);
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
      else if (name === "data_base64") bytes = toBase64Bytes(scanner, `${place}: data_base64`);
      else setAttribute(attributes, name, toAttribute(scanner, name, place));
    } while (scanner.hasMore("object"));
  }
  assertEvent(attributes, place);
  if (data !== undefined && bytes !== undefined) throw refuse(place, "data and data_base64 may not stand together");
  if (data === undefined) return { attributes, data: bytes ?? null };
  if (data.text === undefined || isJsonType(attributes.datacontenttype)) return { attributes, data: data.json };
  if (/\p{Surrogate}/u.test(data.text)) throw refuse(place, "data holds half of a surrogate pair, which UTF-8 cannot say");
  return { attributes, data: Buffer.from(data.text, "utf8") };
}

/** Defined, not assigned, so that a name such as __proto__ is refused like any other that is none. */
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
      throw refuse(place, `the attribute ${JSON.stringify(name.slice(0, 80))} must be a text, a boolean or a whole number of 32 bits`);
  }
}
