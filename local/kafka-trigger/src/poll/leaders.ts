/** Which lanes are fetched next, and which broker leads each of them. Pure. */
import type { RelayError } from "../../../../lib/errors.js";
import { groupByLeader } from "../../../../lib/kafka/grouping.js";
import { partitionNotFound, type TopicMetadata } from "../../../../lib/kafka/metadata.js";
import type { PartitionLane } from "./lane.js";

/** A lane is filled up to these: one payload that is with the function, and one that is ready. */
const laneBytesMax = 8_000_000;
const laneCountMax = 20_000;
/** Above it only lanes without a waiting record are fetched, so that many lanes do not add up and none is left out. */
const waitingBytesMax = 96_000_000;

interface DueLanes {
  readonly due: readonly PartitionLane[];
  /** In how many milliseconds a lane that is left alone after a failure may be fetched again; undefined where there is none. */
  readonly againInMs: number | undefined;
}

export function dueLanes(lanes: readonly PartitionLane[], nowMs: number): DueLanes {
  const waitingBytes = lanes.reduce((sum, { bytes }) => sum + bytes, 0);
  const free = lanes.filter((lane) => lane.reading.state !== "fetching" && hasRoom(lane, waitingBytes));
  const pauses = free.map(({ reading }) => (reading.state === "failing" ? Math.max(0, reading.untilMs - nowMs) : 0));
  const paused = pauses.filter((ms) => ms > 0);
  return {
    due: free.filter((_, index) => pauses[index] === 0),
    againInMs: paused.length === 0 ? undefined : Math.min(...paused),
  };
}

function hasRoom({ bytes, count }: PartitionLane, waitingBytes: number): boolean {
  return bytes < laneBytesMax && count < laneCountMax && (waitingBytes < waitingBytesMax || count === 0);
}

interface LedLanes {
  readonly byLeader: ReadonlyMap<number, readonly PartitionLane[]>;
  /** Why a lane has no broker to ask. */
  readonly failed: ReadonlyMap<PartitionLane, RelayError>;
}

export function lanesByLeader(lanes: readonly PartitionLane[], topic: string, described: TopicMetadata): LedLanes {
  const places = lanes.map((lane) => ({ topic, partition: lane.partition, lane }));
  const { byLeader, failed } = groupByLeader(places, new Map([[topic, described]]), ({ partition }) =>
    partitionNotFound(topic, partition, described.partitions.length),
  );
  return {
    byLeader: new Map(Array.from(byLeader, ([leader, led]) => [leader, led.map(({ lane }) => lane)])),
    failed: new Map(Array.from(failed, ([{ lane }, error]) => [lane, error])),
  };
}
