/** Records -> their JSON text, straight from the fetched bytes. JSON values are spliced in as they are stored, so that every digit stays. Pure. */
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

/** Of the text around a record's own: twice as many as it has quotes. */
const frameEscapesMax = 80;
/** What a UTF-16 unit may add to one byte: two more in UTF-8, or a backslash in a string around the text. */
const unitExtraMax = 2;

/**
 * Writes records one by one. `prefix` opens the object and ends with its first members: `{"partition":0,`. Bytes that do not fit the asked form are given as
 * base64; `key_format` and `value_format` say which form a thing has, and are left out for Kafka's null.
 */
export class RecordJson {
  /** At most so many bytes the text written last takes as UTF-8 inside a JSON string: an answer of Lambda's is one. */
  bytesBound = 0;
  readonly #formats: RecordFormats;
  readonly #names = new Map<string, string>();
  #extra = 0;

  constructor(formats: RecordFormats) {
    this.#formats = formats;
  }

  write(view: RecordView, prefix: string): string {
    const { bytes, keyAt, keyBytes, valueAt, valueBytes } = view;
    this.#extra = frameEscapesMax;
    const key = keyBytes < 0 ? ',"key":null' : this.#member("key", bytes, keyAt, keyAt + keyBytes, this.#formats.key);
    const value = valueBytes < 0 ? ',"value":null' : this.#member("value", bytes, valueAt, valueAt + valueBytes, this.#formats.value);
    const headers = view.headerCount === 0 ? "[]" : this.#headers(view);
    return this.#measured(`${frame(view, prefix)}${key}${value},"headers":${headers}}`);
  }

  /** The same record with its key, value and headers left out, because the answer cannot hold them; their sizes are told. */
  writeOversized(view: RecordView, prefix: string): string {
    this.#extra = frameEscapesMax;
    const sizes = `"key_bytes":${Math.max(0, view.keyBytes)},"value_bytes":${Math.max(0, view.valueBytes)}`;
    return this.#measured(`${frame(view, prefix)},"key":null,"value":null,"headers":[],"omitted":{${sizes}}}`);
  }

  #measured(text: string): string {
    this.bytesBound = text.length + this.#extra;
    return text;
  }

  #member(name: "key" | "value", bytes: Buffer, at: number, end: number, format: RecordFormats["key"]): string {
    if (format === "base64") return base64Member(name, bytes, at, end);
    const text = bytes.toString("utf8", at, end);
    if (text.includes("\ufffd") && !isUtf8(bytes.subarray(at, end))) return base64Member(name, bytes, at, end);
    if (format !== "string" && isJsonText(text)) {
      this.#extra += unitExtraMax * text.length;
      return `,"${name}":${text},"${name}_format":"json"`;
    }
    if (format === "json") return base64Member(name, bytes, at, end);
    const quoted = JSON.stringify(text);
    this.#extra += unitExtraMax * quoted.length;
    return `,"${name}":${quoted},"${name}_format":"string"`;
  }

  #headers(view: RecordView): string {
    const { bytes } = view;
    let json = "";
    forEachHeader(view, (nameAt, nameBytes, valueAt, valueBytes) => {
      const name = this.#name(bytes, nameAt, nameBytes);
      const value = valueBytes < 0 ? "null" : this.#headerValue(bytes, valueAt, valueAt + valueBytes);
      this.#extra += frameEscapesMax + unitExtraMax * name.length;
      json += `${json === "" ? "[" : ","}{"name":${name},"value":${value}}`;
    });
    return `${json}]`;
  }

  /** A topic's records mostly have the same few header names. */
  #name(bytes: Buffer, at: number, count: number): string {
    const raw = bytes.toString("latin1", at, at + count);
    const known = this.#names.get(raw);
    if (known !== undefined) return known;
    const name = JSON.stringify(bytes.toString("utf8", at, at + count));
    if (this.#names.size < namesKeptMax) this.#names.set(raw, name);
    return name;
  }

  #headerValue(bytes: Buffer, at: number, end: number): string {
    if (this.#formats.headers === "base64") return `"${bytes.toString("base64", at, end)}"`;
    if (!isUtf8(bytes.subarray(at, end))) return `"${bytes.toString("base64", at, end)}","value_format":"base64"`;
    const quoted = JSON.stringify(bytes.toString("utf8", at, end));
    this.#extra += unitExtraMax * quoted.length;
    return quoted;
  }
}

const namesKeptMax = 100;

function frame({ offset, timestampMs, timestampType }: RecordView, prefix: string): string {
  return `${prefix}"offset":${offset},"timestamp":${timestampMs},"timestamp_type":"${timestampType}"`;
}

function base64Member(name: "key" | "value", bytes: Buffer, at: number, end: number): string {
  return `,"${name}":"${bytes.toString("base64", at, end)}","${name}_format":"base64"`;
}
