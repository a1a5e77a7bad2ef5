/** A batch as Lambda's event. Pure. */
import type { KafkaEvent, KafkaEventRecord } from "../../../../lib/kafka-event/shape.js";
import type { Mapping } from "../mapping.js";
import type { Run } from "./run.js";

export function toEvent(
  mapping: Pick<Mapping, "kind" | "eventSourceArn" | "bootstrapServers" | "topic">,
  runs: readonly Run[],
): KafkaEvent {
  const records: Record<string, readonly KafkaEventRecord[]> = {};
  for (const { partition, records: waiting } of runs) {
    const id = `${mapping.topic}-${partition}`;
    const own = waiting.map((record) => record.toEventRecord());
    records[id] = records[id] === undefined ? own : [...records[id], ...own];
  }
  return { ...toEventHead(mapping), records };
}

export type EventHead = Omit<KafkaEvent, "records">;

export function toEventHead({
  kind,
  eventSourceArn,
  bootstrapServers,
}: Pick<Mapping, "kind" | "eventSourceArn" | "bootstrapServers">): EventHead {
  if (kind === "kafka") return { eventSource: "SelfManagedKafka", bootstrapServers };
  return { eventSource: "aws:kafka", ...(eventSourceArn === undefined ? {} : { eventSourceArn }), bootstrapServers };
}
