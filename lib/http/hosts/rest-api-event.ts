/**
 * A REST API's event as a request, and a reply as its result: payload 1.0
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html), with a resource per operation or one `/{proxy+}` at the root.
 */
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import type { Caller } from "../../access.js";
import { type CallerSettings, callerOfClaims } from "../claims.js";
import type { Host } from "../host.js";
import { type Headers, type HttpReply, type HttpRequest, toBaseUrl, toHeaders } from "../message.js";
import { lambdaPayload, splitHeaders, toEventBody, toRequestBody } from "./lambda.js";
import { withoutPrefix } from "./path-prefix.js";
import { callerByToken } from "./token-caller.js";

/** @param canReplyBytes whether the API's `binaryMediaTypes` is `*` + `/*`. */
export const restApiHost = (canReplyBytes: boolean): Host => ({
  name: "Lambda",
  request: lambdaPayload,
  reply: lambdaPayload,
  // The integration timeout is 29 seconds unless it was raised (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html).
  timeMs: 28_500,
  canReplyBytes,
  canStream: false,
});

/** `path` keeps its escapes and path parameters do not, so the operation is found by the path. */
export function toRestRequest(event: APIGatewayProxyEvent, host: Host): HttpRequest {
  const { requestContext: context = {} as Partial<APIGatewayProxyEvent["requestContext"]> } = event;
  const headers = toHeaders(event.multiValueHeaders ?? event.headers ?? {});
  const { rawPath, prefix } = placesOf(event, context);
  return {
    host,
    method: (event.httpMethod ?? "GET").toUpperCase(),
    rawPath,
    rawQuery: toRawQuery(event),
    headers,
    body: toRequestBody(event.body, event.isBase64Encoded),
    caller: (settings) => toCaller(context, headers, settings),
    baseUrl: toBaseUrl(headers["x-forwarded-proto"] ?? "https", headers.host, context.domainName ?? "localhost", prefix),
    requestId: context.requestId ?? "unknown",
  };
}

/** The path below the API, and what stands before it: the stage, or the base path of a custom domain, which `path` contains too. */
function placesOf({ path = "/", resource }: APIGatewayProxyEvent, context: { readonly path?: string }) {
  const segments = path.split("/");
  const isGreedy = resource === undefined || resource.includes("+}");
  const depth = isGreedy
    ? segments.length
    : Math.min(resource.split("/").length + (path.endsWith("/") && path !== "/" ? 1 : 0), segments.length);
  const rawPath =
    isGreedy || depth === segments.length ? withoutPrefix(path).rawPath : `/${segments.slice(segments.length - depth + 1).join("/")}`;
  const whole = context.path ?? path;
  return { rawPath, prefix: whole.endsWith(rawPath) ? whole.slice(0, whole.length - rawPath.length) : "" };
}

/** The parameters arrive decoded. */
function toRawQuery({ multiValueQueryStringParameters: multi, queryStringParameters: single }: APIGatewayProxyEvent): string {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(multi ?? single ?? {})) {
    for (const value of [values ?? []].flat()) query.append(name, value);
  }
  return query.toString();
}

/** By the gateway's authorizer, or by a token that is checked here, because a REST API has no JWT authorizer. */
function toCaller(
  context: Partial<APIGatewayProxyEvent["requestContext"]>,
  headers: Headers,
  settings: CallerSettings,
): Caller | Promise<Caller> {
  const arn = context.identity?.userArn;
  if (typeof arn === "string" && arn !== "") return { kind: "iam", name: arn, scopes: [], groups: [] };
  const claims: unknown = (context.authorizer as { readonly claims?: unknown } | null | undefined)?.claims;
  const caller = typeof claims === "object" && claims !== null ? callerOfClaims(claims as Record<string, unknown>, settings) : undefined;
  return caller ?? callerByToken(headers, settings);
}

export function toRestResult({ status, headers, body }: HttpReply): APIGatewayProxyResult {
  const { single, multi } = splitHeaders(headers);
  return {
    statusCode: status,
    headers: single,
    ...(Object.keys(multi).length === 0 ? {} : { multiValueHeaders: multi }),
    ...toEventBody(body),
  };
}
