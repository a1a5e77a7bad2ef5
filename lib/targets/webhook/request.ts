/** One HTTP exchange over kept connections: bounded in time, in answer and in connections; redirects are answers like any other. */
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { RelayError } from "../../errors.js";
import { assertHostAllowed, publicLookup } from "./address.js";
import type { HttpHeaders } from "./headers.js";

export interface HttpLimits {
  /** Connections a host at most; further requests wait for one. */
  readonly connectionsMax: number;
  /** Of the answer's body; what is beyond is not read, and the connection is closed. */
  readonly answerBytesMax: number;
  readonly answerHeaderBytesMax: number;
  readonly allowPrivate: boolean;
  /** PEM of further authorities, for receivers with a certificate of their own. */
  readonly ca?: string;
}

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: HttpHeaders;
  readonly body: Buffer;
  /** From here to the last byte of the answer. */
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** The first bytes of the body as text, up to `answerStartBytesMax`. */
  readonly start: string;
}

export interface HttpSender {
  /** Throws `target-timeout`, `target-failed` (a broken answer), `target-refused` (a private address), or the socket's own error. */
  readonly send: (request: HttpRequest) => Promise<Answer>;
  readonly close: () => void;
}

const answerStartBytesMax = 1_024;
const idleConnectionMs = 30_000;

export function createHttpSender(limits: HttpLimits): HttpSender {
  const settings = {
    keepAlive: true,
    maxSockets: limits.connectionsMax,
    maxFreeSockets: limits.connectionsMax,
    timeout: idleConnectionMs,
    scheduling: "lifo" as const,
    ...(limits.allowPrivate ? {} : { lookup: publicLookup }),
  };
  const agents = {
    http: new HttpAgent(settings),
    https: new HttpsAgent({ ...settings, ...(limits.ca === undefined ? {} : { ca: limits.ca }) }),
  };
  const fresh = {
    http: new HttpAgent({ ...settings, keepAlive: false }),
    https: new HttpsAgent({ ...agents.https.options, keepAlive: false }),
  };

  return {
    send: async (request) => {
      if (!limits.allowPrivate) assertHostAllowed(request.url.hostname);
      const startedAtMs = performance.now();
      try {
        return await exchange(request, limits, agents);
      } catch (thrown) {
        // The server closed a kept connection while the request was on its way, which HTTP allows at any time (RFC 9112, 9.3.1): once more, on a new one.
        const timeoutMs = request.timeoutMs - (performance.now() - startedAtMs);
        if (!(thrown instanceof StaleConnection) || timeoutMs <= 0) throw thrown instanceof StaleConnection ? thrown.cause : thrown;
        return await exchange({ ...request, timeoutMs }, limits, fresh);
      }
    },
    close: () => {
      for (const agent of [agents.http, agents.https, fresh.http, fresh.https]) agent.destroy();
    },
  };
}

interface Place {
  readonly isTls: boolean;
  readonly host: string;
  readonly port: string | number;
  readonly path: string;
}

/** A URL's getters write their text anew at each look; most routes have one address for all records. */
const places = new WeakMap<URL, Place>();

function placeOf(url: URL): Place {
  const known = places.get(url);
  if (known !== undefined) return known;
  const isTls = url.protocol === "https:";
  const place = {
    isTls,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isTls ? 443 : 80) : url.port,
    path: `${url.pathname}${url.search}`,
  };
  places.set(url, place);
  return place;
}

class StaleConnection extends Error {
  override readonly name = "StaleConnection";
}

function exchange(request: HttpRequest, limits: HttpLimits, agents: { http: HttpAgent; https: HttpsAgent }): Promise<Answer> {
  const { url, method, body, timeoutMs } = request;
  return new Promise((resolve, reject) => {
    const { isTls, host, port, path } = placeOf(url);
    const options: RequestOptions = {
      agent: isTls ? agents.https : agents.http,
      host,
      port,
      path,
      method,
      headers: toRawHeaders(url, request.headers),
      maxHeaderSize: limits.answerHeaderBytesMax,
    };
    const sent: ClientRequest = isTls ? httpsRequest(options) : httpRequest(options);
    const timer = setTimeout(() => {
      settle(() => reject(new RelayError("target-timeout", `No whole answer came from ${url.host} within ${Math.round(timeoutMs)} ms.`)));
      sent.destroy();
    }, timeoutMs);
    let isSettled = false;
    const settle = (finish: () => void) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      finish();
    };
    let hasAnswer = false;
    sent.on("response", (answer) => {
      hasAnswer = true;
      readAnswer(answer, limits.answerBytesMax, (start) =>
        settle(() => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, start })),
      );
    });
    sent.on("error", (error: NodeJS.ErrnoException) => {
      const isStale = sent.reusedSocket && !hasAnswer && (error.code === "ECONNRESET" || error.code === "EPIPE");
      settle(() => reject(isStale ? new StaleConnection("a kept connection was closed", { cause: error }) : error));
    });
    // Also after an error, where it changes nothing: the last word where a connection ends without one (an upgrade, half a body).
    sent.on("close", () =>
      settle(() => reject(new RelayError("target-failed", `${url.host} ended the connection before its answer was whole.`))),
    );
    sent.end(body);
  });
}

/** Names and values in one list, as Node writes them without a look-up for each: an eighth of a request's time. Then `host` and a URL's user are ours to add. */
function toRawHeaders(url: URL, headers: HttpHeaders): string[] {
  const raw = ["host", url.host];
  if (url.username !== "" && headers.authorization === undefined) {
    const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    raw.push("authorization", `Basic ${Buffer.from(user).toString("base64")}`);
  }
  for (const name in headers) {
    const value = headers[name] as string | string[];
    if (typeof value === "string") raw.push(name, value);
    else for (const each of value) raw.push(name, each);
  }
  return raw;
}

/** Reads up to `bytesMax` and keeps the start; what is beyond is never read: the connection is closed, and the status stands. */
function readAnswer(answer: IncomingMessage, bytesMax: number, done: (start: string) => void): void {
  const kept: Buffer[] = [];
  let bytes = 0;
  const start = () => Buffer.concat(kept).subarray(0, answerStartBytesMax).toString("utf8");
  answer.on("data", (chunk: Buffer) => {
    if (bytes < answerStartBytesMax) kept.push(chunk);
    bytes += chunk.length;
    if (bytes > bytesMax) {
      done(start());
      answer.destroy();
    }
  });
  answer.on("end", () => done(bytes === 0 ? "" : start()));
  // A body that breaks off: the request's own "close" tells it.
  answer.on("error", () => undefined);
}
