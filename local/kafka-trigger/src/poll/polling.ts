/** Keeps the lanes of one assignment filled: each lane that has room is fetched from the broker that leads it, all lanes of a broker in one request. */
import { createDeadline } from "../../../../lib/deadline.js";
import { type RelayError, toRelayError } from "../../../../lib/errors.js";
import type { TopicMetadata } from "../../../../lib/kafka/metadata.js";
import type { Kafka } from "../../../../lib/kafka/port.js";
import { isFetchedById } from "../../../../lib/kafka/read/fetch.js";
import { createPollConnections } from "../../../../lib/kafka/read/poll-connections.js";
import type { Mapping } from "../mapping.js";
import { type FetcherOptions, fetchLanes } from "./fetcher.js";
import type { PartitionLane } from "./lane.js";
import { dueLanes, lanesByLeader } from "./leaders.js";
import { createLogChanges, type LogChanges } from "./log-changes.js";
import { fetchBegan, fetchFailed } from "./reading.js";

interface PollingOptions extends Pick<FetcherOptions, "onRecords" | "onFailed" | "onRecovered" | "giveUp"> {
  readonly kafka: Kafka;
  readonly mapping: Mapping;
  readonly lanes: ReadonlyMap<number, PartitionLane>;
  readonly isEnding: () => boolean;
  /** The topic was deleted and created again; the lane is at the first record of the new one. */
  readonly onRecreated: (lane: PartitionLane) => void;
  readonly warn: (line: string) => void;
}

const answerTimeoutMs = 30_000;
/** Brokers that do not check topic ids answer for any topic of the name, so metadata must not be older. */
const topicAgeMaxMs = 1_000;

export class Polling {
  readonly #options: PollingOptions;
  readonly #logChanges: LogChanges;
  readonly #fetcher: FetcherOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PollingOptions) {
    const { kafka, mapping, isEnding, warn } = options;
    this.#options = options;
    this.#logChanges = createLogChanges({ kafka, topic: mapping.topic, warn });
    this.#fetcher = {
      ...options,
      connections: createPollConnections(kafka.openConnection),
      logChanges: this.#logChanges,
      isWanted: () => !isEnding(),
      onFailed: (lane, error) => this.#failed([lane], error),
    };
  }

  /** Fetches every lane that has room and is not being fetched, and comes back when one that failed may be tried again. */
  poll(): void {
    const { lanes, isEnding } = this.#options;
    if (isEnding()) return;
    const { due, againInMs } = dueLanes([...lanes.values()], Date.now());
    if (againInMs !== undefined) this.#later(againInMs);
    if (due.length === 0) return;
    for (const lane of due) lane.reading = fetchBegan(lane.reading);
    void this.#fetchAll(due);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.poll(), Math.max(1, ms));
  }

  async #fetchAll(due: readonly PartitionLane[]): Promise<void> {
    try {
      const described = await this.#describe();
      const { byLeader, failed } = lanesByLeader(due, this.#options.mapping.topic, described);
      for (const [lane, error] of failed) this.#failed([lane], error);
      for (const [leader, lanes] of byLeader) void this.#fetchFrom(leader, lanes, described);
    } catch (thrown) {
      this.#failed(due, toRelayError(thrown));
    }
    this.poll();
  }

  async #describe(): Promise<TopicMetadata> {
    const { kafka, mapping } = this.#options;
    const deadline = createDeadline(answerTimeoutMs);
    const isChecked = await isFetchedById(kafka.connection, "any", deadline);
    return kafka.metadata.topic(mapping.topic, deadline, isChecked ? {} : { ageMaxMs: topicAgeMaxMs });
  }

  async #fetchFrom(leader: number, lanes: readonly PartitionLane[], described: TopicMetadata): Promise<void> {
    const atTopic: PartitionLane[] = [];
    for (const lane of lanes) if (await this.#isAtTopic(lane, described)) atTopic.push(lane);
    try {
      if (atTopic.length > 0) await fetchLanes(leader, atTopic, described, this.#fetcher);
    } catch (thrown) {
      this.#failed(atTopic, toRelayError(thrown));
    }
    this.poll();
  }

  /** Starts a lane over where its topic is another one of the same name. False: the first offset of the new one is unknown. */
  async #isAtTopic(lane: PartitionLane, { topicId }: TopicMetadata): Promise<boolean> {
    if (topicId === undefined || lane.topicId === undefined || topicId === lane.topicId) {
      lane.topicId ??= topicId;
      return true;
    }
    try {
      await this.#logChanges.startOver(lane, topicId);
      this.#options.onRecreated(lane);
      return true;
    } catch (thrown) {
      this.#failed([lane], toRelayError(thrown));
      return false;
    }
  }

  #failed(lanes: readonly PartitionLane[], error: RelayError): void {
    const { kafka, mapping, isEnding, onFailed } = this.#options;
    if (error.code !== "batch-unreadable") kafka.metadata.forget(mapping.topic);
    const nowMs = Date.now();
    for (const lane of lanes) {
      lane.reading = fetchFailed(lane.reading, error, nowMs);
      if (!isEnding()) onFailed(lane, error);
    }
  }
}
