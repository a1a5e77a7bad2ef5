/** The consumer operations over real HTTP: a server with instances of its own, and the calls of a client. */
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { parseConfig } from "../../../lib/config.js";
import { type Consumers, type ConsumersOptions, createConsumers } from "../../../lib/consumers/consumers.js";
import { createDeadline } from "../../../lib/deadline.js";
import { createNodeServer, type NodeHttpOptions } from "../../../lib/http/hosts/node-http.js";
import { consumerOperations } from "../../../lib/http/operations/consumer-operations.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import type { OutgoingRecord, TopicName } from "../../../lib/kafka/records.js";
import { testKafka } from "../broker/kafka.js";
import { uniqueName } from "../broker/unique-names.js";

export const v2Json = "application/vnd.kafka.v2+json";

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what a test is about
  readonly json: any;
}

export interface ConsumerApi {
  readonly kafka: Kafka;
  readonly consumers: Consumers;
  readonly url: string;
  readonly call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  /** An instance that is created, and subscribed if topics are named. */
  readonly instance: (more?: InstanceChoice) => Promise<TestInstance>;
  readonly close: () => Promise<void>;
}

interface InstanceChoice {
  readonly group?: string;
  readonly topics?: readonly string[];
  readonly settings?: object;
}

export interface TestInstance {
  readonly group: string;
  readonly id: string;
  readonly path: string;
  readonly call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  readonly read: (query?: string) => Promise<readonly ReadRecord[]>;
  /** Reads until it has so many records; fails the test if a read fails. */
  readonly readMany: (count: number) => Promise<readonly ReadRecord[]>;
}

export interface ReadRecord {
  readonly topic: string;
  readonly key: unknown;
  readonly value: unknown;
  readonly partition: number;
  readonly offset: number;
}

const callerAt =
  (url: string): ConsumerApi["call"] =>
  (method, path, body, headers = {}) => {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
      const sent = request(`${url}${path}`, {
        method,
        headers: { ...(text === undefined ? {} : { "content-type": v2Json, "content-length": Buffer.byteLength(text) }), ...headers },
      });
      sent.on("error", reject).on("response", (response) => {
        const chunks: Buffer[] = [];
        response
          .on("data", (chunk: Buffer) => chunks.push(chunk))
          .on("end", () => {
            const answer = Buffer.concat(chunks).toString("utf8");
            resolve({
              status: response.statusCode ?? 0,
              type: response.headers["content-type"] ?? "",
              text: answer,
              json: answer === "" ? undefined : JSON.parse(answer),
            });
          });
      });
      sent.end(text);
    });
  };

async function createInstance(
  call: ConsumerApi["call"],
  { group = uniqueName("group"), topics, settings = {} }: InstanceChoice = {},
): Promise<TestInstance> {
  const created = await call("POST", `/consumers/${group}`, { format: "json", "auto.offset.reset": "earliest", ...settings });
  if (created.status !== 200) throw new Error(created.text);
  const { instance_id: id } = created.json;
  const path = `/consumers/${group}/instances/${encodeURIComponent(id)}`;
  const instance: TestInstance = {
    group,
    id,
    path,
    call: (method, more, body, headers) => call(method, `${path}${more}`, body, headers),
    read: async (query = "?timeout=1000") => {
      const answer = await call("GET", `${path}/records${query}`);
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
      return answer.json;
    },
    readMany: async (count) => {
      const records: ReadRecord[] = [];
      const deadline = createDeadline(60_000);
      while (records.length < count && deadline.leftMs() > 0) records.push(...(await instance.read()));
      return records;
    },
  };
  if (topics !== undefined) {
    const subscribed = await instance.call("POST", "/subscription", { topics });
    if (subscribed.status !== 204) throw new Error(subscribed.text);
  }
  return instance;
}

export async function createConsumerApi(
  options: ConsumersOptions & Pick<NodeHttpOptions, "callerOf"> & { readonly env?: object } = {},
): Promise<ConsumerApi> {
  const kafka = testKafka();
  const consumers = createConsumers(options);
  const config = parseConfig({ KAFKA_BROKERS: process.env.KAFKA_BROKERS, RELAY_ACCESS: "everything", ...options.env });
  const { callerOf } = options;
  const server = createNodeServer(consumerOperations(consumers), { kafka, config, ...(callerOf === undefined ? {} : { callerOf }) });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const call = callerAt(url);

  return {
    kafka,
    consumers,
    url,
    call,
    instance: (choice) => createInstance(call, choice),
    close: async () => {
      await consumers.close(createDeadline(10_000));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await kafka.close();
    },
  };
}

/** Writes JSON values to one partition, in their order. */
export async function writeValues(kafka: Kafka, topic: string, partition: number, values: readonly unknown[]): Promise<void> {
  await writeBytes(
    kafka,
    topic,
    partition,
    values.map((value) => Buffer.from(JSON.stringify(value))),
  );
}

export async function writeBytes(
  kafka: Kafka,
  topic: string,
  partition: number,
  values: readonly (Buffer | null)[],
  key: Buffer | null = null,
): Promise<void> {
  const records = values.map((value): OutgoingRecord => ({ key, value, headers: [], partition }));
  const outcomes = await kafka.producer.produce(topic as TopicName, records, createDeadline(30_000));
  for (const outcome of outcomes) if ("error" in outcome && outcome.error !== undefined) throw outcome.error;
}
