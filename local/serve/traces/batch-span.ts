/**
 * The span of a batch that a route processes, linked to the traces that its records carry: a batch has many of them, so none is its parent
 * (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#batch-receiving).
 */
import type { Link, SpanContext, Tracer } from "@opentelemetry/api";
import { toRelayError } from "../../../lib/errors.js";
import type { KafkaBatchResponse, KafkaEvent, KafkaEventRecord } from "../../../lib/kafka-event/shape.js";

type Api = typeof import("@opentelemetry/api");

interface BatchOrigin {
  readonly route: string;
  readonly topic: string;
  readonly group: string;
}

export interface BatchTracing {
  /** Runs the route within the span of its batch. */
  readonly within: (origin: BatchOrigin, event: KafkaEvent, run: () => Promise<KafkaBatchResponse>) => Promise<KafkaBatchResponse>;
}

/** The SDK's own limit (OTEL_SPAN_LINK_COUNT_LIMIT). */
const linksMax = 128;

export function traceBatches(api: Api, tracer: Tracer): BatchTracing {
  return {
    within: async ({ route, topic, group }, event, run) => {
      const records = Object.values(event.records).flat();
      const partitions = new Set(records.map(({ partition }) => partition));
      const span = tracer.startSpan(
        `process ${topic}`,
        {
          kind: api.SpanKind.CONSUMER,
          links: linksOf(api, records),
          attributes: {
            "messaging.system": "kafka",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": topic,
            "messaging.consumer.group.name": group,
            "messaging.batch.message_count": records.length,
            "kafka_relay.route": route,
            ...(partitions.size === 1 ? { "messaging.destination.partition.id": String([...partitions][0]) } : {}),
            ...(records.length === 1 && records[0] !== undefined ? { "messaging.kafka.offset": records[0].offset } : {}),
          },
        },
        api.ROOT_CONTEXT,
      );
      try {
        const answer = await run();
        if (answer.batchItemFailures.length > 0) {
          span.setAttribute("error.type", "given-back");
          span.setStatus({ code: api.SpanStatusCode.ERROR, message: "Records were given back and are delivered again." });
        }
        return answer;
      } catch (thrown) {
        span.setAttribute("error.type", toRelayError(thrown).code);
        span.setStatus({ code: api.SpanStatusCode.ERROR });
        throw thrown;
      } finally {
        span.end();
      }
    },
  };
}

/** Records that were produced by one call share its trace, and are one link. */
function linksOf(api: Api, records: readonly KafkaEventRecord[]): Link[] {
  const links = new Map<string, Link>();
  for (const record of records) {
    if (links.size >= linksMax) break;
    const context = contextOf(api, record);
    if (context !== undefined) links.set(`${context.traceId}${context.spanId}`, { context });
  }
  return [...links.values()];
}

function contextOf(api: Api, { headers }: KafkaEventRecord): SpanContext | undefined {
  const carrier: Record<string, string> = {};
  for (const header of headers) for (const [name, bytes] of Object.entries(header)) carrier[name] ??= Buffer.from(bytes).toString("latin1");
  const context = api.trace.getSpanContext(api.propagation.extract(api.ROOT_CONTEXT, carrier));
  return context !== undefined && api.isSpanContextValid(context) ? context : undefined;
}
