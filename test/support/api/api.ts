/**
 * The API as the gateway calls it: requests become payload 2.0 events, routes are matched as API Gateway matches them, and every answer is held against the
 * description of the API that is made from the operations' schemas. Bodies go in the way the gateway gives them, as text or in base64.
 */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { type Config, parseConfig } from "../../../lib/config.js";
import type { HttpOptions } from "../../../lib/http/environment.js";
import { httpApi } from "../../../lib/http/hosts/http-api.js";
import { isGatewayText } from "../../../lib/http/media-type.js";
import type { Operations } from "../../../lib/http/operation.js";
import { createRouter } from "../../../lib/http/router.js";
import { createKafka, type Kafka, toKafkaOptions } from "../../../lib/kafka/kafka.js";
import { describedAnswers } from "./described-answers.js";

export interface ApiRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON; text and bytes as they are. */
  readonly body?: unknown;
  /** Absent: `application/json` where there is a body. */
  readonly contentType?: string;
  readonly accept?: string;
  /** What the gateway's authorizer established. */
  readonly authorizer?: unknown;
  /** How the body travels; absent: in base64 unless the gateway hands the type over as text. */
  readonly sentAs?: "text" | "base64";
  /** What the Lambda has left; absent: 30 seconds. */
  readonly timeLeftMs?: number;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Decompressed. */
  readonly text: string;
  /** As it goes over the wire. */
  readonly bytes: Buffer;
  /** The answer's JSON, or undefined where it has no body or is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it by path, and say what they expect to find.
  readonly json: any;
  readonly routeKey: string;
}

export interface Api {
  readonly call: (methodAndPath: string, request?: ApiRequest) => Promise<ApiAnswer>;
  /** The same call with its body as text and in base64, as serverless-offline and as API Gateway hand it over. */
  readonly callBothWays: (methodAndPath: string, request?: ApiRequest) => Promise<readonly [asText: ApiAnswer, asBase64: ApiAnswer]>;
  readonly kafka: Kafka;
  readonly operations: Operations;
  readonly close: () => Promise<void>;
}

export interface ApiOptions {
  /** Environment variables beside the broker's and `RELAY_ACCESS=everything`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Absent: those of every function. */
  readonly operations?: Operations;
  readonly kafka?: Kafka;
  readonly log?: HttpOptions["log"];
}

/** Configuration of a test: the run's broker, everything allowed. */
export function testConfig(env: Readonly<Record<string, string>> = {}): Config {
  return parseConfig({ KAFKA_BROKERS: process.env.KAFKA_BROKERS, RELAY_ACCESS: "everything", ...env });
}

export async function createApi(options: ApiOptions = {}): Promise<Api> {
  const config = testConfig(options.env);
  const operations = options.operations ?? (await operationsOfEveryFunction());
  const kafka = options.kafka ?? createKafka({ ...toKafkaOptions(config), topicPrefix: config.RELAY_TOPIC_PREFIX });
  const assertDescribed = describedAnswers(operations);
  const handler = httpApi(operations, { config, kafka, ...(options.log === undefined ? {} : { log: options.log }) });

  const call: Api["call"] = async (methodAndPath, request = {}) => {
    const event = toEvent(methodAndPath, request, Object.keys(operations));
    const { timeLeftMs = 30_000 } = request;
    const startedMs = Date.now();
    const result = await handler(event, { getRemainingTimeInMillis: () => timeLeftMs - (Date.now() - startedMs) });
    const bytes = Buffer.from(result.body ?? "", result.isBase64Encoded === true ? "base64" : "utf8");
    const text = decompressed(bytes, result.headers?.["content-encoding"]);
    const answer: ApiAnswer = {
      status: result.statusCode ?? 200,
      headers: Object.fromEntries(Object.entries(result.headers ?? {}).map(([name, value]) => [name, String(value)])),
      text,
      bytes,
      json: jsonOf(text),
      routeKey: event.routeKey,
    };
    assertDescribed(answer);
    return answer;
  };
  return {
    call,
    callBothWays: async (methodAndPath, request = {}) => [
      await call(methodAndPath, { ...request, sentAs: "text" }),
      await call(methodAndPath, { ...request, sentAs: "base64" }),
    ],
    kafka,
    operations,
    close: async () => {
      if (options.kafka === undefined) await kafka.close();
    },
  };
}

/** Every `operations` of functions/*.ts, in one map; a route key of two functions is an error. */
export async function operationsOfEveryFunction(): Promise<Operations> {
  const folder = fileURLToPath(new URL("../../../functions/", import.meta.url));
  const all: Record<string, Operations[string]> = {};
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".ts"))) {
    const { operations = {} } = (await import(`${folder}${name}`)) as { readonly operations?: Operations };
    for (const [key, operation] of Object.entries(operations)) {
      if (key in all) throw new Error(`${key} belongs to two functions.`);
      all[key] = operation;
    }
  }
  return all;
}

/** An event as API Gateway's HTTP API sends it (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html). */
export function toEvent(methodAndPath: string, request: ApiRequest, routeKeys: readonly string[]): APIGatewayProxyEventV2 {
  const [method = "GET", target = "/"] = methodAndPath.split(/ (.*)/s);
  const [rawPath = "/", rawQueryString = ""] = target.split(/\?(.*)/s);
  const { key: routeKey, path } = createRouter(routeKeys).find(method, rawPath) ?? { key: "$default", path: {} };
  const bytes = toBytes(request.body);
  const contentType = request.contentType ?? (bytes === undefined ? undefined : "application/json");
  const isText = isGatewayText(contentType?.split(";")[0]?.trim().toLowerCase() ?? "application/json");
  const isCompressed = Object.keys(request.headers ?? {}).some((name) => name.toLowerCase() === "content-encoding");
  const isBase64Encoded = bytes !== undefined && (request.sentAs === undefined ? !isText || isCompressed : request.sentAs === "base64");
  return {
    version: "2.0",
    routeKey,
    rawPath,
    rawQueryString,
    headers: {
      host: "api.example.com",
      ...(contentType === undefined ? {} : { "content-type": contentType }),
      ...(request.accept === undefined ? {} : { accept: request.accept }),
      ...Object.fromEntries(Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
    },
    ...(Object.keys(path).length === 0 ? {} : { pathParameters: path }),
    requestContext: {
      accountId: "123456789012",
      apiId: "api",
      domainName: "api.example.com",
      domainPrefix: "api",
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "test" },
      requestId: "request-1",
      routeKey,
      stage: "$default",
      time: "01/Jan/2026:00:00:00 +0000",
      timeEpoch: 1_767_225_600_000,
      ...(request.authorizer === undefined ? {} : { authorizer: request.authorizer }),
    } as APIGatewayProxyEventV2["requestContext"],
    ...(bytes === undefined ? {} : { body: isBase64Encoded ? bytes.toString("base64") : bytes.toString("utf8") }),
    isBase64Encoded,
  };
}

function toBytes(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

function decompressed(bytes: Buffer, coding: unknown): string {
  if (coding === undefined) return bytes.toString("utf8");
  return (coding === "br" ? brotliDecompressSync(bytes) : gunzipSync(bytes)).toString("utf8");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
