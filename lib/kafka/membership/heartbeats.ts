/** Signs of life: while an assignment is held, and while it is given up in order. */
import { setTimeout as wait } from "node:timers/promises";
import { createDeadline, type Deadline, within } from "../../deadline.js";
import { type RelayError, toRelayError } from "../../errors.js";
import type { AsksBrokers } from "../connection.js";
import type { KnowsTopics } from "../metadata.js";
import { groupWords, toKafkaError } from "../protocol/kafka-error.js";
import { heartbeatApi } from "../protocol/membership.js";
import type { Joined, Member } from "./assignment.js";
import { type EndOfAssignment, judgeBeat } from "./member-state.js";

export interface Heart {
  readonly kafka: AsksBrokers & KnowsTopics;
  readonly member: Member;
  readonly sessionTimeoutMs: number;
  readonly onTrouble: (error: RelayError) => void;
  /** Another process has our instance's name. */
  readonly onReplaced: () => void;
  /** Aborted when it is time to leave. */
  readonly leaving: AbortSignal;
}

const beatsPerSession = 4;
/** The leader looks whether the topics have as many partitions as it shared out. */
const partitionsCheckMs = 5_000;

/** Sleeps, unless it is time to leave. */
export async function rest(ms: number, leaving: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal: leaving }).catch(() => {});
}

/** Shows signs of life until the assignment ends, and says why it did. */
export async function hold(heart: Heart, { assignment, partitionCounts }: Joined): Promise<EndOfAssignment> {
  const { sessionTimeoutMs, leaving } = heart;
  let lastSignMs = Date.now();
  let checkedAtMs = Date.now();
  for (;;) {
    await rest(sessionTimeoutMs / beatsPerSession, leaving);
    if (leaving.aborted) return "leaving";
    const verdict = await beat(heart, assignment.generation);
    if (verdict === "member") lastSignMs = Date.now();
    else if (verdict !== undefined) return verdict;
    if (Date.now() - lastSignMs > sessionTimeoutMs) return "lost";
    if (partitionCounts !== undefined && Date.now() - checkedAtMs > partitionsCheckMs) {
      checkedAtMs = Date.now();
      if (await hasOtherPartitions(heart, partitionCounts)) return "rebalance";
    }
  }
}

/** One sign of life: what the coordinator says of our place. Undefined: it could not be asked, or does not know. */
async function beat(
  { kafka, member, sessionTimeoutMs, onTrouble, onReplaced }: Heart,
  generation: number,
): Promise<"member" | "rebalance" | "lost" | undefined> {
  const { groupId, memberId, instanceId } = member;
  try {
    const deadline = createDeadline(sessionTimeoutMs / 2);
    const args = { groupId, generation, memberId, instanceId };
    const { errorCode } = await kafka.connection.request(heartbeatApi, args, { coordinatorOf: groupId }, deadline);
    const verdict = judgeBeat(errorCode);
    if (verdict === "lost") member.memberId = "";
    if (verdict === "replaced") onReplaced();
    if (verdict === "unclear") onTrouble(toKafkaError(errorCode, groupWords(groupId)));
    return verdict === "replaced" ? "lost" : verdict === "unclear" ? undefined : verdict;
  } catch (error) {
    onTrouble(toRelayError(error));
    return undefined;
  }
}

/** More, or fewer: a topic that was created again may have any number. */
async function hasOtherPartitions({ kafka, sessionTimeoutMs }: Heart, partitionCounts: ReadonlyMap<string, number>): Promise<boolean> {
  const described = await kafka.metadata.describe([...partitionCounts.keys()], createDeadline(sessionTimeoutMs / 2)).catch(() => undefined);
  return [...partitionCounts].some(([name, count]) => {
    const topic = described?.topics.get(name);
    return topic !== undefined && "partitions" in topic && topic.partitions.length > 0 && topic.partitions.length !== count;
  });
}

/** Signs of life go on until `finish` has finished what is in progress, or the deadline passes. */
export async function beatWhile(heart: Heart, generation: number, deadline: Deadline, finish: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let isDone = false;
  const beatOn = () => {
    if (!isDone) timer = setTimeout(() => void beat(heart, generation).then(beatOn), heart.sessionTimeoutMs / beatsPerSession);
  };
  beatOn();
  try {
    await within(deadline, finish(), () => undefined);
  } finally {
    isDone = true;
    clearTimeout(timer);
  }
}
