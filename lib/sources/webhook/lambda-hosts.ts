/** A webhook's function behind any of Lambda's front doors, known by their events: HTTP API, Function URL, REST API, load balancer. */
import { RelayError } from "../../errors.js";
import type { HttpOptions } from "../../http/environment.js";
import { alb } from "../../http/hosts/alb.js";
import { functionUrl } from "../../http/hosts/function-url.js";
import { httpApi } from "../../http/hosts/http-api.js";
import { restApi } from "../../http/hosts/rest-api.js";
import type { Operations } from "../../http/operation.js";

type LambdaHandler = (event: never, context: never) => Promise<unknown>;

export function toLambdaHandler(operations: Operations, options: HttpOptions): (event: unknown, context: unknown) => Promise<unknown> {
  const handlers: Readonly<Record<FrontDoor, LambdaHandler>> = {
    "http-api": httpApi(operations, options),
    "function-url": functionUrl(operations, options),
    "rest-api": restApi(operations, options),
    alb: alb(operations, options),
  };
  return (event, context) => handlers[frontDoorOf(event)](event as never, context as never);
}

type FrontDoor = "http-api" | "function-url" | "rest-api" | "alb";

function frontDoorOf(event: unknown): FrontDoor {
  const { version, routeKey, requestContext, httpMethod } = (event ?? {}) as Readonly<Record<string, unknown>>;
  if (version === "2.0") return routeKey === "$default" ? "function-url" : "http-api";
  if ((requestContext as { readonly elb?: unknown } | undefined)?.elb !== undefined) return "alb";
  if (typeof httpMethod === "string") return "rest-api";
  throw new RelayError("bad-request", "event: it must be an HTTP call of API Gateway, a Function URL or a load balancer.");
}
