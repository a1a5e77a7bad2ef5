/**
 * Lambda behind an API Gateway REST API: payload 1.0
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html), with a resource per operation or one `/{proxy+}` at the root.
 */
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import type { Caller } from "../../access.js";
import { type ClaimNames, callerOfClaims } from "../claims.js";
import type { HttpOptions } from "../environment.js";
import { createHandler } from "../handler.js";
import type { Host } from "../host.js";
import { anonymous, type HttpReply, type HttpRequest, toBaseUrl, toHeaders } from "../message.js";
import type { Operations } from "../operation.js";
import { routesByPath } from "../router.js";
import { deadlineOf, type LambdaContext, lambdaPayload, splitHeaders, toEventBody, toRequestBody } from "./lambda.js";

interface RestApiOptions extends HttpOptions {
  /**
   * Whether the API's `binaryMediaTypes` is `*` + `/*`. Without it, the gateway hands bodies on as text and sends bytes in base64, so replies are not compressed here
   * and compressed or binary request bodies are refused (https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html).
   */
  readonly hasBinaryMediaTypes?: boolean;
}

const restApiHost: Host = {
  name: "Lambda",
  request: lambdaPayload,
  reply: lambdaPayload,
  // The integration timeout is 29 seconds unless it was raised (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html).
  timeMs: 28_500,
  canReplyBytes: false,
  canStream: false,
};

type RestApiHandler = (event: APIGatewayProxyEvent, context: LambdaContext) => Promise<APIGatewayProxyResult>;

export function restApi(operations: Operations, options: RestApiOptions = {}): RestApiHandler {
  const handle = createHandler(operations, routesByPath(operations), options);
  const host = { ...restApiHost, canReplyBytes: options.hasBinaryMediaTypes ?? false };
  return async (event, context) => toResult(await handle(toRequest(event, host), deadlineOf(context, host)));
}

/** `path` keeps its escapes and path parameters do not, so the operation is found by the path. */
function toRequest(event: APIGatewayProxyEvent, host: Host): HttpRequest {
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
    caller: (claimNames) => toCaller(context, claimNames),
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
  const rawPath = isGreedy || depth === segments.length ? path : `/${segments.slice(segments.length - depth + 1).join("/")}`;
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

function toCaller(context: Partial<APIGatewayProxyEvent["requestContext"]>, claimNames: ClaimNames): Caller {
  const arn = context.identity?.userArn;
  if (typeof arn === "string" && arn !== "") return { kind: "iam", name: arn, scopes: [], groups: [] };
  const claims: unknown = (context.authorizer as { readonly claims?: unknown } | null | undefined)?.claims;
  const caller = typeof claims === "object" && claims !== null ? callerOfClaims(claims as Record<string, unknown>, claimNames) : undefined;
  return caller ?? anonymous;
}

function toResult({ status, headers, body }: HttpReply): APIGatewayProxyResult {
  const { single, multi } = splitHeaders(headers);
  return {
    statusCode: status,
    headers: single,
    ...(Object.keys(multi).length === 0 ? {} : { multiValueHeaders: multi }),
    ...toEventBody(body),
  };
}
