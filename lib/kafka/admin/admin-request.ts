/** How administration asks: the same request again where a coordinator or controller has moved, and eyes on what it changed until it is seen. */
import { setTimeout as sleep } from "node:timers/promises";
import { assertTimeLeft, type Deadline, sooner } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { Api, Destination } from "../connection.js";
import type { Kafka } from "../kafka.js";
import { metadataApi } from "../protocol/metadata.js";
import { transientCodes } from "./admin-failures.js";

/** About 7 seconds: a cluster that has never had a group makes its offsets topic when it is first asked for a coordinator. */
const attemptsMax = 12;
/** Nobody there is told sooner: connecting has tried every broker already. */
const unreachableMax = 3;
const firstPauseMs = 40;
const pauseMaxMs = 1_000;

export interface AskOptions<Answer> {
  /** The error codes an answer carries: a transient one among them asks again. */
  readonly codes: (answer: Answer) => Iterable<number>;
  /** May it be sent again although it may have happened already? Reads may; what fails or changes nothing the second time may too. */
  readonly isRepeatable: boolean;
}

/** Sends a request and answers what the broker said, codes included; transient refusals are asked again, at most twelve times and within the deadline. */
export async function ask<Args, Answer>(
  kafka: Pick<Kafka, "connection">,
  api: Api<Args, Answer>,
  args: Args,
  to: Destination,
  deadline: Deadline,
  options: AskOptions<Answer>,
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt >= attemptsMax;
    try {
      const answer = await kafka.connection.request(api, args, to, deadline);
      if (isLast || ![...options.codes(answer)].some((code) => transientCodes.has(code))) return answer;
    } catch (error) {
      if (isLast || !isWorthAnother(error, options.isRepeatable, attempt, to)) throw error;
      // Whoever was the controller may be gone: who it is now, any other broker tells, unless it is going too; then the next attempt asks anew.
      if (to === "controller") await kafka.connection.request(metadataApi, brokersAlone, "any", deadline).catch(() => {});
    }
    const pauseMs = Math.min(pauseMaxMs, firstPauseMs * 2 ** (attempt - 1));
    if (deadline.leftMs() <= pauseMs) assertTimeLeft({ leftMs: () => 0 }, `${api.name} once more`);
    await sleep(pauseMs);
  }
}

/** The connection learns who the brokers and the controller are from every answer of this kind. */
const brokersAlone = {
  topics: [],
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
} as const;

function isWorthAnother(error: unknown, isRepeatable: boolean, attempt: number, to: Destination): boolean {
  if (!(error instanceof RelayError)) return false;
  if (error.code === "kafka-retriable" || error.code === "broker-not-available") return true;
  if (error.code === "kafka-unreachable") return to === "controller" || attempt < unreachableMax;
  return isRepeatable && error.code === "maybe-written" && attempt < unreachableMax;
}

/** A broker that dies is in the metadata until its session ends (Kafka's default is 9 seconds), and then what it led has new leaders. */
const failoverWithinMs = 12_000;

/** Tries until it is settled, or failover has had its time: what is left unsettled then is told as it is. */
export async function throughFailover(deadline: Deadline, tryOnce: () => Promise<"settled" | "unsettled">): Promise<void> {
  const patience = sooner(deadline, failoverWithinMs);
  for (let pauseMs = 100; (await tryOnce()) === "unsettled" && patience.leftMs() > pauseMs; pauseMs = Math.min(800, pauseMs * 2)) {
    await sleep(pauseMs);
  }
}

const visibleWithinMs = 3_000;
/** A broker that makes or removes the logs of a thousand topics needs seconds for them. */
const visibleWithinMsEach = 10;

/**
 * Waits until a change shows where readers look, so that who has been told "done" reads what was done: a controller answers before every broker has heard.
 * Ends quietly after 3 seconds, and 10 milliseconds for each of many `things`: the change stands, only its news is late.
 */
export async function untilVisible(deadline: Deadline, isVisible: (deadline: Deadline) => Promise<boolean>, things = 1): Promise<void> {
  const patience = sooner(deadline, visibleWithinMs + things * visibleWithinMsEach);
  for (let pauseMs = 5; patience.leftMs() > pauseMs; pauseMs = Math.min(200, pauseMs * 2)) {
    try {
      if (await isVisible(patience)) return;
    } catch {
      return;
    }
    await sleep(pauseMs);
  }
}

/** Time the broker gets for a change: what is left, less the way back. */
export const brokerTimeoutMs = (deadline: Deadline): number => Math.max(100, Math.min(30_000, Math.trunc(deadline.leftMs() - 200)));
