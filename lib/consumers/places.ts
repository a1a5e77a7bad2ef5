/** Where an instance stands in its partitions: what it has returned, and what of that may be committed. No broker is asked here. */
import type { CommittedOffset, OffsetsByTopic } from "../kafka/membership/membership-offsets.js";
import type { ReadPosition } from "../kafka/read/reader.js";

export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

export interface Place extends PartitionName {
  /** The next record to return. */
  position: bigint;
  topicId: string | undefined;
  lastEpoch: number | undefined;
  /** Everything before it has reached the client: it has asked for more since. */
  reached: bigint | undefined;
  /** What the group has committed, as far as this instance knows. */
  committed: bigint | undefined;
}

const nameOf = ({ topic, partition }: PartitionName): string => `${topic}/${partition}`;

/** In the order in which they are read: the partition that was read last comes last. */
export class Places {
  #places = new Map<string, Place>();

  get(name: PartitionName): Place | undefined {
    return this.#places.get(nameOf(name));
  }

  all(): readonly Place[] {
    return [...this.#places.values()];
  }

  /** Holds these and no others; gives those that were held. */
  replace(places: readonly Place[]): readonly Place[] {
    const before = this.all();
    this.#places = new Map(places.map((place) => [nameOf(place), place]));
    return before;
  }

  readLast(name: PartitionName): void {
    const place = this.get(name);
    if (place === undefined) return;
    this.#places.delete(nameOf(name));
    this.#places.set(nameOf(name), place);
  }

  /** The client is back: it has what was returned to it. */
  markReached(): void {
    for (const place of this.#places.values()) place.reached = place.position;
  }
}

export const toPosition = ({ topic, partition, position, topicId, lastEpoch }: Place): ReadPosition => ({
  topic,
  partition,
  offset: position,
  topicId,
  lastEpoch,
});

/** The next offsets of those places where `offsetOf` gives one that is not committed yet. */
export function toCommit(places: readonly Place[], offsetOf: (place: Place) => bigint | undefined): OffsetsByTopic {
  const byTopic = new Map<string, Map<number, CommittedOffset>>();
  for (const place of places) {
    const offset = offsetOf(place);
    if (offset === undefined || offset < 0n || offset === place.committed) continue;
    const { topic, partition, topicId, lastEpoch } = place;
    const ofTopic = byTopic.get(topic) ?? new Map<number, CommittedOffset>();
    // The epoch belongs to the record before the position, and says nothing of an earlier offset.
    ofTopic.set(partition, { offset, topicId, ...(offset === place.position ? { leaderEpoch: lastEpoch } : {}) });
    byTopic.set(topic, ofTopic);
  }
  return byTopic;
}

/** Takes note of what has been committed. */
export function markCommitted(places: Places, offsets: OffsetsByTopic): void {
  for (const [topic, ofTopic] of offsets) {
    for (const [partition, { offset }] of ofTopic) {
      const place = places.get({ topic, partition });
      if (place !== undefined) place.committed = offset;
    }
  }
}

/** Partition numbers by topic, each once. */
export function byTopicOf(names: Iterable<PartitionName>): ReadonlyMap<string, readonly number[]> {
  const byTopic = new Map<string, number[]>();
  for (const { topic, partition } of names) {
    const ofTopic = byTopic.get(topic);
    if (ofTopic === undefined) byTopic.set(topic, [partition]);
    else if (!ofTopic.includes(partition)) ofTopic.push(partition);
  }
  return byTopic;
}
