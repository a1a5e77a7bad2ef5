/** One record -> its JSON text, straight from the fetched bytes. JSON values are spliced in as they are stored, so that every digit stays. Pure. */
import { isUtf8 } from "node:buffer";
import { forEachHeader, type RecordView } from "../kafka/record-view.js";
import { isJsonText } from "./json-text.js";

export const recordFormats = ["json", "string", "base64"] as const;
export type RecordFormat = (typeof recordFormats)[number];

export interface RecordFormats {
  /** "auto" is JSON where it is JSON, else a string where it is UTF-8, else base64. */
  readonly key: RecordFormat | "auto";
  readonly value: RecordFormat | "auto";
  readonly headers: "base64" | "string";
}

/**
 * `prefix` opens the object and ends with its first members: `{"partition":0,`. Bytes that do not fit the asked form are given as base64; `key_format` and
 * `value_format` say which form a thing has, and are left out for Kafka's null.
 */
export function recordJson(view: RecordView, prefix: string, formats: RecordFormats): string {
  const { bytes, offset, timestampMs, timestampType, keyAt, keyBytes, valueAt, valueBytes } = view;
  const key = keyBytes < 0 ? ',"key":null' : member("key", bytes, keyAt, keyAt + keyBytes, formats.key);
  const value = valueBytes < 0 ? ',"value":null' : member("value", bytes, valueAt, valueAt + valueBytes, formats.value);
  const headers = view.headerCount === 0 ? "[]" : headersJson(view, formats.headers);
  return `${prefix}"offset":${offset},"timestamp":${timestampMs},"timestamp_type":"${timestampType}"${key}${value},"headers":${headers}}`;
}

/** The same record with its key and value left out, because the answer cannot hold them; their sizes are told. */
export function oversizedRecordJson({ offset, timestampMs, timestampType, keyBytes, valueBytes }: RecordView, prefix: string): string {
  const sizes = `"key_bytes":${Math.max(0, keyBytes)},"value_bytes":${Math.max(0, valueBytes)}`;
  return `${prefix}"offset":${offset},"timestamp":${timestampMs},"timestamp_type":"${timestampType}","key":null,"value":null,"headers":[],"omitted":{${sizes}}}`;
}

type Name = "key" | "value";

function member(name: Name, bytes: Buffer, at: number, end: number, format: RecordFormats["key"]): string {
  if (format === "base64") return base64Member(name, bytes, at, end);
  const text = bytes.toString("utf8", at, end);
  if (text.includes("\ufffd") && !isUtf8(bytes.subarray(at, end))) return base64Member(name, bytes, at, end);
  if (format !== "string" && isJsonText(text)) return `,"${name}":${text},"${name}_format":"json"`;
  return format === "json" ? base64Member(name, bytes, at, end) : `,"${name}":${JSON.stringify(text)},"${name}_format":"string"`;
}

function base64Member(name: Name, bytes: Buffer, at: number, end: number): string {
  return `,"${name}":"${bytes.toString("base64", at, end)}","${name}_format":"base64"`;
}

function headersJson(view: RecordView, format: RecordFormats["headers"]): string {
  const { bytes } = view;
  let json = "";
  forEachHeader(view, (nameAt, nameBytes, valueAt, valueBytes) => {
    const name = JSON.stringify(bytes.toString("utf8", nameAt, nameAt + nameBytes));
    const value = valueBytes < 0 ? "null" : headerValue(bytes, valueAt, valueAt + valueBytes, format);
    json += `${json === "" ? "[" : ","}{"name":${name},"value":${value}}`;
  });
  return `${json}]`;
}

function headerValue(bytes: Buffer, at: number, end: number, format: RecordFormats["headers"]): string {
  if (format === "string" && isUtf8(bytes.subarray(at, end))) return JSON.stringify(bytes.toString("utf8", at, end));
  const base64 = `"${bytes.toString("base64", at, end)}"`;
  return format === "string" ? `${base64},"value_format":"base64"` : base64;
}
