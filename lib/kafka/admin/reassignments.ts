/** Moving partitions between brokers: what is under way, starting and cancelling. */
import type { Deadline } from "../../deadline.js";
import type { RelayError } from "../../errors.js";
import type { Kafka } from "../kafka.js";
import { alterReassignmentsApi, listReassignmentsApi } from "../protocol/topics.js";
import { toAdminError } from "./admin-failures.js";
import { ask, brokerTimeoutMs } from "./admin-request.js";
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
  /** Where it shall live, the preferred leader first; null cancels what is under way. */
  readonly replicas: readonly number[] | null;
}

export interface ReassignmentOutcome {
  readonly topic: string;
  readonly partition: number;
  readonly error?: RelayError;
}

const clusterWords = "The cluster's reassignments";

/** What is under way, of all topics or of one's partitions; by topic and partition. */
export async function listReassignments(
  kafka: Kafka,
  of: "all" | { readonly topic: string; readonly partitions: readonly number[] },
  deadline: Deadline,
): Promise<readonly Reassignment[]> {
  const topics = of === "all" ? null : [{ name: of.topic, partitions: of.partitions }];
  const answer = await ask(kafka, listReassignmentsApi, { timeoutMs: brokerTimeoutMs(deadline), topics }, "controller", deadline, {
    codes: (told) => [told.errorCode],
    isRepeatable: true,
  });
  if (answer.errorCode !== 0) throw toAdminError(answer.errorCode, clusterWords, answer.errorMessage);
  return answer.topics
    .flatMap(({ name, partitions }) => partitions.map((one) => ({ topic: name, ...one })))
    .sort((one, other) => (one.topic === other.topic ? one.partition - other.partition : one.topic < other.topic ? -1 : 1));
}

/** One answer a partition, in order. Kafka's own topics may be moved by nobody here. */
export async function alterReassignments(
  kafka: Kafka,
  changes: readonly ReassignmentChange[],
  deadline: Deadline,
): Promise<readonly ReassignmentOutcome[]> {
  const refused = new Map(changes.map(({ topic }) => [topic, refuseInternalTopic(topic)]));
  const byTopic = new Map<string, { partition: number; replicas: readonly number[] | null }[]>();
  for (const { topic, partition, replicas } of changes) {
    if (refused.get(topic) === undefined) byTopic.set(topic, [...(byTopic.get(topic) ?? []), { partition, replicas }]);
  }
  const told = new Map<string, RelayError | undefined>();
  if (byTopic.size > 0) {
    const answer = await ask(
      kafka,
      alterReassignmentsApi,
      { timeoutMs: brokerTimeoutMs(deadline), topics: [...byTopic].map(([name, partitions]) => ({ name, partitions })) },
      "controller",
      deadline,
      { codes: (told) => [told.errorCode], isRepeatable: true },
    );
    if (answer.errorCode !== 0) throw toAdminError(answer.errorCode, clusterWords, answer.errorMessage);
    for (const { name, partitions } of answer.topics) {
      for (const { partition, errorCode, errorMessage } of partitions) {
        const words = `Partition ${partition} of topic ${JSON.stringify(name)}`;
        told.set(`${name}/${partition}`, errorCode === 0 ? undefined : toAdminError(errorCode, words, errorMessage));
      }
    }
  }
  return changes.map(({ topic, partition }) => {
    const error = refused.get(topic) ?? told.get(`${topic}/${partition}`);
    return { topic, partition, ...(error === undefined ? {} : { error }) };
  });
}
