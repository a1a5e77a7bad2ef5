/**
 * A load balancer's event as a request, and a reply as its result, with or without multi-value headers
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html).
 */
import { STATUS_CODES } from "node:http";
import type { ALBEvent, ALBResult } from "aws-lambda";
import type { Host } from "../host.js";
import { type HttpReply, type HttpRequest, toBaseUrl, toHeaders } from "../message.js";
import { toEventBody, toRequestBody } from "./lambda.js";
import { callerByToken } from "./token-caller.js";

const megabyte = 1_048_576;

export const albHost: Host = {
  name: "An Application Load Balancer",
  request: { bytesMax: megabyte, isOfEvent: false },
  // "The maximum size of the response JSON that the Lambda function can send is 1 MB."
  reply: { bytesMax: megabyte, isOfEvent: true },
  // Below the idle timeout of a load balancer, which is 60 seconds by default.
  timeMs: 55_000,
  canReplyBytes: true,
  canStream: false,
};

export const healthy: HttpReply = { status: 200, headers: { "content-type": "application/json" }, body: "{}" };

/** The load balancer's own check has no `x-forwarded-for`, which every caller's request has. It asks for the function alone: Kafka's health is at /health. */
export function isHealthCheck({ headers }: HttpRequest): boolean {
  return headers["x-forwarded-for"] === undefined && (headers["user-agent"] ?? "").startsWith("ELB-HealthChecker/");
}

export function toAlbRequest(event: ALBEvent): HttpRequest {
  const headers = toHeaders(event.multiValueHeaders ?? event.headers ?? {});
  return {
    host: albHost,
    method: (event.httpMethod ?? "GET").toUpperCase(),
    rawPath: event.path || "/",
    rawQuery: toRawQuery(event),
    headers,
    body: toRequestBody(event.body, event.isBase64Encoded),
    caller: (settings) => callerByToken(headers, settings),
    baseUrl: toBaseUrl(headers["x-forwarded-proto"], headers.host, "localhost"),
    requestId: headers["x-amzn-trace-id"] ?? "unknown",
  };
}

/** The load balancer leaves names and values as they were sent, with their escapes. */
function toRawQuery({ multiValueQueryStringParameters: multi, queryStringParameters: single }: ALBEvent): string {
  return Object.entries(multi ?? single ?? {})
    .flatMap(([name, values]) => [values ?? []].flat().map((value) => `${name}=${value}`))
    .join("&");
}

/** With multi-value headers, the load balancer ignores `headers`. */
export function toAlbResult({ status, headers, body }: HttpReply, event: ALBEvent): ALBResult {
  const statusDescription = `${status} ${STATUS_CODES[status] ?? "Unknown"}`;
  const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat()]));
  const sent = event.multiValueHeaders !== undefined ? { multiValueHeaders: lists } : { headers: toHeaders(headers) };
  return { statusCode: status, statusDescription, isBase64Encoded: false, ...sent, ...toEventBody(body) };
}
