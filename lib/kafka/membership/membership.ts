/** A member of a consumer group, by the classic protocol: joins, is given partitions of its topics, shows that it lives, commits within its generation, leaves. */
import { createDeadline, type Deadline, within } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import { type Pauses, pauseMs } from "../ask.js";
import type { AsksBrokers, OpensConnections } from "../connection.js";
import type { KnowsTopics } from "../metadata.js";
import { kafkaErrors } from "../protocol/error-codes.js";
import { groupWords } from "../protocol/kafka-error.js";
import { leaveGroupApi } from "../protocol/membership.js";
import { type Assignment, type GroupAssignment, type Joined, type Member, ofTopic } from "./assignment.js";
import { beatWhile, type Heart, hold, rest } from "./heartbeats.js";
import { type Joining, type JoinTimes, startJoining } from "./joining.js";
import { type EndOfAssignment, firstState, type MemberEvent, type MemberState, nextState } from "./member-state.js";

export type { Assignment, GroupAssignment } from "./assignment.js";
export type { EndOfAssignment } from "./member-state.js";

interface GroupMembershipOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** A name that outlives this process (KIP-345): a process that comes back with it takes over its partitions without waiting for its session to end. */
  readonly instanceId?: string;
  /** Without a sign of life for so long a member is out. */
  readonly sessionTimeoutMs?: number;
  /** So long may members take to finish what they hold and join again. */
  readonly rebalanceTimeoutMs?: number;
  readonly onAssigned: (assignment: GroupAssignment) => void;
  /** Finish what is in progress and commit it, until the deadline; when it resolves the partitions are given up. */
  readonly onRevoked: (assignment: GroupAssignment, why: EndOfAssignment, deadline: Deadline) => Promise<void>;
  /** Hears what went wrong; the member tries on, unless it is `conflict`: another process has joined under `instanceId`, and this one is out for good. */
  readonly onTrouble?: (error: RelayError) => void;
}

/** The same for a member of one topic. */
export interface MembershipOptions extends Omit<GroupMembershipOptions, "topics" | "onAssigned" | "onRevoked"> {
  readonly topic: string;
  readonly onAssigned: (assignment: Assignment) => void;
  readonly onRevoked: (assignment: Assignment, why: EndOfAssignment, deadline: Deadline) => Promise<void>;
}

export interface Membership {
  /** Gives everything up in order and notifies the group, until the deadline. */
  readonly leave: (deadline: Deadline) => Promise<void>;
}

const sessionTimeoutDefaultMs = 10_000;
const rebalanceTimeoutDefaultMs = 60_000;
/** Of the rebalance timeout: what a member may take to give up its partitions, so that it can still join in time. */
const giveUpShare = 0.8;
const rejoinPauses: Pauses = { firstMs: 100, maxMs: 4_000 };

type MembershipKafka = AsksBrokers & KnowsTopics & OpensConnections;

/** Becomes a member and stays one until `leave`. Everything it is given comes by `onAssigned`. `random` spreads out members that lost the same coordinator. */
export function joinTopics(kafka: MembershipKafka, options: GroupMembershipOptions, random: () => number = Math.random): Membership {
  const membership = new LiveMembership(kafka, options, random);
  const life = membership.live();
  return { leave: (deadline) => membership.leave(deadline, life) };
}

/** The same with one topic. */
export function joinGroup(kafka: MembershipKafka, options: MembershipOptions, random: () => number = Math.random): Membership {
  const { topic, onAssigned, onRevoked, ...others } = options;
  let given: Assignment | undefined;
  return joinTopics(
    kafka,
    {
      ...others,
      topics: [topic],
      onAssigned: (assignment) => {
        given = ofTopic(topic, assignment);
        onAssigned(given);
      },
      onRevoked: (assignment, why, deadline) => onRevoked(given ?? ofTopic(topic, assignment), why, deadline),
    },
    random,
  );
}

class LiveMembership {
  readonly #kafka: MembershipKafka;
  readonly #options: GroupMembershipOptions;
  readonly #random: () => number;
  readonly #times: JoinTimes;
  readonly #member: Member;
  readonly #leaving = new AbortController();
  readonly #heart: Heart;
  readonly #onTrouble: (error: RelayError) => void;
  #joining: Joining | undefined;
  #leaveBy: Deadline;

  constructor(kafka: MembershipKafka, options: GroupMembershipOptions, random: () => number) {
    const { groupId, topics, instanceId = null, onTrouble = () => {} } = options;
    const { sessionTimeoutMs = sessionTimeoutDefaultMs, rebalanceTimeoutMs = rebalanceTimeoutDefaultMs } = options;
    this.#kafka = kafka;
    this.#options = options;
    this.#random = random;
    this.#onTrouble = onTrouble;
    this.#times = { sessionTimeoutMs, rebalanceTimeoutMs };
    this.#member = { groupId, topics, instanceId, memberId: "" };
    this.#leaveBy = createDeadline(rebalanceTimeoutMs);
    const leaving = this.#leaving.signal;
    this.#heart = { kafka, member: this.#member, sessionTimeoutMs, onTrouble, onReplaced: () => this.#replaced(), leaving };
  }

  async live(): Promise<void> {
    let state: MemberState<Joined> = firstState;
    while (state.state !== "out") state = nextState(state, await this.#act(state), this.#isLeaving());
  }

  async leave(deadline: Deadline, life: Promise<void>): Promise<void> {
    this.#leaveBy = deadline;
    this.#leaving.abort();
    this.#joining?.abort();
    await life;
    const { groupId, memberId } = this.#member;
    if (memberId === "" || deadline.leftMs() <= 0) return;
    await this.#kafka.connection
      .request(leaveGroupApi, { groupId, memberId }, { coordinatorOf: groupId }, deadline)
      .catch((error) => this.#onTrouble(toRelayError(error)));
  }

  #isLeaving(): boolean {
    return this.#leaving.signal.aborted;
  }

  async #act(state: Exclude<MemberState<Joined>, { readonly state: "out" }>): Promise<MemberEvent<Joined>> {
    switch (state.state) {
      case "joining":
        return this.#join();
      case "waiting":
        await rest(pauseMs(state.failures, rejoinPauses, this.#random), this.#leaving.signal);
        return { event: "waited" };
      case "holding":
        return { event: "ended", why: await hold(this.#heart, state.joined) };
      case "giving-up":
        await this.#giveUp(state.joined, state.why);
        return { event: "given-up" };
    }
  }

  async #join(): Promise<MemberEvent<Joined>> {
    try {
      this.#joining = startJoining(this.#kafka, this.#member, this.#times, this.#onTrouble);
      const result = await this.#joining.result;
      if ("assignment" in result) {
        this.#options.onAssigned(result.assignment);
        return { event: "joined", joined: result };
      }
      if (result.verdict === "rejoin-as-new") this.#member.memberId = "";
      if (result.verdict === "replaced") this.#replaced();
      if (result.verdict === "refused" || result.verdict === "rejoin-with-id") this.#onTrouble(result.error);
    } catch (error) {
      if (!this.#isLeaving()) this.#onTrouble(toRelayError(error)); // what fails because we leave is expected
    }
    return { event: "not-joined" };
  }

  /** Another process has come with our instance's name: to join again would throw that one out in turn. */
  #replaced(): void {
    const { groupId, instanceId } = this.#member;
    this.#leaving.abort();
    this.#member.memberId = "";
    const message = `${groupWords(groupId)}: another process has joined as ${JSON.stringify(instanceId)}.`;
    this.#onTrouble(new RelayError("conflict", message, { kafkaCode: kafkaErrors.FENCED_INSTANCE_ID.code }));
  }

  async #giveUp({ assignment, end }: Joined, why: EndOfAssignment): Promise<void> {
    end();
    const patience = why === "leaving" ? this.#leaveBy : createDeadline(this.#times.rebalanceTimeoutMs * giveUpShare);
    const finish = () => this.#options.onRevoked(assignment, why, patience).catch((error: unknown) => this.#onTrouble(toRelayError(error)));
    if (why === "lost") await within(patience, finish(), () => undefined);
    else await beatWhile(this.#heart, assignment.generation, patience, finish);
  }
}
