/** Load on an HTTP server over connections that stay open, with as little work of its own as possible: the request's bytes are made once. */
import { createConnection, type Socket } from "node:net";

export interface HttpLoad {
  readonly url: string;
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly calls: number;
  readonly callsPerSecond: number;
  /** Milliseconds. */
  readonly p50Ms: number;
  readonly slowestMs: number;
}

const head = "\r\n\r\n";

/** Each connection sends its next call when the last one is answered. Throws at a status other than 200. */
export async function loadHttp({ url, path, contentType, body, connections, seconds }: HttpLoad): Promise<LoadResult> {
  const { hostname, port } = new URL(url);
  const request = Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}${head}${body}`,
  );
  const tookMs: number[] = [];
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  await Promise.all(Array.from({ length: connections }, () => callUntil(endMs, Number(port), hostname, request, tookMs)));
  return toLoadResult(tookMs, startedMs);
}

export function toLoadResult(tookMs: number[], startedMs: number): LoadResult {
  const elapsedSeconds = (performance.now() - startedMs) / 1_000;
  tookMs.sort((left, right) => left - right);
  return {
    calls: tookMs.length,
    callsPerSecond: tookMs.length / elapsedSeconds,
    p50Ms: tookMs[Math.floor(tookMs.length / 2)] ?? Number.NaN,
    slowestMs: tookMs.at(-1) ?? Number.NaN,
  };
}

function callUntil(endMs: number, port: number, host: string, request: Buffer, tookMs: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = createConnection({ port, host, noDelay: true });
    let received = "";
    let sentMs = 0;
    const send = (): void => {
      sentMs = performance.now();
      socket.write(request);
    };
    socket.setEncoding("latin1");
    socket.once("connect", send);
    socket.on("data", (text: string) => {
      received += text;
      const bodyAt = received.indexOf(head);
      if (bodyAt < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1]);
      if (!received.startsWith("HTTP/1.1 200") || Number.isNaN(length)) return void socket.destroy(new Error(received.slice(0, 500)));
      if (received.length < bodyAt + head.length + length) return;
      received = "";
      const nowMs = performance.now();
      tookMs.push(nowMs - sentMs);
      if (nowMs < endMs) send();
      else socket.end();
    });
    socket.once("error", reject);
    socket.once("close", () => resolve());
  });
}
