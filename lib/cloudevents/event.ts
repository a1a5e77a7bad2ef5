/** A CloudEvent 1.0, whatever it came by: its attributes and the bytes of its data (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md). */
import { isCalendarDay } from "../calendar.js";
import { RelayError } from "../errors.js";

export type AttributeValue = string | boolean | number;

export interface CloudEvent {
  /** Every attribute that is set, `specversion`, `id`, `source` and `type` among them; `datacontenttype` as it came, with its parameters. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Null: the event has no data, which is not the same as empty data. */
  readonly data: Buffer | null;
}

const requiredAttributes = ["specversion", "id", "source", "type"] as const;
const optionalTexts = ["datacontenttype", "dataschema", "subject"] as const;
const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** What is wrong with a set of attributes, as one sentence that names the attribute; undefined: nothing. */
export function attributeFault(attributes: Readonly<Record<string, unknown>>): string | undefined {
  for (const name of requiredAttributes) {
    const value = attributes[name];
    if (value === undefined) return `the attribute ${name} is missing`;
    if (typeof value !== "string" || value === "") return `the attribute ${name} must be a text that is not empty`;
  }
  if (attributes.specversion !== "1.0") return `the attribute specversion must be "1.0"`;
  for (const name of optionalTexts) {
    const value = attributes[name];
    if (value !== undefined && (typeof value !== "string" || value === "")) return `the attribute ${name} must be a text that is not empty`;
  }
  const { time } = attributes;
  if (time !== undefined && (typeof time !== "string" || !isFullTime(time)))
    return "the attribute time must be a full RFC 3339 time with its zone, such as 2026-01-31T12:00:00Z";
  return Object.entries(attributes)
    .map(([name, value]) => extensionFault(name, value))
    .find((fault) => fault !== undefined);
}

function isFullTime(text: string): boolean {
  const [, year, month, day] = rfc3339.exec(text) ?? [];
  return isCalendarDay(Number(year), Number(month), Number(day));
}

function extensionFault(name: string, value: unknown): string | undefined {
  if (!/^[a-z0-9]+$/.test(name)) return `the attribute name ${JSON.stringify(name.slice(0, 100))} must contain only a-z and 0-9`;
  if (typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31) return undefined;
  return `the attribute ${name} must be a text, a boolean or a whole number of 32 bits`;
}

/** What no attribute may hold (specification, type system: String): control characters, halves of surrogate pairs, and what Unicode calls noncharacters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds.
const illegalCharacter = /[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}|\p{Noncharacter_Code_Point}/u;

export function isAttributeText(text: string): boolean {
  return !illegalCharacter.test(text);
}

/** The first attribute that holds a character that no attribute may, as one sentence; undefined: there is none. */
export function characterFault(attributes: Readonly<Record<string, unknown>>): string | undefined {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "string" && !isAttributeText(value))
      return `the attribute ${name} contains a character that CloudEvents forbids: a control character, half of a surrogate pair or a noncharacter`;
  }
  return undefined;
}

/**
 * Attributes that came with a record, as they may be sent on: one that holds a forbidden character is omitted, since receivers refuse the event for it. An
 * event without its id, source or type is none: `record-undecodable` names the attribute.
 */
export function sendableAttributes(attributes: CloudEvent["attributes"]): CloudEvent["attributes"] {
  if (characterFault(attributes) === undefined) return attributes;
  const { specversion, id, source, type } = attributes;
  const fault = characterFault({ specversion, id, source, type });
  if (fault !== undefined) throw undecodable(fault);
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => typeof value !== "string" || isAttributeText(value)));
}

/** Is the content type JSON: `application/json`, anything with `+json`, or none given? */
export function isJsonType(contentType: AttributeValue | undefined): boolean {
  return (
    contentType === undefined || /^\s*(application\/json|text\/json|[\w!#$&^.+-]+\/[\w!#$&^.+-]+\+json)\s*(;|$)/i.test(String(contentType))
  );
}

export function isTextType(contentType: AttributeValue | undefined): boolean {
  return /^\s*(text\/|application\/xml\s*(;|$)|[\w!#$&^.+-]+\/[\w!#$&^.+-]+\+xml)/i.test(String(contentType ?? ""));
}

/** Is it `application/cloudevents` with a format behind it? Matched without regard to case, as the bindings ask. */
export function isStructuredType(contentType: string): boolean {
  return /^\s*application\/cloudevents(\+|\s*;|\s*$)/i.test(contentType);
}

/**
 * Does a content type look like a CloudEvent's own, in whatever format? Data of such a type cannot travel in binary mode: its content type would be the
 * record's or the request's, and readers would take the data for the event.
 */
export function looksLikeEvent(contentType: AttributeValue | undefined): boolean {
  return /^\s*application\/cloudevents/i.test(String(contentType ?? ""));
}

/** UTF-8 text, or undefined where the bytes are none. */
export function utf8Text(bytes: Buffer): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function undecodable(what: string): RelayError {
  return new RelayError("record-undecodable", `The record is not a valid CloudEvent: ${what}.`);
}
