/** A server of raw sockets that answers with given bytes, and what two HTTP clients make of them: Node's own and the webhook's. */
import { request } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createHttpSender, type HttpSender } from "../../../lib/targets/webhook/request.js";

/** What one connection gets for its first request. */
interface Answering {
  readonly bytes: Buffer;
  /** Where the bytes are cut into writes. */
  readonly cuts: readonly number[];
  /** Whether the server ends the connection after them. */
  readonly ends: boolean;
}

export interface RawServer {
  readonly port: number;
  readonly answerWith: (answering: Answering) => void;
  /** Has a request got the given bytes yet? */
  readonly hasAnswered: () => boolean;
  readonly close: () => Promise<void>;
}

/** Its answer to every later request of a connection, and to requests while nothing else is set. */
export const nextBody = "the answer to the next request";
const next = `HTTP/1.1 200 OK\r\ncontent-length: ${nextBody.length}\r\n\r\n${nextBody}`;

export async function startRawServer(): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let answering: Answering | undefined;
  const server: Server = createServer((socket) => {
    sockets.add(socket.setNoDelay(true));
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    let asked = "";
    socket.on("data", (bytes) => {
      asked += bytes.toString("latin1");
      if (!asked.endsWith("\r\n\r\n")) return;
      asked = "";
      const given = answering;
      answering = undefined;
      if (given === undefined) socket.write(next);
      else void write(socket, given);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    answerWith: (given) => {
      answering = given;
    },
    hasAnswered: () => answering === undefined,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function write(socket: Socket, { bytes, cuts, ends }: Answering): Promise<void> {
  const places = [0, ...new Set(cuts.filter((at) => at > 0 && at < bytes.length)), bytes.length].sort((left, right) => left - right);
  for (let index = 1; index < places.length && !socket.destroyed; index++) {
    socket.write(bytes.subarray(places[index - 1], places[index]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (ends) socket.end();
}

/** Refused: the client reported an error in place of an answer. */
type Reading =
  | { readonly outcome: "answer"; readonly status: number; readonly body: string; readonly retryAfter: string | undefined }
  | { readonly outcome: "refused"; readonly reason: string };

/** The bytes of a body that the webhook's client keeps. */
const bodyBytesKept = 1_024;

export function readByNode(port: number): Promise<Reading> {
  return new Promise((resolve) => {
    const refuse = (reason: string) => resolve({ outcome: "refused", reason });
    const sent = request({ port, host: "127.0.0.1", agent: false, headers: { connection: "keep-alive" } }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (bytes: Buffer) => pieces.push(bytes));
      response.on("error", (error) => refuse(error.message));
      response.on("close", () => (response.complete ? undefined : refuse("aborted")));
      response.on("end", () => {
        if (!response.complete) return refuse("incomplete");
        const { statusCode = 0, headers } = response;
        const body = Buffer.concat(pieces).subarray(0, bodyBytesKept).toString("utf8");
        resolve({ outcome: "answer", status: statusCode, body, retryAfter: headers["retry-after"] });
        sent.destroy();
      });
    });
    sent.on("upgrade", (_, socket) => {
      socket.destroy();
      refuse("upgrade");
    });
    sent.on("error", (error) => refuse(error.message));
    sent.end();
  });
}

export async function readByWebhook({ sender, timeoutMs }: TimedSender, port: number): Promise<Reading> {
  const url = new URL(`http://127.0.0.1:${port}/`);
  try {
    const { status, headers, start } = await sender.send({ url, method: "GET", headers: {}, body: Buffer.alloc(0), timeoutMs });
    return { outcome: "answer", status, body: start, retryAfter: headers["retry-after"] };
  } catch (thrown) {
    return { outcome: "refused", reason: (thrown as Error).message };
  }
}

interface TimedSender {
  readonly sender: HttpSender;
  /** Of one exchange. */
  readonly timeoutMs: number;
  readonly close: () => void;
}

export function createSender(): TimedSender {
  const sender = createHttpSender({
    connectionsMax: 1,
    hostsMax: 4,
    allowPrivate: true,
    answerBytesMax: 65_536,
    answerHeaderBytesMax: 16_384,
  });
  return { sender, timeoutMs: 10_000, close: sender.close };
}
