/** What a member holds for one generation of its group. */
import type { Deadline } from "../../deadline.js";
import type { AsksBrokers } from "../connection.js";
import { type CommittedOffset, commitOffsets, fetchCommitted, type OffsetsByTopic } from "./membership-offsets.js";

/** Of a member of any number of topics. */
export interface GroupAssignment {
  readonly generation: number;
  /** Partitions in ascending order; topics without any are absent. */
  readonly byTopic: ReadonlyMap<string, readonly number[]>;
  /** False as soon as the group is known to rebalance or the member to be out: nothing new should be started. */
  readonly isCurrent: () => boolean;
  /** The next offset to read as last committed by the group, for those partitions that have one. */
  readonly committed: (deadline: Deadline) => Promise<OffsetsByTopic>;
  /**
   * Commits next offsets within this generation, tried again while the coordinator moves. Throws `conflict` where the partitions belong to somebody else by now:
   * nothing was committed.
   */
  readonly commit: (nextOffsets: OffsetsByTopic, deadline: Deadline) => Promise<void>;
}

/** The same for a member of one topic. */
export interface Assignment extends Pick<GroupAssignment, "generation" | "isCurrent"> {
  /** In ascending order. */
  readonly partitions: readonly number[];
  readonly committed: (deadline: Deadline) => Promise<ReadonlyMap<number, CommittedOffset>>;
  readonly commit: (nextOffsets: ReadonlyMap<number, CommittedOffset>, deadline: Deadline) => Promise<void>;
}

/** What a member has joined with. */
export interface Joined {
  readonly assignment: GroupAssignment;
  readonly end: () => void;
  /** How many partitions each topic had when the leader shared them out; undefined for a member that does not lead. */
  readonly partitionCounts: ReadonlyMap<string, number> | undefined;
}

/** Who a member is to its coordinator. The id is given by the group, and dropped when the group has forgotten it. */
export interface Member {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly instanceId: string | null;
  memberId: string;
}

export function createJoined(
  kafka: AsksBrokers,
  { groupId, instanceId, memberId }: Member,
  generation: number,
  byTopic: ReadonlyMap<string, readonly number[]>,
  partitionCounts: ReadonlyMap<string, number> | undefined,
): Joined {
  let isCurrent = true;
  const member = { groupId, generation, memberId, instanceId };
  return {
    assignment: {
      generation,
      byTopic,
      isCurrent: () => isCurrent,
      committed: (deadline) => fetchCommitted(kafka, groupId, byTopic, deadline),
      commit: (nextOffsets, deadline) => commitOffsets(kafka, member, nextOffsets, deadline),
    },
    end: () => {
      isCurrent = false;
    },
    partitionCounts,
  };
}

/** What a member of one topic sees of an assignment. */
export function ofTopic(topic: string, { generation, byTopic, isCurrent, committed, commit }: GroupAssignment): Assignment {
  return {
    generation,
    partitions: byTopic.get(topic) ?? [],
    isCurrent,
    committed: async (deadline) => (await committed(deadline)).get(topic) ?? new Map(),
    commit: (nextOffsets, deadline) => commit(new Map([[topic, nextOffsets]]), deadline),
  };
}
