/** CloudEvents' JSON format, both ways (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md). */
import { RelayError } from "../errors.js";
import { membersOf } from "../json/members.js";
import { isJson } from "../json/read.js";
import { type AttributeValue, attributeFault, type CloudEvent, isJsonType, isTextType, utf8Text } from "./event.js";

/** Reads one event in the JSON format. JSON data keeps every digit and space of its text. Throws `record-undecodable`, naming the attribute. */
export function parseJsonEvent(text: string, place = "The event"): CloudEvent {
  const refuse = (what: string): never => {
    throw new RelayError("record-undecodable", `${place}: ${what}.`);
  };
  const envelope = parseEnvelope(text) ?? refuse("it is not a JSON object");
  const { data, data_base64: base64, ...rest } = envelope;
  const attributes = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
  const fault = attributeFault(attributes);
  if (fault !== undefined) return refuse(fault);
  if (data !== undefined && base64 !== undefined && base64 !== null) return refuse("an event must not have both data and data_base64");
  const given = attributes as Readonly<Record<string, AttributeValue>>;
  if (base64 !== undefined && base64 !== null) {
    if (typeof base64 !== "string" || !isBase64(base64)) return refuse("data_base64 is not base64 text");
    return { attributes: given, data: Buffer.from(base64, "base64") };
  }
  if (data === undefined) return { attributes: given, data: null };
  if (typeof data === "string" && !isJsonType(given.datacontenttype)) return { attributes: given, data: Buffer.from(data) };
  return { attributes: given, data: Buffer.from(membersOf(text).get("data") ?? "null") };
}

/** Undefined if the text is not a JSON object. JSON.parse's message is dropped, because it quotes the text. */
function parseEnvelope(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The event in the JSON format: JSON data as it is, text as a string, anything else in base64. Nothing is invented. */
export function formatJsonEvent({ attributes, data }: CloudEvent): string {
  const head = JSON.stringify(attributes).slice(0, -1);
  if (data === null) return `${head}}`;
  const text = utf8Text(data);
  const type = attributes.datacontenttype;
  if (text !== undefined && isJsonType(type) && isJson(text)) return `${head},"data":${text}}`;
  if (text !== undefined && isTextType(type)) return `${head},"data":${JSON.stringify(text)}}`;
  return `${head},"data_base64":"${data.toString("base64")}"}`;
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
