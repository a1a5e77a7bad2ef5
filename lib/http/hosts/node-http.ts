/** The API on a server of its own: `node:http` requests and responses, with a named limit for everything that a client can draw out. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Caller } from "../../access.js";
import { createDeadline } from "../../deadline.js";
import { type FailureCode, RelayError } from "../../errors.js";
import type { ClaimNames } from "../claims.js";
import type { HttpOptions } from "../environment.js";
import { createHandler, type Handler } from "../handler.js";
import type { Host } from "../host.js";
import { anonymous, type Headers, type HttpRequest, toBaseUrl } from "../message.js";
import type { Operations } from "../operation.js";
import { toProblem } from "../problem.js";
import { routesByPath } from "../router.js";
import { hasBody, longBodyOf, mayTakeLong, wholeBodyOf } from "./node-body.js";
import { lifetimeOf } from "./node-lifetime.js";
import { send } from "./node-reply.js";
import { createUnreadReplies, type UnreadReplies } from "./unread-replies.js";

export interface NodeHttpLimits {
  /** The request line and all headers. */
  readonly headerBytesMax: number;
  readonly headersMax: number;
  readonly requestBytesMax: number;
  readonly replyBytesMax: number;
  /** Of all replies that wait for their clients to read them. Beyond it, the one that has waited longest is cut off. */
  readonly unreadBytesMax: number;
  /** How long headers may take to arrive, and the whole request. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How long a client may stay silent in the middle of a body, or not read its reply. */
  readonly idleTimeoutMs: number;
  /** How long a connection is kept open for the next request. */
  readonly keepAliveTimeoutMs: number;
  /** How long an operation may take. */
  readonly timeMs: number;
}

export const nodeHttpLimits: NodeHttpLimits = {
  headerBytesMax: 16_384,
  headersMax: 200,
  requestBytesMax: 16_777_216,
  replyBytesMax: 67_108_864,
  unreadBytesMax: 268_435_456,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 120_000,
  idleTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  timeMs: 29_000,
};

export interface NodeHttpOptions extends HttpOptions {
  /** Those that differ from `nodeHttpLimits`. */
  readonly limits?: Partial<NodeHttpLimits>;
  /** Who calls; absent: everybody is anonymous. Throws `unauthenticated`. */
  readonly callerOf?: (
    request: { readonly headers: Headers; readonly address: string },
    claimNames: ClaimNames,
  ) => Caller | Promise<Caller>;
  /** Whether the proxy at this address is trusted to name scheme and host (`x-forwarded-proto`, `x-forwarded-host`). Absent: none is. */
  readonly isTrustedProxy?: (address: string) => boolean;
  readonly scheme?: "http" | "https";
  /** Aborted when the server is asked to end: replies that are streams then end in good order. Absent: they end with their clients. */
  readonly ending?: AbortSignal;
}

export type NodeHttpListener = (request: IncomingMessage, response: ServerResponse) => void;

export function nodeHttp(operations: Operations, options: NodeHttpOptions = {}): NodeHttpListener {
  const limits = { ...nodeHttpLimits, ...options.limits };
  const host = nodeHttpHost(limits);
  const handle = createHandler(operations, routesByPath(operations), options);
  const replyLimits = { ...limits, unread: createUnreadReplies(limits.unreadBytesMax, limits.idleTimeoutMs) };
  return (request, response) => {
    answer(request, response, handle, host, replyLimits, options).catch(() => request.socket.destroy()); // the client has gone
  };
}

export function nodeHttpHost({ requestBytesMax, replyBytesMax, timeMs }: NodeHttpLimits): Host {
  return {
    name: "This server",
    request: { bytesMax: requestBytesMax, isOfEvent: false },
    reply: { bytesMax: replyBytesMax, isOfEvent: false },
    timeMs,
    canReplyBytes: true,
    canStream: true,
  };
}

/** What `http.createServer` is to be called with. */
export function serverOptions(limits: NodeHttpLimits) {
  return {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // How often both are checked: a client is cut off at most so much later.
    connectionsCheckingInterval: 1_000,
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true,
  } as const;
}

export function createNodeServer(operations: Operations, options: NodeHttpOptions = {}): Server {
  const limits = { ...nodeHttpLimits, ...options.limits };
  const listener = nodeHttp(operations, options);
  const server = createServer(serverOptions(limits), listener);
  server.maxHeadersCount = limits.headersMax;
  server.on("clientError", refuseMalformed);
  // A client that asks first (Expect: 100-continue) gets its answer when its body is read: it is refused before it sends a body that nobody will read.
  server.on("checkContinue", listener);
  return server;
}

const ignore = (): void => {};

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handle: Handler,
  host: Host,
  limits: NodeHttpLimits & { readonly unread: UnreadReplies },
  options: NodeHttpOptions,
): Promise<void> {
  request.on("error", ignore); // the reader of the body receives it
  const reply = await handle(toRequest(request, response, host, limits, options), createDeadline(host.timeMs));
  await send(reply, request, response, limits);
}

function toRequest(
  request: IncomingMessage,
  response: ServerResponse,
  host: Host,
  limits: NodeHttpLimits,
  options: NodeHttpOptions,
): HttpRequest {
  const headers = headersOf(request, limits.headersMax);
  const address = request.socket.remoteAddress ?? "";
  const isProxied = options.isTrustedProxy?.(address) ?? false;
  const { url = "/" } = request;
  const queryAt = url.indexOf("?");
  const scheme = (isProxied ? headers["x-forwarded-proto"] : undefined) ?? options.scheme ?? "http";
  return {
    host,
    method: (request.method ?? "GET").toUpperCase(),
    rawPath: queryAt < 0 ? url : url.slice(0, queryAt),
    rawQuery: queryAt < 0 ? "" : url.slice(queryAt + 1),
    headers,
    body: toBody(request, response, host, limits),
    caller: (claimNames) => options.callerOf?.({ headers, address }, claimNames) ?? anonymous,
    baseUrl: toBaseUrl(scheme, (isProxied ? headers["x-forwarded-host"] : undefined) ?? headers.host, "localhost"),
    requestId: randomUUID(),
    address,
    lifetime: lifetimeOf(response, options.ending),
  };
}

/** As `toHeaders` gives them, without the list that Node would make of every header first. */
function headersOf({ rawHeaders }: IncomingMessage, headersMax: number): Headers {
  const headers: Record<string, string> = Object.create(null);
  const end = Math.min(rawHeaders.length, 2 * headersMax);
  for (let at = 0; at + 1 < end; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    const earlier = headers[name];
    const value = rawHeaders[at + 1] as string;
    headers[name] = earlier === undefined ? value : `${earlier}, ${value}`;
  }
  return headers;
}

function toBody(request: IncomingMessage, response: ServerResponse, host: Host, limits: NodeHttpLimits): HttpRequest["body"] {
  if (!hasBody(request)) return undefined;
  const begin = (): void => {
    // Once the head of the reply has gone out, these words would stand in the middle of its body.
    if (/^100-continue$/i.test(request.headers.expect ?? "") && !response.headersSent) response.writeContinue();
  };
  return {
    kind: "stream",
    whole: () => wholeBodyOf(request, host, limits.idleTimeoutMs, begin),
    read: (own) => longBodyOf(request, host, own, begin),
  };
}

/** What is not HTTP, or takes too long to become a request, gets an answer where the connection still takes one. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT" && mayTakeLong(socket)) return;
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const problem = toProblem(malformed(error.code));
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? "Bad Request"}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

function malformed(code: string | undefined): RelayError {
  const because = (failure: FailureCode, message: string) => new RelayError(failure, message);
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return because("headers-too-large", "The request line and headers are too large.");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return because("request-timeout", "The request did not arrive in time.");
    default:
      return because("bad-request", "The request is not valid HTTP/1.1.");
  }
}
