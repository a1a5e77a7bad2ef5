/** v3 settings of topics: read, set, reset, change many at once. Changes are incremental: settings that are not named stay as they are. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { alterConfigs, type ConfigChange } from "../../kafka/admin/config-changes.js";
import { describeConfigs } from "../../kafka/admin/configs.js";
import { describeTopic, refuseInternalTopic } from "../../kafka/admin/topics.js";
import { isInternalTopic, isTopicName } from "../../kafka/topic-name.js";
import { nameList } from "../../option-values.js";
import { type OperationContext, type Operations, operation } from "../operation.js";
import { alterConfigsBody, assertConfigsExist, configChanges, configsOf, findConfig, setConfigBody } from "../rest/config-body.js";
import { clusterLinks, inCluster, inTopic } from "../rest/in-cluster.js";
import { topicConfig, topicConfigList, toTopicConfig } from "../rest/v3-configs.js";
import { paths, toList } from "../rest/v3-resources.js";

const inTopicConfig = v.object({ ...inTopic.entries, name: v.string() });

const allConfigsQuery = v.object({ topic_name: v.optional(nameList), name: v.optional(nameList) });

const topicsAtOnceMax = 1_000;
const alterManyBody = v.strictObject({
  data: v.pipe(v.array(v.strictObject({ topic_name: v.string(), configs: configChanges })), v.maxLength(topicsAtOnceMax)),
  validate_only: v.nullish(v.boolean()),
});
const failures207 = v.object({
  failures: v.array(v.object({ topic_name: v.string(), error_code: v.number(), message: v.optional(v.string()) })),
});

/** Changes one topic's settings; throws `unknown-topic-or-partition`, `not-found` for a setting that does not exist, and the broker's refusal. */
async function changeTopic(
  context: OperationContext,
  name: string,
  changes: readonly ConfigChange[],
  options: { readonly validateOnly?: boolean } = {},
): Promise<void> {
  const refusal = refuseInternalTopic(name);
  if (refusal !== undefined) throw refusal;
  await describeTopic(context.kafka, name, context.deadline);
  const resource = { kind: "topic", name } as const;
  await assertConfigsExist(
    context,
    resource,
    changes.map((change) => change.name),
  );
  const [error] = await alterConfigs(context.kafka, [{ resource, changes }], context.deadline, options);
  if (error !== undefined) throw error;
}

export const topicConfigOperations: Operations = {
  "GET /v3/clusters/{cluster_id}/topics/-/configs": operation({
    may: "topic:list",
    summary:
      "List the settings of all topics, or of the topics and settings named in the query. A response of 6 MB has room for all settings of about a hundred topics.",
    path: inCluster,
    query: allConfigsQuery,
    answers: { 200: topicConfigList },
    run: async ({ path, query }, context) => {
      const links = await clusterLinks(context, path);
      const { topics } = await context.kafka.metadata.describe(query.topic_name?.filter(isTopicName) ?? "all", context.deadline);
      const named = [...topics].flatMap(([name, topic]) => (topic instanceof RelayError ? [] : [name])).sort();
      const resources = named.map((name) => ({ kind: "topic" as const, name }));
      const described = await describeConfigs(
        context.kafka,
        resources,
        context.deadline,
        query.name === undefined ? {} : { names: query.name },
      );
      const data = named.flatMap((name, index) => {
        const entries = described[index];
        return entries === undefined || entries instanceof RelayError ? [] : entries.map((entry) => toTopicConfig(links, name, entry));
      });
      return { status: 200, body: toList("KafkaTopicConfig", links.url("/topics/-/configs"), data) };
    },
  }),

  "POST /v3/clusters/{cluster_id}/topics/-/configs:alter": operation({
    may: "topic:alter",
    summary: "Change the settings of many topics. The response lists the topics whose settings were not changed.",
    path: inCluster,
    body: alterManyBody,
    answers: { 204: null, 207: failures207 },
    run: async ({ path, body }, context) => {
      await clusterLinks(context, path);
      const failures = await alterMany(context, body);
      return failures.length === 0 ? { status: 204 } : { status: 207, body: { failures } };
    },
  }),

  "GET /v3/clusters/{cluster_id}/topics/{topic}/configs": operation({
    may: "topic:describe",
    on: "topic",
    summary: "List the settings of a topic.",
    path: inTopic,
    answers: { 200: topicConfigList },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      await describeTopic(context.kafka, path.topic, context.deadline);
      const entries = await configsOf(context, { kind: "topic", name: path.topic });
      const data = entries.map((entry) => toTopicConfig(links, path.topic, entry));
      return { status: 200, body: toList("KafkaTopicConfig", links.url(`${paths.topic(path.topic)}/configs`), data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/topics/{topic}/configs/{name}": operation({
    may: "topic:describe",
    on: "topic",
    summary: "Get a setting of a topic.",
    path: inTopicConfig,
    answers: { 200: topicConfig },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      await describeTopic(context.kafka, path.topic, context.deadline);
      const entry = await findConfig(context, { kind: "topic", name: path.topic }, path.name);
      return { status: 200, body: toTopicConfig(links, path.topic, entry) };
    },
  }),

  "PUT /v3/clusters/{cluster_id}/topics/{topic}/configs/{name}": operation({
    may: "topic:alter",
    on: "topic",
    summary: "Set a setting of a topic.",
    path: inTopicConfig,
    body: setConfigBody,
    answers: { 204: null },
    run: async ({ path, body }, context) => {
      await clusterLinks(context, path);
      await changeTopic(context, path.topic, [{ name: path.name, operation: "SET", value: body.value ?? null }]);
      return { status: 204 };
    },
  }),

  "DELETE /v3/clusters/{cluster_id}/topics/{topic}/configs/{name}": operation({
    may: "topic:alter",
    on: "topic",
    summary: "Reset a setting of a topic to its default.",
    path: inTopicConfig,
    answers: { 204: null },
    run: async ({ path }, context) => {
      await clusterLinks(context, path);
      await changeTopic(context, path.topic, [{ name: path.name, operation: "DELETE", value: null }]);
      return { status: 204 };
    },
  }),

  "POST /v3/clusters/{cluster_id}/topics/{topic}/configs:alter": operation({
    may: "topic:alter",
    on: "topic",
    summary: "Change settings of a topic. Either all of them are changed, or none.",
    path: inTopic,
    body: alterConfigsBody,
    answers: { 204: null },
    run: async ({ path, body }, context) => {
      await clusterLinks(context, path);
      await changeTopic(context, path.topic, body.data, { validateOnly: body.validate_only ?? false });
      return { status: 204 };
    },
  }),
};

/** What could not be changed, in the order of the body. One request for all topics that exist and that the caller may alter. */
async function alterMany(context: OperationContext, body: v.InferOutput<typeof alterManyBody>) {
  const named = new Set(body.data.map(({ topic_name }) => topic_name).filter(isTopicName));
  const { topics } = await context.kafka.metadata.describe([...named], context.deadline);
  const refusals = body.data.map(({ topic_name: name }) => {
    if (isInternalTopic(name)) return refuseInternalTopic(name);
    try {
      context.authorize("topic:alter", name);
    } catch (error) {
      if (error instanceof RelayError) return error;
      throw error;
    }
    const topic = topics.get(name);
    if (topic !== undefined && !(topic instanceof RelayError)) return undefined;
    return topic === undefined || topic.code === "topic-not-found"
      ? new RelayError("unknown-topic-or-partition", `Topic ${JSON.stringify(name)} does not exist.`)
      : topic;
  });
  const allowed = body.data.filter((_, index) => refusals[index] === undefined);
  const changes = allowed.map(({ topic_name, configs }) => ({ resource: { kind: "topic" as const, name: topic_name }, changes: configs }));
  const results = await alterConfigs(context.kafka, changes, context.deadline, { validateOnly: body.validate_only ?? false });
  return body.data.flatMap((one, index) => {
    const error = refusals[index] ?? results[allowed.indexOf(one)];
    return error === undefined ? [] : [{ topic_name: one.topic_name, error_code: error.failure.restCode, message: error.message }];
  });
}
