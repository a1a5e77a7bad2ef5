/** Electing leaders: partitions are led by their preferred replica again, or, where all else is lost, by one that is behind. */

import type { Deadline } from "../../deadline.js";
import type { RelayError } from "../../errors.js";
import { ask } from "../ask.js";
import type { AsksBrokers } from "../connection.js";
import { isKafkaError } from "../protocol/error-codes.js";
import { partitionWords, toChangeError } from "../protocol/kafka-error.js";
import { electLeadersApi } from "../protocol/topics.js";
import { brokerTimeoutMs } from "./change.js";
import { byTopicAndPartition } from "./group-members.js";

export type ElectionType = "PREFERRED" | "UNCLEAN";

interface ElectionOutcome {
  readonly topic: string;
  readonly partition: number;
  /** "not-needed": it already has the right leader. */
  readonly outcome: "elected" | "not-needed" | "failed";
  readonly error?: RelayError;
}

const electionTypes = { PREFERRED: 0, UNCLEAN: 1 } as const;

/** One outcome per partition that was asked for, in order; for "all", those where something was to do. */
export async function electLeaders(
  kafka: AsksBrokers,
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
    { codes: (answer) => [answer.errorCode], isRepeatable: true },
  );
  if (answer.errorCode !== 0) throw toChangeError(answer.errorCode, "The election");
  const outcomes = answer.topics.flatMap(({ name, partitions: results }) =>
    results.map(({ partition, errorCode, errorMessage }): ElectionOutcome => {
      if (errorCode === 0) return { topic: name, partition, outcome: "elected" };
      if (isKafkaError(errorCode, "ELECTION_NOT_NEEDED")) return { topic: name, partition, outcome: "not-needed" };
      const error = toChangeError(errorCode, partitionWords(name, partition), errorMessage);
      return { topic: name, partition, outcome: "failed", error };
    }),
  );
  // Brokers answer in an order of their own.
  if (partitions === "all") return outcomes.sort(byTopicAndPartition);
  const byPlace = new Map(outcomes.map((outcome) => [`${outcome.topic}/${outcome.partition}`, outcome]));
  return [...partitions].flatMap(([name, numbers]) => numbers.flatMap((number) => byPlace.get(`${name}/${number}`) ?? []));
}
