/** What API Gateway hands over (HTTP API, payload 2.0), read into a request: each thing decoded once, in one place. */
import { isUtf8 } from "node:buffer";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import type { Caller } from "../access.js";
import { RelayError } from "../errors.js";
import { assertFitsLambda } from "./body-limits.js";
import { type ClaimNames, callerOfClaims } from "./claims.js";
import { bytesLost, requestCoding, unpacked } from "./content-coding.js";
import { isGatewayText, isJson, type MediaType, parseMediaType } from "./media-type.js";

export interface HttpRequest {
  readonly routeKey: string;
  readonly method: string;
  /** As it was sent, escapes kept. */
  readonly rawPath: string;
  readonly path: Readonly<Record<string, string>>;
  /** A parameter given several times is a list, so that who expects one can say so. */
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly baseUrl: string;
  readonly requestId: string;
}

/** The parts of the event that are read; API Gateway and serverless-offline both give them, some as null where the types say undefined. */
type GatewayEvent = APIGatewayProxyEventV2;

export function toRequest(event: GatewayEvent): HttpRequest {
  const headers = lowerCased(event.headers ?? {});
  return {
    routeKey: event.routeKey ?? event.requestContext?.routeKey ?? "$default",
    method: (event.requestContext?.http?.method ?? "GET").toUpperCase(),
    rawPath: event.rawPath ?? "/",
    path: Object.assign(Object.create(null), event.pathParameters ?? {}),
    query: parseQuery(event.rawQueryString ?? ""),
    headers,
    baseUrl: toBaseUrl(event, headers),
    requestId: event.requestContext?.requestId ?? "unknown",
  };
}

function lowerCased(headers: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const lower: Record<string, string | undefined> = Object.create(null);
  for (const name of Object.keys(headers)) lower[name.toLowerCase()] = headers[name];
  return lower;
}

const queryParametersMax = 200;

/** The raw query, for the parsed one joins repeats by commas. Broken escapes stay as they are, as in a browser's URLSearchParams. */
function parseQuery(rawQuery: string): Record<string, string | readonly string[]> {
  const query: Record<string, string | readonly string[]> = Object.create(null);
  if (rawQuery === "") return query;
  const parameters = [...new URLSearchParams(rawQuery)];
  if (parameters.length > queryParametersMax) {
    throw new RelayError("bad-request", `The query has ${parameters.length} parameters; at most ${queryParametersMax} are read.`);
  }
  for (const [name, value] of parameters) {
    const earlier = query[name];
    query[name] = earlier === undefined ? value : typeof earlier === "string" ? [earlier, value] : [...earlier, value];
  }
  return query;
}

/** Who calls, by what the gateway's authorizer established: never by what the request says of itself. */
export function toCaller(event: GatewayEvent, claimNames: ClaimNames): Caller {
  const authorizer = (event.requestContext as { readonly authorizer?: unknown } | undefined)?.authorizer as
    | {
        readonly iam?: { readonly userArn?: string | null };
        readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>> | null; readonly scopes?: readonly string[] | null };
      }
    | undefined;
  const arn = authorizer?.iam?.userArn;
  if (typeof arn === "string" && arn !== "") return { kind: "iam", name: arn, scopes: [], groups: [] };
  const claims = authorizer?.jwt?.claims;
  const caller = claims !== null && typeof claims === "object" ? callerOfClaims(claims, claimNames, authorizer?.jwt?.scopes) : undefined;
  return caller ?? { kind: "anonymous", name: "anonymous", scopes: [], groups: [] };
}

const hostPattern = /^(?:[a-zA-Z0-9._-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?$/;

/** The address the caller used: the Host it named, if that is one, under the scheme the gateway was reached by. */
function toBaseUrl(event: GatewayEvent, headers: Readonly<Record<string, string | undefined>>): string {
  const { domainName = "localhost", stage } = event.requestContext ?? {};
  const isLaptop = domainName.startsWith("offlineContext_");
  const host = headers.host;
  const scheme = headers["x-forwarded-proto"] ?? (isLaptop ? "http" : "https");
  const authority = host !== undefined && hostPattern.test(host) ? host : isLaptop ? "localhost" : domainName;
  const prefix = stage === undefined || stage === "$default" || !event.rawPath?.startsWith(`/${stage}/`) ? "" : `/${stage}`;
  return `${scheme === "http" ? "http" : "https"}://${authority}${prefix}`;
}

/** The same, and bytes where it is none. */
export function toMediaTypeIfAny(headers: Readonly<Record<string, string | undefined>>): MediaType {
  const header = headers["content-type"];
  const bytes = { essence: "application/octet-stream", parameters: new Map() };
  return header === undefined || header.trim() === "" ? toMediaType(headers) : (parseMediaType(header) ?? bytes);
}

/** The Content-Type of the request; JSON where none is given. `unsupported-media-type` where it is none. */
export function toMediaType(headers: Readonly<Record<string, string | undefined>>): MediaType {
  const header = headers["content-type"];
  if (header === undefined || header.trim() === "") return { essence: "application/json", parameters: new Map() };
  const type = parseMediaType(header);
  if (type === undefined) throw new RelayError("unsupported-media-type", `${JSON.stringify(header.slice(0, 200))} is no media type.`);
  return type;
}

/**
 * The body that the client means: its bytes unpacked, and where `isJsonText`, JSON that says it is ISO-8859-1 in UTF-8. Throws `too-large` for what Lambda would not have been
 * given or what unpacks to more than `bytesMax`, `unsupported-media-type` for another coding, and `bad-request` for bytes that were not text and have been turned into text on
 * the way (serverless-offline by itself does so; API Gateway hands them over in base64).
 */
export async function toBody(
  event: GatewayEvent,
  headers: HttpRequest["headers"],
  type: MediaType,
  { isJsonText, bytesMax }: { readonly isJsonText: boolean; readonly bytesMax: () => number },
): Promise<Buffer> {
  const { body } = event;
  if (body === undefined || body === null || body === "") return Buffer.alloc(0);
  const coding = requestCoding(headers);
  if (event.isBase64Encoded) {
    const sent = Buffer.from(body, "base64");
    assertFitsLambda(sent, true);
    const bytes = coding === undefined ? sent : await unpacked(sent, coding, bytesMax());
    return isJsonText && isLatin1(type) ? Buffer.from(bytes.toString("latin1"), "utf8") : bytes;
  }
  if (coding !== undefined) throw bytesLost(coding);
  assertFitsLambda(body, !isGatewayText(type.essence));
  if (body.includes("\ufffd") && !(isUtf8Charset(type) && isGatewayText(type.essence))) throw lostBytes(type);
  return Buffer.from(body, "utf8");
}

/** A replacement character in what the gateway would have given in base64: bytes that were no UTF-8, or, in JSON, a character that its sender meant. */
function lostBytes({ essence }: MediaType): RelayError {
  const cure = isJson(essence)
    ? 'Send JSON in UTF-8; if it is to hold U+FFFD, write it as "\\ufffd".'
    : "Send it as application/octet-stream, which arrives whole everywhere.";
  return new RelayError("bad-request", `The body's bytes were lost before they came here: ${essence} was handed on as text. ${cure}`);
}

const charsetOf = (type: MediaType): string | undefined => type.parameters.get("charset")?.toLowerCase();

function isUtf8Charset(type: MediaType): boolean {
  const charset = charsetOf(type);
  return charset === undefined || charset === "utf-8" || charset === "utf8" || charset === "us-ascii";
}

function isLatin1(type: MediaType): boolean {
  return charsetOf(type) === "iso-8859-1";
}

/** Passes JSON in UTF-8. `bad-request` for a charset that is neither UTF-8 nor ISO-8859-1, `malformed-json` for bytes that are no UTF-8. */
export function assertJsonText(body: Buffer, type: MediaType): void {
  if (!isUtf8Charset(type) && !isLatin1(type)) {
    const charset = JSON.stringify(charsetOf(type)?.slice(0, 40));
    throw new RelayError("bad-request", `The charset ${charset} is not taken; JSON is UTF-8 (or ISO-8859-1, if it says so).`);
  }
  if (!isUtf8(body)) throw new RelayError("malformed-json", "The body is no UTF-8, and so no JSON.");
}
