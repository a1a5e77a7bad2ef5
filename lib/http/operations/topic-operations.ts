/** v3 topics: list, create, describe, add partitions, delete; one or many at once. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { type CreatedTopic, createTopics, deleteTopics, describeTopic, growTopic } from "../../kafka/admin/topics.js";
import type { TopicMetadata } from "../../kafka/metadata.js";
import { parseTopicName } from "../../kafka/topic-name.js";
import { type Operations, operation } from "../operation.js";
import { configText } from "../rest/config-body.js";
import { clusterLinks, inCluster, inTopic } from "../rest/in-cluster.js";
import { flagInQuery, int32, paths, shortText, someOf, toList } from "../rest/v3-resources.js";
import { type TopicFacts, topicList, topicResource, toTopic, toTopicFacts } from "../rest/v3-topics.js";

const count16 = v.pipe(v.number(), v.integer(), v.minValue(-32_768), v.maxValue(32_767));
const brokerIds = v.array(int32);

/** Partition to broker ids: as an object, or as a list of both. */
const replicasAssignments = v.pipe(
  v.union([
    v.pipe(
      v.record(v.pipe(v.string(), v.regex(/^\d{1,9}$/, "must be a partition number")), brokerIds),
      v.transform((map) => Object.entries(map).map(([partition, ids]) => [Number(partition), ids] as const)),
    ),
    v.pipe(
      v.array(v.strictObject({ partition_id: int32, broker_ids: brokerIds })),
      v.transform((list) => list.map(({ partition_id, broker_ids }) => [partition_id, broker_ids] as const)),
    ),
  ]),
  v.transform((pairs) => new Map(pairs)),
);

const topicFields = {
  topic_name: v.string(),
  partitions_count: v.nullish(int32),
  replication_factor: v.nullish(count16),
  replicas_assignments: v.nullish(replicasAssignments),
  configs: v.nullish(v.array(v.strictObject({ name: shortText, value: v.nullish(configText) }))),
};

const createTopicBody = v.strictObject({ ...topicFields, validate_only: v.nullish(v.boolean()) });

/** They all go into one request to the controller. */
const topicsAtOnceMax = 1_000;
const createTopicsBody = v.strictObject({
  data: someOf(v.strictObject(topicFields), topicsAtOnceMax),
  validate_only: v.nullish(v.boolean()),
});
const deleteTopicsBody = v.strictObject({
  data: someOf(v.strictObject({ topic_name: v.string() }), topicsAtOnceMax),
});

const failure = v.object({ topic_name: v.string(), error_code: v.number(), message: v.string() });
const created207 = v.object({ successes: v.array(topicResource), failures: v.array(failure) });
const deleted207 = v.object({ successes: v.array(v.object({ topic_name: v.string() })), failures: v.array(failure) });

type TopicBody = Omit<v.InferOutput<typeof createTopicBody>, "validate_only">;

/** A replica assignment also determines the number of partitions and replicas. */
function toSpec(body: TopicBody) {
  return {
    name: parseTopicName(body.topic_name),
    // A setting without a value keeps the broker's default.
    configs: (body.configs ?? []).flatMap(({ name, value }) => (value == null ? [] : [{ name, value }])),
    ...(body.replicas_assignments && body.replicas_assignments.size > 0
      ? { replicas: body.replicas_assignments }
      : {
          ...(body.partitions_count == null ? {} : { partitionsCount: body.partitions_count }),
          ...(body.replication_factor == null ? {} : { replicationFactor: body.replication_factor }),
        }),
  };
}

const toFacts = (topic: CreatedTopic): TopicFacts => ({ ...topic, isInternal: false });
const toFailure = (topic_name: string, { failure: { restCode }, message }: RelayError) => ({ topic_name, error_code: restCode, message });

/** The contract spells it in two ways, one for the list and one for a topic. Both are accepted everywhere. */
const authorizedOperationsQuery = v.object({
  include_authorized_operations: v.optional(flagInQuery),
  includeAuthorizedOperations: v.optional(flagInQuery),
});
const wantsOperations = (query: v.InferOutput<typeof authorizedOperationsQuery>) => ({
  authorizedOperations: query.include_authorized_operations ?? query.includeAuthorizedOperations ?? false,
});

export const topicOperations: Operations = {
  "GET /v3/clusters/{cluster_id}/topics": operation({
    may: "topic:list",
    summary: "List the topics, sorted by name.",
    path: inCluster,
    query: authorizedOperationsQuery,
    answers: { 200: topicList },
    run: async ({ path, query }, context) => {
      const links = await clusterLinks(context, path);
      const { topics } = await context.kafka.metadata.describe("all", context.deadline, wantsOperations(query));
      const data = [...topics.values()]
        .filter((topic): topic is TopicMetadata => !(topic instanceof RelayError))
        .sort((one, other) => (one.name < other.name ? -1 : 1))
        .map((topic) => toTopic(links, toTopicFacts(topic)));
      return { status: 200, body: toList("KafkaTopic", links.url("/topics"), data) };
    },
  }),

  "POST /v3/clusters/{cluster_id}/topics": operation({
    may: "topic:create",
    summary: "Create a topic. With `validate_only`, only check whether it could be created.",
    path: inCluster,
    body: createTopicBody,
    answers: { 200: topicResource, 201: topicResource },
    run: async ({ path, body }, context) => {
      const links = await clusterLinks(context, path);
      const validateOnly = body.validate_only ?? false;
      const spec = toSpec(body);
      context.authorize("topic:create", spec.name);
      const [topic] = await createTopics(context.kafka, [spec], context.deadline, { validateOnly });
      if (topic === undefined || topic instanceof RelayError) throw topic;
      const location = links.url(paths.topic(topic.name));
      return { status: validateOnly ? 200 : 201, headers: { location }, body: toTopic(links, toFacts(topic)) };
    },
  }),

  "POST /v3/clusters/{cluster_id}/topics:batch": operation({
    may: "topic:create",
    summary: "Create many topics. Each topic has its own result.",
    path: inCluster,
    body: createTopicsBody,
    answers: { 207: created207 },
    run: async ({ path, body }, context) => {
      const links = await clusterLinks(context, path);
      // A topic that is named twice is sent once: the broker would refuse both.
      const topics = [...new Map(body.data.map((topic) => [topic.topic_name, topic])).values()];
      const specs = topics.map((topic) => attempt(() => toAuthorizedSpec(topic, context.authorize)));
      const allowed = specs.filter((spec) => !(spec instanceof RelayError));
      const created = await createTopics(context.kafka, allowed, context.deadline, { validateOnly: body.validate_only ?? false });
      const outcomes = specs.map((spec) => (spec instanceof RelayError ? spec : created[allowed.indexOf(spec)]));
      const failures = outcomes.flatMap((outcome, index) =>
        outcome instanceof RelayError ? [toFailure(topics[index]?.topic_name ?? "", outcome)] : [],
      );
      const successes = outcomes.flatMap((outcome) =>
        outcome === undefined || outcome instanceof RelayError ? [] : [toTopic(links, toFacts(outcome))],
      );
      return { status: 207, body: { successes, failures } };
    },
  }),

  "POST /v3/clusters/{cluster_id}/topics:delete": operation({
    may: "topic:delete",
    summary: "Delete many topics. Each topic has its own result.",
    path: inCluster,
    body: deleteTopicsBody,
    answers: { 207: deleted207 },
    run: async ({ path, body }, context) => {
      await clusterLinks(context, path);
      const names = [...new Set(body.data.map(({ topic_name }) => topic_name))];
      const refusals = new Map(names.map((name) => [name, attempt(() => context.authorize("topic:delete", name))]));
      const allowed = names.filter((name) => !(refusals.get(name) instanceof RelayError));
      const results = await deleteTopics(context.kafka, allowed, context.deadline);
      const outcomes = names.map((name) => ({ name, error: refusals.get(name) ?? results[allowed.indexOf(name)] }));
      return {
        status: 207,
        body: {
          successes: outcomes.flatMap(({ name, error }) => (error instanceof RelayError ? [] : [{ topic_name: name }])),
          failures: outcomes.flatMap(({ name, error }) => (error instanceof RelayError ? [toFailure(name, error)] : [])),
        },
      };
    },
  }),

  "GET /v3/clusters/{cluster_id}/topics/{topic}": operation({
    may: "topic:describe",
    on: "topic",
    summary: "Describe a topic.",
    path: inTopic,
    query: authorizedOperationsQuery,
    answers: { 200: topicResource },
    run: async ({ path, query }, context) => {
      const links = await clusterLinks(context, path);
      const topic = await describeTopic(context.kafka, path.topic, context.deadline, wantsOperations(query));
      return { status: 200, body: toTopic(links, toTopicFacts(topic)) };
    },
  }),

  "PATCH /v3/clusters/{cluster_id}/topics/{topic}": operation({
    may: "topic:alter",
    on: "topic",
    summary: "Add partitions to a topic.",
    path: inTopic,
    body: v.strictObject({ partitions_count: int32 }),
    answers: { 200: topicResource },
    run: async ({ path, body }, context) => {
      const links = await clusterLinks(context, path);
      await growTopic(context.kafka, path.topic, body.partitions_count, context.deadline);
      const topic = await describeTopic(context.kafka, path.topic, context.deadline);
      return { status: 200, body: toTopic(links, toTopicFacts(topic)) };
    },
  }),

  "DELETE /v3/clusters/{cluster_id}/topics/{topic}": operation({
    may: "topic:delete",
    on: "topic",
    summary: "Delete a topic and its records.",
    path: inTopic,
    answers: { 204: null },
    run: async ({ path }, context) => {
      await clusterLinks(context, path);
      const [error] = await deleteTopics(context.kafka, [path.topic], context.deadline);
      if (error !== undefined) throw error;
      return { status: 204 };
    },
  }),
};

function toAuthorizedSpec(body: TopicBody, authorize: (may: "topic:create", resource: string) => void) {
  const spec = toSpec(body);
  authorize("topic:create", spec.name);
  return spec;
}

/** The result or the refusal of one of many: a refusal must not stop the others. */
function attempt<T>(run: () => T): T | RelayError {
  try {
    return run();
  } catch (error) {
    if (error instanceof RelayError) return error;
    throw error;
  }
}
