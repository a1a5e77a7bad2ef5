/** The server of the API: limits, the host's own paths, refusing and finishing calls when it is asked to end. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { RelayError } from "../../lib/errors.js";
import { mayTakeLong } from "../../lib/http/hosts/node-body.js";
import { type NodeHttpLimits, type NodeHttpListener, refuseMalformed, serverOptions } from "../../lib/http/hosts/node-http.js";
import { toProblem } from "../../lib/http/problem.js";
import type { Metrics } from "./metrics.js";
import type { createOwnPaths } from "./own-paths.js";
import { createPipelines } from "./pipelines.js";

interface ServeServer {
  readonly listen: (port: number, host: string) => Promise<AddressInfo>;
  /** In place of listening: connections that another process has accepted. */
  readonly takeConnections: () => (socket: Socket) => void;
  readonly isDraining: () => boolean;
  /**
   * Refuses new calls, waits for those in progress, and closes. Returns how many had to be cut off after `limitMs`. `leave`: where another process accepts the
   * connections, tells it that this one takes no more.
   */
  readonly drain: (limitMs: number, leave?: () => void) => Promise<number>;
}

interface ServerParts {
  readonly api: NodeHttpListener;
  readonly ownAnswer: ReturnType<typeof createOwnPaths>;
  readonly limits: NodeHttpLimits;
  readonly connectionsMax: number;
  readonly callsMax: number;
  readonly metrics: Metrics;
}

/** Another process is likely to answer at once; this one will not come back. */
const retryAfterEndMs = 1_000;
const retryAfterOverloadMs = 1_000;
const drainCheckMs = 5;
/**
 * A client with an open connection may be sending its next call just now. For so long it gets a 503 that promises that nothing was written; of a connection that is
 * closed under its call, it could not know.
 */
const lingerMs = 100;

export function createServeServer(parts: ServerParts): ServeServer {
  const { limits, connectionsMax, metrics } = parts;
  const calls = new Set<ServerResponse>();
  let isDraining = false;
  const accept = gate(parts, calls, () => isDraining);
  const server = createServer(serverOptions(limits), accept);
  server.maxHeadersCount = limits.headersMax;
  server.maxConnections = connectionsMax;
  // A client that asks first gets its answer when its body is read.
  server.on("checkContinue", accept);
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code !== "ECONNRESET" && !mayTakeLong(socket)) metrics.refused("malformed");
    refuseMalformed(error, socket);
  });
  server.on("drop", () => metrics.refused("too-many-connections"));
  const sockets = countSockets(server);
  metrics.observe({ callsInProgress: () => calls.size, connections: sockets });
  return {
    isDraining: () => isDraining,
    listen: (port, host) => listen(server, port, host),
    takeConnections: () => {
      // A server that listens watches the time that requests take; this one does not listen itself.
      server.emit("listening");
      return (socket) => {
        if (sockets() >= connectionsMax) {
          metrics.refused("too-many-connections");
          socket.destroy();
          return;
        }
        // As the server's own connections: a client may close its side once it has sent its request.
        socket.allowHalfOpen = true;
        server.emit("connection", socket);
        socket.resume();
      };
    },
    drain: async (limitMs, leave) => {
      isDraining = true;
      // The clients of running calls learn that their connection ends with the answer.
      for (const response of calls) if (!response.headersSent) response.setHeader("connection", "close");
      const startedMs = performance.now();
      await until(() => calls.size === 0, limitMs);
      await until(() => sockets() === 0, Math.min(limitMs, startedMs + lingerMs - performance.now()));
      const cutOff = calls.size;
      if (leave !== undefined) {
        leave();
        // Connections that were on their way.
        await sleep(lingerMs);
      }
      await close(server, () => sockets() === 0);
      return cutOff;
    },
  };
}

/** What stands before the API: the host's own paths, and the refusals that need no operation. */
function gate({ api, ownAnswer, callsMax, metrics }: ServerParts, calls: Set<ServerResponse>, isDraining: () => boolean): NodeHttpListener {
  const isWithinPipeline = createPipelines();
  return (request, response) => {
    if (!isWithinPipeline(request.socket, response)) return;
    const own = ownAnswer(request);
    if (own !== undefined) {
      own(request, response).catch(() => request.socket.destroy());
      return;
    }
    if (isDraining()) return refuse("shutting-down", request, response, metrics);
    if (calls.size >= callsMax) return refuse("overloaded", request, response, metrics);
    calls.add(response);
    response.once("close", () => calls.delete(response));
    api(request, response);
  };
}

function refuse(why: "shutting-down" | "overloaded", request: IncomingMessage, response: ServerResponse, metrics: Metrics): void {
  metrics.refused(why);
  const [message, retryAfterMs] =
    why === "shutting-down"
      ? ([
          "This server is shutting down and accepts no new calls. Send the request again; another instance will answer it.",
          retryAfterEndMs,
        ] as const)
      : (["Too many calls are in progress. Send the request again later.", retryAfterOverloadMs] as const);
  const text = JSON.stringify(toProblem(new RelayError(why, message)));
  response.writeHead(503, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "retry-after": String(Math.ceil(retryAfterMs / 1_000)),
    // The body is not read, so nothing can follow it.
    connection: "close",
  });
  response.end(request.method === "HEAD" ? "" : text);
  request.resume();
}

function countSockets(server: Server): () => number {
  let open = 0;
  server.on("connection", (socket: Socket) => {
    open++;
    socket.once("close", () => open--);
  });
  return () => open;
}

export function listen(server: NetServer, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(toListenError(error, port, host)));
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

function toListenError(error: NodeJS.ErrnoException, port: number, host: string): RelayError {
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} is in use. Choose another one with --port.`,
    EACCES: `Port ${port} needs more privileges. Choose one above 1023 with --port.`,
    EADDRNOTAVAIL: `${host} is not an address of this machine. Choose one with --host.`,
    ENOTFOUND: `${host} is not a known host name. Choose an address with --host.`,
  };
  return new RelayError("bad-configuration", why[error.code ?? ""] ?? `The server cannot listen on ${host}:${port}: ${error.message}`, {
    cause: error,
  });
}

async function close(server: Server, isEmpty: () => boolean): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve())); // the idle connections with it
  await until(isEmpty, lingerMs);
  server.closeAllConnections();
  await closed;
}

async function until(isSo: () => boolean, limitMs: number): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!isSo() && performance.now() < endMs) await sleep(drainCheckMs);
}
