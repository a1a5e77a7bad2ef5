/**
 * Load on an HTTP server by an ordinary client: `node:http` with an agent that keeps connections, which writes each request's JSON and parses each answer, as
 * programs do. It needs more processor time per call than a server does, so it limits a server that does nothing. `http-load.ts` is what limits only the server.
 */
import { Agent, request as httpRequest } from "node:http";
import type { HttpLoad, LoadResult } from "./http-load.js";
import { toLoadResult } from "./http-load.js";

interface ClientLoad extends Omit<HttpLoad, "body"> {
  readonly body: () => unknown;
}

/** Each connection sends its next call when the last one is answered. Throws at a status other than 200. */
export async function loadByClient({ url, path, contentType, body, connections, seconds }: ClientLoad): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const tookMs: number[] = [];
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  const callAgain = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const sentMs = performance.now();
      JSON.parse(await call(new URL(path, url), agent, contentType, JSON.stringify(body())));
      tookMs.push(performance.now() - sentMs);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, callAgain));
  } finally {
    agent.destroy();
  }
  return toLoadResult(tookMs, startedMs);
}

function call(url: URL, agent: Agent, contentType: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": contentType, "content-length": Buffer.byteLength(text) };
    const request = httpRequest(url, { method: "POST", agent, headers }, (response) => {
      let answer = "";
      response.setEncoding("utf8").once("error", reject);
      response.on("data", (part: string) => (answer += part));
      response.once("end", () =>
        response.statusCode === 200 ? resolve(answer) : reject(new Error(`status ${response.statusCode}: ${answer.slice(0, 500)}`)),
      );
    });
    request.once("error", reject);
    request.end(text);
  });
}
