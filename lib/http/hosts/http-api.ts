/**
 * Lambda behind an API Gateway HTTP API: payload 2.0
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html). The gateway has routed the call already. The events of other
 * front doors are answered too (`other-doors.ts`), so that one bundle can be deployed behind each of them.
 */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { Caller } from "../../access.js";
import { type ClaimNames, callerOfClaims } from "../claims.js";
import type { HttpOptions } from "../environment.js";
import { createHandler, type Handler } from "../handler.js";
import type { Host } from "../host.js";
import { anonymous, type Headers, type HttpReply, type HttpRequest, toBaseUrl, toHeaders } from "../message.js";
import type { Operations } from "../operation.js";
import { routesOfGateway } from "../routes.js";
import { deadlineOf, type LambdaContext, lambdaPayload, toEventBody, toRequestBody } from "./lambda.js";
import type { OtherDoors } from "./other-doors.js";
import { withoutPrefix } from "./path-prefix.js";

/** An HTTP API waits 30 seconds for an integration (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html). */
const httpApiTimeMs = 29_000;

const httpApiHost: Host = {
  name: "Lambda",
  request: lambdaPayload,
  reply: lambdaPayload,
  timeMs: httpApiTimeMs,
  canReplyBytes: true,
  canStream: false,
};

/** A Function URL waits as long as the function may run. Clients and proxies rarely do, so the limit is a minute. */
export const functionUrlHost: Host = { ...httpApiHost, timeMs: 60_000 };

/**
 * The preflight request that a browser sends before a call, without a signature. A deployment with CORS has this route without an authorizer, because the catch-all would refuse
 * it (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html). The gateway adds the headers.
 */
const preflight = "OPTIONS /{proxy+}";

export type HttpApiHandler = (event: APIGatewayProxyEventV2, context: LambdaContext) => Promise<APIGatewayProxyStructuredResultV2>;

export function httpApi(operations: Operations, options: HttpOptions = {}): HttpApiHandler {
  const answer = answerEvents(createHandler(operations, routesOfGateway(operations), options), httpApiHost);
  let otherDoors: Promise<OtherDoors> | undefined;
  return async (event, context) => {
    if (isOfOtherDoor(event)) {
      otherDoors ??= openOtherDoors(operations, options);
      return (await (
        await otherDoors
      )(event, context)) as APIGatewayProxyStructuredResultV2;
    }
    return event.routeKey === preflight ? { statusCode: 204 } : answer(event, context);
  };
}

/** Only the gateway decides what an event looks like: callers choose neither its version nor the domain of a Function URL. */
function isOfOtherDoor({ version, requestContext, ...event }: APIGatewayProxyEventV2): boolean {
  return "httpMethod" in event || (version === "2.0" && /\.lambda-url\./.test(requestContext?.domainName ?? ""));
}

async function openOtherDoors(operations: Operations, options: HttpOptions): Promise<OtherDoors> {
  const { createOtherDoors } = await import("./other-doors.js");
  return createOtherDoors(operations, {
    createHandler: (routes) => createHandler(operations, routes, options),
    functionUrl: { host: functionUrlHost, toRequest: (event) => toRequest(event, functionUrlHost), toResult },
  });
}

/** Payload 2.0 to a handler and back. */
export function answerEvents(handle: Handler, host: Host): HttpApiHandler {
  return async (event, context) => toResult(await handle(toRequest(event, host), deadlineOf(context, host)));
}

/** API Gateway and serverless-offline both send these parts, some as null where the types say undefined. */
function toRequest(event: APIGatewayProxyEventV2, host: Host): HttpRequest {
  const { requestContext: context = {} as Partial<APIGatewayProxyEventV2["requestContext"]> } = event;
  const headers = toHeaders(event.headers ?? {});
  const { domainName = "localhost", stage = "$default" } = context;
  const { rawPath, prefix } = withoutPrefix(event.rawPath ?? "/", stage === "$default" ? undefined : stage);
  const key = event.routeKey ?? context.routeKey ?? "$default";
  return {
    host,
    method: (context.http?.method ?? "GET").toUpperCase(),
    rawPath,
    rawQuery: event.rawQueryString ?? "",
    headers,
    body: toRequestBody(event.body, event.isBase64Encoded),
    route: key === "$default" ? undefined : { key, path: toPath(event.pathParameters) },
    caller: (claimNames) => toCaller(context, claimNames),
    baseUrl: baseUrlOf(domainName, headers, prefix),
    requestId: context.requestId ?? "unknown",
  };
}

/** Without a prototype, so that only what was sent is found in it. */
function toPath(parameters: APIGatewayProxyEventV2["pathParameters"]): Readonly<Record<string, string>> {
  return Object.assign(Object.create(null), parameters);
}

function toCaller(context: object, claimNames: ClaimNames): Caller {
  const { authorizer } = context as {
    readonly authorizer?: {
      readonly iam?: { readonly userArn?: string | null };
      readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>> | null; readonly scopes?: readonly string[] | null };
    } | null;
  };
  const arn = authorizer?.iam?.userArn;
  if (typeof arn === "string" && arn !== "") return { kind: "iam", name: arn, scopes: [], groups: [] };
  const claims = authorizer?.jwt?.claims;
  const caller = claims !== null && typeof claims === "object" ? callerOfClaims(claims, claimNames, authorizer?.jwt?.scopes) : undefined;
  return caller ?? anonymous;
}

/** serverless-offline answers without TLS, and names no domain. */
function baseUrlOf(domainName: string, headers: Headers, prefix: string): string {
  const isLaptop = domainName.startsWith("offlineContext_");
  return toBaseUrl(
    headers["x-forwarded-proto"] ?? (isLaptop ? "http" : "https"),
    headers.host,
    isLaptop ? "localhost" : domainName,
    prefix,
  );
}

/** Payload 2.0 has one value per header; several are joined, as HTTP allows. */
function toResult({ status, headers, body }: HttpReply): APIGatewayProxyStructuredResultV2 {
  return { statusCode: status, headers: toHeaders(headers), ...toEventBody(body) };
}
