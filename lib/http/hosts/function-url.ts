/**
 * Lambda with a Function URL: payload 2.0, as behind an HTTP API (https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html). It has no routes, so the
 * operation is found by method and path.
 */
import type { HttpOptions } from "../environment.js";
import { createHandler } from "../handler.js";
import type { Operations } from "../operation.js";
import { routesByPath } from "../router.js";
import { answerEvents, functionUrlHost, type HttpApiHandler } from "./http-api.js";

export function functionUrl(operations: Operations, options: HttpOptions = {}): HttpApiHandler {
  return answerEvents(createHandler(operations, routesByPath(operations), options), functionUrlHost);
}
