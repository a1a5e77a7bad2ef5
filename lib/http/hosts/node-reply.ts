/** Writes replies to `node:http` responses: whole ones at once, streams no faster than their clients read. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpReply } from "../message.js";
import { drained, hasBody } from "./node-body.js";

/** A client that reads nothing for `idleTimeoutMs` is cut off. */
export async function send(reply: HttpReply, request: IncomingMessage, response: ServerResponse, idleTimeoutMs: number): Promise<void> {
  const { status, headers, body } = reply;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = status;
  if (typeof body === "string" || Buffer.isBuffer(body)) return sendWhole(status, body, request, response);
  if (request.method !== "HEAD") {
    response.flushHeaders();
    await stream(body, response, reply.unreadBytesMax ?? 0, idleTimeoutMs);
  }
  await endStream(request, response);
}

async function sendWhole(status: number, body: string | Buffer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (status !== 204 && status !== 304) response.setHeader("content-length", Buffer.byteLength(body));
  const sent = request.method === "HEAD" ? "" : body;
  if (!isUnread(request)) return ended(response, sent);
  // A body that was not read to its end would be taken for the next request.
  response.setHeader("connection", "close");
  response.flushHeaders();
  if (sent.length > 0) response.write(sent);
  // The connection closes with the end of the reply, and a client that is still sending would not get to read it.
  await drained(request);
  await ended(response, "");
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
