/** Moving partitions between brokers: what is in progress, starting and cancelling. */

import type { Deadline } from "../../deadline.js";
import type { RelayError } from "../../errors.js";
import { ask } from "../ask.js";
import type { AsksBrokers } from "../connection.js";
import { byTopic } from "../grouping.js";
import { partitionWords, toChangeError, toKafkaError } from "../protocol/kafka-error.js";
import { alterReassignmentsApi, listReassignmentsApi } from "../protocol/topics.js";
import { brokerTimeoutMs } from "./change.js";
import { refuseInternalTopic } from "./topics.js";

export interface Reassignment {
  readonly topic: string;
  readonly partition: number;
  /** All that hold the partition while it moves. */
  readonly replicas: readonly number[];
  readonly adding: readonly number[];
  readonly removing: readonly number[];
}

export interface ReassignmentChange {
  readonly topic: string;
  readonly partition: number;
  /** Where it shall live, the preferred leader first; null cancels the reassignment in progress. */
  readonly replicas: readonly number[] | null;
}

interface ReassignmentOutcome {
  readonly topic: string;
  readonly partition: number;
  readonly error?: RelayError;
}

const clusterWords = "The cluster's reassignments";

/** What is in progress, of all topics or of one's partitions; by topic and partition. */
export async function listReassignments(
  kafka: AsksBrokers,
  of: "all" | { readonly topic: string; readonly partitions: readonly number[] },
  deadline: Deadline,
): Promise<readonly Reassignment[]> {
  const topics = of === "all" ? null : [{ name: of.topic, partitions: of.partitions }];
  const answer = await ask(kafka, listReassignmentsApi, { timeoutMs: brokerTimeoutMs(deadline), topics }, "controller", deadline, {
    codes: (answer) => [answer.errorCode],
    isRepeatable: true,
  });
  if (answer.errorCode !== 0) throw toKafkaError(answer.errorCode, clusterWords, answer.errorMessage);
  return answer.topics
    .flatMap(({ name, partitions }) => partitions.map((one) => ({ topic: name, ...one })))
    .sort((one, other) => (one.topic === other.topic ? one.partition - other.partition : one.topic < other.topic ? -1 : 1));
}

/** One outcome per partition, in order. Kafka's own topics cannot be moved here. */
export async function alterReassignments(
  kafka: AsksBrokers,
  changes: readonly ReassignmentChange[],
  deadline: Deadline,
): Promise<readonly ReassignmentOutcome[]> {
  const refused = new Map(changes.map(({ topic }) => [topic, refuseInternalTopic(topic)]));
  const asked = changes.filter(({ topic }) => refused.get(topic) === undefined);
  const errors = new Map<string, RelayError | undefined>();
  if (asked.length > 0) {
    const answer = await ask(
      kafka,
      alterReassignmentsApi,
      { timeoutMs: brokerTimeoutMs(deadline), topics: byTopic(asked, ({ partition, replicas }) => ({ partition, replicas })) },
      "controller",
      deadline,
      { codes: (answer) => [answer.errorCode], isRepeatable: true },
    );
    if (answer.errorCode !== 0) throw toChangeError(answer.errorCode, clusterWords, answer.errorMessage);
    for (const { name, partitions } of answer.topics) {
      for (const { partition, errorCode, errorMessage } of partitions) {
        const words = partitionWords(name, partition);
        errors.set(`${name}/${partition}`, errorCode === 0 ? undefined : toChangeError(errorCode, words, errorMessage));
      }
    }
  }
  return changes.map(({ topic, partition }) => {
    const error = refused.get(topic) ?? errors.get(`${topic}/${partition}`);
    return { topic, partition, ...(error === undefined ? {} : { error }) };
  });
}
