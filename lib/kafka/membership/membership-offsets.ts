/** What a group member commits and what its group has committed, asked of the coordinator and tried again while that moves. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { toAdminError } from "../admin/admin-failures.js";
import type { Api, Connection } from "../connection.js";
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

/** The coordinator is loading, unknown or has moved; the log of commits is short of replicas for a moment. */
const transientCodes: ReadonlySet<number> = new Set([7, 14, 15, 16, 19, 20]);
/** Another generation has begun, or the member is out. */
const fencedCodes: ReadonlySet<number> = new Set([22, 25, 27, 82]);
const pauseMs = 50;
const pauseMaxMs = 800;
const offsetNone = -1n;

export async function commitOffsets(
  connection: Connection,
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
  const answer = await askCoordinator(connection, offsetCommitApi, args, groupId, deadline, ({ topics }) =>
    topics.flatMap((one) => one.partitions.map(({ errorCode }) => errorCode)),
  );
  const failed = answer.topics.flatMap((one) => one.partitions).find(({ errorCode }) => errorCode !== 0);
  if (failed === undefined) return;
  const what = `Partition ${failed.partition} of topic ${JSON.stringify(topic)} in group ${JSON.stringify(groupId)}`;
  if (!fencedCodes.has(failed.errorCode)) throw toAdminError(failed.errorCode, what);
  throw new RelayError("conflict", `${what} is no longer ours to commit: the group has rebalanced.`, { kafkaCode: failed.errorCode });
}

/** Next offsets by partition; those never committed are absent. */
export async function fetchCommitted(
  connection: Connection,
  { groupId, topic }: Member,
  partitions: readonly number[],
  deadline: Deadline,
): Promise<ReadonlyMap<number, CommittedOffset>> {
  if (partitions.length === 0) return new Map();
  const args = { groupId, topics: [{ name: topic, partitions }] };
  const answer = await askCoordinator(connection, offsetFetchApi, args, groupId, deadline, (told) => [
    told.errorCode,
    ...told.topics.flatMap((one) => one.partitions.map(({ errorCode }) => errorCode)),
  ]);
  const entries = answer.topics.flatMap((one) => one.partitions);
  const code = answer.errorCode !== 0 ? answer.errorCode : (entries.find(({ errorCode }) => errorCode !== 0)?.errorCode ?? 0);
  if (code !== 0) throw toAdminError(code, `Group ${JSON.stringify(groupId)}`);
  return new Map(
    entries
      .filter(({ offset }) => offset !== offsetNone)
      .map(({ partition, offset, leaderEpoch, metadata }) => {
        const topicId = topicIdIn(metadata);
        return [partition, { offset, ...(topicId === undefined ? {} : { topicId }), ...(leaderEpoch < 0 ? {} : { leaderEpoch }) }];
      }),
  );
}

/** Both requests may be sent again: the same offsets are committed, or read, once more. */
async function askCoordinator<Args, Answer>(
  connection: Connection,
  api: Api<Args, Answer>,
  args: Args,
  groupId: string,
  deadline: Deadline,
  codes: (answer: Answer) => readonly number[],
): Promise<Answer> {
  for (let waitMs = pauseMs; ; waitMs = Math.min(pauseMaxMs, waitMs * 2)) {
    const hasTime = () => deadline.leftMs() > waitMs;
    try {
      const answer = await connection.request(api, args, { coordinatorOf: groupId }, deadline);
      if (!codes(answer).some((code) => transientCodes.has(code)) || !hasTime()) return answer;
    } catch (error) {
      const isWorthAnother =
        error instanceof RelayError &&
        ["kafka-unreachable", "kafka-retriable", "maybe-written", "broker-not-available"].includes(error.code);
      if (!isWorthAnother || !hasTime()) throw error;
    }
    await sleep(waitMs);
  }
}
