/** What a group member commits and what its group has committed, asked of the coordinator and tried again while that moves. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { ask, untilDeadline } from "../ask.js";
import type { AsksBrokers } from "../connection.js";
import { groupWords, isKafkaError, partitionWords, toChangeError, toKafkaError } from "../protocol/error-codes.js";
import { offsetCommitApi, offsetFetchApi } from "../protocol/offsets.js";

/** The next offset to read of a partition, as a group commits it. */
export interface CommittedOffset {
  readonly offset: bigint;
  /** The topic that it belongs to, where brokers have ids: an offset of a topic that was deleted since says nothing of the new one. */
  readonly topicId?: string | undefined;
  /** Of the last record before it. */
  readonly leaderEpoch?: number | undefined;
}

/** Stands in the offset's metadata, with the id as Kafka's own tools print it: brokers before OffsetCommit 10 (4.1) keep no topic id beside an offset. */
const topicIdPrefix = "topic-id=";
const toOffsetMetadata = (topicId: string | undefined): string =>
  topicId === undefined ? "" : topicIdPrefix + Buffer.from(topicId, "hex").toString("base64url");
const topicIdIn = (metadata: string | null): string | undefined =>
  metadata?.startsWith(topicIdPrefix) === true ? Buffer.from(metadata.slice(topicIdPrefix.length), "base64url").toString("hex") : undefined;

interface Member {
  readonly groupId: string;
  readonly topic: string;
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId: string | null;
}

const offsetNone = -1n;

export async function commitOffsets(
  kafka: AsksBrokers,
  member: Member,
  nextOffsets: ReadonlyMap<number, CommittedOffset>,
  deadline: Deadline,
): Promise<void> {
  if (nextOffsets.size === 0) return;
  const { groupId, topic, generation, memberId, instanceId } = member;
  const partitions = [...nextOffsets].map(([partition, { offset, topicId, leaderEpoch = -1 }]) => ({
    partition,
    offset,
    leaderEpoch,
    metadata: toOffsetMetadata(topicId),
  }));
  const args = { groupId, generation, memberId, instanceId, retentionMs: -1n, topics: [{ name: topic, partitions }] };
  const answer = await ask(kafka, offsetCommitApi, args, { coordinatorOf: groupId }, deadline, {
    codes: ({ topics }) => topics.flatMap((one) => one.partitions.map(({ errorCode }) => errorCode)),
    isRepeatable: true, // the same offsets are committed once more
    policy: untilDeadline,
  });
  const failed = answer.topics.flatMap((one) => one.partitions).find(({ errorCode }) => errorCode !== 0);
  if (failed === undefined) return;
  const what = `${partitionWords(topic, failed.partition)} in group ${JSON.stringify(groupId)}`;
  const isReplaced = isKafkaError(
    failed.errorCode,
    "ILLEGAL_GENERATION",
    "UNKNOWN_MEMBER_ID",
    "REBALANCE_IN_PROGRESS",
    "FENCED_INSTANCE_ID",
  );
  if (!isReplaced) throw toChangeError(failed.errorCode, what);
  throw new RelayError("conflict", `${what} is no longer ours to commit: the group has rebalanced.`, { kafkaCode: failed.errorCode });
}

/** Next offsets by partition; those never committed are absent. */
export async function fetchCommitted(
  kafka: AsksBrokers,
  { groupId, topic }: Member,
  partitions: readonly number[],
  deadline: Deadline,
): Promise<ReadonlyMap<number, CommittedOffset>> {
  if (partitions.length === 0) return new Map();
  const args = { groupId, topics: [{ name: topic, partitions }] };
  const answer = await ask(kafka, offsetFetchApi, args, { coordinatorOf: groupId }, deadline, {
    codes: ({ errorCode, topics }) => [errorCode, ...topics.flatMap((one) => one.partitions.map((entry) => entry.errorCode))],
    isRepeatable: true,
    policy: untilDeadline,
  });
  const entries = answer.topics.flatMap((one) => one.partitions);
  const code = answer.errorCode !== 0 ? answer.errorCode : (entries.find(({ errorCode }) => errorCode !== 0)?.errorCode ?? 0);
  if (code !== 0) throw toKafkaError(code, groupWords(groupId));
  return new Map(
    entries
      .filter(({ offset }) => offset !== offsetNone)
      .map(({ partition, offset, leaderEpoch, metadata }) => {
        const topicId = topicIdIn(metadata);
        return [partition, { offset, ...(topicId === undefined ? {} : { topicId }), ...(leaderEpoch < 0 ? {} : { leaderEpoch }) }];
      }),
  );
}
