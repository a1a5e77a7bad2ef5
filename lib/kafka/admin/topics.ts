/** Creating, growing and deleting topics: many in one request, and every topic gets its own answer. */

import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { ask } from "../ask.js";
import type { AsksBrokers } from "../connection.js";
import type { KnowsTopics, TopicMetadata } from "../metadata.js";
import { kafkaErrors } from "../protocol/error-codes.js";
import { notAnswered, toChangeError, toKafkaError, topicWords } from "../protocol/kafka-error.js";
import { createPartitionsApi, createTopicsApi, deleteTopicsApi } from "../protocol/topics.js";
import { isInternalTopic, isTopicName } from "../topic-name.js";
import { brokerTimeoutMs, untilVisible } from "./change.js";

export interface TopicSpec {
  readonly name: string;
  /** Absent: the broker's default. */
  readonly partitionsCount?: number;
  readonly replicationFactor?: number;
  /** Broker ids by partition; decides both counts. */
  readonly replicas?: ReadonlyMap<number, readonly number[]>;
  readonly configs?: readonly { readonly name: string; readonly value: string | null }[];
}

export interface CreatedTopic {
  readonly name: string;
  /** As the broker made it; what was asked for, or 0, where it does not say (the caller may not describe topics, or it is older than 2.4). */
  readonly partitionsCount: number;
  readonly replicationFactor: number;
}

/** Kafka accepts -1 for its own defaults from 2.4 on. */
const brokerDefault = -1;

const codesOf = (answer: { readonly topics: readonly { readonly errorCode: number }[] }) => answer.topics.map((topic) => topic.errorCode);

const unknownTopic = (name: string): RelayError => toKafkaError(kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION.code, topicWords(name));

/** `kafka-bad-request` for a topic that is Kafka's own. */
export function refuseInternalTopic(name: string): RelayError | undefined {
  return isInternalTopic(name)
    ? new RelayError("kafka-bad-request", `${topicWords(name)} belongs to Kafka itself, so it cannot be changed or deleted here.`)
    : undefined;
}

/** One answer per topic, in order: what was created, or why it was not. With `validateOnly` nothing is created. */
export async function createTopics(
  kafka: AsksBrokers & KnowsTopics,
  specs: readonly TopicSpec[],
  deadline: Deadline,
  options: { readonly validateOnly?: boolean } = {},
): Promise<readonly (CreatedTopic | RelayError)[]> {
  const asked = specs.filter((spec) => refuseInternalTopic(spec.name) === undefined);
  const validateOnly = options.validateOnly ?? false;
  const answer =
    asked.length === 0
      ? { topics: [] }
      : await ask(
          kafka,
          createTopicsApi,
          { topics: asked.map(toCreatableTopic), timeoutMs: brokerTimeoutMs(deadline), validateOnly },
          "controller",
          deadline,
          { codes: codesOf, isRepeatable: false },
        );
  const answers = new Map(answer.topics.map((topic) => [topic.name, topic]));
  const results = specs.map((spec) => {
    const topic = answers.get(spec.name);
    if (topic === undefined) return refuseInternalTopic(spec.name) ?? notAnswered(topicWords(spec.name), "maybe");
    if (topic.errorCode !== 0) return toChangeError(topic.errorCode, topicWords(spec.name), topic.errorMessage);
    return {
      name: spec.name,
      partitionsCount: topic.partitionsCount >= 0 ? topic.partitionsCount : countAskedFor(spec),
      replicationFactor: topic.replicationFactor >= 0 ? topic.replicationFactor : replicationAskedFor(spec),
    };
  });
  const created = results.filter((result) => !(result instanceof RelayError)).map((result) => (result as CreatedTopic).name);
  if (!validateOnly) await untilAsMade(kafka, created, deadline, (topic) => topic.partitions.every(({ leader }) => leader !== null));
  return results;
}

function toCreatableTopic(spec: TopicSpec) {
  const assignments = [...(spec.replicas ?? [])].map(([partition, brokerIds]) => ({ partition, brokerIds }));
  const isMapped = assignments.length > 0;
  return {
    name: spec.name,
    partitionsCount: isMapped ? brokerDefault : (spec.partitionsCount ?? brokerDefault),
    replicationFactor: isMapped ? brokerDefault : (spec.replicationFactor ?? brokerDefault),
    assignments,
    configs: spec.configs ?? [],
  };
}

const countAskedFor = (spec: TopicSpec): number => spec.replicas?.size ?? Math.max(0, spec.partitionsCount ?? 0);
const replicationAskedFor = (spec: TopicSpec): number =>
  [...(spec.replicas?.values() ?? [])][0]?.length ?? Math.max(0, spec.replicationFactor ?? 0);

/** One answer per topic, in order: undefined where it is gone, or why it is not. */
export async function deleteTopics(
  kafka: AsksBrokers & KnowsTopics,
  names: readonly string[],
  deadline: Deadline,
): Promise<readonly (RelayError | undefined)[]> {
  const asked = [...new Set(names)].filter((name) => isTopicName(name) && !isInternalTopic(name));
  const answer =
    asked.length === 0
      ? { topics: [] }
      : await ask(kafka, deleteTopicsApi, { topics: asked, timeoutMs: brokerTimeoutMs(deadline) }, "controller", deadline, {
          codes: codesOf,
          isRepeatable: false,
        });
  const answers = new Map(answer.topics.map((topic) => [topic.name, topic]));
  const deleted = answer.topics.filter((topic) => topic.errorCode === 0).map((topic) => topic.name);
  await untilVisible(
    deadline,
    async (patience) => {
      const { topics } = await kafka.metadata.describe(deleted, patience);
      return deleted.every((name) => topics.get(name) instanceof RelayError);
    },
    deleted.length,
  );
  for (const name of deleted) kafka.metadata.forget(name);
  return names.map((name) => {
    const topic = answers.get(name);
    if (topic === undefined) return refuseInternalTopic(name) ?? unknownTopic(name);
    return topic.errorCode === 0 ? undefined : toChangeError(topic.errorCode, topicWords(name), topic.errorMessage);
  });
}

/** A controller refuses to make more in one request, but lets a topic grow by as many as its memory holds, and ends when it holds no more. */
const grownAtOnceMax = 10_000;

/** Grows a topic to `count` partitions, by 10,000 at most; `kafka-bad-request` where it has as many already. */
export async function growTopic(
  kafka: AsksBrokers & KnowsTopics,
  name: string,
  count: number,
  deadline: Deadline,
  options: { readonly validateOnly?: boolean } = {},
): Promise<void> {
  const refusal = refuseInternalTopic(name);
  if (refusal !== undefined) throw refusal;
  const { partitions } = await describeTopic(kafka, name, deadline);
  if (count - partitions.length > grownAtOnceMax) {
    const message = `${topicWords(name)} has ${partitions.length} partition(s) and can grow by at most ${grownAtOnceMax} at once: ask for at most ${partitions.length + grownAtOnceMax}.`;
    throw new RelayError("kafka-bad-request", message);
  }
  const validateOnly = options.validateOnly ?? false;
  const answer = await ask(
    kafka,
    createPartitionsApi,
    { topics: [{ name, count, assignments: null }], timeoutMs: brokerTimeoutMs(deadline), validateOnly },
    "controller",
    deadline,
    { codes: codesOf, isRepeatable: false },
  );
  const [topic] = answer.topics;
  if (topic === undefined) throw notAnswered(topicWords(name), "maybe");
  if (topic.errorCode !== 0) throw toChangeError(topic.errorCode, topicWords(name), topic.errorMessage);
  if (!validateOnly) await untilAsMade(kafka, [name], deadline, ({ partitions }) => partitions.length >= count);
  kafka.metadata.forget(name);
}

async function untilAsMade(
  kafka: KnowsTopics,
  names: readonly string[],
  deadline: Deadline,
  isAsMade: (topic: TopicMetadata) => boolean,
): Promise<void> {
  if (names.length === 0) return;
  await untilVisible(
    deadline,
    async (patience) => {
      const { topics } = await kafka.metadata.describe(names, patience);
      return names.every((name) => {
        const topic = topics.get(name);
        return topic !== undefined && !(topic instanceof RelayError) && isAsMade(topic);
      });
    },
    names.length,
  );
}

/** One topic as it is now; throws why it is not known, `unknown-topic-or-partition` where it does not exist. */
export async function describeTopic(
  kafka: KnowsTopics,
  name: string,
  deadline: Deadline,
  options: { readonly authorizedOperations?: boolean } = {},
): Promise<TopicMetadata> {
  if (!isTopicName(name)) throw unknownTopic(name);
  const { topics } = await kafka.metadata.describe([name], deadline, options);
  const topic = topics.get(name);
  if (topic === undefined) throw unknownTopic(name);
  if (topic instanceof RelayError) throw topic.code === "topic-not-found" ? unknownTopic(name) : topic;
  return topic;
}
