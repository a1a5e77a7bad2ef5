/** What a key, a value or a header of a record is, and how it looks in one line. Pure. */
import { fromBase64, utf8Bytes } from "./bytes.js";
import { type JsonNode, parseJsonTree } from "./json-text.js";

type DataKind = "null" | "empty" | "json" | "text" | "binary";

export interface RecordData {
  readonly kind: DataKind;
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly json: JsonNode | undefined;
}

const none = new Uint8Array();

/** Reads it as a whole: for the one record that is open. */
export function toRecordData(value: string | null, format: string | undefined): RecordData {
  if (value === null) return { kind: "null", bytes: none, text: "", json: undefined };
  if (format === "base64") {
    const bytes = fromBase64(value);
    return { kind: "binary", bytes, text: new TextDecoder().decode(bytes), json: undefined };
  }
  const json = parseJsonTree(value);
  return { kind: value === "" ? "empty" : json === undefined ? "text" : "json", bytes: utf8Bytes(value), text: value, json };
}

const previewLengthMax = 240;

/** For a row of a list. */
export function toPreview(value: string | null, format: string | undefined): string {
  if (value === null) return "null";
  if (format === "base64") return `binary: ${value.slice(0, 60)}`;
  return value.slice(0, previewLengthMax).replace(/\s+/g, " ");
}

const cloudEventAttributes = ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"] as const;

interface RecordHeaders {
  readonly headers: readonly { readonly name: string; readonly value: string | null }[];
}

/** The attributes of a CloudEvent in binary mode (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md); undefined for other records. */
export function toEventAttributes({ headers }: RecordHeaders): readonly (readonly [name: string, value: string])[] | undefined {
  const given = new Map(headers.map(({ name, value }) => [name, value ?? ""]));
  if (!given.has("ce_specversion")) return undefined;
  const known = cloudEventAttributes.flatMap((name) => {
    const value = given.get(`ce_${name}`);
    return value === undefined ? [] : [[name, value] as const];
  });
  const others = [...given].filter(([name]) => name.startsWith("ce_") && !cloudEventAttributes.includes(name.slice(3) as never));
  return [...known, ...others.map(([name, value]) => [name.slice(3), value] as const)];
}

const encoder = new TextEncoder();

/** The size of a key or value in bytes. */
export function sizeOf(value: string | null, format: string | undefined): number {
  if (value === null) return 0;
  if (format !== "base64") return encoder.encode(value).length;
  return (value.length / 4) * 3 - (value.endsWith("==") ? 2 : value.endsWith("=") ? 1 : 0);
}
