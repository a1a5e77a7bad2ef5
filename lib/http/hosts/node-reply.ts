/** Writes replies to `node:http` responses: whole ones at once, streams no faster than their clients read. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { HttpReply } from "../message.js";
import { drained, hasBody } from "./node-body.js";
import type { UnreadReplies } from "./unread-replies.js";

interface ReplyLimits {
  /** How long the client of a stream may read nothing. */
  readonly idleTimeoutMs: number;
  readonly unread: UnreadReplies;
}

/** A client that reads nothing for too long is cut off. A whole reply is over for us once it is handed to the socket; a stream when its client has it all. */
export function send(reply: HttpReply, request: IncomingMessage, response: ServerResponse, limits: ReplyLimits): void | Promise<void> {
  const { body } = reply;
  if (typeof body !== "string" && !Buffer.isBuffer(body)) return sendStream(reply, body, request, response, limits);
  const { status, headers } = reply;
  const bytes = typeof body === "string" && body.length >= joinedLengthMax ? Buffer.from(body) : body;
  if (isUnread(request)) return sendBeforeBody(reply, bytes, request, response, limits);
  response.writeHead(status, toNodeHeaders(headers, hasLength(status) ? { "content-length": Buffer.byteLength(bytes) } : {}));
  response.end(request.method === "HEAD" ? "" : bytes);
  limits.unread.watch(response, request.socket);
}

/** Up to here, Node joins head and body into one text. A longer one would be copied, and kept several times over while its client does not read it. */
const joinedLengthMax = 16_384;

/** Node promises to change nothing; its types do not say so. */
const toNodeHeaders = (headers: HttpReply["headers"], more: OutgoingHttpHeaders = {}): OutgoingHttpHeaders =>
  ({ ...headers, ...more }) as OutgoingHttpHeaders;

const hasLength = (status: number): boolean => status !== 204 && status !== 304;

/** A body that was not read to its end would be taken for the next request. */
async function sendBeforeBody(
  { status, headers }: HttpReply,
  body: string | Buffer,
  request: IncomingMessage,
  response: ServerResponse,
  limits: ReplyLimits,
): Promise<void> {
  const sent = request.method === "HEAD" ? "" : body;
  const length = hasLength(status) ? { "content-length": Buffer.byteLength(body) } : {};
  response.writeHead(status, toNodeHeaders(headers, { ...length, connection: "close" }));
  response.flushHeaders();
  if (sent.length > 0) response.write(sent);
  limits.unread.watch(response, request.socket);
  // The connection closes with the end of the reply, and a client that is still sending would not get to read it.
  await drained(request);
  await ended(response, "");
}

async function sendStream(
  { status, headers, unreadBytesMax = 0 }: HttpReply,
  body: AsyncIterable<string | Uint8Array>,
  request: IncomingMessage,
  response: ServerResponse,
  limits: ReplyLimits,
): Promise<void> {
  response.writeHead(status, toNodeHeaders(headers));
  if (request.method !== "HEAD") {
    response.flushHeaders();
    await stream(body, response, unreadBytesMax, limits.idleTimeoutMs);
  }
  limits.unread.watch(response, request.socket);
  await endStream(request, response);
}

/** The headers have gone out, so the client learns from the end of the connection that the rest of its body was not read. */
async function endStream(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isUnread(request)) return ended(response, "");
  const isEnded = ended(response, "");
  await drained(request);
  request.socket.destroySoon();
  await isEnded;
}

const isUnread = (request: IncomingMessage): boolean => !request.complete && hasBody(request);

/** So that a client that reads slowly is seen to read. */
const writeBytesMax = 65_536;

async function stream(
  chunks: AsyncIterable<string | Uint8Array>,
  response: ServerResponse,
  unreadBytesMax: number,
  idleTimeoutMs: number,
): Promise<void> {
  for await (const chunk of chunks) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    for (let at = 0; at < bytes.length; at += writeBytesMax) {
      if (response.destroyed) return;
      const hasRoom = response.write(bytes.length <= writeBytesMax ? bytes : bytes.subarray(at, at + writeBytesMax));
      if (!hasRoom && response.writableLength > unreadBytesMax) await writable(response, idleTimeoutMs);
    }
  }
}

/** Resolves once the client has read enough for more; it is cut off when it reads nothing for `idleTimeoutMs`. */
function writable(response: ServerResponse, idleTimeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    let unread = response.writableLength;
    const timer = setInterval(() => {
      if (response.writableLength >= unread) response.destroy();
      unread = response.writableLength;
    }, idleTimeoutMs);
    const done = (): void => {
      clearInterval(timer);
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
    if (response.destroyed) done();
  });
}

function ended(response: ServerResponse, body: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    response.once("close", resolve);
    response.end(body, () => resolve());
  });
}
