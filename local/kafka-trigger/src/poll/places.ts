/** Where each partition of an assignment goes on: at what the group has committed, else at the starting position. */
import { createDeadline } from "../../../../lib/deadline.js";
import { listOffsets } from "../../../../lib/kafka/admin/list-offsets.js";
import type { Kafka } from "../../../../lib/kafka/kafka.js";
import type { Assignment } from "../../../../lib/kafka/membership/membership.js";
import type { Mapping, StartingPosition } from "../mapping.js";

export interface Place {
  readonly partition: number;
  /** The next offset to read. */
  readonly offset: number;
  readonly committed: number | undefined;
  readonly end: number;
}

const questionTimeoutMs = 10_000;

/** Throws what the broker says of the first partition that it cannot answer for. */
export async function findPlaces(kafka: Kafka, { topic, startingPosition }: Mapping, assignment: Assignment): Promise<readonly Place[]> {
  const known = await assignment.committed(createDeadline(questionTimeoutMs));
  const at = (partition: number, at: "earliest" | "latest" | bigint) => ({ topic, partition, at });
  const points = assignment.partitions.flatMap((partition) => [
    at(partition, "latest"),
    ...(known.has(partition) ? [] : [at(partition, toPoint(startingPosition))]),
  ]);
  const found = await listOffsets(kafka, points, createDeadline(questionTimeoutMs));
  const failed = found.find(({ error }) => error !== undefined)?.error;
  if (failed !== undefined) throw failed;
  return assignment.partitions.map((partition) => {
    const [latest, start] = found.filter((one) => one.partition === partition);
    const end = Number(latest?.offset ?? 0n);
    const committed = known.get(partition);
    if (committed !== undefined) return { partition, offset: Number(committed), committed: Number(committed), end };
    // No record is that young: what comes next is the first.
    const offset = start === undefined || start.offset < 0n ? end : Number(start.offset);
    return { partition, offset, committed: undefined, end };
  });
}

function toPoint(position: StartingPosition): "earliest" | "latest" | bigint {
  switch (position.kind) {
    case "TRIM_HORIZON":
      return "earliest";
    case "LATEST":
      return "latest";
    case "AT_TIMESTAMP":
      return BigInt(position.timestampMs);
  }
}
