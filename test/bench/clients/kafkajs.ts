/** kafkajs, the client that most of the figures are held against. */
import { randomUUID } from "node:crypto";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import type { BenchClient } from "./client.js";

export async function openKafkajs(brokers: readonly string[]): Promise<BenchClient> {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
  await producer.connect();
  return {
    name: "kafkajs",
    send: async (topic, value, count, partitions) => {
      const messages = Array.from({ length: count }, (_, index) => ({ key: null, value, partition: index % partitions }));
      await producer.send({ topic, acks: -1, messages });
    },
    consume: async (topic, onRecords) => {
      const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}` });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      const failed = new Promise<never>((_, reject) => {
        consumer.run({ eachBatch: async ({ batch }) => onRecords(batch.messages.length) }).catch(reject);
      });
      return { failed, stop: () => consumer.disconnect() };
    },
    close: () => producer.disconnect(),
  };
}
