/** What a member holds for one generation of its group. */
import type { Deadline } from "../../deadline.js";
import type { AsksBrokers } from "../connection.js";
import { type CommittedOffset, commitOffsets, fetchCommitted } from "./membership-offsets.js";

export interface Assignment {
  readonly generation: number;
  /** In ascending order. */
  readonly partitions: readonly number[];
  /** False as soon as the group is known to rebalance or the member to be out: nothing new should be started. */
  readonly isCurrent: () => boolean;
  /** The next offset to read as last committed by the group, for those partitions that have one. */
  readonly committed: (deadline: Deadline) => Promise<ReadonlyMap<number, CommittedOffset>>;
  /**
   * Commits next offsets within this generation, tried again while the coordinator moves. Throws `conflict` where the partitions belong to somebody else by now:
   * nothing was committed.
   */
  readonly commit: (nextOffsets: ReadonlyMap<number, CommittedOffset>, deadline: Deadline) => Promise<void>;
}

/** What a member has joined with. */
export interface Joined {
  readonly assignment: Assignment;
  readonly end: () => void;
  /** As the leader counted them; undefined for a member that does not lead. */
  readonly partitionsCount: number | undefined;
}

/** Who a member is to its coordinator. The id is given by the group, and dropped when the group has forgotten it. */
export interface Member {
  readonly groupId: string;
  readonly topic: string;
  readonly instanceId: string | null;
  memberId: string;
}

export function createJoined(
  kafka: AsksBrokers,
  { groupId, topic, instanceId, memberId }: Member,
  generation: number,
  partitions: readonly number[],
  partitionsCount: number | undefined,
): Joined {
  let isCurrent = true;
  const member = { groupId, topic, generation, memberId, instanceId };
  return {
    assignment: {
      generation,
      partitions,
      isCurrent: () => isCurrent,
      committed: (deadline) => fetchCommitted(kafka, member, partitions, deadline),
      commit: (nextOffsets, deadline) => commitOffsets(kafka, member, nextOffsets, deadline),
    },
    end: () => {
      isCurrent = false;
    },
    partitionsCount,
  };
}
