/** What the cluster says about its brokers, and about the topics that are asked for. */
import type { Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import { type AskPolicy, ask } from "./ask.js";
import type { ClusterIdentity } from "./cluster-identity.js";
import type { Connection } from "./connection.js";
import { isKafkaError } from "./protocol/error-codes.js";
import { notAnswered, toKafkaError, topicWords } from "./protocol/kafka-error.js";
import { brokersAlone, metadataApi, noTopicId } from "./protocol/metadata.js";
import type { AnswerOf } from "./protocol/wire.js";

export interface BrokerMetadata {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface PartitionMetadata {
  readonly partition: number;
  /** Null: it has no leader at the moment. */
  readonly leader: number | null;
  /** Counts the leaders of this partition; undefined from brokers before 2.1. */
  readonly leaderEpoch?: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export interface TopicMetadata {
  readonly name: string;
  /** Distinguishes the topic from another one of its name, in hexadecimal; undefined from brokers before 2.8. */
  readonly topicId?: string;
  readonly isInternal: boolean;
  /** In ascending order. */
  readonly partitions: readonly PartitionMetadata[];
  /** Bit field of AclOperation codes where it was asked for and the broker gave it (Metadata 8). */
  readonly authorizedOperations?: number;
}

interface ClusterMetadata {
  readonly clusterId: string;
  /** Null: none is known. */
  readonly controllerId: number | null;
  readonly brokers: readonly BrokerMetadata[];
  /** One entry per topic asked for: what it is, or why it is unknown (`topic-not-found`, `kafka-forbidden`, `kafka-bad-request`...). */
  readonly topics: ReadonlyMap<string, TopicMetadata | RelayError>;
}

export interface Metadata {
  /** Asks now. `topics` "all" lists every topic, [] none. Topics are never created by it. */
  readonly describe: (
    topics: readonly string[] | "all",
    deadline: Deadline,
    options?: { readonly authorizedOperations?: boolean },
  ) => Promise<ClusterMetadata>;
  /** One topic, from memory when it was asked for within `ageMaxMs` (60,000); an unknown topic is asked for again, and throws `topic-not-found` within one round trip. */
  readonly topic: (name: string, deadline: Deadline, options?: { readonly ageMaxMs?: number }) => Promise<TopicMetadata>;
  /** Forgets what is remembered about a topic: its leader moved, or it is gone. */
  readonly forget: (topic: string) => void;
}

/** What verbs need that ask the leaders of partitions. */
export interface KnowsTopics {
  readonly metadata: Metadata;
}

/** A broker that fails to answer is followed by another one, three in all. */
const otherBrokers: AskPolicy = { firstMs: 20, maxMs: 100, withinMs: Number.POSITIVE_INFINITY, attempts: { "kafka-unreachable": 3 } };
const ageMaxDefaultMs = 60_000;
/** Topics remembered at most; a function has few, a proxy of a big cluster may be asked for many. */
const rememberedTopicsMax = 10_000;

export function createMetadata(connection: Connection, identity?: ClusterIdentity, now: () => number = Date.now): Metadata {
  const remembered = new RememberedTopics(now);
  const asking = new Map<string, Promise<TopicMetadata>>();
  identity?.onChange(() => {
    remembered.clear();
    asking.clear();
  });

  async function describe(...[topics, deadline, options]: Parameters<Metadata["describe"]>): Promise<ClusterMetadata> {
    const atMs = now();
    const described = await askCluster(connection, topics, options?.authorizedOperations === true, deadline);
    for (const topic of described.topics.values()) if (!(topic instanceof RelayError)) remembered.add(topic, atMs);
    return described;
  }

  async function describeOne(name: string, deadline: Deadline): Promise<TopicMetadata> {
    const topic = (await describe([name], deadline)).topics.get(name) ?? notAnswered(topicWords(name));
    if (!(topic instanceof RelayError)) return topic;
    remembered.forget(name);
    throw topic;
  }

  return {
    describe,
    topic: async (name, deadline, options) => {
      const ageMaxMs = options?.ageMaxMs ?? ageMaxDefaultMs;
      const known = remembered.get(name, ageMaxMs);
      if (known !== undefined) return known;
      const sameQuestion = asking.get(name);
      if (sameQuestion !== undefined && ageMaxMs > 0) {
        const topic = await sameQuestion.catch(() => undefined); // who asked may have had less time than we have
        if (topic !== undefined) return topic;
      }
      const answer = describeOne(name, deadline);
      asking.set(name, answer);
      return answer.finally(() => {
        if (asking.get(name) === answer) asking.delete(name);
      });
    },
    forget: (topic) => remembered.forget(topic),
  };
}

class RememberedTopics {
  readonly #topics = new Map<string, { readonly topic: TopicMetadata; readonly atMs: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get(name: string, ageMaxMs: number): TopicMetadata | undefined {
    const known = this.#topics.get(name);
    return known !== undefined && ageMaxMs > 0 && this.#now() - known.atMs <= ageMaxMs ? known.topic : undefined;
  }

  add(topic: TopicMetadata, atMs: number): void {
    if (this.#topics.size >= rememberedTopicsMax) this.#topics.clear();
    this.#topics.set(topic.name, { topic, atMs });
  }

  forget(name: string): void {
    this.#topics.delete(name);
  }

  clear(): void {
    this.#topics.clear();
  }
}

async function askCluster(
  connection: Connection,
  topics: readonly string[] | "all",
  includeTopicAuthorizedOperations: boolean,
  deadline: Deadline,
): Promise<ClusterMetadata> {
  const args = { ...brokersAlone, topics: topics === "all" ? null : [...new Set(topics)], includeTopicAuthorizedOperations };
  const answer = await ask({ connection }, metadataApi, args, "any", deadline, {
    codes: () => [],
    isRepeatable: true,
    policy: otherBrokers,
  });
  return {
    clusterId: answer.clusterId ?? "",
    controllerId: answer.controllerId < 0 ? null : answer.controllerId,
    brokers: answer.brokers,
    topics: new Map(answer.topics.map((topic) => [topic.name, toTopic(topic)])),
  };
}

type WireTopic = AnswerOf<typeof metadataApi>["topics"][number];

/** What Kafka sets where it was not asked, or does not know. */
const operationsUnknown = -2_147_483_648;
const noLeader = -1;

function toTopic({ errorCode, name, topicId, isInternal, partitions, authorizedOperations }: WireTopic): TopicMetadata | RelayError {
  if (errorCode !== 0) return toFailure(errorCode, name);
  return {
    name,
    ...(topicId === noTopicId ? {} : { topicId }),
    isInternal,
    partitions: partitions
      .map(({ partition, leader, leaderEpoch, replicas, isr, offlineReplicas }) => ({
        partition,
        leader: leader === noLeader ? null : leader,
        ...(leaderEpoch < 0 ? {} : { leaderEpoch }),
        replicas,
        isr,
        offlineReplicas,
      }))
      .sort((one, other) => one.partition - other.partition),
    ...(authorizedOperations === operationsUnknown ? {} : { authorizedOperations }),
  };
}

/** v2 has a code of its own for a topic that does not exist. The codes of its partitions say nothing that the missing leader does not say. */
function toFailure(kafkaCode: number, name: string): RelayError {
  if (!isKafkaError(kafkaCode, "UNKNOWN_TOPIC_OR_PARTITION")) return toKafkaError(kafkaCode, topicWords(name));
  return new RelayError("topic-not-found", `${topicWords(name)} does not exist, or we are not authorized to see it.`, { kafkaCode });
}

/** `count` is how many partitions the topic has. A partition below 0 stands for one that was not given as a number. */
export function partitionNotFound(topic: string, partition: number, count: number): RelayError {
  const has = count === 1 ? "only partition 0" : `partitions 0 to ${count - 1}`;
  const asked = partition < 0 ? "not the one that was asked for" : `not ${partition}`;
  return new RelayError("partition-not-found", `${topicWords(topic)} has ${has}, ${asked}.`);
}
