/** From a map of operations to a handler of requests, whatever host they come from: route, authorize, check, run, reply. Whatever is thrown becomes a reply. */
import { authorize, type Caller, type Permission, permittedActions } from "../access.js";
import { assertTimeLeft, type Deadline } from "../deadline.js";
import { type FailureCode, RelayError, toRelayError } from "../errors.js";
import type { AuditTrail } from "./audit.js";
import { createEnvironment, type HandlerEnvironment, type HttpOptions } from "./environment.js";
import { anonymous, type HttpReply, type HttpRequest, shortLifetime } from "./message.js";
import type { Operation, OperationContext, Operations, Reply } from "./operation.js";
import { assertAcceptable, problemTypeOf, toInput } from "./operation-input.js";
import { problemReply } from "./problem.js";
import { writeReply } from "./reply.js";
import type { OperationRoute, Routes } from "./routes.js";

/** Never throws: hosts would answer a 500 without a reason, or even a 200 with the stack. */
export type Handler = (request: HttpRequest, deadline: Deadline) => Promise<HttpReply>;

export function createHandler(operations: Operations, routes: Routes, options: HttpOptions = {}): Handler {
  const environment = createEnvironment(options);
  return async (given, deadline) => {
    const startedMs = Date.now();
    const span = options.tracing?.call(given);
    const request = span?.request ?? given;
    const own = span === undefined ? environment : { ...environment, kafka: () => span.kafka(environment.kafka()) };
    let route: OperationRoute | undefined;
    let operation: Operation | undefined;
    let reply: HttpReply;
    let failure: FailureCode | undefined;
    const trail: AuditTrail = { resources: new Set() };
    try {
      route = routes.find(request);
      operation = operations[route.key];
      if (operation === undefined)
        throw new RelayError("not-found", `This function has no operation ${JSON.stringify(route.key.slice(0, 200))}.`);
      reply = await toHttpReply(await run(operation, route, request, own, deadline, trail), operation, request);
    } catch (thrown) {
      const error = toRelayError(thrown);
      failure = error.code;
      environment.logFailure(error, request, route?.key);
      reply = await toHttpReply(problemReply(error, problemTypeOf(operation)), operation, request);
    }
    environment.logRequest(request, trail.caller, reply, startedMs);
    if (operation !== undefined && route !== undefined)
      environment.audit({ may: operation.may, routeKey: route.key, requestId: request.requestId, status: reply.status }, trail);
    span?.end({ routeKey: route?.key, reply, failure });
    options.onCall?.({ request, routeKey: route?.key, status: reply.status, tookMs: Date.now() - startedMs, traceId: span?.traceId });
    return reply;
  };
}

async function run(
  operation: Operation,
  route: OperationRoute,
  request: HttpRequest,
  environment: HandlerEnvironment,
  deadline: Deadline,
  trail: AuditTrail,
): Promise<Reply> {
  const { host, method, rawPath, rawQuery, baseUrl, requestId } = request;
  const caller = operation.isPublic === true ? anonymous : await request.caller(environment.config());
  trail.caller = caller;
  const resource = operation.on === undefined ? undefined : route.path[operation.on];
  let policy = operation.isPublic === true ? [] : await environment.policy();
  const check = (who: Caller, may: Permission, named: string | undefined): void => {
    if (named !== undefined) trail.resources.add(named);
    authorize(policy, who, may, named, environment.config().RELAY_TOPIC_PREFIX);
  };
  const allow: OperationContext["authorize"] = (may, named) => check(caller, may, named);
  if (operation.isPublic !== true) allow(operation.may, resource);
  assertAcceptable(operation, request.headers.accept);
  const input = await toInput(operation, request, route.path, () => environment.config().RELAY_REQUEST_BYTES_MAX);
  assertTimeLeft(deadline, "handle the request; nothing was done");
  return await operation.run(input, {
    get kafka() {
      return environment.kafka();
    },
    get config() {
      return environment.config();
    },
    deadline,
    caller,
    host,
    method,
    rawPath,
    rawQuery,
    baseUrl,
    requestId,
    permitted: () => permittedActions(policy, caller),
    authorize: allow,
    stillAllowed: async () => {
      policy = await environment.policy();
      check(await request.caller(environment.config()), operation.may, resource);
    },
    lifetime: request.lifetime ?? (() => shortLifetime),
  });
}

/** Written out for the host; a reply that cannot be is replaced by the failure that says why. */
async function toHttpReply(reply: Reply, operation: Operation | undefined, { headers, host }: HttpRequest): Promise<HttpReply> {
  const acceptEncoding = headers["accept-encoding"];
  try {
    return await writeReply(reply, reply.contentType ?? operation?.produces?.[0] ?? "application/json", acceptEncoding, host);
  } catch (error) {
    const problemType = problemTypeOf(operation);
    return await writeReply(problemReply(toRelayError(error), problemType), problemType, acceptEncoding, host);
  }
}
