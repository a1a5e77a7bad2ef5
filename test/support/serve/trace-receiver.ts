/** A collector of traces: OTLP over HTTP as JSON and as Protobuf (https://opentelemetry.io/docs/specs/otlp/#otlphttp), with every span that it was sent. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import protobuf from "protobufjs";

export interface ReceivedSpan {
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  /** "": none. */
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly isError: boolean;
  readonly resource: Readonly<Record<string, unknown>>;
}

interface TraceReceiver {
  readonly url: string;
  readonly spans: () => readonly ReceivedSpan[];
  readonly contentTypes: () => ReadonlySet<string>;
  readonly close: () => Promise<void>;
}

/** The part of opentelemetry-proto's trace.proto that is looked at. */
const exportRequest = protobuf
  .parse(`
syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  repeated KeyValue attributes = 9; repeated Link links = 13; Status status = 15;
}
message Link { bytes trace_id = 1; bytes span_id = 2; }
message Status { int32 code = 3; }
message KeyValue { string key = 1; Value value = 2; }
message Value { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
`)
  .root.lookupType("Request");

// biome-ignore lint/suspicious/noExplicitAny: the same shape from both encodings, read by path.
type Decoded = any;

const kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const errorCode = 2;

export async function startTraceReceiver(port = 0): Promise<TraceReceiver> {
  const spans: ReceivedSpan[] = [];
  const types = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("end", () => {
      const body = Buffer.concat(chunks);
      const type = request.headers["content-type"] ?? "";
      const isKnown = request.method === "POST" && request.url === "/v1/traces";
      if (isKnown) {
        types.add(type);
        spans.push(...spansOf(decode(request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body, type)));
      }
      response.writeHead(isKnown ? 200 : 404, { "content-type": type }).end(type === "application/json" ? "{}" : "");
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () => spans,
    contentTypes: () => types,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function decode(body: Buffer, type: string): Decoded {
  if (type === "application/json") return JSON.parse(body.toString("utf8"));
  return exportRequest.toObject(exportRequest.decode(body), { bytes: String, longs: Number, defaults: false });
}

function spansOf({ resourceSpans = [] }: Decoded): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }: Decoded) =>
    scopeSpans.flatMap(({ spans = [] }: Decoded) =>
      spans.map((span: Decoded) => ({
        name: span.name,
        kind: kinds[span.kind ?? 0] ?? "unspecified",
        traceId: toHex(span.traceId),
        spanId: toHex(span.spanId),
        parentSpanId: toHex(span.parentSpanId),
        attributes: toAttributes(span.attributes),
        links: (span.links ?? []).map((link: Decoded) => ({ traceId: toHex(link.traceId), spanId: toHex(link.spanId) })),
        isError: span.status?.code === errorCode,
        resource: toAttributes(resource?.attributes),
      })),
    ),
  );
}

/** JSON has identities in hexadecimal; those of Protobuf are bytes, here in base64. */
function toHex(id: string | undefined): string {
  if (id === undefined) return "";
  return /^([0-9a-f]{16}){1,2}$/.test(id) ? id : Buffer.from(id, "base64").toString("hex");
}

function toAttributes(attributes: readonly Decoded[] = []): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value ?? {})[0]]));
}
