/** What a group member commits and what its group has committed, asked of the coordinator and tried again while that moves. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { ask, untilDeadline } from "../ask.js";
import type { AsksBrokers } from "../connection.js";
import { isKafkaError } from "../protocol/error-codes.js";
import { groupWords, partitionWords, toChangeError, toKafkaError } from "../protocol/kafka-error.js";
import { offsetCommitApi, offsetFetchApi } from "../protocol/offsets.js";

/** The next offset to read of a partition, as a group commits it. */
export interface CommittedOffset {
  readonly offset: bigint;
  /** The topic that it belongs to, where brokers have ids: an offset of a topic that was deleted since says nothing of the new one. */
  readonly topicId?: string | undefined;
  /** Of the last record before it. */
  readonly leaderEpoch?: number | undefined;
  /** Text of the client that committed it; kept in place of the topic's id. */
  readonly metadata?: string | undefined;
}

/** By topic and partition. */
export type OffsetsByTopic = ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>>;

/** Stands in the offset's metadata, with the id as Kafka's own tools print it: brokers before OffsetCommit 10 (4.1) keep no topic id beside an offset. */
const topicIdPrefix = "topic-id=";
const toOffsetMetadata = (topicId: string | undefined): string =>
  topicId === undefined ? "" : topicIdPrefix + Buffer.from(topicId, "hex").toString("base64url");
const topicIdIn = (metadata: string | null): string | undefined =>
  metadata?.startsWith(topicIdPrefix) === true ? Buffer.from(metadata.slice(topicIdPrefix.length), "base64url").toString("hex") : undefined;

interface CommittingMember {
  readonly groupId: string;
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId: string | null;
}

/** Somebody who commits without being a member; a group accepts it while it has none. */
export const noMember = { generation: -1, memberId: "", instanceId: null } as const;

const offsetNone = -1n;

export async function commitOffsets(
  kafka: AsksBrokers,
  member: CommittingMember,
  nextOffsets: OffsetsByTopic,
  deadline: Deadline,
): Promise<void> {
  const topics = [...nextOffsets].flatMap(([name, ofTopic]) => (ofTopic.size === 0 ? [] : [{ name, partitions: toWire(ofTopic) }]));
  if (topics.length === 0) return;
  const { groupId } = member;
  const args = { ...member, retentionMs: -1n, topics };
  const answer = await ask(kafka, offsetCommitApi, args, { coordinatorOf: groupId }, deadline, {
    codes: ({ topics }) => topics.flatMap((one) => one.partitions.map(({ errorCode }) => errorCode)),
    isRepeatable: true, // the same offsets are committed once more
    policy: untilDeadline,
  });
  const failed = answer.topics
    .flatMap(({ name, partitions }) => partitions.map((one) => ({ name, ...one })))
    .find(({ errorCode }) => errorCode !== 0);
  if (failed === undefined) return;
  const what = `${partitionWords(failed.name, failed.partition)} in group ${JSON.stringify(groupId)}`;
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

function toWire(offsets: ReadonlyMap<number, CommittedOffset>) {
  return [...offsets].map(([partition, { offset, topicId, leaderEpoch = -1, metadata }]) => ({
    partition,
    offset,
    leaderEpoch,
    metadata: metadata ?? toOffsetMetadata(topicId),
  }));
}

/** Next offsets; partitions that have never been committed are absent. */
export async function fetchCommitted(
  kafka: AsksBrokers,
  groupId: string,
  partitions: ReadonlyMap<string, readonly number[]>,
  deadline: Deadline,
): Promise<OffsetsByTopic> {
  const topics = [...partitions].flatMap(([name, ofTopic]) => (ofTopic.length === 0 ? [] : [{ name, partitions: ofTopic }]));
  if (topics.length === 0) return new Map();
  const args = { groupId, topics };
  const answer = await ask(kafka, offsetFetchApi, args, { coordinatorOf: groupId }, deadline, {
    codes: ({ errorCode, topics }) => [errorCode, ...topics.flatMap((one) => one.partitions.map((entry) => entry.errorCode))],
    isRepeatable: true,
    policy: untilDeadline,
  });
  const entries = answer.topics.flatMap((one) => one.partitions);
  const code = answer.errorCode !== 0 ? answer.errorCode : (entries.find(({ errorCode }) => errorCode !== 0)?.errorCode ?? 0);
  if (code !== 0) throw toKafkaError(code, groupWords(groupId));
  return new Map(answer.topics.map((one) => [one.name, fromWire(one.partitions)]));
}

interface WireOffset {
  readonly partition: number;
  readonly offset: bigint;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

function fromWire(partitions: readonly WireOffset[]): ReadonlyMap<number, CommittedOffset> {
  return new Map(
    partitions
      .filter(({ offset }) => offset !== offsetNone)
      .map(({ partition, offset, leaderEpoch, metadata }) => {
        const topicId = topicIdIn(metadata);
        const said = topicId !== undefined ? { topicId } : metadata ? { metadata } : {};
        return [partition, { offset, ...said, ...(leaderEpoch < 0 ? {} : { leaderEpoch }) }];
      }),
  );
}
