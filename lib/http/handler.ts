/** From a map of operations to a Lambda handler: decode, authorize, check, run, reply; whatever is thrown becomes an answer. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import type { GenericSchema } from "valibot";
import { type AccessPolicy, authorize, type Caller } from "../access.js";
import { toAccessPolicy } from "../access-policy.js";
import { type Config, config as environmentConfig } from "../config.js";
import { assertTimeLeft, createDeadline, type Deadline } from "../deadline.js";
import { RelayError, toRelayError } from "../errors.js";
import { parseStrictJson } from "../json/strict.js";
import { createKafka, type Kafka, toKafkaOptions } from "../kafka/kafka.js";
import { assertJsonText, type HttpRequest, toBody, toCaller, toMediaType, toMediaTypeIfAny, toRequest } from "./event.js";
import { isJson, negotiate } from "./media-type.js";
import type { Operation, OperationContext, OperationInput, Operations, Reply } from "./operation.js";
import { problemReply } from "./problem.js";
import { toResult } from "./result.js";
import { validate } from "./validation.js";

/** Time kept back from the Lambda's own, to answer in before it is ended. */
const replyMarginMs = 500;
/** API Gateway waits 30 seconds for an integration (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html). */
const gatewayTimeoutMs = 29_000;

/**
 * A browser's question before its call, which no browser signs. A deployment with CORS has this route without an authorizer, or the catch-all would refuse it
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html); the gateway adds the headers.
 */
const preflight = "OPTIONS /{proxy+}";

const causesToldMax = 5;

export type HttpHandler = (
  event: APIGatewayProxyEventV2,
  context: Pick<Context, "getRemainingTimeInMillis">,
) => Promise<APIGatewayProxyStructuredResultV2>;

export interface HttpOptions {
  /** Absent: the environment's. */
  readonly config?: Config;
  /** Absent: made from the configuration when an operation first asks for it. */
  readonly kafka?: Kafka;
  /** Where unexpected errors go; absent: standard error, one JSON line each. */
  readonly log?: (entry: Readonly<Record<string, unknown>>) => void;
}

/** What a handler keeps between calls: made on first use, so that loading a function reads nothing and connects nowhere. */
interface Environment {
  readonly config: () => Config;
  readonly policy: () => AccessPolicy;
  readonly caller: (event: APIGatewayProxyEventV2) => Caller;
  readonly kafka: () => Kafka;
  readonly log: (entry: Readonly<Record<string, unknown>>) => void;
  /** A line a request where RELAY_REQUEST_LOG is on: for the laptop, where no gateway writes an access log. */
  readonly tell: (request: HttpRequest | undefined, result: APIGatewayProxyStructuredResultV2, startedMs: number) => void;
}

/** Turns operations into the handler of one function. It never throws: serverless-offline would answer 200 with the stack, and API Gateway 500 without a reason. */
export function http(operations: Operations, options: HttpOptions = {}): HttpHandler {
  const environment = createEnvironment(options);
  return async (event, context) => {
    const deadline = createDeadline(Math.min(context.getRemainingTimeInMillis() - replyMarginMs, gatewayTimeoutMs));
    const startedMs = Date.now();
    let operation: Operation | undefined;
    let request: HttpRequest | undefined;
    let result: APIGatewayProxyStructuredResultV2;
    try {
      request = toRequest(event);
      if (request.routeKey === preflight) return { statusCode: 204 };
      operation = find(operations, request);
      const reply = await answer(operation, event, request, environment, deadline);
      result = await written(reply, operation, request);
    } catch (thrown) {
      const error = toRelayError(thrown);
      if (error.failure.blame !== "caller" && error.failure.blame !== "record") environment.log(toLogEntry(error, request));
      result = await written(problemReply(error, problemTypeOf(operation)), operation, request);
    }
    environment.tell(request, result, startedMs);
    return result;
  };
}

function createEnvironment(options: HttpOptions): Environment {
  let policy: AccessPolicy | undefined;
  let { kafka } = options;
  let isTold: boolean | undefined;
  const config = () => options.config ?? environmentConfig();
  const log = options.log ?? ((entry: Readonly<Record<string, unknown>>) => console.error(JSON.stringify(entry)));
  return {
    config,
    policy: () => {
      policy ??= toAccessPolicy(config());
      return policy;
    },
    caller: (event) => toCaller(event, config()),
    kafka: () => {
      kafka ??= createKafka(toKafkaOptions(config()));
      return kafka;
    },
    log,
    tell: (request, { statusCode: status }, startedMs) => {
      isTold ??= isRequestLogOn(config);
      if (!isTold || request === undefined) return;
      log({ level: "info", message: "request", method: request.method, path: request.rawPath, status, tookMs: Date.now() - startedMs });
    },
  };
}

function isRequestLogOn(config: () => Config): boolean {
  try {
    return config().RELAY_REQUEST_LOG === "on";
  } catch {
    return false; // a configuration at fault is told by the answer itself
  }
}

/** By the gateway's own string; HEAD is served as GET (the server in front drops the body and keeps its length), and what has no operation of its own goes to the catch-all, if there is one. */
function find(operations: Operations, request: HttpRequest): Operation {
  const { routeKey } = request;
  const operation = operations[routeKey] ?? operations[routeKey.replace(/^HEAD /, "GET ")] ?? operations.$default;
  if (operation === undefined) {
    throw new RelayError("not-found", `There is no operation ${JSON.stringify(routeKey.slice(0, 200))} in this function.`);
  }
  return operation;
}

async function answer(
  operation: Operation,
  event: APIGatewayProxyEventV2,
  request: HttpRequest,
  environment: Environment,
  deadline: Deadline,
): Promise<Reply> {
  const caller = environment.caller(event);
  const allow: OperationContext["authorize"] = (may, resource) => authorize(environment.policy(), caller, may, resource);
  allow(operation.may, operation.on === undefined ? undefined : request.path[operation.on]);
  assertAcceptable(operation, request);
  const input = await toInput(operation, event, request, () => environment.config().RELAY_REQUEST_BYTES_MAX);
  assertTimeLeft(deadline, "begin; nothing was done");
  return await operation.run(input, {
    get kafka() {
      return environment.kafka();
    },
    get config() {
      return environment.config();
    },
    deadline,
    caller,
    baseUrl: request.baseUrl,
    requestId: request.requestId,
    method: request.method,
    rawPath: request.rawPath,
    authorize: allow,
  });
}

const jsonOnly = ["application/json"] as const;

/** Refused before anything is done, so that a 406 never hides an act. */
function assertAcceptable(operation: Operation, request: HttpRequest): void {
  const produces = operation.produces ?? jsonOnly;
  if (produces.length === 0) return;
  if (negotiate(request.headers.accept, produces) === undefined) {
    throw new RelayError("not-acceptable", `The Accept header takes none of what is answered here: ${produces.join(", ")}.`);
  }
}

async function toInput(
  operation: Operation,
  event: APIGatewayProxyEventV2,
  request: HttpRequest,
  bytesMax: () => number,
): Promise<OperationInput<unknown, unknown, unknown>> {
  const { headers } = request;
  // Who takes no JSON judges the type itself, and a GET may say what it likes of the body it has not.
  const takesJson = operation.body !== undefined || operation.consumes !== undefined;
  const type = takesJson ? toMediaType(headers) : toMediaTypeIfAny(headers);
  const rawBody = await toBody(event, headers, type, { isJsonText: takesJson || takesJsonAlone(operation), bytesMax });
  const path = operation.path === undefined ? undefined : validate(operation.path as GenericSchema, request.path, "path");
  const query = operation.query === undefined ? undefined : validate(operation.query as GenericSchema, request.query, "query");
  if (operation.body === undefined) {
    if (operation.consumes !== undefined) assertConsumed(operation.consumes, type.essence);
    return { path: path as never, query: query as never, body: undefined as never, headers, rawBody };
  }
  assertConsumed(operation.consumes ?? jsonOnly, type.essence);
  assertJsonText(rawBody, type);
  const text = rawBody.toString("utf8");
  // Surrounding white space is no body either.
  if (text.trim() === "") throw new RelayError("unprocessable", "The request has no body, and one is needed.", { restCode: 42206 });
  const body = validate(operation.body as GenericSchema, parseStrictJson(text), "body", text.length);
  return { path: path as never, query: query as never, body: body as never, headers, rawBody };
}

/** Walks its body itself, and takes no other than JSON. */
function takesJsonAlone({ rawBody }: Operation): boolean {
  return rawBody !== undefined && Object.keys(rawBody).every(isJson);
}

function assertConsumed(consumes: readonly string[], essence: string): void {
  if (consumes.includes(essence)) return;
  throw new RelayError("unsupported-media-type", `A body of type ${essence} is not taken here; send ${consumes.join(" or ")}.`);
}

/** Refusals are told in the first type the operation answers with, where that is JSON. */
function problemTypeOf(operation: Operation | undefined): string {
  const [type] = operation?.produces ?? jsonOnly;
  return type !== undefined && isJson(type) ? type : "application/json";
}

async function written(
  reply: Reply,
  operation: Operation | undefined,
  request: HttpRequest | undefined,
): Promise<APIGatewayProxyStructuredResultV2> {
  const acceptEncoding = request?.headers["accept-encoding"];
  const problemType = problemTypeOf(operation);
  try {
    return await toResult(reply, reply.contentType ?? operation?.produces?.[0] ?? "application/json", acceptEncoding);
  } catch (error) {
    return await toResult(problemReply(toRelayError(error), problemType), problemType, acceptEncoding);
  }
}

/** What went wrong on our side or behind us, for the log alone: no payload, no secret; a bug with its whole chain of causes. */
function toLogEntry(error: RelayError, request: HttpRequest | undefined): Readonly<Record<string, unknown>> {
  const isOurs = error.code === "internal" || error.code === "bad-configuration";
  const causes: string[] = [];
  for (let cause: unknown = error; cause instanceof Error && causes.length < causesToldMax; cause = cause.cause) {
    causes.push((isOurs ? cause.stack : undefined) ?? cause.message);
  }
  const level = isOurs ? "error" : "warn";
  return { level, message: "request failed", code: error.code, routeKey: request?.routeKey, requestId: request?.requestId, causes };
}
