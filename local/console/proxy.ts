/**
 * The console for an API elsewhere, on this machine: it serves the page, and passes the page's calls on with the user's token or AWS signature. Only the page itself may
 * call it: other web pages, and host names that resolve to this machine, are refused.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { parseConfig } from "../../lib/config.js";
import { RelayError } from "../../lib/errors.js";
import { consolePageFolderOf } from "../../lib/http/console/page-folder.js";
import { nodeHttp } from "../../lib/http/hosts/node-http.js";
import { toHeaders } from "../../lib/http/message.js";
import { consoleOperations } from "../../lib/http/operations/console-operations.js";
import { toProblem } from "../../lib/http/problem.js";
import { judgeRequest, parseGuardSettings } from "../gateway/request-guard.mjs";

export interface ProxyOptions {
  /** The API, with a stage if it has one. */
  readonly apiUrl: string;
  readonly port: number;
  readonly isReadOnly: boolean;
  /** The headers that prove who calls. */
  readonly authorize: (call: {
    readonly method: string;
    readonly url: URL;
    readonly body: Buffer;
  }) => Promise<Readonly<Record<string, string>>>;
}

const bodyBytesMax = 16_777_216;
const callTimeoutMs = 35_000;
/** What belongs to one connection, or to this machine. */
const ownHeaders =
  /^(?:host|connection|content-length|origin|referer|cookie|authorization|accept-encoding|sec-.*|upgrade-insecure-requests)$/;
const notPassedBack = /^(?:connection|content-encoding|content-length|transfer-encoding|keep-alive|set-cookie|access-control-.*)$/;

/** Listens on 127.0.0.1; rejects with the error of `listen`. */
export async function startConsoleProxy(options: ProxyOptions): Promise<Server> {
  const env = { RELAY_CONSOLE: "on", RELAY_CONSOLE_READ_ONLY: String(options.isReadOnly) };
  const page = nodeHttp(consoleOperations(consolePageFolderOf(import.meta.dirname)), { config: parseConfig(env) });
  const guard = parseGuardSettings();
  const server = createServer((request, response) => {
    const { verdict, message } = judgeRequest({ method: request.method ?? "GET", headers: toHeaders(request.headers) }, guard) as {
      readonly verdict: string;
      readonly message?: string;
    };
    if (verdict !== "passed") return refuse(response, new RelayError("forbidden", message ?? "This call is not allowed."));
    if (/^\/console(?:[/?]|$)/.test(request.url ?? "")) return page(request, response);
    pass(request, response, options).catch((error: unknown) => refuse(response, toFailure(error, options.apiUrl)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  return server;
}

async function pass(request: IncomingMessage, response: ServerResponse, { apiUrl, authorize }: ProxyOptions): Promise<void> {
  const { method = "GET" } = request;
  const url = new URL(`${apiUrl.replace(/\/$/, "")}${request.url ?? "/"}`);
  const body = await bodyOf(request);
  const given = Object.entries(request.headers).filter(([name, value]) => !ownHeaders.test(name) && typeof value === "string");
  const answer = await fetch(url, {
    method,
    headers: { ...(Object.fromEntries(given) as Record<string, string>), ...(await authorize({ method, url, body })) },
    ...(body.length === 0 ? {} : { body }),
    redirect: "manual",
    signal: AbortSignal.timeout(callTimeoutMs),
  });
  const headers = [...answer.headers].filter(([name]) => !notPassedBack.test(name));
  response.writeHead(answer.status, Object.fromEntries(headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new RelayError("too-large", `The body has more than ${bodyBytesMax} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function toFailure(error: unknown, apiUrl: string): RelayError {
  if (error instanceof RelayError) return error;
  return new RelayError("target-failed", `The API at ${apiUrl} does not answer.`, { cause: error });
}

function refuse(response: ServerResponse, error: RelayError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(error.failure.status, { "content-type": "application/json" }).end(JSON.stringify(toProblem(error)));
}
