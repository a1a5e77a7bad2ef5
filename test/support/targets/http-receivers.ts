/** HTTP and TCP servers that a test is called back by; all are closed with their connections after each test. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Server, Socket } from "node:net";
import { onTestFinished } from "vitest";

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

type Close = () => Promise<unknown>;
const open: Close[] = [];

/** What is called after the test that gives it. Registered with that test, because files may share this module. */
export const closers = {
  push: (close: Close): void => {
    open.push(close);
    onTestFinished(async () => {
      const at = open.indexOf(close);
      if (at >= 0) await open.splice(at, 1)[0]?.();
    });
  },
  /** What was given last: it is for the caller to call. */
  pop: (): Close | undefined => open.pop(),
};

/** The address it listens at. */
export async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

/** A receiver that keeps what it saw and answers by a function. */
export async function receiver(answer: (response: ServerResponse, seen: Seen) => void = (response) => response.end()) {
  const seen: Seen[] = [];
  const server = createHttpServer({ maxHeaderSize: 65_536 }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: Buffer.concat(chunks),
    };
    seen.push(one);
    answer(response, one);
  });
  let connections = 0;
  server.on("connection", () => connections++);
  return { url: await listen(server), seen, connections: () => connections };
}
