/** One attempt to join a group: JoinGroup, the shares where we lead, SyncGroup. */
import { createDeadline, type Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import type { AsksBrokers, Connection, Destination, OpensConnections } from "../connection.js";
import type { KnowsTopics } from "../metadata.js";
import { groupWords, toKafkaError } from "../protocol/kafka-error.js";
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  joinGroupApi,
  syncGroupApi,
} from "../protocol/membership.js";
import { findCoordinatorApi } from "../protocol/metadata.js";
import { createJoined, type Joined, type Member } from "./assignment.js";
import { assignorNames, assignTopics } from "./assignors.js";
import { type JoinVerdict, judgeJoin } from "./member-state.js";

export interface JoinTimes {
  /** Without a sign of life for so long a member is out. */
  readonly sessionTimeoutMs: number;
  /** So long may members take to finish what they hold and join again. */
  readonly rebalanceTimeoutMs: number;
}

/** An answer to a join or a sync that is not "accepted". */
interface NotJoined {
  readonly verdict: Exclude<JoinVerdict, "accepted">;
  readonly error: RelayError;
}

/** An attempt in progress; `abort` ends it at once, and is harmless afterwards. */
export interface Joining {
  readonly result: Promise<Joined | NotJoined>;
  readonly abort: () => void;
}

/** Join answers come when the last member has joined: a little after the rebalance timeout at the latest. */
const joinGraceMs = 5_000;
/** Is the broker that holds our join still the one to ask? */
const coordinatorCheckMs = 2_000;

type JoinKafka = AsksBrokers & KnowsTopics & OpensConnections;

/**
 * On a socket of its own, since a broker holds join and sync back and answers nothing else on that socket meanwhile. It may hold them for so long that only
 * another look shows whether it is still the coordinator.
 */
export function startJoining(kafka: JoinKafka, member: Member, times: JoinTimes, onTrouble: (error: RelayError) => void): Joining {
  let connection: Connection | undefined;
  let isAborted = false;
  const abort = () => {
    isAborted = true;
    void connection?.close();
  };
  const run = async (): Promise<Joined | NotJoined> => {
    const nodeId = await findCoordinator(kafka, member.groupId, times);
    connection = kafka.openConnection();
    const watch = setInterval(() => {
      findCoordinator(kafka, member.groupId, times).then(
        (now) => now === nodeId || abort(),
        (error: unknown) => onTrouble(toRelayError(error)),
      );
    }, coordinatorCheckMs);
    try {
      if (isAborted) abort();
      return await joinBy(kafka, connection, { nodeId }, member, times);
    } finally {
      clearInterval(watch);
      await connection.close();
    }
  };
  return { result: run(), abort };
}

async function findCoordinator({ connection }: AsksBrokers, groupId: string, { sessionTimeoutMs }: JoinTimes): Promise<number> {
  const deadline = createDeadline(sessionTimeoutMs);
  const { errorCode, errorMessage, nodeId } = await connection.request(findCoordinatorApi, { key: groupId, keyType: 0 }, "any", deadline);
  if (errorCode !== 0) throw toKafkaError(errorCode, groupWords(groupId), errorMessage);
  return nodeId;
}

async function joinBy(
  kafka: JoinKafka,
  connection: Connection,
  to: Destination,
  member: Member,
  times: JoinTimes,
): Promise<Joined | NotJoined> {
  const deadline = createDeadline(times.rebalanceTimeoutMs + joinGraceMs);
  const { groupId, topics, instanceId } = member;
  const protocols = assignorNames.map((name) => ({ name, metadata: encodeSubscription(topics) }));
  const join = () =>
    connection.request(
      joinGroupApi,
      { groupId, ...times, instanceId, protocolType: "consumer", protocols, memberId: member.memberId },
      to,
      deadline,
    );
  let joined = await join();
  if (judgeJoin(joined.errorCode) === "rejoin-with-id") {
    member.memberId = joined.memberId;
    joined = await join();
  }
  if (joined.errorCode !== 0) return notJoined(joined.errorCode, groupId);
  member.memberId = joined.memberId;
  const { generation, leaderId, memberId } = joined;
  const shares = leaderId === memberId ? await share(kafka, topics, joined.protocolName, joined.members, deadline) : undefined;
  const assignments = Array.from(shares?.byMember ?? [], ([id, own]) => ({ memberId: id, assignment: encodeAssignment(own) }));
  const synced = await connection.request(syncGroupApi, { groupId, generation, memberId, instanceId, assignments }, to, deadline);
  if (synced.errorCode !== 0) return notJoined(synced.errorCode, groupId);
  return createJoined(kafka, member, generation, decodeAssignment(synced.assignment), shares?.partitionCounts);
}

function notJoined(errorCode: number, groupId: string): NotJoined {
  const verdict = judgeJoin(errorCode);
  return { verdict: verdict === "accepted" ? "refused" : verdict, error: toKafkaError(errorCode, groupWords(groupId)) };
}

/** As the leader: which member gets which partitions, of all topics that any member subscribes to. Throws if none of our own topics is known. */
async function share(
  { metadata }: KnowsTopics,
  ownTopics: readonly string[],
  assignor: string,
  members: readonly { readonly memberId: string; readonly metadata: Buffer }[],
  deadline: Deadline,
) {
  const subscriptions = new Map(members.map((member) => [member.memberId, decodeSubscription(member.metadata)]));
  const names = [...new Set([...subscriptions.values()].flat())];
  const { topics } = await metadata.describe(names, deadline);
  const partitionCounts = new Map(
    names.map((name) => {
      const topic = topics.get(name);
      if (topic instanceof RelayError && topic.failure.isRetriable) throw topic;
      return [name, topic === undefined || topic instanceof RelayError ? 0 : topic.partitions.length] as const;
    }),
  );
  const unknown = ownTopics.map((name) => topics.get(name)).filter((topic) => topic instanceof RelayError);
  if (unknown[0] !== undefined && unknown.length === ownTopics.length) throw unknown[0];
  return { partitionCounts, byMember: assignTopics(assignor, subscriptions, partitionCounts) };
}
