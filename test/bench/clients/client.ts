/** What the benches ask of another Kafka client. */

export interface BenchClient {
  /** "@platformatic/kafka 1.35.0". */
  readonly name: string;
  /** Writes so many records of `value`, spread over the partitions, in one call; resolves when all replicas have them. */
  readonly send: (topic: string, value: Buffer, count: number, partitions: number) => Promise<void>;
  /** Reads a topic from its beginning, in a group of its own, and reports how many records came. */
  readonly consume: (topic: string, onRecords: (count: number) => void) => Promise<BenchConsumer>;
  readonly close: () => Promise<void>;
}

export interface BenchConsumer {
  /** Rejects when reading fails; stays pending otherwise. */
  readonly failed: Promise<never>;
  readonly stop: () => Promise<void>;
}

/** How a client is opened. */
export type OpenClient = (brokers: readonly string[]) => Promise<BenchClient>;
