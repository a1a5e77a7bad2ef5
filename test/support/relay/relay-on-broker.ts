/** A route on the real broker: its records are written to a topic, read as Lambda's event and handed to the route's handler, as the trigger does. */
import { parseConfig } from "../../../lib/config.js";
import { createDeadline } from "../../../lib/deadline.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import type { KafkaRecord, OutgoingRecord, TopicName } from "../../../lib/kafka/records.js";
import { type KafkaBatchResponse, type KafkaEvent, toNullHeader } from "../../../lib/kafka-event/shape.js";
import type { Delivery, DeliveryOutcome, TargetDefinition } from "../../../lib/relay/delivery.js";
import { type RelayHandler, type RelayOptions, relay } from "../../../lib/relay/relay.js";
import type { Route } from "../../../lib/relay/route.js";
import { createTelemetry } from "../../../lib/telemetry.js";

export function outgoing(given: Partial<OutgoingRecord> & { readonly json?: unknown } = {}): OutgoingRecord {
  const { json, ...own } = given;
  return {
    key: null,
    value: json === undefined ? Buffer.from("{}") : Buffer.from(JSON.stringify(json)),
    headers: [],
    timestampMs: 1_700_000_000_000,
    ...own,
  };
}

export async function write(kafka: Kafka, topic: TopicName, records: readonly OutgoingRecord[]): Promise<void> {
  const outcomes = await kafka.producer.produce(topic, records, createDeadline(20_000));
  for (const outcome of outcomes) if (outcome.outcome === "failed") throw outcome.error;
}

/** Everything a topic holds, partition by partition. */
export async function readAll(kafka: Kafka, topic: string): Promise<readonly KafkaRecord[]> {
  const deadline = createDeadline(20_000);
  const offsets = await kafka.reader.offsets(topic, "all", deadline);
  const records: KafkaRecord[] = [];
  for (const { partition, beginning, end } of offsets) {
    for (let offset = beginning; offset < end; ) {
      const [read] = await kafka.reader.read(
        [{ topic, partition, offset }],
        { bytesMax: 5_000_000, recordsMax: 10_000, waitMs: 100 },
        deadline,
      );
      if (read?.error !== undefined) throw read.error;
      records.push(...(read?.records ?? []));
      offset = read?.nextOffset ?? end;
    }
  }
  return records;
}

/** The event that Lambda's mapping makes of records. */
export function toEvent(records: readonly KafkaRecord[]): KafkaEvent {
  const lists: Record<string, KafkaEvent["records"][string][number][]> = {};
  for (const { topic, partition, offset, timestampMs, timestampType, key, value, headers } of records) {
    const id = `${topic}-${partition}`;
    lists[id] ??= [];
    lists[id].push({
      topic,
      partition,
      offset: Number(offset),
      timestamp: timestampMs,
      timestampType,
      ...(key === null ? {} : { key: key.toString("base64") }),
      ...(value === null ? {} : { value: value.toString("base64") }),
      headers: headers.map(({ name, value }) => (value === null ? toNullHeader(name) : { [name]: [...new Int8Array(value)] })),
    });
  }
  return { eventSource: "SelfManagedKafka", bootstrapServers: "127.0.0.1:9092", records: lists };
}

export interface RouteRun {
  readonly handler: RelayHandler;
  readonly lines: readonly string[];
  /** One invocation with these records; returns what was given back, as partition and offset. */
  readonly invoke: (records: readonly KafkaRecord[], timeLeftMs?: number, bootstrapServers?: string) => Promise<KafkaBatchResponse>;
}

export function runRoute(kafka: Kafka, route: Route, env: Readonly<Record<string, string>> = {}, options: RelayOptions = {}): RouteRun {
  const lines: string[] = [];
  const config = parseConfig({ KAFKA_BROKERS: process.env.KAFKA_BROKERS, RELAY_PARTIAL_RESPONSES: "true", ...env });
  const telemetry = createTelemetry({ level: "info", metrics: "emf", write: (line) => void lines.push(line) });
  const handler = relay(route, { config, kafka, telemetry, ...options });
  return {
    handler,
    lines,
    invoke: (records, timeLeftMs = 30_000, bootstrapServers = "127.0.0.1:9092") => {
      const endMs = Date.now() + timeLeftMs;
      return handler({ ...toEvent(records), bootstrapServers }, { getRemainingTimeInMillis: () => endMs - Date.now() });
    },
  };
}

/** A target of one function. Each has a name of its own, since a breaker is kept a name. */
export function answering(answer: (delivery: Delivery) => DeliveryOutcome | Promise<DeliveryOutcome>, deliveriesMax = 1): TargetDefinition {
  const name = `answering-${Math.random().toString(36).slice(2)}`;
  return {
    kind: "test",
    name,
    options: {},
    open: () => ({
      kind: "test",
      name,
      deliveriesMax,
      deliver: (deliveries) => Promise.all(deliveries.map(async (delivery) => answer(delivery))),
      close: async () => {},
    }),
  };
}
