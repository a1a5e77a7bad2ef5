/** Electing leaders: partitions are led by their preferred replica again, or, where all else is lost, by one that is behind. */
import type { Deadline } from "../../deadline.js";
import type { RelayError } from "../../errors.js";
import type { Kafka } from "../kafka.js";
import { electLeadersApi } from "../protocol/topics.js";
import { toAdminError } from "./admin-failures.js";
import { ask, brokerTimeoutMs } from "./admin-request.js";
import { byTopicAndPartition } from "./group-members.js";

export type ElectionType = "PREFERRED" | "UNCLEAN";

export interface ElectionOutcome {
  readonly topic: string;
  readonly partition: number;
  /** "not-needed": it is led by the right one already. */
  readonly outcome: "elected" | "not-needed" | "failed";
  readonly error?: RelayError;
}

const electionTypes = { PREFERRED: 0, UNCLEAN: 1 } as const;
const electionNotNeeded = 84;

/** One answer a partition that was asked for, in order; of all partitions, those where something was to do. */
export async function electLeaders(
  kafka: Kafka,
  type: ElectionType,
  partitions: "all" | ReadonlyMap<string, readonly number[]>,
  deadline: Deadline,
): Promise<readonly ElectionOutcome[]> {
  const topics = partitions === "all" ? null : [...partitions].map(([name, numbers]) => ({ name, partitions: numbers }));
  const answer = await ask(
    kafka,
    electLeadersApi,
    { electionType: electionTypes[type], topics, timeoutMs: brokerTimeoutMs(deadline) },
    "controller",
    deadline,
    { codes: (told) => [told.errorCode], isRepeatable: true },
  );
  if (answer.errorCode !== 0) throw toAdminError(answer.errorCode, "The election");
  const outcomes = answer.topics.flatMap(({ name, partitions: results }) =>
    results.map(({ partition, errorCode, errorMessage }): ElectionOutcome => {
      if (errorCode === 0) return { topic: name, partition, outcome: "elected" };
      if (errorCode === electionNotNeeded) return { topic: name, partition, outcome: "not-needed" };
      const error = toAdminError(errorCode, `Partition ${partition} of topic ${JSON.stringify(name)}`, errorMessage);
      return { topic: name, partition, outcome: "failed", error };
    }),
  );
  // Brokers answer in an order of their own.
  if (partitions === "all") return outcomes.sort(byTopicAndPartition);
  const told = new Map(outcomes.map((outcome) => [`${outcome.topic}/${outcome.partition}`, outcome]));
  return [...partitions].flatMap(([name, numbers]) => numbers.flatMap((number) => told.get(`${name}/${number}`) ?? []));
}
