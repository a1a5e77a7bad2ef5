/**
 * A function behind another front door than an HTTP API: a Function URL, a REST API or a load balancer, known by their events. The same bundle serves all of them; this
 * file is loaded with the first such event.
 */
import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2 } from "aws-lambda";
import { RelayError } from "../../errors.js";
import type { Handler } from "../handler.js";
import type { Host } from "../host.js";
import type { HttpReply, HttpRequest } from "../message.js";
import type { Operations } from "../operation.js";
import { routesByPath } from "../router.js";
import type { Routes } from "../routes.js";
import { albHost, healthy, isHealthCheck, toAlbRequest, toAlbResult } from "./alb-event.js";
import { deadlineOf, type LambdaContext } from "./lambda.js";
import { restApiHost, toRestRequest, toRestResult } from "./rest-api-event.js";

/** What the file that loads this one has already, so that it is not loaded twice. */
interface Shared {
  readonly createHandler: (routes: Routes) => Handler;
  readonly functionUrl: {
    readonly host: Host;
    readonly toRequest: (event: APIGatewayProxyEventV2) => HttpRequest;
    readonly toResult: (reply: HttpReply) => unknown;
  };
}

export type OtherDoors = (event: unknown, context: LambdaContext) => Promise<unknown>;

/** The deployment sets `binaryMediaTypes` of its REST API to every type (local/build/deployment/front-door/rest-private.ts). */
const restHost = restApiHost(true);

/** Throws `bad-request` for an event that is not an HTTP call. */
export function createOtherDoors(operations: Operations, { createHandler, functionUrl }: Shared): OtherDoors {
  const handle = createHandler(routesByPath(operations));
  return async (event, context) => {
    const { version, requestContext, httpMethod } = (event ?? {}) as Readonly<Record<string, unknown>>;
    if (version === "2.0") {
      const request = functionUrl.toRequest(event as APIGatewayProxyEventV2);
      return functionUrl.toResult(await handle(request, deadlineOf(context, functionUrl.host)));
    }
    if ((requestContext as { readonly elb?: unknown } | undefined)?.elb !== undefined) {
      const request = toAlbRequest(event as ALBEvent);
      return toAlbResult(isHealthCheck(request) ? healthy : await handle(request, deadlineOf(context, albHost)), event as ALBEvent);
    }
    if (typeof httpMethod !== "string")
      throw new RelayError("bad-request", "The event is not an HTTP call of API Gateway, a Function URL or a load balancer.");
    return toRestResult(await handle(toRestRequest(event as APIGatewayProxyEvent, restHost), deadlineOf(context, restHost)));
  };
}
