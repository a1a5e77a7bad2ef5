/**
 * Lambda as a target of an Application Load Balancer. It passes on no caller that a function can check, so callers are anonymous unless `RELAY_JWT_JWKS_URL` makes the
 * function check their tokens itself.
 */
import type { ALBEvent, ALBResult } from "aws-lambda";
import type { HttpOptions } from "../environment.js";
import { createHandler } from "../handler.js";
import type { Operations } from "../operation.js";
import { routesByPath } from "../router.js";
import { albHost, healthy, isHealthCheck, toAlbRequest, toAlbResult } from "./alb-event.js";
import { deadlineOf, type LambdaContext } from "./lambda.js";

type AlbHandler = (event: ALBEvent, context: LambdaContext) => Promise<ALBResult>;

export function alb(operations: Operations, options: HttpOptions = {}): AlbHandler {
  const handle = createHandler(operations, routesByPath(operations), options);
  return async (event, context) => {
    const request = toAlbRequest(event);
    const reply = isHealthCheck(request) ? healthy : await handle(request, deadlineOf(context, albHost));
    return toAlbResult(reply, event);
  };
}
