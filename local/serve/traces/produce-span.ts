/**
 * The span of records on their way into Kafka, by the conventions for messaging (https://opentelemetry.io/docs/specs/semconv/messaging/kafka/). The records carry
 * the span's trace, so that whatever reads them can go on with it.
 */
import type { Attributes, Context, Span, Tracer } from "@opentelemetry/api";
import { toRelayError } from "../../../lib/errors.js";
import type { ProduceOutcome } from "../../../lib/kafka/produce/outcome.js";
import type { Producer } from "../../../lib/kafka/produce/producer.js";
import type { OutgoingRecord, RecordHeader } from "../../../lib/kafka/records.js";

type Api = typeof import("@opentelemetry/api");

interface ProducePlace {
  readonly api: Api;
  readonly tracer: Tracer;
  readonly parent: Context;
  /** The caller has sent a trace: its records carry it even if it is not sampled. */
  readonly isAsked: boolean;
}

export function traceProducer(producer: Producer, { api, tracer, parent, isAsked }: ProducePlace): Producer {
  return {
    ...producer,
    produce: async (topic, records, deadline) => {
      const span = tracer.startSpan(`send ${topic}`, { kind: api.SpanKind.PRODUCER, attributes: attributesOf(topic, records) }, parent);
      const trace = isAsked || span.isRecording() ? headersOf(api, api.trace.setSpan(parent, span)) : [];
      try {
        const outcomes = await producer.produce(topic, withHeaders(records, trace), deadline);
        note(span, outcomes, api);
        return outcomes;
      } catch (thrown) {
        fail(span, toRelayError(thrown).code, api);
        throw thrown;
      } finally {
        span.end();
      }
    },
  };
}

function attributesOf(topic: string, records: readonly OutgoingRecord[]): Attributes {
  return {
    "messaging.system": "kafka",
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
    "messaging.destination.name": topic,
    ...(records.length > 1 ? { "messaging.batch.message_count": records.length } : {}),
  };
}

/** Baggage stays behind: it belongs to the call, and may say what readers of the topic must not know. */
function headersOf(api: Api, context: Context): readonly RecordHeader[] {
  const carrier: Record<string, string> = {};
  api.propagation.inject(context, carrier);
  return Object.entries(carrier).flatMap(([name, text]) => (name === "baggage" ? [] : [{ name, value: Buffer.from(text) }]));
}

/** A record with its own trace keeps it. */
function withHeaders(records: readonly OutgoingRecord[], trace: readonly RecordHeader[]): readonly OutgoingRecord[] {
  if (trace.length === 0) return records;
  const names = new Set(trace.map(({ name }) => name));
  return records.map((record) =>
    record.headers.some(({ name }) => names.has(name)) ? record : { ...record, headers: [...record.headers, ...trace] },
  );
}

function note(span: Span, outcomes: readonly ProduceOutcome[], api: Api): void {
  const failed = outcomes.flatMap((one) => (one.outcome === "failed" ? [one.error] : []));
  if (failed[0] !== undefined) {
    fail(span, failed[0].code, api);
    if (outcomes.length > 1) span.setAttribute("kafka_relay.failed_records", failed.length);
  }
  const written = outcomes.flatMap((one) => (one.outcome === "written" ? [one] : []));
  const partitions = new Set(written.map(({ partition }) => partition));
  const [first] = written;
  if (first !== undefined && partitions.size === 1) span.setAttribute("messaging.destination.partition.id", String(first.partition));
  if (first !== undefined && outcomes.length === 1) span.setAttribute("messaging.kafka.offset", Number(first.offset));
}

function fail(span: Span, code: string, { SpanStatusCode }: Api): void {
  span.setAttribute("error.type", code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
