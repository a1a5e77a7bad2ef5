/** The body of a request: its bytes, decompressed, and checked to be the text that its media type promises. */
import { isUtf8 } from "node:buffer";
import { RelayError } from "../errors.js";
import { assertRequestFits } from "./body-limits.js";
import { bytesLost, requestCoding, unpacked, unpackedStream } from "./content-coding.js";
import type { Host } from "./host.js";
import { isGatewayText, isJsonMediaType, type MediaType, parseMediaType } from "./media-type.js";
import type { Headers, HttpRequest, RequestBody, StreamedBodyLimits } from "./message.js";

/** The Content-Type of the request; JSON if there is none. Throws `unsupported-media-type` if it is not a media type. */
export function toMediaType(headers: Headers): MediaType {
  const header = headers["content-type"];
  if (header === undefined || header.trim() === "") return { essence: "application/json", parameters: new Map() };
  const type = parseMediaType(header);
  if (type === undefined)
    throw new RelayError("unsupported-media-type", `The Content-Type ${JSON.stringify(header.slice(0, 200))} is not a valid media type.`);
  return type;
}

/** The same, but bytes if it is not a media type. */
export function toMediaTypeIfAny(headers: Headers): MediaType {
  const header = headers["content-type"];
  const bytes = { essence: "application/octet-stream", parameters: new Map() };
  return header === undefined || header.trim() === "" ? toMediaType(headers) : (parseMediaType(header) ?? bytes);
}

/**
 * The body that the client means: its bytes, decompressed; with `isJsonText`, JSON in ISO-8859-1 becomes UTF-8. Throws `too-large` for a body beyond the host's limit
 * or one that decompresses to more than `bytesMax`, `unsupported-media-type` for another coding, and `bad-request` for bytes that a host has turned into text.
 */
export async function readBody(
  { body, headers, host }: Pick<HttpRequest, "body" | "headers" | "host">,
  type: MediaType,
  { isJsonText, bytesMax }: { readonly isJsonText: boolean; readonly bytesMax: () => number },
): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0);
  const coding = requestCoding(headers);
  if (body.kind === "text") {
    if (coding !== undefined) throw bytesLost(coding);
    return toBytes(body.text, type, host);
  }
  const sent = await bytesOfBody(body, host);
  const bytes = coding === undefined ? sent : await unpacked(sent, coding, bytesMax());
  return isJsonText && isLatin1(type) ? Buffer.from(bytes.toString("latin1"), "utf8") : bytes;
}

/** The same as it arrives, if the host streams and `wanted` gives limits for it; undefined: it is to be read as a whole. */
export function streamBody(
  { body, headers }: Pick<HttpRequest, "body" | "headers">,
  type: MediaType,
  isJsonText: boolean,
  wanted: ((headers: Headers) => StreamedBodyLimits | undefined) | undefined,
): AsyncIterable<Buffer> | undefined {
  if (body?.kind !== "stream") return undefined;
  const limits = wanted?.(headers);
  if (limits === undefined) return undefined;
  const coding = requestCoding(headers);
  const sent = body.read(limits);
  const bytes = coding === undefined ? sent : unpackedStream(sent, coding);
  return isJsonText && isLatin1(type) ? inUtf8(bytes) : bytes;
}

async function* inUtf8(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk.toString("latin1"), "utf8");
}

function toBytes(text: string, type: MediaType, host: Host): Buffer {
  assertRequestFits(text, !isGatewayText(type.essence), host);
  if (text.includes("\ufffd") && !(isUtf8Charset(type) && isGatewayText(type.essence))) throw lostBytes(type);
  return Buffer.from(text, "utf8");
}

function bytesOfBody(body: Exclude<RequestBody, { readonly kind: "text" }>, host: Host): Buffer | Promise<Buffer> {
  if (body.kind === "bytes") {
    assertRequestFits(body.bytes, true, host);
    return body.bytes;
  }
  return body.whole();
}

/** A replacement character in a body that AWS would have handed over in base64: either bytes that were not UTF-8, or a character that the sender meant. */
function lostBytes({ essence }: MediaType): RelayError {
  const remedy = isJsonMediaType(essence)
    ? 'Send JSON in UTF-8, and write the character U+FFFD as "\\ufffd".'
    : "Send it as application/octet-stream, which arrives unchanged.";
  return new RelayError("bad-request", `The ${essence} body was passed on as text, and some of its bytes were lost. ${remedy}`);
}

const charsetOf = (type: MediaType): string | undefined => type.parameters.get("charset")?.toLowerCase();

function isUtf8Charset(type: MediaType): boolean {
  const charset = charsetOf(type);
  return charset === undefined || charset === "utf-8" || charset === "utf8" || charset === "us-ascii";
}

function isLatin1(type: MediaType): boolean {
  return charsetOf(type) === "iso-8859-1";
}

/** Throws `bad-request` for a charset other than UTF-8 and ISO-8859-1, and `malformed-json` for bytes that are not UTF-8. */
export function assertJsonText(body: Buffer, type: MediaType): void {
  if (!isUtf8Charset(type) && !isLatin1(type)) {
    const charset = JSON.stringify(charsetOf(type)?.slice(0, 40));
    throw new RelayError("bad-request", `The charset ${charset} is not supported. Send JSON in UTF-8, or in ISO-8859-1 with that charset.`);
  }
  if (!isUtf8(body)) throw new RelayError("malformed-json", "The request body is not valid UTF-8, so it cannot be parsed as JSON.");
}
