/** @confluentinc/kafka-javascript (librdkafka): typed by hand as far as it is used here, since it is installed by the run and not by `npm ci`. */
import { randomUUID } from "node:crypto";
import type { BenchClient } from "./client.js";
import { type InstalledClient, importInstalled } from "./install.js";

interface Confluent {
  readonly KafkaJS: {
    readonly logLevel: { readonly NOTHING: number };
    readonly Kafka: new (
      options: object,
    ) => {
      readonly producer: (options: object) => {
        readonly connect: () => Promise<void>;
        readonly send: (request: object) => Promise<unknown>;
        readonly disconnect: () => Promise<void>;
      };
      readonly consumer: (options: object) => {
        readonly connect: () => Promise<void>;
        readonly subscribe: (request: object) => Promise<void>;
        readonly run: (handlers: {
          readonly eachBatch: (payload: { readonly batch: { readonly messages: readonly unknown[] } }) => Promise<void>;
        }) => Promise<void>;
        readonly disconnect: () => Promise<void>;
      };
    };
  };
}

export async function openConfluent(installed: InstalledClient, brokers: readonly string[]): Promise<BenchClient> {
  const { KafkaJS } = ((await importInstalled(installed)) as { readonly default: Confluent }).default;
  const kafka = new KafkaJS.Kafka({ kafkaJS: { brokers: [...brokers], logLevel: KafkaJS.logLevel.NOTHING } });
  // Every call waits for its answer here, so waiting for more records would only cost time.
  const producer = kafka.producer({ kafkaJS: { acks: -1 }, "linger.ms": 0 });
  await producer.connect();
  return {
    name: `${installed.package} ${installed.version}`,
    send: async (topic, value, count, partitions) => {
      const messages = Array.from({ length: count }, (_, index) => ({ key: null, value, partition: index % partitions }));
      await producer.send({ topic, messages });
    },
    consume: async (topic, onRecords) => {
      // Its default of 32 records per batch would measure the calls of the handler.
      const own = { "js.consumer.max.batch.size": -1 };
      const consumer = kafka.consumer({ kafkaJS: { groupId: `bench-${randomUUID()}`, fromBeginning: true }, ...own });
      await consumer.connect();
      await consumer.subscribe({ topics: [topic] });
      const failed = new Promise<never>((_, reject) => {
        consumer.run({ eachBatch: async ({ batch }) => onRecords(batch.messages.length) }).catch(reject);
      });
      return { failed, stop: () => consumer.disconnect() };
    },
    close: () => producer.disconnect(),
  };
}
