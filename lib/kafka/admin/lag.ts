/** How far groups are behind: committed offsets against the ends of the partitions. The arithmetic is pure. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { AsksBrokers } from "../connection.js";
import { listOffsets } from "../list-offsets.js";
import type { KnowsTopics } from "../metadata.js";
import { type Group, type GroupMember, unknownGroup } from "./group.js";
import { type AssignedPartition, byTopicAndPartition } from "./group-members.js";
import { committedOffsets, type OffsetTable } from "./group-offsets.js";
import { describeGroups } from "./groups.js";

export interface PartitionLag extends AssignedPartition {
  readonly currentOffset: bigint;
  readonly endOffset: bigint;
  /** Never below 0: a committed offset beyond the end (the topic was created again) is not behind. */
  readonly lag: bigint;
  /** Who reads it now, where somebody does. */
  readonly member: GroupMember | undefined;
}

export interface GroupLag {
  readonly group: Group;
  /** Partitions with a committed offset, by topic and partition. */
  readonly lags: readonly PartitionLag[];
}

/** Ends by topic and partition. */
type EndTable = ReadonlyMap<string, ReadonlyMap<number, bigint>>;

/** The lags of one group. Partitions of deleted topics have no end, and are left out. */
export function lagsOf(group: Group, committed: OffsetTable, ends: EndTable): readonly PartitionLag[] {
  const readers = new Map<string, GroupMember>();
  for (const member of group.members) for (const { topic, partition } of member.assignments) readers.set(`${topic}/${partition}`, member);
  const lags: PartitionLag[] = [];
  for (const [topic, partitions] of committed) {
    for (const [partition, currentOffset] of partitions) {
      const endOffset = ends.get(topic)?.get(partition);
      if (endOffset === undefined) continue;
      const lag = endOffset > currentOffset ? endOffset - currentOffset : 0n;
      lags.push({ topic, partition, currentOffset, endOffset, lag, member: readers.get(`${topic}/${partition}`) });
    }
  }
  return lags.sort(byTopicAndPartition);
}

export const totalLag = (lags: readonly PartitionLag[]): bigint => lags.reduce((sum, { lag }) => sum + lag, 0n);

/** The partition that is farthest behind, the first of equals; undefined where nothing is committed. */
export function maxLag(lags: readonly PartitionLag[]): PartitionLag | undefined {
  return lags.reduce<PartitionLag | undefined>((most, one) => (most === undefined || one.lag > most.lag ? one : most), undefined);
}

/**
 * The lags of many groups. Broker requests do not grow with their number (from Kafka 3.0 on): one look-up of coordinators, two or three questions to each
 * coordinator, one metadata request, and one for the ends to each leader.
 */
export async function groupLags(
  kafka: AsksBrokers & KnowsTopics,
  groupIds: readonly string[],
  deadline: Deadline,
): Promise<ReadonlyMap<string, GroupLag | RelayError>> {
  const [groups, committed] = await Promise.all([describeGroups(kafka, groupIds, deadline), committedOffsets(kafka, groupIds, deadline)]);
  const { ends, failed } = await endsOf(kafka, [...committed.values()], deadline);
  return new Map<string, GroupLag | RelayError>(
    groupIds.map((groupId) => {
      const group = groups.get(groupId) ?? unknownGroup(groupId);
      const offsets = committed.get(groupId) ?? unknownGroup(groupId);
      if (group instanceof RelayError) return [groupId, group] as const;
      if (offsets instanceof RelayError) return [groupId, offsets] as const;
      // A sum that lacks a partition would be too small.
      const unknownEnd = [...offsets].flatMap(([topic, partitions]) =>
        [...partitions.keys()].map((partition) => failed.get(`${topic}/${partition}`)),
      );
      const failure = unknownEnd.find((error) => error !== undefined);
      if (failure !== undefined) return [groupId, failure] as const;
      return [groupId, { group, lags: lagsOf(group, offsets, ends) }] as const;
    }),
  );
}

/** One group's; throws why it is unknown. */
export async function groupLag(kafka: AsksBrokers & KnowsTopics, groupId: string, deadline: Deadline): Promise<GroupLag> {
  const lag = (await groupLags(kafka, [groupId], deadline)).get(groupId) ?? unknownGroup(groupId);
  if (lag instanceof RelayError) throw lag;
  return lag;
}

interface KnownEnds {
  readonly ends: EndTable;
  /** By "topic/partition": why an end is not known, where the topic still exists. */
  readonly failed: ReadonlyMap<string, RelayError>;
}

async function endsOf(
  kafka: AsksBrokers & KnowsTopics,
  tables: readonly (OffsetTable | RelayError)[],
  deadline: Deadline,
): Promise<KnownEnds> {
  const places = new Map<string, AssignedPartition>();
  for (const table of tables) {
    if (table instanceof RelayError) continue;
    for (const [topic, partitions] of table)
      for (const partition of partitions.keys()) places.set(`${topic}/${partition}`, { topic, partition });
  }
  const ends = new Map<string, Map<number, bigint>>();
  const failed = new Map<string, RelayError>();
  if (places.size === 0) return { ends, failed };
  const listed = await listOffsets(
    kafka,
    [...places.values()].map((place) => ({ ...place, at: "latest" as const })),
    deadline,
  );
  for (const { topic, partition, offset, error } of listed) {
    if (error !== undefined) {
      if (error.code !== "unknown-topic-or-partition") failed.set(`${topic}/${partition}`, error);
      continue;
    }
    const partitions = ends.get(topic) ?? new Map<number, bigint>();
    partitions.set(partition, offset);
    ends.set(topic, partitions);
  }
  return { ends, failed };
}
