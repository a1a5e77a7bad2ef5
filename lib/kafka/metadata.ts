/** What the cluster says of its brokers and of the topics in hand. */
import type { Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import type { ClusterIdentity } from "./cluster-identity.js";
import type { Connection } from "./connection.js";
import { metadataApi, noTopicId } from "./protocol/metadata.js";
import type { AnswerOf } from "./protocol/wire.js";

export interface BrokerMetadata {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface PartitionMetadata {
  readonly partition: number;
  /** Null: it has no leader now. */
  readonly leader: number | null;
  /** Counts the leaders of this partition; undefined from brokers before 2.1. */
  readonly leaderEpoch?: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export interface TopicMetadata {
  readonly name: string;
  /** Tells the topic from another one of its name, in hexadecimal; undefined from brokers before 2.8. */
  readonly topicId?: string;
  readonly isInternal: boolean;
  /** In ascending order. */
  readonly partitions: readonly PartitionMetadata[];
  /** Bit field of AclOperation codes where it was asked for and the broker told it (Metadata 8). */
  readonly authorizedOperations?: number;
}

export interface ClusterMetadata {
  readonly clusterId: string;
  /** Null: none is known. */
  readonly controllerId: number | null;
  readonly brokers: readonly BrokerMetadata[];
  /** One entry a topic asked for: what it is, or why it is not told (`topic-not-found`, `kafka-forbidden`, `kafka-bad-request`...). */
  readonly topics: ReadonlyMap<string, TopicMetadata | RelayError>;
}

export interface Metadata {
  /** Asks now. `topics` "all" lists every topic, [] none. Topics are never created by it. */
  readonly describe: (
    topics: readonly string[] | "all",
    deadline: Deadline,
    options?: { readonly authorizedOperations?: boolean },
  ) => Promise<ClusterMetadata>;
  /** One topic, from memory when it was asked for within `ageMaxMs` (60,000); an unknown topic is asked for afresh, and throws `topic-not-found` within one round trip. */
  readonly topic: (name: string, deadline: Deadline, options?: { readonly ageMaxMs?: number }) => Promise<TopicMetadata>;
  /** Forgets what is remembered of a topic: its leader moved, or it is gone. */
  readonly forget: (topic: string) => void;
}

/** Brokers asked at most for one description: each after a failure of the one before. */
const attemptsMax = 3;
const ageMaxDefaultMs = 60_000;
/** Topics remembered at most; a function has few, a proxy of a big cluster may be asked for many. */
const rememberedTopicsMax = 10_000;

export function createMetadata(connection: Connection, identity?: ClusterIdentity, now: () => number = Date.now): Metadata {
  const remembered = new Map<string, { readonly topic: TopicMetadata; readonly atMs: number }>();
  const asking = new Map<string, Promise<TopicMetadata>>();
  identity?.onChange(() => {
    remembered.clear();
    asking.clear();
  });

  async function describe(...[topics, deadline, options]: Parameters<Metadata["describe"]>): Promise<ClusterMetadata> {
    const asksOperations = options?.authorizedOperations === true;
    const args = {
      topics: topics === "all" ? null : [...new Set(topics)],
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: asksOperations,
    };
    const atMs = now();
    const answer = await askUntilAnswered(connection, args, deadline);
    const described = new Map(answer.topics.map((topic) => [topic.name, toTopic(topic)]));
    for (const topic of described.values()) if (!(topic instanceof RelayError)) remember(topic, atMs);
    return {
      clusterId: answer.clusterId ?? "",
      controllerId: answer.controllerId < 0 ? null : answer.controllerId,
      brokers: answer.brokers,
      topics: described,
    };
  }

  function remember(topic: TopicMetadata, atMs: number): void {
    if (remembered.size >= rememberedTopicsMax) remembered.clear();
    remembered.set(topic.name, { topic, atMs });
  }

  async function ask(name: string, deadline: Deadline): Promise<TopicMetadata> {
    const topic = (await describe([name], deadline)).topics.get(name);
    if (topic === undefined)
      throw new RelayError("kafka-refused", `Kafka did not tell of topic ${JSON.stringify(name)}, which it was asked for.`);
    if (topic instanceof RelayError) {
      remembered.delete(name);
      throw topic;
    }
    return topic;
  }

  return {
    describe,
    topic: async (name, deadline, options) => {
      const ageMaxMs = options?.ageMaxMs ?? ageMaxDefaultMs;
      const known = remembered.get(name);
      if (known !== undefined && ageMaxMs > 0 && now() - known.atMs <= ageMaxMs) return known.topic;
      const sameQuestion = asking.get(name);
      if (sameQuestion !== undefined && ageMaxMs > 0) {
        const topic = await sameQuestion.catch(() => undefined); // who asked may have had less time than we have
        if (topic !== undefined) return topic;
      }
      const answer = ask(name, deadline);
      asking.set(name, answer);
      return answer.finally(() => {
        if (asking.get(name) === answer) asking.delete(name);
      });
    },
    forget: (topic) => {
      remembered.delete(topic);
    },
  };
}

type MetadataArgs = Parameters<typeof metadataApi.encode>[1];

async function askUntilAnswered(connection: Connection, args: MetadataArgs, deadline: Deadline): Promise<AnswerOf<typeof metadataApi>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await connection.request(metadataApi, args, "any", deadline);
    } catch (error) {
      const isWorthAnother = error instanceof RelayError && error.code === "kafka-unreachable" && deadline.leftMs() > 0;
      if (attempt >= attemptsMax || !isWorthAnother) throw error;
    }
  }
}

type ToldTopic = AnswerOf<typeof metadataApi>["topics"][number];

/** What Kafka sets where it was not asked, or cannot tell. */
const operationsNotTold = -2_147_483_648;
const noLeader = -1;

function toTopic({ errorCode, name, topicId, isInternal, partitions, authorizedOperations }: ToldTopic): TopicMetadata | RelayError {
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
    ...(authorizedOperations === operationsNotTold ? {} : { authorizedOperations }),
  };
}

function toFailure(kafkaCode: number, name: string): RelayError {
  const topic = JSON.stringify(name);
  switch (kafkaCode) {
    case 3:
      return new RelayError("topic-not-found", `There is no topic ${topic}, or none that we may see.`, { kafkaCode });
    case 5:
      return new RelayError("leader-not-available", `Topic ${topic} has no leaders yet.`, { kafkaCode });
    case 17:
      return new RelayError("kafka-bad-request", `${topic} is no name for a topic.`, { kafkaCode });
    case 29:
      return new RelayError("kafka-forbidden", `We may not describe topic ${topic}.`, { kafkaCode });
    default:
      return new RelayError("kafka-refused", `Kafka does not tell of topic ${topic}: error ${kafkaCode}.`, { kafkaCode });
  }
}

/** Of a topic with so many partitions. What was asked for as something else than a number has come here as one below 0. */
export function partitionNotFound(topic: string, partition: number, count: number): RelayError {
  const has = count === 1 ? "partition 0 alone" : `partitions 0 to ${count - 1}`;
  const asked = partition < 0 ? "not the one asked for" : `no partition ${partition}`;
  return new RelayError("partition-not-found", `Topic ${JSON.stringify(topic)} has ${has}, and ${asked}.`);
}
