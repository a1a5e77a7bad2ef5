/** A source on the real broker: its handler, the topic that it writes to, and what is in that topic and among its dead letters. */
import { parseConfig } from "../../../lib/config.js";
import { createDeadline } from "../../../lib/deadline.js";
import { RelayError } from "../../../lib/errors.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import type { KafkaRecord } from "../../../lib/kafka/records.js";
import type { Source } from "../../../lib/sources/define-source.js";
import { deliveryIdHeader } from "../../../lib/sources/delivery-id.js";
import { type SourceHandler, source } from "../../../lib/sources/source.js";
import { createTelemetry } from "../../../lib/telemetry.js";
import { readAll } from "./relay-on-broker.js";

interface SourceRun {
  readonly handler: SourceHandler;
  readonly lines: readonly string[];
  /** One invocation of the function. */
  readonly invoke: (event: unknown, timeLeftMs?: number) => Promise<unknown>;
}

export function runSource(kafka: Kafka, defined: Source, env: Readonly<Record<string, string>> = {}): SourceRun {
  const lines: string[] = [];
  const config = parseConfig({ KAFKA_BROKERS: process.env.KAFKA_BROKERS, RELAY_ACCESS_GRANTS: "[]", ...env });
  const telemetry = createTelemetry({ level: "info", metrics: "emf", write: (line) => void lines.push(line) });
  const handler = source(defined, { config, kafka, telemetry });
  return {
    handler,
    lines,
    invoke: (event, timeLeftMs = 30_000) => {
      const endMs = Date.now() + timeLeftMs;
      return handler(event, { getRemainingTimeInMillis: () => endMs - Date.now() });
    },
  };
}

export const idOf = ({ headers }: KafkaRecord): string | undefined =>
  headers.findLast(({ name }) => name === deliveryIdHeader)?.value?.toString();

export const headersOf = ({ headers }: KafkaRecord): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(headers.map(({ name, value }) => [name, value?.toString()]));

/** The records of a topic; none where it does not exist yet. */
export async function recordsOf(kafka: Kafka, topic: string): Promise<readonly KafkaRecord[]> {
  try {
    kafka.metadata.forget(topic);
    await kafka.metadata.topic(topic as never, createDeadline(10_000));
  } catch (thrown) {
    if (thrown instanceof RelayError && thrown.code === "topic-not-found") return [];
    throw thrown;
  }
  return readAll(kafka, topic);
}

export const textsOf = (records: readonly KafkaRecord[]): readonly (string | undefined)[] => records.map(({ value }) => value?.toString());
