/** A request and a reply as every host hands them over. What they look like on the way (an event of AWS, a socket) is known to `lib/http/hosts/` alone. */
import type { Caller } from "../access.js";
import type { CallerSettings } from "./claims.js";
import type { Host } from "./host.js";
import type { OperationRoute } from "./routes.js";

/** Names in lower case; a header that was sent several times has its values joined by ", ". */
export type Headers = Readonly<Record<string, string | undefined>>;

export type RequestBody =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  /** What some hosts hand over for what they take for text. Bytes that were not UTF-8 are lost. */
  | { readonly kind: "text"; readonly text: string }
  /** Read once, either as a whole or as it arrives. Fails for a caller that stops sending, and for one that sends more than is accepted. */
  | {
      readonly kind: "stream";
      /** Within the host's limits. Not a promise where all of it has arrived already. */
      readonly whole: () => Buffer | Promise<Buffer>;
      readonly read: (limits: StreamedBodyLimits) => AsyncIterable<Buffer>;
    };

/** For a body that an operation works on while it arrives. */
export interface StreamedBodyLimits {
  /** How long the caller may send nothing. */
  readonly idleTimeoutMs: number;
}

/** What ends a reply that lasts. */
export interface Lifetime {
  /** Aborted when the caller has gone, and when the reply has been sent. */
  readonly gone: AbortSignal;
  /** Aborted when the host is asked to end: a stream finishes what it has begun, and ends. */
  readonly ending: AbortSignal;
}

const never = new AbortController().signal;

/** Of a host that does not stream, whose calls are short. */
export const shortLifetime: Lifetime = { gone: never, ending: never };

export interface HttpRequest {
  readonly host: Host;
  /** In upper case. */
  readonly method: string;
  /** Without the query, and without a prefix that is not part of the API, such as a stage. */
  readonly rawPath: string;
  /** Without its "?". */
  readonly rawQuery: string;
  readonly headers: Headers;
  /** Undefined: there is none. */
  readonly body: RequestBody | undefined;
  /** The operation that the gateway has chosen, where there is one that routes. */
  readonly route?: OperationRoute | undefined;
  /** Who calls, by what was established in front of the API: never by what the request says of itself. Throws `unauthenticated`. */
  readonly caller: (settings: CallerSettings) => Caller | Promise<Caller>;
  /** `https://host[:port][/prefix]`, as the caller addressed the API. */
  readonly baseUrl: string;
  readonly requestId: string;
  /** Of the client's end of the connection, where the host sees it. */
  readonly address?: string;
  /** Absent where the host cannot stream. */
  readonly lifetime?: () => Lifetime;
}

export interface HttpReply {
  readonly status: number;
  /** Names in lower case; a list is sent as several headers of that name. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** "": none. A stream only where the host can stream. */
  readonly body: string | Buffer | AsyncIterable<string | Uint8Array>;
  /** Of a stream: how much is kept for a caller who does not read, before the stream waits for it. Absent: what the socket takes. */
  readonly unreadBytesMax?: number;
}

export const anonymous: Caller = { kind: "anonymous", name: "anonymous", scopes: [], groups: [] };

const hostPattern = /^(?:[a-zA-Z0-9._-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?$/;

/** The address that the caller used: its Host header where that is a host, and `fallback` otherwise. */
export function toBaseUrl(scheme: string | undefined, host: string | undefined, fallback: string, prefix = ""): string {
  const authority = host !== undefined && hostPattern.test(host) ? host : fallback;
  return `${scheme === "http" ? "http" : "https"}://${authority}${prefix}`;
}

/** Headers by their names in lower case; several values of a name are joined (RFC 9110, section 5.3). */
export function toHeaders(headers: Readonly<Record<string, string | readonly string[] | null | undefined>>): Record<string, string> {
  const joined: Record<string, string> = Object.create(null);
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value !== undefined && value !== null) joined[name.toLowerCase()] = typeof value === "string" ? value : value.join(", ");
  }
  return joined;
}
