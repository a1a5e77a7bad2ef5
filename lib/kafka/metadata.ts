/** What the cluster says of its brokers and of the topics in hand. */
import type { Deadline } from "../deadline.js";
import type { RelayError } from "../errors.js";

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
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export interface TopicMetadata {
  readonly name: string;
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
