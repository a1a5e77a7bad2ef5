/** A topic that is produced to: the line of each partition, who leads it, and how large a batch it accepts. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { Connection } from "../connection.js";
import { type Metadata, partitionNotFound, type TopicMetadata } from "../metadata.js";
import type { OutgoingRecord } from "../records.js";
import { BatchLimit } from "./batch-limit.js";
import type { ProduceCall } from "./call.js";
import { PartitionLine } from "./partition-line.js";
import { Partitioner } from "./partitioner.js";
import type { Plan } from "./plan.js";

/** A topic or partition that existed is gone when so many answers say so for so long: one broker alone may be late, just started or resumed. */
const missingAnswersMin = 3;
const missingForMs = 250;

export const isTopicMissing = (error: unknown): boolean => error instanceof RelayError && error.code === "topic-not-found";

export class ProducedTopic {
  readonly limit: BatchLimit;
  readonly #name: string;
  readonly #metadata: Metadata;
  readonly #leaderMoved: (line: PartitionLine) => void;
  readonly #lines: PartitionLine[] = [];
  readonly #partitioner = new Partitioner(Math.floor(Math.random() * 1000));
  #learned: TopicMetadata | undefined;
  #partitionsCount = 0;
  #refreshing: Promise<void> | undefined;
  #missing: { readonly answers: number; readonly sinceMs: number } | undefined;

  constructor(name: string, connection: Connection, metadata: Metadata, leaderMoved: (line: PartitionLine) => void) {
    this.limit = new BatchLimit(name, connection);
    this.#name = name;
    this.#metadata = metadata;
    this.#leaderMoved = leaderMoved;
  }

  // --- what metadata says ---

  /** False: the answer has fewer partitions than before, and may come from a late broker. It is not believed yet, because every key would change its partition. */
  learn(topic: TopicMetadata): boolean {
    if (topic === this.#learned) return true;
    const isAnother = topic.topicId !== this.#learned?.topicId;
    if (!isAnother && topic.partitions.length < this.#partitionsCount && this.isMaybeOnlyLate()) {
      this.suspect();
      return false;
    }
    this.#missing = undefined;
    if (isAnother) this.limit.forget();
    this.#learned = topic;
    this.#partitionsCount = topic.partitions.length;
    for (const { partition, leader, leaderEpoch } of topic.partitions) {
      const line = this.#lines[partition] ?? new PartitionLine(this.#name, partition);
      this.#lines[partition] = line;
      if (isAnother) line.follow(null, undefined);
      if (line.follow(leader, topic.topicId === undefined ? undefined : leaderEpoch)) this.#leaderMoved(line);
    }
    return true;
  }

  /** The next call looks at the metadata again too. */
  suspect(): void {
    this.#metadata.forget(this.#name);
  }

  /** Asks who leads now. Concurrent calls wait for the same answer. */
  async refresh(deadline: Deadline): Promise<void> {
    this.#refreshing ??= this.#metadata
      .topic(this.#name, deadline, { ageMaxMs: 0 })
      .then(
        (topic) => {
          if (!this.learn(topic)) throw this.#late("has fewer partitions of");
        },
        (error: unknown) => {
          throw isTopicMissing(error) && this.isMaybeOnlyLate() ? this.#late("does not know") : error;
        },
      )
      .finally(() => {
        this.#refreshing = undefined;
      });
    await this.#refreshing;
  }

  #late(what: string): RelayError {
    return new RelayError("leader-not-available", `A broker ${what} topic ${JSON.stringify(this.#name)}, which existed a moment ago.`);
  }

  /** Counts one more answer that lacks what existed before. False once enough of them agree. */
  isMaybeOnlyLate(): boolean {
    const { answers, sinceMs } = this.#missing ?? { answers: 0, sinceMs: Date.now() };
    this.#missing = { answers: answers + 1, sinceMs };
    return answers + 1 < missingAnswersMin || Date.now() - sinceMs < missingForMs;
  }

  // --- its partitions ---

  get lines(): readonly PartitionLine[] {
    return this.#lines.filter((line) => line !== undefined);
  }

  get partitionsCount(): number {
    return this.#partitionsCount;
  }

  has(partition: number): boolean {
    return partition < this.#partitionsCount;
  }

  partitionMissing(partition: number): RelayError {
    return partitionNotFound(this.#name, partition, this.#partitionsCount);
  }

  /** Chooses the partitions of one call's records. */
  chooser(): (record: OutgoingRecord, recordBytes: number) => number {
    return this.#partitioner.forCall({
      count: this.#partitionsCount,
      hasLeader: (partition) => this.#lines[partition]?.leader !== null,
      isGathering: (partition) => this.#lines[partition]?.isGathering === true,
    });
  }

  /** Adds every part of the plan to the line of its partition, and returns these lines. Misplaced records fail. */
  enlist(call: ProduceCall, { parts, misplaced }: Plan): readonly PartitionLine[] {
    for (const { index, partition } of misplaced) call.failed(index, this.partitionMissing(partition));
    return Array.from(parts, ([partition, part]) => {
      const line = this.#lines[partition] as PartitionLine; // learned together with the number of partitions
      line.add({ call, ...part });
      return line;
    });
  }
}
