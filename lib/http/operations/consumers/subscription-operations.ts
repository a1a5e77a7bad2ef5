/** What a consumer instance reads: a subscription by names or by a pattern, or partitions assigned directly. */
import * as v from "valibot";
import type { PartitionName } from "../../../consumers/places.js";
import type { SubscribedTo } from "../../../consumers/subscription.js";
import { parseTopicPattern } from "../../../consumers/topic-pattern.js";
import { RelayError } from "../../../errors.js";
import { isInternalTopic, isTopicName } from "../../../kafka/topic-name.js";
import { partitionsBody, subscriptionBody } from "../../consumers/bodies.js";
import { type OperationContext, type Operations, operation } from "../../operation.js";
import { atInstance, done, type FindInstance, onInstance } from "./in-instance.js";

const partitionNames = v.array(v.object({ topic: v.string(), partition: v.number() }));

export const subscriptionOperations = (find: FindInstance): Operations => ({
  [`POST ${atInstance("/subscription")}`]: operation({
    ...onInstance,
    summary: "Subscribe to topics by name, or to those whose names match a pattern. This replaces the current subscription.",
    body: subscriptionBody,
    answers: { 204: null },
    run: async ({ path, body }, context) => {
      await find(path).subscribe(toSubscription(body, context), context.deadline);
      return done;
    },
  }),

  [`GET ${atInstance("/subscription")}`]: operation({
    ...onInstance,
    summary: "List the topics that an instance is subscribed to.",
    answers: { 200: v.object({ topics: v.array(v.string()) }) },
    run: async ({ path }) => ({ status: 200, body: { topics: find(path).subscription() } }),
  }),

  [`DELETE ${atInstance("/subscription")}`]: operation({
    ...onInstance,
    summary: "End the subscription or the assignment of an instance. The instance leaves its group.",
    answers: { 204: null },
    run: async ({ path }, { deadline }) => {
      await find(path).unsubscribe(deadline);
      return done;
    },
  }),
});

export const assignmentOperations = (find: FindInstance): Operations => ({
  [`POST ${atInstance("/assignments")}`]: operation({
    ...onInstance,
    summary: "Assign partitions to an instance directly, without using its group to distribute them.",
    body: partitionsBody,
    answers: { 204: null },
    run: async ({ path, body: { partitions } }, context) => {
      assertReadable(partitions, context);
      await find(path).assign(partitions, context.deadline);
      return done;
    },
  }),

  [`GET ${atInstance("/assignments")}`]: operation({
    ...onInstance,
    summary: "List the partitions that an instance currently reads.",
    answers: { 200: v.object({ partitions: partitionNames }) },
    run: async ({ path }, { deadline }) => ({ status: 200, body: { partitions: await find(path).assignment(deadline) } }),
  }),
});

/** The caller must be allowed to read every topic it names. A pattern matches only topics that the caller may read. */
function toSubscription({ topics, topic_pattern }: v.InferOutput<typeof subscriptionBody>, { authorize }: OperationContext): SubscribedTo {
  if ((topics == null) === (topic_pattern == null))
    throw new RelayError("consumer-state", "body: give either topics or topic_pattern, not both.");
  if (topic_pattern != null) {
    const mayRead = (topic: string): boolean => {
      try {
        authorize("record:read", topic);
        return true;
      } catch {
        return false;
      }
    };
    return { by: "pattern", pattern: parseTopicPattern(topic_pattern), mayRead };
  }
  for (const topic of topics ?? []) assertTopic(topic, authorize);
  return { by: "names", topics: topics ?? [] };
}

function assertReadable(partitions: readonly PartitionName[], { authorize }: OperationContext): void {
  for (const topic of new Set(partitions.map((one) => one.topic))) assertTopic(topic, authorize);
}

function assertTopic(topic: string, authorize: OperationContext["authorize"]): void {
  if (!isTopicName(topic))
    throw new RelayError("topic-not-found", `Topic ${JSON.stringify(topic.slice(0, 300))} does not exist: that is not a valid topic name.`);
  authorize("record:read", topic);
  if (isInternalTopic(topic))
    throw new RelayError("forbidden", `Topic ${JSON.stringify(topic)} is internal to Kafka and cannot be read through this API.`);
}
