/** What the producer knows of topics: the line of each partition, who leads it, how large a batch the topic takes. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { Connection } from "../connection.js";
import { type Metadata, partitionNotFound, type TopicMetadata } from "../metadata.js";
import { describeConfigsApi } from "../protocol/configs.js";
import type { OutgoingRecord, TopicName } from "../records.js";
import { PartitionQueue } from "./partition-queue.js";
import { Partitioner } from "./partitioner.js";
import { boundBytes } from "./produce-batch.js";
import type { ProduceCall } from "./produce-call.js";

/** Below what brokers take by default (1,048,588 bytes a batch). */
const batchBytesDefault = 1_000_000;
/** What was learned of a topic's limit is believed for so long. */
const limitAgeMaxMs = 60_000;
const topicResource = 2;
/** A topic or partition that was there is gone when so many answers say so, for so long: one broker alone may be late, freshly started or thawed. */
const missingAnswersMin = 3;
const missingForMs = 250;

const isNotFound = (error: unknown): boolean => error instanceof RelayError && error.code === "topic-not-found";

export interface TopicLines {
  /** The topic with metadata that fits the records: an unknown partition is looked for afresh, an unknown topic fails or is created. */
  readonly line: (topic: TopicName, records: readonly OutgoingRecord[], deadline: Deadline) => Promise<TopicLine>;
  /** A topic that has been produced to. */
  readonly of: (topic: string) => TopicLine;
  /** Every line of every partition that was produced to. */
  readonly queues: () => readonly PartitionQueue[];
}

export function createTopicLines(
  connection: Connection,
  metadata: Metadata,
  createTopic: ((topic: TopicName, deadline: Deadline) => Promise<void>) | undefined,
  /** A partition has another leader than a moment ago. */
  leaderMoved: (queue: PartitionQueue) => void,
): TopicLines {
  const lines = new Map<string, TopicLine>();

  function of(topic: string): TopicLine {
    const known = lines.get(topic);
    if (known !== undefined) return known;
    const line = new TopicLine(topic, connection, metadata, leaderMoved);
    lines.set(topic, line);
    return line;
  }

  /** Undefined: one broker does not know a topic that was there a moment ago, so it is produced to as before. */
  async function describe(topic: TopicName, deadline: Deadline): Promise<TopicMetadata | undefined> {
    try {
      return await metadata.topic(topic, deadline);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      if (createTopic === undefined) {
        if (lines.get(topic)?.isMaybeOnlyLate() === true) return undefined;
        throw error;
      }
      await createTopic(topic, deadline);
      return metadata.topic(topic, deadline, { ageMaxMs: 0 });
    }
  }

  return {
    of,
    queues: () => [...lines.values()].flatMap((line) => line.queues),
    line: async (topic, records, deadline) => {
      const described = await describe(topic, deadline); // first, so that names of no topic are not remembered
      const line = of(topic);
      if (described !== undefined) line.learn(described);
      const isUnknown = ({ partition }: OutgoingRecord) => partition !== undefined && partition >= 0 && !line.has(partition);
      if (records.some(isUnknown)) await line.refresh(deadline);
      return line;
    },
  };
}

export class TopicLine {
  readonly #name: string;
  readonly #connection: Connection;
  readonly #metadata: Metadata;
  readonly #leaderMoved: (queue: PartitionQueue) => void;
  readonly #queues: PartitionQueue[] = [];
  readonly #partitioner = new Partitioner(Math.floor(Math.random() * 1000));
  #learned: TopicMetadata | undefined;
  #partitionsCount = 0;
  #refreshing: Promise<void> | undefined;
  #missing: { readonly answers: number; readonly sinceMs: number } | undefined;
  #limit: { readonly bytes: number; readonly isTold: boolean; readonly atMs: number } | undefined;

  constructor(name: string, connection: Connection, metadata: Metadata, leaderMoved: (queue: PartitionQueue) => void) {
    this.#name = name;
    this.#connection = connection;
    this.#metadata = metadata;
    this.#leaderMoved = leaderMoved;
  }

  /** False: the answer has fewer partitions than there were, and may come from a broker that is late. It is not believed yet, as every key would change its partition. */
  learn(topic: TopicMetadata): boolean {
    if (topic === this.#learned) return true;
    const isAnother = topic.topicId !== this.#learned?.topicId;
    if (!isAnother && topic.partitions.length < this.#partitionsCount && this.isMaybeOnlyLate()) {
      this.suspect();
      return false;
    }
    this.#missing = undefined;
    if (isAnother) this.#limit = undefined; // another topic of this name takes what it takes
    this.#learned = topic;
    this.#partitionsCount = topic.partitions.length;
    for (const { partition, leader, leaderEpoch } of topic.partitions) {
      const queue = this.#queues[partition] ?? new PartitionQueue(this.#name, partition);
      this.#queues[partition] = queue;
      if (isAnother) queue.follow(null, undefined);
      if (queue.follow(leader, topic.topicId === undefined ? undefined : leaderEpoch)) this.#leaderMoved(queue);
    }
    return true;
  }

  get queues(): readonly PartitionQueue[] {
    return this.#queues.filter((queue) => queue !== undefined);
  }

  has(partition: number): boolean {
    return partition < this.#partitionsCount;
  }

  /** The next call asks afresh as well. */
  suspect(): void {
    this.#metadata.forget(this.#name);
  }

  /** Asks who leads now; whoever comes meanwhile waits for the same answer. */
  async refresh(deadline: Deadline): Promise<void> {
    this.#refreshing ??= this.#metadata
      .topic(this.#name, deadline, { ageMaxMs: 0 })
      .then(
        (topic) => {
          if (!this.learn(topic)) throw this.#late("has fewer partitions of");
        },
        (error: unknown) => {
          throw isNotFound(error) && this.isMaybeOnlyLate() ? this.#late("does not know") : error;
        },
      )
      .finally(() => {
        this.#refreshing = undefined;
      });
    await this.#refreshing;
  }

  #late(what: string): RelayError {
    return new RelayError("leader-not-available", `A broker ${what} topic ${JSON.stringify(this.#name)}, which was there a moment ago.`);
  }

  /** One more answer that misses what was there; false once enough of them agree. */
  isMaybeOnlyLate(): boolean {
    const { answers, sinceMs } = this.#missing ?? { answers: 0, sinceMs: Date.now() };
    this.#missing = { answers: answers + 1, sinceMs };
    return answers + 1 < missingAnswersMin || Date.now() - sinceMs < missingForMs;
  }

  /** Puts every record into the line of its partition, and answers the lines that got some. */
  enlist(call: ProduceCall, records: readonly OutgoingRecord[]): readonly PartitionQueue[] {
    const count = this.#partitionsCount;
    const choose = this.#partitioner.forCall(count, (partition) => this.#queues[partition]?.leader !== null);
    const parts = new Map<number, { records: OutgoingRecord[]; indexes: number[]; bytes: number }>();
    for (let index = 0; index < records.length; index++) {
      const record = records[index] as OutgoingRecord;
      const bytes = boundBytes(record);
      const partition = choose(record, bytes);
      if (!Number.isInteger(partition) || partition < 0 || partition >= count) {
        call.failed(index, this.partitionMissing(partition));
        continue;
      }
      const part = parts.get(partition);
      if (part === undefined) parts.set(partition, { records: [record], indexes: [index], bytes });
      else {
        part.records.push(record);
        part.indexes.push(index);
        part.bytes += bytes;
      }
    }
    return Array.from(parts, ([partition, part]) => {
      const queue = this.#queues[partition] as PartitionQueue; // learned with the count
      queue.add({ call, ...part });
      return queue;
    });
  }

  partitionMissing(partition: number): RelayError {
    return partitionNotFound(this.#name, partition, this.#partitionsCount);
  }

  get batchBytesMax(): number {
    const limit = this.#limit;
    if (limit === undefined || Date.now() - limit.atMs > limitAgeMaxMs) return batchBytesDefault;
    return Math.min(batchBytesDefault, limit.bytes);
  }

  /** After a batch of so many bytes was too large: what the topic says it takes, or half of that batch where we may not ask. */
  async learnLimit(refusedBytes: number, deadline: Deadline): Promise<void> {
    const told = await this.#askLimit(deadline);
    const isUseful = told !== undefined && told < refusedBytes;
    this.#limit = { bytes: isUseful ? told : Math.ceil(refusedBytes / 2), isTold: isUseful, atMs: Date.now() };
  }

  recordTooLarge(batchBytes: number): RelayError {
    const limit = this.#limit?.isTold === true ? `at most ${this.#limit.bytes} bytes` : "fewer bytes";
    return new RelayError(
      "record-too-large",
      `The record takes ${batchBytes} bytes; topic ${JSON.stringify(this.#name)} takes ${limit} (max.message.bytes).`,
      {
        kafkaCode: 10,
      },
    );
  }

  async #askLimit(deadline: Deadline): Promise<number | undefined> {
    try {
      const key = "max.message.bytes";
      const resources = [{ type: topicResource, name: this.#name, keys: [key] }];
      const args = { resources, includeSynonyms: false, includeDocumentation: false };
      const answer = await this.#connection.request(describeConfigsApi, args, "any", deadline);
      const value = Number(answer.resources[0]?.configs.find(({ name }) => name === key)?.value);
      return value > 0 ? value : undefined;
    } catch {
      return undefined; // not allowed, or not now: halving goes on without it
    }
  }
}
