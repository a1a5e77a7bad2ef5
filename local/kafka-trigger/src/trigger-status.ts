/** What a mapping reports about itself: its state, and how far each partition is. */
import type { StartingPosition } from "./mapping.js";
import type { PartitionLane } from "./poll/lane.js";
import { failureOf, type ReadFailure } from "./poll/reading.js";
import type { TriggerState } from "./trigger-state.js";

export interface PartitionStatus {
  readonly partition: number;
  readonly committed: number | null;
  readonly end: number;
  readonly lag: number;
  readonly waiting: number;
  readonly isWithFunction: boolean;
  /** Why it cannot be read at present, and since when (ISO 8601). The other partitions go on. */
  readonly failure: { readonly code: string; readonly message: string; readonly since: string } | null;
}

export interface TriggerStatus {
  readonly state: TriggerState;
  readonly topic: string;
  readonly consumerGroupId: string;
  readonly batchSize: number;
  readonly windowMs: number;
  readonly startingPosition: StartingPosition["kind"];
  readonly partitions: readonly PartitionStatus[];
  readonly counts: Readonly<
    Record<"polled" | "filteredOut" | "invoked" | "invocations" | "failedInvocations" | "committed" | "dropped", number>
  >;
}

/** Why a partition has no lane yet. */
export type Unplaced = Omit<ReadFailure, "times">;

/** The partitions that are read, and those whose place is not known yet. */
export function toPartitionStatuses(lanes: Iterable<PartitionLane>, unplaced: ReadonlyMap<number, Unplaced>): readonly PartitionStatus[] {
  const unknown = [...unplaced].map(([partition, failure]) => ({
    ...{ partition, committed: null, end: 0, lag: 0, waiting: 0, isWithFunction: false },
    failure: toFailureStatus(failure),
  }));
  return [...[...lanes].map(toPartitionStatus), ...unknown].sort((one, other) => one.partition - other.partition);
}

function toFailureStatus({ error, sinceMs }: Unplaced): NonNullable<PartitionStatus["failure"]> {
  return { code: error.code, message: error.message, since: new Date(sinceMs).toISOString() };
}

function toPartitionStatus(lane: PartitionLane): PartitionStatus {
  const failure = failureOf(lane.reading);
  return {
    partition: lane.partition,
    committed: lane.committed ?? null,
    end: lane.highWatermark,
    lag: Math.max(0, lane.highWatermark - lane.settled),
    waiting: lane.count,
    isWithFunction: lane.isWithFunction,
    failure: failure === undefined ? null : toFailureStatus(failure),
  };
}
