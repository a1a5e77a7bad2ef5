/** A Kafka that counts what it asks the brokers for. */
import type { Connection } from "../../../lib/kafka/connection.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { createMetadata } from "../../../lib/kafka/metadata.js";

export interface CountingKafka {
  readonly kafka: Kafka;
  /** Requests by API since the last call. */
  readonly taken: () => Readonly<Record<string, number>>;
}

export function countRequests(kafka: Kafka): CountingKafka {
  let counts: Record<string, number> = {};
  const connection: Connection = {
    ...kafka.connection,
    request: (api, args, to, deadline) => {
      counts[api.name] = (counts[api.name] ?? 0) + 1;
      return kafka.connection.request(api, args, to, deadline);
    },
  };
  return {
    kafka: { ...kafka, connection, metadata: createMetadata(connection) },
    taken: () => {
      const taken = counts;
      counts = {};
      return taken;
    },
  };
}

export const sumOf = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
