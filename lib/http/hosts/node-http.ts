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
import { anonymous, type Headers, type HttpReply, type HttpRequest, toBaseUrl, toHeaders } from "../message.js";
import type { Operations } from "../operation.js";
import { toProblem } from "../problem.js";
import { routesByPath } from "../router.js";
import { bodyOf, drained, hasBody } from "./node-body.js";

export interface NodeHttpLimits {
  /** The request line and all headers. */
  readonly headerBytesMax: number;
  readonly headersMax: number;
  readonly requestBytesMax: number;
  readonly replyBytesMax: number;
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
}

export type NodeHttpListener = (request: IncomingMessage, response: ServerResponse) => void;

export function nodeHttp(operations: Operations, options: NodeHttpOptions = {}): NodeHttpListener {
  const limits = { ...nodeHttpLimits, ...options.limits };
  const host = hostOf(limits);
  const handle = createHandler(operations, routesByPath(operations), options);
  return (request, response) => {
    answer(request, response, handle, host, limits, options).catch(() => request.socket.destroy()); // the client has gone
  };
}

function hostOf({ requestBytesMax, replyBytesMax, timeMs }: NodeHttpLimits): Host {
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
  // A client that asks first (Expect: 100-continue) is refused before it sends a body that is too large.
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    if (Number(request.headers["content-length"] ?? 0) <= limits.requestBytesMax) response.writeContinue();
    listener(request, response);
  });
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handle: Handler,
  host: Host,
  limits: NodeHttpLimits,
  options: NodeHttpOptions,
): Promise<void> {
  request.on("error", () => {}); // the reader of the body receives the error
  const reply = await handle(toRequest(request, host, limits, options), createDeadline(host.timeMs));
  // A body that was not read to its end would be taken for the next request.
  const isUnread = !request.complete && hasBody(request);
  if (isUnread) response.setHeader("connection", "close");
  // The connection closes with the end of the reply, and a client that is still sending would not get to read it.
  await send(reply, request, response, limits, isUnread ? () => drained(request) : undefined);
}

function toRequest(request: IncomingMessage, host: Host, limits: NodeHttpLimits, options: NodeHttpOptions): HttpRequest {
  const headers = toHeaders(request.headersDistinct);
  const address = request.socket.remoteAddress ?? "";
  const isProxied = options.isTrustedProxy?.(address) ?? false;
  const [rawPath = "/", rawQuery = ""] = (request.url ?? "/").split(/\?(.*)/s);
  const scheme = (isProxied ? headers["x-forwarded-proto"] : undefined) ?? options.scheme ?? "http";
  return {
    host,
    method: (request.method ?? "GET").toUpperCase(),
    rawPath,
    rawQuery,
    headers,
    body: hasBody(request) ? { kind: "stream", stream: bodyOf(request, host, limits.idleTimeoutMs) } : undefined,
    caller: (claimNames) => options.callerOf?.({ headers, address }, claimNames) ?? anonymous,
    baseUrl: toBaseUrl(scheme, (isProxied ? headers["x-forwarded-host"] : undefined) ?? headers.host, "localhost"),
    requestId: randomUUID(),
  };
}

/** Writes a reply; a stream no faster than the client reads it. */
async function send(
  reply: HttpReply,
  request: IncomingMessage,
  response: ServerResponse,
  limits: NodeHttpLimits,
  beforeEnd: (() => Promise<void>) | undefined,
): Promise<void> {
  const { status, headers, body } = reply;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = status;
  if (typeof body === "string" || Buffer.isBuffer(body)) {
    if (status !== 204 && status !== 304) response.setHeader("content-length", Buffer.byteLength(body));
    const sent = request.method === "HEAD" ? "" : body;
    if (beforeEnd === undefined) return ended(response, sent);
    response.flushHeaders();
    if (sent.length > 0) response.write(sent);
    await beforeEnd();
    return ended(response, "");
  }
  if (request.method !== "HEAD") await stream(body, response, limits.idleTimeoutMs);
  await ended(response, "");
}

async function stream(chunks: AsyncIterable<string | Uint8Array>, response: ServerResponse, idleTimeoutMs: number): Promise<void> {
  response.flushHeaders();
  for await (const chunk of chunks) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await writable(response, idleTimeoutMs);
  }
}

/** Resolves once the client has read enough for more; it is cut off when it reads nothing for `idleTimeoutMs`. */
function writable(response: ServerResponse, idleTimeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => response.destroy(), idleTimeoutMs);
    const done = (): void => {
      clearTimeout(timer);
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

function ended(response: ServerResponse, body: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    response.once("close", resolve);
    response.end(body, () => resolve());
  });
}

/** What is not HTTP, or takes too long to become a request, gets an answer where the connection still takes one. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
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
