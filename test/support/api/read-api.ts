/** The API's reads for a test file: a call, the paths of v3, and topics with records. */
import { afterAll, beforeAll } from "vitest";
import { operations } from "../../../functions/records.js";
import { createDeadline } from "../../../lib/deadline.js";
import { clusterId } from "../../../lib/kafka/admin/cluster.js";
import { createTestTopic } from "../broker/kafka.js";
import { writeBatch } from "../broker/write-batches.js";
import { type Api, createApi } from "./api.js";

interface ReadApi {
  /** Of the file's tests: it is opened before them and closed after them. */
  readonly api: () => Api;
  readonly get: (path: string, accept?: string) => ReturnType<Api["call"]>;
  readonly v3: (topic: string, partition: number | string, rest?: string) => string;
  /** A topic with these records in its partitions. */
  readonly topicOf: (...partitions: readonly (readonly string[])[]) => Promise<string>;
}

export function readApiOfFile(): ReadApi {
  let api: Api;
  let cluster: string;
  beforeAll(async () => {
    api = await createApi({ operations });
    cluster = await clusterId(api.kafka, createDeadline(10_000));
  });
  afterAll(() => api.close());
  return {
    api: () => api,
    get: (path, accept) => api.call(`GET ${path}`, accept === undefined ? {} : { accept }),
    v3: (topic, partition, rest = "") => `/v3/clusters/${cluster}/topics/${topic}/partitions/${partition}/records${rest}`,
    topicOf: async (...partitions) => {
      const topic = await createTestTopic(api.kafka, { partitions: partitions.length });
      for (const [partition, records] of partitions.entries())
        if (records.length > 0) await writeBatch(api.kafka, topic, partition, records);
      return topic;
    },
  };
}

export const valuesIn = (answer: { readonly json: { readonly records: readonly { readonly value: unknown }[] } }): unknown[] =>
  answer.json.records.map(({ value }) => value);
