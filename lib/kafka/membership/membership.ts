/** A member of a consumer group, by the classic protocol: joins, is given partitions of one topic, shows that it lives, commits within its generation, leaves. */
import { createDeadline, type Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import type { Connection, Destination } from "../connection.js";
import type { Kafka } from "../kafka.js";
import { toKafkaError } from "../protocol/error-codes.js";
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  heartbeatApi,
  joinGroupApi,
  leaveGroupApi,
  syncGroupApi,
} from "../protocol/membership.js";
import { findCoordinatorApi } from "../protocol/metadata.js";
import { assignorNames, assignPartitions } from "./assignors.js";
import { type CommittedOffset, commitOffsets, fetchCommitted } from "./membership-offsets.js";

/** What a member holds for one generation of the group. */
export interface Assignment {
  readonly generation: number;
  /** In ascending order. */
  readonly partitions: readonly number[];
  /** False as soon as the group is known to rebalance or the member to be out: nothing new should be begun. */
  readonly isCurrent: () => boolean;
  /** The next offset to read as last committed by the group, for those partitions that have one. */
  readonly committed: (deadline: Deadline) => Promise<ReadonlyMap<number, CommittedOffset>>;
  /**
   * Commits next offsets within this generation, tried again while the coordinator moves. Throws `conflict` where the partitions are somebody else's by now:
   * nothing was committed.
   */
  readonly commit: (nextOffsets: ReadonlyMap<number, CommittedOffset>, deadline: Deadline) => Promise<void>;
}

/** Why an assignment ends. Only "lost" is too late to commit. */
export type EndOfAssignment = "rebalance" | "leaving" | "lost";

export interface MembershipOptions {
  readonly groupId: string;
  readonly topic: string;
  /** A name that outlives this process (KIP-345): who comes back with it takes over its partitions without waiting for its session to end. */
  readonly instanceId?: string;
  /** Without a sign of life for so long a member is out. */
  readonly sessionTimeoutMs?: number;
  /** So long may members take to finish what they hold and join again. */
  readonly rebalanceTimeoutMs?: number;
  readonly onAssigned: (assignment: Assignment) => void;
  /** Finish what is in hand and commit it, until the deadline; when it resolves the partitions are given up. */
  readonly onRevoked: (assignment: Assignment, why: EndOfAssignment, deadline: Deadline) => Promise<void>;
  /** Told what went wrong; the member tries on, unless it is `conflict`: another process has joined under `instanceId`, and this one is out for good. */
  readonly onTrouble?: (error: RelayError) => void;
}

export interface Membership {
  /** Gives everything up in order and tells the group, until the deadline. */
  readonly leave: (deadline: Deadline) => Promise<void>;
}

const sessionTimeoutDefaultMs = 10_000;
const rebalanceTimeoutDefaultMs = 60_000;
const heartbeatsPerSession = 4;
const firstPauseMs = 50;
const pauseMaxMs = 2_000;
/** Join answers come when the last member has joined: a little after the rebalance timeout at the latest. */
const joinGraceMs = 5_000;
/** Is the broker that holds our join still the one to ask? */
const coordinatorCheckMs = 2_000;
/** The leader looks whether the topic has as many partitions as it shared out. */
const partitionsCheckMs = 5_000;

const memberIdRequired = 79;
const fencedInstance = 82;
const unknownMember = 25;
const illegalGeneration = 22;
const rebalanceInProgress = 27;

interface Joined {
  readonly assignment: Assignment;
  readonly end: () => void;
  /** As the leader counted them; undefined for who does not lead. */
  readonly partitionsCount: number | undefined;
}

/** Becomes a member and stays one until `leave`. Everything it is given comes by `onAssigned`. */
export function joinGroup(kafka: Pick<Kafka, "connection" | "metadata" | "openConnection">, options: MembershipOptions): Membership {
  const { groupId, topic, instanceId = null, onAssigned, onRevoked, onTrouble = () => {} } = options;
  const { sessionTimeoutMs = sessionTimeoutDefaultMs, rebalanceTimeoutMs = rebalanceTimeoutDefaultMs } = options;
  const coordinator = { coordinatorOf: groupId } as const;
  const words = `Group ${JSON.stringify(groupId)}`;
  let memberId = "";
  let isLeaving = false;
  let wake = () => {};
  let abortJoin = () => {};

  /** Sleeps, unless it is time to leave. */
  function pause(ms: number): Promise<void> {
    if (isLeaving) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /**
   * On a socket of its own, since a broker holds join and sync back and answers nothing else on that socket meanwhile. It may hold them for so long that only
   * another look tells whether it is still the coordinator.
   */
  async function join(): Promise<Joined> {
    const nodeId = await findCoordinator();
    const connection = kafka.openConnection();
    abortJoin = () => void connection.close();
    const watch = setInterval(() => {
      findCoordinator().then(
        (now) => now === nodeId || abortJoin(),
        (error: unknown) => onTrouble(toRelayError(error)),
      );
    }, coordinatorCheckMs);
    try {
      if (isLeaving) abortJoin();
      return await joinBy(connection, { nodeId });
    } finally {
      clearInterval(watch);
      await connection.close();
    }
  }

  async function findCoordinator(): Promise<number> {
    const deadline = createDeadline(sessionTimeoutMs);
    const { errorCode, nodeId } = await kafka.connection.request(findCoordinatorApi, { key: groupId, keyType: 0 }, "any", deadline);
    if (errorCode !== 0) throw toKafkaError(errorCode, words);
    return nodeId;
  }

  async function joinBy(connection: Connection, to: Destination): Promise<Joined> {
    const deadline = createDeadline(rebalanceTimeoutMs + joinGraceMs);
    const protocols = assignorNames.map((name) => ({ name, metadata: encodeSubscription(topic) }));
    const asked = { groupId, sessionTimeoutMs, rebalanceTimeoutMs, instanceId, protocolType: "consumer", protocols };
    let joined = await connection.request(joinGroupApi, { ...asked, memberId }, to, deadline);
    if (joined.errorCode === memberIdRequired) {
      memberId = joined.memberId;
      joined = await connection.request(joinGroupApi, { ...asked, memberId }, to, deadline);
    }
    assertAccepted(joined.errorCode);
    memberId = joined.memberId;
    const { generation } = joined;
    const shares = joined.leaderId === memberId ? await share(joined.protocolName, joined.members, deadline) : undefined;
    const assignments =
      shares === undefined
        ? []
        : [...shares.byMember].map(([member, own]) => ({ memberId: member, assignment: encodeAssignment(topic, own) }));
    const synced = await connection.request(syncGroupApi, { groupId, generation, memberId, instanceId, assignments }, to, deadline);
    assertAccepted(synced.errorCode);
    const partitions = [...decodeAssignment(synced.assignment, topic)].sort((one, other) => one - other);
    return { ...toAssignment(generation, partitions), partitionsCount: shares?.partitionsCount };
  }

  async function share(assignor: string, members: readonly { readonly memberId: string; readonly metadata: Buffer }[], deadline: Deadline) {
    const { partitions } = await kafka.metadata.topic(topic, deadline, { ageMaxMs: 0 });
    const subscribed = members.filter(({ metadata }) => decodeSubscription(metadata).includes(topic)).map((member) => member.memberId);
    const shared = assignPartitions(assignor, subscribed, partitions.length);
    return {
      partitionsCount: partitions.length,
      byMember: new Map(members.map((member) => [member.memberId, shared.get(member.memberId) ?? []])),
    };
  }

  function assertAccepted(errorCode: number): void {
    if (errorCode === 0) return;
    if (errorCode === unknownMember || errorCode === illegalGeneration) memberId = "";
    if (errorCode === fencedInstance) throw replaced();
    throw toKafkaError(errorCode, words);
  }

  /** Another process has come with our instance's name: to join again would throw that one out in turn. */
  function replaced(): RelayError {
    isLeaving = true;
    memberId = "";
    return new RelayError("conflict", `${words}: another process has joined as ${JSON.stringify(instanceId)}.`, {
      kafkaCode: fencedInstance,
    });
  }

  function toAssignment(generation: number, partitions: readonly number[]): { readonly assignment: Assignment; readonly end: () => void } {
    let isCurrent = true;
    const member = { groupId, topic, generation, memberId, instanceId };
    const assignment: Assignment = {
      generation,
      partitions,
      isCurrent: () => isCurrent,
      committed: (deadline) => fetchCommitted(kafka, member, partitions, deadline),
      commit: (nextOffsets, deadline) => commitOffsets(kafka, member, nextOffsets, deadline),
    };
    return {
      assignment,
      end: () => {
        isCurrent = false;
      },
    };
  }

  /** One sign of life: what the coordinator says of our place. Undefined: it could not be asked. */
  async function beat(generation: number): Promise<"member" | "rebalance" | "lost" | undefined> {
    try {
      const deadline = createDeadline(sessionTimeoutMs / 2);
      const { errorCode } = await kafka.connection.request(
        heartbeatApi,
        { groupId, generation, memberId, instanceId },
        coordinator,
        deadline,
      );
      if (errorCode === 0) return "member";
      if (errorCode === rebalanceInProgress) return "rebalance";
      if (errorCode === fencedInstance) {
        onTrouble(replaced());
        return "lost";
      }
      if (errorCode === unknownMember || errorCode === illegalGeneration) {
        memberId = "";
        return "lost";
      }
      onTrouble(toKafkaError(errorCode, words));
    } catch (error) {
      onTrouble(toRelayError(error));
    }
    return undefined;
  }

  /** Shows signs of life until the assignment ends, and says why it did. */
  async function hold({ assignment, partitionsCount }: Joined): Promise<EndOfAssignment> {
    let lastSignMs = Date.now();
    let checkedAtMs = Date.now();
    for (;;) {
      await pause(sessionTimeoutMs / heartbeatsPerSession);
      if (isLeaving) return "leaving";
      const said = await beat(assignment.generation);
      if (said === "member") lastSignMs = Date.now();
      else if (said !== undefined) return said;
      if (Date.now() - lastSignMs > sessionTimeoutMs) return "lost";
      if (partitionsCount !== undefined && Date.now() - checkedAtMs > partitionsCheckMs) {
        checkedAtMs = Date.now();
        if (await hasOtherPartitions(partitionsCount)) return "rebalance";
      }
    }
  }

  /** More, or fewer: a topic that was created again may have any number. */
  async function hasOtherPartitions(partitionsCount: number): Promise<boolean> {
    const { partitions } = await kafka.metadata
      .topic(topic, createDeadline(sessionTimeoutMs / 2), { ageMaxMs: 0 })
      .catch(() => ({ partitions: [] }));
    return partitions.length > 0 && partitions.length !== partitionsCount;
  }

  /** Signs of life go on while what is in hand is finished. */
  async function giveUp(joined: Joined, why: EndOfAssignment, patience: Deadline): Promise<void> {
    joined.end();
    let isDone = false;
    const done = onRevoked(joined.assignment, why, patience)
      .catch((error: unknown) => onTrouble(toRelayError(error)))
      .finally(() => {
        isDone = true;
      });
    let timer: NodeJS.Timeout | undefined;
    const beatOn = () => {
      if (isDone || why === "lost") return;
      timer = setTimeout(() => void beat(joined.assignment.generation).then(beatOn), sessionTimeoutMs / heartbeatsPerSession);
    };
    beatOn();
    let limit: NodeJS.Timeout | undefined;
    await Promise.race([
      done,
      new Promise((resolve) => {
        limit = setTimeout(resolve, patience.leftMs());
      }),
    ]);
    isDone = true;
    clearTimeout(timer);
    clearTimeout(limit);
  }

  let leaveBy: Deadline = createDeadline(rebalanceTimeoutMs);

  async function live(): Promise<void> {
    for (let pauseMs = firstPauseMs; !isLeaving; ) {
      try {
        const joined = await join();
        pauseMs = firstPauseMs;
        onAssigned(joined.assignment);
        const why = await hold(joined);
        await giveUp(joined, why, why === "leaving" ? leaveBy : createDeadline(rebalanceTimeoutMs * 0.8));
      } catch (error) {
        const trouble = toRelayError(error);
        if (!isLeaving || trouble.code === "conflict") onTrouble(trouble); // what fails because we leave is no trouble
        await pause(pauseMs);
        pauseMs = Math.min(pauseMaxMs, pauseMs * 2);
      }
    }
  }

  const life = live();

  return {
    leave: async (deadline) => {
      leaveBy = deadline;
      isLeaving = true;
      wake();
      abortJoin();
      await life;
      if (memberId === "" || deadline.leftMs() <= 0) return;
      await kafka.connection
        .request(leaveGroupApi, { groupId, memberId }, coordinator, deadline)
        .catch((error) => onTrouble(toRelayError(error)));
    },
  };
}
