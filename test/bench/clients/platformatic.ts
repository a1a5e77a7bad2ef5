/** @platformatic/kafka: typed by hand as far as it is used here, since it is installed by the run and not by `npm ci`. */
import { randomUUID } from "node:crypto";
import type { BenchClient } from "./client.js";
import { type InstalledClient, importInstalled } from "./install.js";

interface Platformatic {
  readonly ProduceAcks: { readonly ALL: number };
  readonly Producer: new (
    options: object,
  ) => {
    readonly send: (request: {
      readonly messages: readonly { readonly topic: string; readonly partition: number; readonly value: Buffer }[];
      readonly acks: number;
    }) => Promise<unknown>;
    readonly close: () => Promise<void>;
  };
  readonly Consumer: new (
    options: object,
  ) => {
    readonly consume: (request: { readonly topics: readonly string[]; readonly mode: "earliest" }) => Promise<NodeJS.ReadableStream>;
    readonly close: (force: boolean) => Promise<void>;
  };
}

export async function openPlatformatic(installed: InstalledClient, brokers: readonly string[]): Promise<BenchClient> {
  const { Consumer, ProduceAcks, Producer } = (await importInstalled(installed)) as Platformatic;
  const options = { clientId: "bench", bootstrapBrokers: [...brokers] };
  const producer = new Producer(options);
  return {
    name: `${installed.package} ${installed.version}`,
    send: async (topic, value, count, partitions) => {
      const messages = Array.from({ length: count }, (_, index) => ({ topic, partition: index % partitions, value }));
      await producer.send({ messages, acks: ProduceAcks.ALL });
    },
    consume: async (topic, onRecords) => {
      const consumer = new Consumer({ ...options, groupId: `bench-${randomUUID()}`, autocommit: true });
      const stream = await consumer.consume({ topics: [topic], mode: "earliest" });
      const failed = new Promise<never>((_, reject) => stream.on("error", reject));
      stream.on("data", () => onRecords(1));
      return { failed, stop: () => consumer.close(true) };
    },
    close: () => producer.close(),
  };
}
