/** A batch as Lambda's event. Pure. */
import type { KafkaEvent, KafkaEventRecord } from "../../../../lib/kafka-event/shape.js";
import type { Mapping } from "../mapping.js";
import type { Run } from "./lane.js";

export function toEvent(
  mapping: Pick<Mapping, "kind" | "eventSourceArn" | "bootstrapServers" | "topic">,
  runs: readonly Run[],
): KafkaEvent {
  const records: Record<string, readonly KafkaEventRecord[]> = {};
  for (const { partition, records: waiting } of runs) {
    const id = `${mapping.topic}-${partition}`;
    records[id] = [...(records[id] ?? []), ...waiting.map(({ record }) => record)];
  }
  const { kind, eventSourceArn, bootstrapServers } = mapping;
  return kind === "kafka"
    ? { eventSource: "SelfManagedKafka", bootstrapServers, records }
    : { eventSource: "aws:kafka", ...(eventSourceArn === undefined ? {} : { eventSourceArn }), bootstrapServers, records };
}
