/** The body of a `node:http` request: read as it arrives, with limits on its size and on the client's silence. */
import type { IncomingMessage } from "node:http";
import { RelayError } from "../../errors.js";
import { requestTooLarge } from "../body-limits.js";
import type { Host } from "../host.js";
import type { StreamedBodyLimits } from "../message.js";

/** How much of a refused body is still read, and for how long, so that the client can read the refusal. */
const drainBytesMax = 4_194_304;
const drainTimeoutMs = 2_000;

export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

/**
 * The whole body; not a promise where all of it has arrived with its headers, as small ones do. Throws `too-large` beyond the host's limit (before anything is read, if
 * the length says so), `request-timeout` for a client that sends nothing for `idleTimeoutMs`, and `bad-request` if the connection ends before the body does. The socket
 * stays open for the answer.
 */
export function wholeBodyOf(
  request: IncomingMessage,
  { name, request: { bytesMax } }: Host,
  idleTimeoutMs: number,
  begin: () => void,
): Buffer | Promise<Buffer> {
  const length = Number(request.headers["content-length"] ?? 0);
  if (length > bytesMax) throw requestTooLarge(`has ${length} bytes`, name, bytesMax);
  begin();
  if (!request.complete) return gathered(request, { name, bytesMax, idleTimeoutMs });
  const bytes = (request.read() as Buffer | null) ?? Buffer.alloc(0);
  if (bytes.length > bytesMax) throw requestTooLarge("is too large", name, bytesMax);
  request.read(); // there is nothing more: this ends the stream
  return bytes;
}

async function gathered(request: IncomingMessage, limits: ChunkLimits): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(request, limits)) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

/** Sockets whose request may take longer to arrive than others: what reads it has limits of its own. */
const withoutRequestTimeout = new WeakSet<object>();

/** Whether a request that takes long to arrive may go on. Node reports each request once. */
export const mayTakeLong = (socket: object): boolean => withoutRequestTimeout.has(socket);

/** A body of any length, as it arrives, for as long as the client sends something within each `idleTimeoutMs`. Throws as `wholeBodyOf` does. */
export async function* longBodyOf(
  request: IncomingMessage,
  { name }: Host,
  { idleTimeoutMs }: StreamedBodyLimits,
  begin: () => void,
): AsyncGenerator<Buffer> {
  const { socket } = request;
  withoutRequestTimeout.add(socket);
  begin();
  try {
    yield* chunksOf(request, { name, bytesMax: Number.POSITIVE_INFINITY, idleTimeoutMs });
  } finally {
    if (request.complete) withoutRequestTimeout.delete(socket);
  }
}

interface ChunkLimits {
  readonly name: string;
  readonly bytesMax: number;
  readonly idleTimeoutMs: number;
}

async function* chunksOf(request: IncomingMessage, { name, bytesMax, idleTimeoutMs }: ChunkLimits): AsyncGenerator<Buffer> {
  let bytes = 0;
  while (!request.readableEnded) {
    const chunk = request.read() as Buffer | null;
    if (chunk !== null) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw requestTooLarge("is too large", name, bytesMax);
      yield chunk;
    } else if (!request.readableEnded) await more(request, idleTimeoutMs);
  }
}

/** Resolves when there is more to read, or the body has ended. */
function more(request: IncomingMessage, idleTimeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => (): void => {
      clearTimeout(timer);
      request.off("readable", onMore).off("end", onMore).off("close", onClose).off("error", onClose);
      act();
    };
    const onMore = settle(resolve);
    const onClose = settle(() =>
      request.readableEnded ? resolve() : reject(new RelayError("bad-request", "The connection ended before the request body did.")),
    );
    const onSilence = settle(() =>
      reject(new RelayError("request-timeout", `No part of the request body arrived for ${idleTimeoutMs} ms.`)),
    );
    const timer = setTimeout(onSilence, idleTimeoutMs);
    request.on("readable", onMore).on("end", onMore).on("close", onClose).on("error", onClose);
    if (request.destroyed) onClose();
  });
}

/** Reads on for a moment, and throws away what comes. */
export function drained(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    const end = (): void => {
      clearTimeout(timer);
      request.off("data", onData).off("end", end).off("close", end);
      resolve();
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > drainBytesMax) end();
    };
    const timer = setTimeout(end, drainTimeoutMs);
    request.on("data", onData).on("end", end).on("close", end);
    request.resume();
    if (request.destroyed) end();
  });
}
