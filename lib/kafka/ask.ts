/**
 * The one way to ask Kafka again. A policy says as data which failures are worth another attempt, how many, and how long to pause; the table of error codes
 * says which failure an answer is. Pauses have full jitter, so that many environments that lost the same broker do not come back at the same moment:
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
import { setTimeout as wait } from "node:timers/promises";
import { type Deadline, sooner } from "../deadline.js";
import { type FailureCode, RelayError } from "../errors.js";
import type { Api, AsksBrokers, Destination } from "./connection.js";
import { kafkaError } from "./protocol/error-codes.js";
import { brokersAlone, metadataApi } from "./protocol/metadata.js";

/** The longest pause doubles from attempt to attempt, up to a limit. */
export interface Pauses {
  readonly firstMs: number;
  readonly maxMs: number;
}

export interface AskPolicy extends Pauses {
  /** How many attempts a failure is worth; a failure that is not listed is final. */
  readonly attempts: Readonly<Partial<Record<FailureCode, number>>>;
  readonly withinMs: number;
}

/** Time and randomness, as arguments. */
export interface TimeAndChance {
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}
export const realWorld: TimeAndChance = { random: Math.random, sleep: wait };

const noLimit = Number.POSITIVE_INFINITY;
/** Connecting has already tried every broker. */
const unreachableMax = 3;

/** For one answer to a caller who waits. A cluster that has never had a group needs about 7 seconds to make its offsets topic. */
export const briefly: AskPolicy = {
  firstMs: 80,
  maxMs: 2_000,
  withinMs: 8_000,
  attempts: {
    "kafka-retriable": noLimit,
    "leader-not-available": noLimit,
    "broker-not-available": noLimit,
    "kafka-unreachable": unreachableMax,
    "maybe-written": unreachableMax,
  },
};

/** Like `briefly`, but the controller may have moved: another broker is asked for the controller before each further attempt. */
const brieflyByController: AskPolicy = { ...briefly, attempts: { ...briefly.attempts, "kafka-unreachable": noLimit } };

/** Until the deadline, for requests that cannot be made up for later: commits, and what the producer needs before it can write. */
export const untilDeadline: AskPolicy = {
  firstMs: 100,
  maxMs: 1_600,
  withinMs: noLimit,
  attempts: {
    "kafka-retriable": noLimit,
    "leader-not-available": noLimit,
    "broker-not-available": noLimit,
    "kafka-unreachable": noLimit,
    "maybe-written": noLimit,
  },
};

/** How long to pause after attempt `number`, counted from 1: anything from nothing to the longest pause ("full jitter"). */
export function pauseMs(number: number, { firstMs, maxMs }: Pauses, random: () => number = Math.random): number {
  return random() * Math.min(maxMs, firstMs * 2 ** (number - 1));
}

/** Is attempt `number` after this failure not the last? */
export function isWorthAnother(failure: FailureCode, number: number, { attempts }: AskPolicy): boolean {
  return number < (attempts[failure] ?? 0);
}

/**
 * Repeats `attempt` until its outcome is over, or the deadline would pass in the next pause; then gives (or throws) that outcome. An error that is not
 * understood is a bug, and is thrown at once.
 */
export async function repeat<T>(
  attempt: (number: number) => Promise<T>,
  isOver: (outcome: T | RelayError, number: number) => boolean,
  pauses: Pauses,
  deadline: Deadline,
  { random, sleep }: TimeAndChance = realWorld,
): Promise<T> {
  for (let number = 1; ; number++) {
    const outcome = await attempt(number).catch(understood);
    const ms = pauseMs(number, pauses, random);
    if (isOver(outcome, number) || deadline.leftMs() <= ms) {
      if (outcome instanceof RelayError) throw outcome;
      return outcome;
    }
    await sleep(ms);
  }
}

function understood(error: unknown): RelayError {
  if (error instanceof RelayError) return error;
  throw error;
}

interface AskOptions<Answer> {
  /** The error codes that an answer carries. */
  readonly codes: (answer: Answer) => Iterable<number>;
  /** May the request be sent again although it may have been carried out already? Reads may, and so may what has no further effect the second time. */
  readonly isRepeatable: boolean;
  readonly policy?: AskPolicy;
}

/** Sends a request, again where the policy says so, and gives what the broker answered: its error codes are for the caller to read. */
export async function ask<Args, Answer>(
  { connection }: AsksBrokers,
  api: Api<Args, Answer>,
  args: Args,
  to: Destination,
  deadline: Deadline,
  { codes, isRepeatable, policy = to === "controller" ? brieflyByController : briefly }: AskOptions<Answer>,
  world: TimeAndChance = realWorld,
): Promise<Answer> {
  let isLost = false;
  const attempt = async (): Promise<Answer> => {
    if (isLost && to === "controller") await connection.request(metadataApi, brokersAlone, "any", deadline).catch(() => {});
    isLost = true;
    const answer = await connection.request(api, args, to, deadline);
    isLost = false;
    return answer;
  };
  const isOver = (outcome: Answer | RelayError, number: number): boolean =>
    outcome instanceof RelayError
      ? !isWorthAnother(outcome.code, number, policy) || !(isRepeatable || outcome.failure.written === "no")
      : !isAnswerWorthAnother([...codes(outcome)], isRepeatable, number, policy);
  return repeat(attempt, isOver, policy, sooner(deadline, policy.withinMs), world);
}

/** A part that succeeded, or may have, rules out repeating a request that must be carried out only once. */
function isAnswerWorthAnother(codes: readonly number[], isRepeatable: boolean, number: number, policy: AskPolicy): boolean {
  const rows = codes.map(kafkaError);
  const isSafe = isRepeatable || rows.every(({ written }) => written === "not-written");
  return isSafe && rows.some(({ failure }) => isWorthAnother(failure, number, policy));
}

/** A broker that dies stays in the metadata until its session ends (Kafka's default: 9 seconds); then what it led has new leaders. */
const failoverWithinMs = 12_000;
const failoverPauses: Pauses = { firstMs: 200, maxMs: 1_600 };

/** Tries until everything is settled, or a failover has had its time: what is left unsettled then is reported as it is. */
export async function throughFailover(
  deadline: Deadline,
  tryOnce: () => Promise<"settled" | "unsettled">,
  world: TimeAndChance = realWorld,
): Promise<void> {
  await repeat(tryOnce, (outcome) => outcome !== "unsettled", failoverPauses, sooner(deadline, failoverWithinMs), world);
}
