/** Deleting the records before an offset: their space is given back, and readers start behind them. */
import type { Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import type { Kafka } from "../kafka.js";
import { deleteRecordsApi } from "../protocol/topics.js";
import { toAdminError } from "./admin-failures.js";
import { ask, brokerTimeoutMs } from "./admin-request.js";
import { listOffsets } from "./list-offsets.js";
import { describeTopic, refuseInternalTopic } from "./topics.js";

export interface DeleteBefore {
  readonly partition: number;
  /** -1n: everything so far. */
  readonly beforeOffset: bigint;
}

export interface DeletedRecords {
  readonly partition: number;
  /** The first offset that is kept. */
  readonly lowWatermark: bigint;
  readonly error?: RelayError;
}

const words = (topic: string, partition: number): string => `Partition ${partition} of topic ${JSON.stringify(topic)}`;

/**
 * One answer a partition, in ascending order. Throws before anything is deleted where the topic or one of the partitions does not exist, or one of the offsets lies beyond
 * the end (`bad-request`). Later refusals (a leader that moves meanwhile) are told with their partition.
 */
export async function deleteRecords(
  kafka: Kafka,
  topic: string,
  partitions: readonly DeleteBefore[],
  deadline: Deadline,
): Promise<readonly DeletedRecords[]> {
  const refusal = refuseInternalTopic(topic);
  if (refusal !== undefined) throw refusal;
  const [metadata] = await Promise.all([describeTopic(kafka, topic, deadline), refuseBeyondEnd(kafka, topic, partitions, deadline)]);
  const leaderOf = new Map(metadata.partitions.map(({ partition, leader }) => [partition, leader]));
  const byLeader = new Map<number, DeleteBefore[]>();
  for (const one of partitions) {
    const leader = leaderOf.get(one.partition);
    if (leader === null || leader === undefined) throw toAdminError(leader === null ? 5 : 3, words(topic, one.partition));
    byLeader.set(leader, [...(byLeader.get(leader) ?? []), one]);
  }
  const told = await Promise.all([...byLeader].map(([nodeId, mine]) => deleteAtLeader(kafka, topic, nodeId, mine, deadline)));
  return told.flat().sort((one, other) => one.partition - other.partition);
}

async function refuseBeyondEnd(kafka: Kafka, topic: string, partitions: readonly DeleteBefore[], deadline: Deadline): Promise<void> {
  const ends = await listOffsets(
    kafka,
    partitions.map(({ partition }) => ({ topic, partition, at: "latest" as const })),
    deadline,
  );
  for (const [index, { partition, beforeOffset }] of partitions.entries()) {
    const end = ends[index];
    if (end?.error !== undefined) throw end.error;
    if (end !== undefined && beforeOffset > end.offset) {
      throw new RelayError(
        "bad-request",
        `${words(topic, partition)} ends at offset ${end.offset}: nothing before ${beforeOffset} can be deleted.`,
      );
    }
  }
}

async function deleteAtLeader(
  kafka: Kafka,
  topic: string,
  nodeId: number,
  partitions: readonly DeleteBefore[],
  deadline: Deadline,
): Promise<readonly DeletedRecords[]> {
  try {
    const answer = await ask(
      kafka,
      deleteRecordsApi,
      { topics: [{ name: topic, partitions }], timeoutMs: brokerTimeoutMs(deadline) },
      { nodeId },
      deadline,
      { codes: () => [], isRepeatable: true },
    );
    return answer.topics.flatMap((one) =>
      one.partitions.map(({ partition, lowWatermark, errorCode }) => ({
        partition,
        lowWatermark,
        ...(errorCode === 0 ? {} : { error: toAdminError(errorCode, words(topic, partition)) }),
      })),
    );
  } catch (error) {
    return partitions.map(({ partition }) => ({ partition, lowWatermark: -1n, error: toRelayError(error) }));
  }
}
