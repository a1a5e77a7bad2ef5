/** The span of a call, by the conventions for servers (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server). */
import type { Attributes, Context, Span, Tracer } from "@opentelemetry/api";
import type { HttpReply, HttpRequest } from "../../../lib/http/message.js";
import type { CallSpan, Tracing } from "../../../lib/http/tracing.js";
import type { Kafka } from "../../../lib/kafka/port.js";
import { traceProducer } from "./produce-span.js";

type Api = typeof import("@opentelemetry/api");

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"]);
/** What a client sends must not fill the traces. */
const textLengthMax = 1_000;

export function traceCalls(api: Api, tracer: Tracer): Tracing {
  // An instrumentation of node:http may have begun a span already.
  const parentOf = (request: HttpRequest): { readonly context: Context; readonly kind: number } => {
    const active = api.context.active();
    return api.trace.getSpan(active) === undefined
      ? { context: api.propagation.extract(api.ROOT_CONTEXT, request.headers), kind: api.SpanKind.SERVER }
      : { context: active, kind: api.SpanKind.INTERNAL };
  };
  return {
    call: (request) => {
      const parent = parentOf(request);
      const span = tracer.startSpan(
        knownMethod(request.method, "HTTP"),
        { kind: parent.kind, attributes: attributesOf(request) },
        parent.context,
      );
      const own = api.trace.setSpan(parent.context, span);
      const isAsked = api.trace.getSpanContext(parent.context) !== undefined;
      let traced: Kafka | undefined;
      return {
        traceId: span.spanContext().traceId,
        request: withoutTrace(request, api.propagation.fields()),
        kafka: (kafka) => {
          traced ??= { ...kafka, producer: traceProducer(kafka.producer, { api, tracer, parent: own, isAsked }) };
          return traced;
        },
        end: (answered) => endWith(span, answered, api, request),
      };
    },
  };
}

function attributesOf({ method, rawPath, rawQuery, headers, baseUrl, address }: HttpRequest): Attributes {
  // The Host header is the client's own text.
  const server = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  return {
    "http.request.method": knownMethod(method, "_OTHER"),
    ...(methods.has(method) ? {} : { "http.request.method_original": method.slice(0, textLengthMax) }),
    "url.path": rawPath.slice(0, textLengthMax),
    ...(rawQuery === "" ? {} : { "url.query": rawQuery.slice(0, textLengthMax) }),
    "url.scheme": baseUrl.startsWith("https:") ? "https" : "http",
    ...(server === undefined ? {} : { "server.address": server.hostname }),
    ...(server === undefined || server.port === "" ? {} : { "server.port": Number(server.port) }),
    ...(address === undefined ? {} : { "client.address": address, "network.peer.address": address }),
    ...(headers["user-agent"] === undefined ? {} : { "user_agent.original": headers["user-agent"].slice(0, textLengthMax) }),
  };
}

const knownMethod = (method: string, other: string): string => (methods.has(method) ? method : other);

/** The fields are those of the propagators that OTEL_PROPAGATORS names. */
function withoutTrace(request: HttpRequest, fields: readonly string[]): HttpRequest {
  const names = fields.filter((name) => request.headers[name] !== undefined);
  if (names.length === 0) return request;
  const headers = { ...request.headers };
  for (const name of names) delete headers[name];
  return { ...request, headers };
}

function endWith(
  span: Span,
  { routeKey, reply, failure }: Parameters<CallSpan["end"]>[0],
  { SpanStatusCode }: Api,
  request: HttpRequest,
): void {
  // The catch-all is not a route.
  const route = routeKey?.split(" ")[1];
  if (route?.startsWith("/")) {
    span.updateName(`${knownMethod(request.method, "HTTP")} ${route}`);
    span.setAttribute("http.route", route);
  }
  span.setAttribute("http.response.status_code", reply.status);
  // A fault of the caller is not an error of the server.
  if (reply.status >= 500) {
    span.setAttribute("error.type", failure ?? String(reply.status));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  const gone = isStream(reply) ? request.lifetime?.().gone : undefined;
  if (gone === undefined || gone.aborted) span.end();
  else gone.addEventListener("abort", () => span.end(), { once: true });
}

const isStream = ({ body }: HttpReply): boolean => typeof body !== "string" && !Buffer.isBuffer(body);
