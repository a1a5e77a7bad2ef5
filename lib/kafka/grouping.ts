/** Who is asked for what: partitions by their leader, and what one request names by topic. Pure. */
import { RelayError } from "../errors.js";
import type { TopicMetadata } from "./metadata.js";
import { kafkaErrors } from "./protocol/error-codes.js";
import { partitionWords, toKafkaError } from "./protocol/kafka-error.js";

export interface PartitionPlace {
  readonly topic: string;
  readonly partition: number;
}

/** In the order in which the keys first occur. */
export function groupBy<T, Key>(items: Iterable<T>, keyOf: (item: T) => Key): Map<Key, T[]> {
  const groups = new Map<Key, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** As the protocol's requests want it: one entry per topic with what is asked of its partitions. */
export function byTopic<T extends PartitionPlace, Asked>(
  items: Iterable<T>,
  toAsked: (item: T) => Asked,
): readonly { readonly name: string; readonly partitions: readonly Asked[] }[] {
  return Array.from(
    groupBy(items, ({ topic }) => topic),
    ([name, ofTopic]) => ({ name, partitions: ofTopic.map(toAsked) }),
  );
}

interface ByLeader<T> {
  readonly byLeader: ReadonlyMap<number, readonly T[]>;
  /** Those without a leader to ask: the topic's own failure, a partition that does not exist, or one that has no leader at the moment. */
  readonly failed: ReadonlyMap<T, RelayError>;
}

/** `missing` says it where metadata has no such partition (or no such topic at all). */
export function groupByLeader<T extends PartitionPlace>(
  items: Iterable<T>,
  topics: ReadonlyMap<string, TopicMetadata | RelayError>,
  missing: (item: T, topic: TopicMetadata | undefined) => RelayError,
): ByLeader<T> {
  const led: { readonly item: T; readonly leader: number }[] = [];
  const failed = new Map<T, RelayError>();
  for (const item of items) {
    const leader = leaderOf(item, topics.get(item.topic), missing);
    if (leader instanceof RelayError) failed.set(item, leader);
    else led.push({ item, leader });
  }
  const groups = [...groupBy(led, ({ leader }) => leader)].map(([leader, ofLeader]) => [leader, ofLeader.map(({ item }) => item)] as const);
  return { byLeader: new Map(groups), failed };
}

function leaderOf<T extends PartitionPlace>(
  item: T,
  topic: TopicMetadata | RelayError | undefined,
  missing: (item: T, topic: TopicMetadata | undefined) => RelayError,
): number | RelayError {
  if (topic instanceof RelayError) return topic;
  const found = topic?.partitions.find(({ partition }) => partition === item.partition);
  return found === undefined ? missing(item, topic) : (found.leader ?? noLeader(item));
}

/** As a broker would say it. */
export function noLeader({ topic, partition }: PartitionPlace): RelayError {
  return toKafkaError(kafkaErrors.LEADER_NOT_AVAILABLE.code, partitionWords(topic, partition));
}
