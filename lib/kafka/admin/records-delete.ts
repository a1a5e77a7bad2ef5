/** Deleting the records before an offset: their space is freed, and readers start after them. */

import type { Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import { ask } from "../ask.js";
import type { AsksBrokers } from "../connection.js";
import { byTopic, groupByLeader } from "../grouping.js";
import { listOffsets } from "../list-offsets.js";
import type { KnowsTopics } from "../metadata.js";
import { kafkaErrors } from "../protocol/error-codes.js";
import { partitionWords, toChangeError, toKafkaError } from "../protocol/kafka-error.js";
import { deleteRecordsApi } from "../protocol/topics.js";
import { brokerTimeoutMs } from "./change.js";
import { describeTopic, refuseInternalTopic } from "./topics.js";

interface DeleteBefore {
  readonly partition: number;
  /** -1n: everything so far. */
  readonly beforeOffset: bigint;
}

interface DeletedRecords {
  readonly partition: number;
  /** The first offset that is kept. */
  readonly lowWatermark: bigint;
  readonly error?: RelayError;
}

/**
 * One answer per partition, in ascending order. Throws before anything is deleted where the topic or one of the partitions does not exist, or one of the offsets lies beyond
 * the end (`bad-request`). Later refusals (a leader that moves meanwhile) are reported with their partition.
 */
export async function deleteRecords(
  kafka: AsksBrokers & KnowsTopics,
  topic: string,
  partitions: readonly DeleteBefore[],
  deadline: Deadline,
): Promise<readonly DeletedRecords[]> {
  const refusal = refuseInternalTopic(topic);
  if (refusal !== undefined) throw refusal;
  const [metadata] = await Promise.all([describeTopic(kafka, topic, deadline), refuseBeyondEnd(kafka, topic, partitions, deadline)]);
  const places = partitions.map((one) => ({ ...one, topic }));
  const { byLeader, failed } = groupByLeader(places, new Map([[topic, metadata]]), ({ partition }) => missing(topic, partition));
  const [firstFailure] = failed.values();
  if (firstFailure !== undefined) throw firstFailure;
  const deleted = await Promise.all([...byLeader].map(([nodeId, mine]) => deleteAtLeader(kafka, topic, nodeId, mine, deadline)));
  return deleted.flat().sort((one, other) => one.partition - other.partition);
}

const missing = (topic: string, partition: number): RelayError =>
  toKafkaError(kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION.code, partitionWords(topic, partition));

async function refuseBeyondEnd(
  kafka: AsksBrokers & KnowsTopics,
  topic: string,
  partitions: readonly DeleteBefore[],
  deadline: Deadline,
): Promise<void> {
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
        `${partitionWords(topic, partition)} ends at offset ${end.offset}: nothing before ${beforeOffset} can be deleted.`,
      );
    }
  }
}

async function deleteAtLeader(
  kafka: AsksBrokers,
  topic: string,
  nodeId: number,
  partitions: readonly (DeleteBefore & { readonly topic: string })[],
  deadline: Deadline,
): Promise<readonly DeletedRecords[]> {
  try {
    const answer = await ask(
      kafka,
      deleteRecordsApi,
      { topics: byTopic(partitions, ({ partition, beforeOffset }) => ({ partition, beforeOffset })), timeoutMs: brokerTimeoutMs(deadline) },
      { nodeId },
      deadline,
      { codes: () => [], isRepeatable: true },
    );
    return answer.topics.flatMap((one) =>
      one.partitions.map(({ partition, lowWatermark, errorCode }) => ({
        partition,
        lowWatermark,
        ...(errorCode === 0 ? {} : { error: toChangeError(errorCode, partitionWords(topic, partition)) }),
      })),
    );
  } catch (error) {
    return partitions.map(({ partition }) => ({ partition, lowWatermark: -1n, error: toRelayError(error) }));
  }
}
