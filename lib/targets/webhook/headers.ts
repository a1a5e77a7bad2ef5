/**
 * A record's key, coordinates and headers as HTTP headers. Rule: a header goes under its own name where HTTP carries name and value byte for byte; where one
 * does not (binary, null, line ends, a name that belongs to the connection), all of them go, in order, as base64 JSON in `kafka-headers`. Nothing is lost or forged.
 */
import { isAttributeText, utf8Text } from "../../cloudevents/event.js";
import { RelayError } from "../../errors.js";
import { isJson } from "../../json/read.js";
import type { RecordHeader } from "../../kafka/records.js";
import type { Delivery, Message } from "../../relay/delivery.js";

export type HttpHeaders = Record<string, string | string[]>;

/** Bytes of names and values that are sent at most: most servers take 8 to 16 KiB of headers in all. A record with more is not for this target. */
const headerBytesMax = 12_288;

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;
const plainText = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
/** Names that speak for the connection, for the sender or for us: a record may not set them. */
const reserved =
  /^(host|connection|keep-alive|content-length|content-encoding|transfer-encoding|te|trailer|upgrade|expect|accept|accept-encoding|range|if-.*|proxy-.*|x-forwarded-.*|forwarded|via|authorization|cookie|date|user-agent|idempotency-key|webhook-.*|kafka-.*|__proto__)$/i;

export function isHeaderName(name: string): boolean {
  return token.test(name);
}

/** Printable ASCII without spaces around it, or nothing: what every HTTP version and proxy carries unchanged. */
export function isHeaderValue(text: string): boolean {
  return text === "" || plainText.test(text);
}

/** The headers of one delivery, names in lower case. Throws `record-not-for-target` above `headerBytesMax`. */
export function toHttpHeaders({ message, source }: Pick<Delivery, "message" | "source">): HttpHeaders {
  const headers: HttpHeaders = {
    "kafka-topic": source.topic,
    "kafka-partition": String(source.partition),
    "kafka-offset": String(source.offset),
    "kafka-timestamp": String(message.timestampMs),
  };
  addKey(headers, message.key);
  if (message.value === null) headers["kafka-tombstone"] = "true";
  if (message.headers.length > 0) addRecordHeaders(headers, message.headers);
  if (message.headers.length > 0 || (message.key?.length ?? 0) > 1_024) assertHeadersFit(headers);
  return headers;
}

/** The record's own, else JSON where its value is, else bytes; undefined where there is nothing that could have a type. */
export function contentTypeOf({ headers, value }: Message): string | undefined {
  const own = headers.find(({ name }) => name.toLowerCase() === "content-type")?.value?.toString("latin1");
  if (own !== undefined && own !== "" && isHeaderValue(own)) return own;
  if (value === null) return undefined;
  const text = utf8Text(value);
  return text !== undefined && isJson(text) ? "application/json" : "application/octet-stream";
}

/** No header: a null key. Text is percent-encoded as CloudEvents' HTTP binding does; bytes that are not text go as base64. */
function addKey(headers: HttpHeaders, key: Buffer | null): void {
  if (key === null) return;
  const text = key.toString("utf8");
  if (Buffer.byteLength(text) === key.length && !text.includes("\ufffd")) headers["kafka-key"] = percentEncode(text);
  else headers["kafka-key-base64"] = key.toString("base64");
}

function addRecordHeaders(headers: HttpHeaders, recordHeaders: readonly RecordHeader[]): void {
  let isWhole = true;
  for (const { name, value } of recordHeaders) {
    const attribute = cloudEventAttribute(name, value);
    if (attribute !== undefined) {
      headers[`ce-${name.slice(3)}`] = attribute;
      continue;
    }
    const text = value?.toString("latin1");
    if (text === undefined || !isHeaderValue(text) || !isHeaderName(name) || reserved.test(name)) {
      isWhole = false;
      continue;
    }
    append(headers, name.toLowerCase(), text);
  }
  if (!isWhole) headers["kafka-headers"] = toBase64Json(recordHeaders);
}

function assertHeadersFit(headers: HttpHeaders): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    for (const each of Array.isArray(value) ? value : [value]) bytes += name.length + each.length + 4;
  }
  if (bytes <= headerBytesMax) return;
  throw new RelayError(
    "record-not-for-target",
    `The record's key and headers take ${bytes} bytes as HTTP headers, more than the ${headerBytesMax} that servers can be expected to take.`,
  );
}

/** `ce_id` in Kafka is `ce-id` in HTTP, and percent-encoded there (CloudEvents HTTP binding 3.1.3.2). Undefined for what no attribute may hold: it travels in `kafka-headers`. */
function cloudEventAttribute(name: string, value: Buffer | null): string | undefined {
  if (value === null || !/^ce_[a-z0-9]+$/.test(name)) return undefined;
  const text = value.toString("utf8");
  return text.includes("\ufffd") || !isAttributeText(text) ? undefined : percentEncode(text);
}

function append(headers: HttpHeaders, name: string, text: string): void {
  const present = Object.hasOwn(headers, name) ? headers[name] : undefined;
  // A request has one content type; the first is it.
  if (present === undefined) headers[name] = text;
  else if (name !== "content-type") headers[name] = Array.isArray(present) ? [...present, text] : [present, text];
}

/** `[[name, base64 value or null], ...]`, in wire order. */
function toBase64Json(recordHeaders: readonly RecordHeader[]): string {
  return Buffer.from(JSON.stringify(recordHeaders.map(({ name, value }) => [name, value?.toString("base64") ?? null]))).toString("base64");
}

/** Space, double quote, percent sign and everything outside printable ASCII, as UTF-8 with upper-case digits; nothing else. */
export function percentEncode(text: string): string {
  if (!/[^\x21\x23\x24\x26-\x7e]/.test(text)) return text;
  let encoded = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x25;
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
