/** Records -> the JSON of an answer, straight from the fetched bytes. JSON values are copied as they are stored, so that every digit stays. Pure. */
import { isUtf8 } from "node:buffer";
import { jsonDepthMax } from "../../json/depth.js";
import { isJsonBytes } from "../../json/walk.js";
import { forEachHeader, type RecordView } from "../../kafka/codec/record-view.js";
import { AnswerBytes } from "./answer-bytes.js";
import { type DecodedFormat, type DecodedRecord, decodedText, failedText, isSchemaFormat } from "./record-decoding.js";
import { type MemberWords, type RecordFormat, recordWords } from "./record-words.js";

const {
  keyWords,
  valueWords,
  comma,
  quote,
  closeBrace,
  nullWord,
  offsetWord,
  timestampWord,
  createTime,
  logAppendTime,
  headersOpen,
  end,
  headerOpen,
  nextHeaderOpen,
  headerValue,
  headerFormat,
  frameBytesMax,
  frameEscapesMax,
  headerBytesMax,
} = recordWords;

/** Half of what is read here: the answer adds levels around the value, and many readers of the answer stop at 1,000 (Python's `json`, Java's Jackson). */
const splicedDepthMax = jsonDepthMax / 2;

type AskedFormat = RecordFormat | DecodedFormat | "auto";

export interface RecordFormats {
  /** "auto": what a schema decodes; else JSON if the bytes are JSON, otherwise a string if they are UTF-8, otherwise base64. */
  readonly key: AskedFormat;
  readonly value: AskedFormat;
  readonly headers: "base64" | "string";
}

/**
 * Writes records one after the other, as long as they fit into an answer of `bytesMax`: the bytes that the text takes inside a JSON string, since Lambda's answer
 * is one. Bytes that cannot be written in the requested format are written as base64. `key_format` and `value_format` name the format, and are left out for
 * Kafka's null.
 */
export class RecordJson {
  count = 0;
  readonly #formats: RecordFormats;
  readonly #bytesMax: number;
  readonly #isLines: boolean;
  readonly out = new AnswerBytes();
  /** How many of the written characters need a backslash inside a string, such as quotes. An upper bound until they are counted. */
  #escapes = 0;
  #isCounted = false;

  /** `isLines`: nothing stands between records but their prefixes, and each record is on one line. */
  constructor(formats: RecordFormats, bytesMax: number, isLines = false) {
    this.#formats = formats;
    this.#isLines = isLines;
    this.#bytesMax = bytesMax;
  }

  /**
   * `prefix` opens the object and ends with its first members: `{"partition":0,`. False: the record does not fit, and is not written. If it is the first record, it
   * is written without key, value and headers but with their sizes, so that a read can continue after it.
   */
  add(view: RecordView, prefix: Buffer, decoded?: DecodedRecord): boolean {
    const { length } = this.out;
    const escapes = this.#escapes;
    this.#write(view, prefix, decoded);
    if (!this.#fits(length)) {
      this.out.length = length;
      this.#escapes = escapes;
      if (this.count > 0) return false;
      this.#writeOversized(view, prefix);
      if (this.#isCounted) this.#escapes += countEscapes(this.out.bytes, length, this.out.length);
    }
    if (this.#isLines) this.out.joinLines(length + prefix.length);
    this.count++;
    return true;
  }

  /** The text of all records. To be called once. */
  finish(): string {
    return this.out.finish();
  }

  /** Uses the upper bound as long as it is enough. After that the escapes are counted: of everything written so far, then of each record. */
  #fits(recordFrom: number): boolean {
    const { bytes, length } = this.out;
    if (!this.#isCounted && length + this.#escapes <= this.#bytesMax) return true;
    if (length > this.#bytesMax) return false;
    if (!this.#isCounted) this.#escapes = countEscapes(bytes, 0, recordFrom);
    this.#isCounted = true;
    const ofRecord = countEscapes(bytes, recordFrom, length);
    if (length + this.#escapes + ofRecord > this.#bytesMax) return false;
    this.#escapes += ofRecord;
    return true;
  }

  #write(view: RecordView, prefix: Buffer, decoded: DecodedRecord | undefined): void {
    const out = this.out;
    this.#begin(view, prefix);
    this.#part(keyWords, view.bytes, view.keyAt, view.keyBytes, this.#formats.key, decoded?.key);
    this.#part(valueWords, view.bytes, view.valueAt, view.valueBytes, this.#formats.value, decoded?.value);
    out.reserve(headersOpen.length + 2);
    out.copy(headersOpen, 0, headersOpen.length);
    if (view.headerCount > 0) this.#headers(view);
    out.reserve(end.length);
    out.copy(end, 0, end.length);
  }

  #begin({ offset, timestampMs, timestampType }: RecordView, prefix: Buffer): void {
    const out = this.out;
    out.reserve(prefix.length + frameBytesMax);
    if (this.count > 0 && !this.#isLines) out.copy(comma, 0, 1);
    out.copy(prefix, 0, prefix.length);
    out.copy(offsetWord, 0, offsetWord.length);
    out.whole(offset);
    out.copy(timestampWord, 0, timestampWord.length);
    out.whole(timestampMs);
    const type = timestampType === "CREATE_TIME" ? createTime : logAppendTime;
    out.copy(type, 0, type.length);
    if (!this.#isCounted) this.#escapes += prefix.length + frameEscapesMax;
  }

  #writeOversized(view: RecordView, prefix: Buffer): void {
    this.#begin(view, prefix);
    const sizes = `"key_bytes":${Math.max(0, view.keyBytes)},"value_bytes":${Math.max(0, view.valueBytes)}`;
    this.out.text(`,"key":null,"value":null,"headers":[],"omitted":{${sizes}}}`);
  }

  #part(words: MemberWords, bytes: Buffer, at: number, length: number, asked: AskedFormat, outcome: DecodedRecord["key"]): void {
    if (outcome === undefined) this.#member(words, bytes, at, length, asked);
    else if (outcome.is === "decoded") this.#text(decodedText(words.part, outcome.decoded));
    else {
      this.#member(words, bytes, at, length, "base64");
      this.#text(failedText(words.part, outcome.reason));
    }
  }

  /** Any text with its escapes. */
  #text(text: string): void {
    const from = this.out.length;
    this.out.text(text);
    if (!this.#isCounted) this.#escapes += this.out.length - from;
  }

  #member(words: MemberWords, bytes: Buffer, at: number, length: number, asked: AskedFormat): void {
    const out = this.out;
    if (length < 0) {
      out.reserve(words.null.length);
      out.copy(words.null, 0, words.null.length);
      return;
    }
    const to = at + length;
    const format = formOf(bytes, at, to, asked);
    out.reserve(words.name.length + words.base64.length + 4 * Math.ceil(length / 3) + 4);
    out.copy(words.name, 0, words.name.length);
    if (format === "base64") {
      out.copy(quote, 0, 1);
      out.base64(bytes, at, to);
      out.copy(quote, 0, 1);
    } else if (format === "json") {
      out.copy(bytes, at, to);
      if (!this.#isCounted) this.#escapes += length;
    } else this.#string(bytes, at, to);
    out.reserve(words[format].length);
    out.copy(words[format], 0, words[format].length);
  }

  /** UTF-8 as a JSON string. */
  #string(bytes: Buffer, at: number, to: number): void {
    const out = this.out;
    const from = out.length;
    if (isPlain(bytes, at, to)) {
      out.reserve(to - at + 2);
      out.copy(quote, 0, 1);
      out.copy(bytes, at, to);
      out.copy(quote, 0, 1);
      return; // its two quotes are counted in frameEscapesMax
    }
    out.text(JSON.stringify(bytes.toString("utf8", at, to)));
    if (!this.#isCounted) this.#escapes += out.length - from;
  }

  #headers(view: RecordView): void {
    const { bytes } = view;
    const out = this.out;
    let isFirst = true;
    forEachHeader(view, (nameAt, nameBytes, valueAt, valueBytes) => {
      out.reserve(headerBytesMax);
      const open = isFirst ? headerOpen : nextHeaderOpen;
      isFirst = false;
      out.copy(open, 0, open.length);
      this.#string(bytes, nameAt, nameAt + nameBytes);
      out.reserve(headerBytesMax + 4 * Math.ceil(Math.max(0, valueBytes) / 3));
      out.copy(headerValue, 0, headerValue.length);
      if (valueBytes < 0) out.copy(nullWord, 0, nullWord.length);
      else this.#headerValue(bytes, valueAt, valueAt + valueBytes);
      out.reserve(1);
      out.copy(closeBrace, 0, 1);
      if (!this.#isCounted) this.#escapes += frameEscapesMax;
    });
  }

  #headerValue(bytes: Buffer, at: number, to: number): void {
    const out = this.out;
    if (this.#formats.headers === "string" && isUtf8(bytes.subarray(at, to))) {
      this.#string(bytes, at, to);
      return;
    }
    out.copy(quote, 0, 1);
    out.base64(bytes, at, to);
    out.copy(quote, 0, 1);
    if (this.#formats.headers === "string") out.copy(headerFormat, 0, headerFormat.length);
  }
}

function formOf(bytes: Buffer, at: number, to: number, asked: AskedFormat): RecordFormat {
  if (asked === "base64" || isSchemaFormat(asked)) return "base64";
  const isJson = asked !== "string" && isJsonBytes(bytes, at, to, splicedDepthMax);
  if (asked === "json" && !isJson) return "base64";
  if (!isUtf8(bytes.subarray(at, to))) return "base64";
  return isJson ? "json" : "string";
}

/** ASCII that needs no escape in a JSON string. */
function isPlain(bytes: Buffer, at: number, to: number): boolean {
  for (let index = at; index < to; index++) {
    const byte = bytes[index] as number;
    if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) return false;
  }
  return true;
}

/** Bytes that need a backslash inside a JSON string: quotes, backslashes, and the line ends and tabs of JSON that is copied. */
function countEscapes(bytes: Buffer, from: number, to: number): number {
  let escapes = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x22 || byte === 0x5c || byte < 0x20) escapes++;
  }
  return escapes;
}
