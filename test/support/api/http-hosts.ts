/** One HTTP call through each host of the API: as the event that its gateway would make of it, or over a socket. What comes back is what the client would see. */
import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { HttpOptions } from "../../../lib/http/environment.js";
import { alb } from "../../../lib/http/hosts/alb.js";
import { functionUrl } from "../../../lib/http/hosts/function-url.js";
import { httpApi } from "../../../lib/http/hosts/http-api.js";
import { createNodeServer, type NodeHttpOptions } from "../../../lib/http/hosts/node-http.js";
import { restApi } from "../../../lib/http/hosts/rest-api.js";
import { isGatewayText } from "../../../lib/http/media-type.js";
import type { Operations } from "../../../lib/http/operation.js";
import { createRouter } from "../../../lib/http/router.js";

export interface HostCall {
  readonly method: string;
  /** Path and query as they are sent. */
  readonly target: string;
  /** A list is sent as several headers. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
}

export interface HostAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Decompressed. */
  readonly text: string;
}

export interface HttpHost {
  readonly name: string;
  readonly ask: (call: HostCall) => Promise<HostAnswer>;
  readonly close: () => Promise<void>;
}

type Handle = (event: never, context: object) => Promise<EventResult>;
const by = (bind: unknown): string => (bind === httpApi ? ", by the bundle of an HTTP API" : "");

const context = { getRemainingTimeInMillis: () => 30_000 };
const hostName = "api.example.com";

/** A Content-Type is not made up: API Gateway adds none. */
function partsOf({ method, target, headers = {}, body }: HostCall) {
  const [rawPath = "/", rawQuery = ""] = target.split(/\?(.*)/s);
  const lists = Object.fromEntries(
    Object.entries({ host: hostName, "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.7", ...headers }).map(([name, value]) => [
      name,
      [value].flat() as string[],
    ]),
  );
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const type = lists["content-type"]?.[0]?.split(";")[0]?.trim().toLowerCase() ?? "";
  const isText = isGatewayText(type) && lists["content-encoding"] === undefined;
  const sent = { body: bytes?.toString(isText ? "utf8" : "base64") ?? null, isBase64Encoded: bytes !== undefined && !isText };
  const inBase64 = { body: bytes?.toString("base64") ?? null, isBase64Encoded: bytes !== undefined };
  return { method, rawPath, rawQuery, lists, sent, inBase64 };
}

const joined = (lists: Readonly<Record<string, readonly string[]>>, by: string) =>
  Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, values.join(by)]));

/** An HTTP API decodes the path before it routes, and joins repeats by commas. It has no routes for HEAD, and the catch-all takes what has none. */
export function httpApiHost(operations: Operations, options: HttpOptions): HttpHost {
  const handler = httpApi(operations, options);
  const router = createRouter(Object.keys(operations));
  return inProcess("HTTP API", async (call) => {
    const { method, rawPath, rawQuery, lists, sent } = partsOf(call);
    const route = router.find(method, rawPath);
    const path = decodeURIComponent(rawPath);
    return await handler(
      {
        version: "2.0",
        routeKey: route?.key ?? "$default",
        rawPath: path,
        rawQueryString: rawQuery,
        headers: joined(lists, ","),
        pathParameters: route?.path,
        requestContext: { http: { method, path }, domainName: hostName, stage: "$default", requestId: "1" },
        ...sent,
      } as never,
      context,
    );
  });
}

/** @param bind the host's own, or `httpApi`, which answers the events of the other front doors too. */
export function functionUrlHost(operations: Operations, options: HttpOptions, bind: typeof functionUrl = functionUrl): HttpHost {
  const handler = bind(operations, options);
  return inProcess(`Function URL${by(bind)}`, async (call) => {
    const { method, rawPath, rawQuery, lists, sent } = partsOf(call);
    return await handler(
      {
        version: "2.0",
        routeKey: "$default",
        rawPath,
        rawQueryString: rawQuery,
        headers: joined(lists, ","),
        requestContext: {
          http: { method, path: rawPath },
          domainName: "a1b2c3.lambda-url.eu-central-1.on.aws",
          stage: "$default",
          requestId: "1",
        },
        ...sent,
      } as never,
      context,
    );
  });
}

/** With `binaryMediaTypes` of any type, every body arrives in base64. */
export function restApiHost(operations: Operations, options: HttpOptions, bind: typeof httpApi | typeof restApi = restApi): HttpHost {
  const handler = bind(operations, { ...options, hasBinaryMediaTypes: true }) as Handle;
  return inProcess(`REST API${by(bind)}`, async (call) => {
    const { method, rawPath, rawQuery, lists, inBase64 } = partsOf(call);
    const query: Record<string, string[]> = {};
    for (const [name, value] of new URLSearchParams(rawQuery)) query[name] = [...(query[name] ?? []), value];
    return await handler(
      {
        resource: "/{proxy+}",
        path: rawPath,
        httpMethod: method,
        headers: joined(lists, ", "),
        multiValueHeaders: lists,
        queryStringParameters: joined(query, ","),
        multiValueQueryStringParameters: Object.keys(query).length === 0 ? null : query,
        requestContext: { path: rawPath, stage: "prod", domainName: hostName, requestId: "1", identity: {} },
        ...inBase64,
      } as never,
      context,
    );
  });
}

/** Without multi-value headers, a load balancer passes on the last of several values. */
export function albHost(
  operations: Operations,
  options: HttpOptions,
  isMultiValue: boolean,
  bind: typeof httpApi | typeof alb = alb,
): HttpHost {
  const handler = bind(operations, options) as Handle;
  return inProcess(`${isMultiValue ? "ALB with multi-value headers" : "ALB"}${by(bind)}`, async (call) => {
    const { method, rawPath, rawQuery, lists, sent } = partsOf(call);
    const query: Record<string, string[]> = {};
    for (const [name = "", value = ""] of rawQuery === "" ? [] : rawQuery.split("&").map((pair) => pair.split("=")))
      query[name] = [...(query[name] ?? []), value];
    const last = (values: Readonly<Record<string, readonly string[]>>) =>
      Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list.at(-1) ?? ""]));
    const parts = isMultiValue
      ? { multiValueHeaders: lists, multiValueQueryStringParameters: query }
      : { headers: last(lists), queryStringParameters: last(query) };
    return await handler(
      {
        requestContext: { elb: { targetGroupArn: "arn" } },
        httpMethod: method,
        path: rawPath,
        ...parts,
        ...sent,
        body: sent.body ?? "",
      } as never,
      context,
    );
  });
}

export async function nodeHost(operations: Operations, options: NodeHttpOptions): Promise<HttpHost> {
  const server = createNodeServer(operations, { isTrustedProxy: () => true, ...options });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    name: "node:http",
    ask: (call) => askSocket(port, call),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function askSocket(port: number, { method, target, headers = {}, body }: HostCall): Promise<HostAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: "127.0.0.1",
        port,
        method,
        path: target,
        headers: { host: hostName, "x-forwarded-proto": "https" },
        timeout: 30_000,
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const given = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
          resolve(toAnswer(method, response.statusCode ?? 0, Object.fromEntries(given), Buffer.concat(chunks)));
        });
      },
    );
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value as string | string[]);
    request.once("timeout", () => request.destroy(new Error("no answer within 30 s")));
    request.once("error", reject);
    request.end(body);
  });
}

interface EventResult {
  readonly statusCode?: number | undefined;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly multiValueHeaders?: Readonly<Record<string, readonly unknown[]>> | undefined;
  readonly body?: string | undefined;
  readonly isBase64Encoded?: boolean | undefined;
}

function inProcess(name: string, handle: (call: HostCall) => Promise<EventResult | string>): HttpHost {
  return {
    name,
    close: async () => {},
    ask: async (call) => {
      const result = (await handle(call)) as EventResult;
      const lists = Object.entries(result.multiValueHeaders ?? {}).map(([header, values]) => [header, values.join(", ")] as const);
      const single = Object.entries(result.headers ?? {}).map(([header, value]) => [header, String(value)] as const);
      const bytes = Buffer.from(result.body ?? "", result.isBase64Encoded === true ? "base64" : "utf8");
      return toAnswer(call.method, result.statusCode ?? 0, Object.fromEntries([...single, ...lists]), bytes);
    },
  };
}

/** The server in front drops the body of an answer to HEAD. */
function toAnswer(method: string, status: number, headers: Readonly<Record<string, string>>, bytes: Buffer): HostAnswer {
  const coding = headers["content-encoding"];
  const plain = method === "HEAD" || coding === undefined ? bytes : coding === "br" ? brotliDecompressSync(bytes) : gunzipSync(bytes);
  return { status, headers, text: method === "HEAD" ? "" : plain.toString("utf8") };
}
