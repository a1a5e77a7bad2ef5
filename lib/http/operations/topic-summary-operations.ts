/** Topics in short: all of them in one small answer, and for those that are named also how much they hold. For lists that people look at. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { describeConfigs } from "../../kafka/admin/configs.js";
import { topicSizes } from "../../kafka/admin/topic-sizes.js";
import { listOffsets } from "../../kafka/list-offsets.js";
import type { TopicMetadata } from "../../kafka/metadata.js";
import { isTopicName } from "../../kafka/topic-name.js";
import { type OperationContext, type Operations, operation } from "../operation.js";
import { clusterLinks, inCluster } from "../rest/in-cluster.js";
import { int64 } from "../rest/v3-resources.js";

const limitDefault = 20_000;
const limitMax = 50_000;
const namesMax = 200;

const summaryQuery = v.object({
  /** Comma-separated: only these topics, with what they hold. */
  topic_name: v.optional(
    v.pipe(
      v.string(),
      v.transform((list) => list.split(",").filter(isTopicName)),
      v.maxLength(namesMax, `must name at most ${namesMax} topics`),
    ),
  ),
  /** Only topics whose names come after this one. */
  after: v.optional(v.string()),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,6}$/, "must be a whole number"), v.transform(Number), v.minValue(1), v.maxValue(limitMax)),
  ),
});

const summary = v.object({
  topic_name: v.string(),
  is_internal: v.boolean(),
  partitions_count: v.number(),
  replication_factor: v.number(),
  /** Partitions that have fewer replicas in sync than they should, and partitions without a leader. */
  under_replicated_count: v.number(),
  offline_count: v.number(),
  /** The next offset minus the first, of all partitions: an upper bound, because compaction and transactions leave gaps. */
  records_count: v.optional(int64),
  /** The next offsets of all partitions together: the difference of two answers is the number of records written between them. */
  end_offsets_sum: v.optional(int64),
  /** On the disks of the leaders; null if the brokers do not say it. */
  size_bytes: v.optional(v.nullable(int64)),
  retention_ms: v.optional(v.nullable(int64)),
  cleanup_policy: v.optional(v.nullable(v.string())),
});
const summaryList = v.object({
  data: v.array(summary),
  /** For `after` of the next call; null: there are no more. */
  next_after: v.nullable(v.string()),
});

export const topicSummaryOperations: Operations = {
  "GET /v3/clusters/{cluster_id}/topic-summaries": operation({
    may: "topic:list",
    summary:
      "List the topics in short, sorted by name. Topics named in `topic_name` are listed with their number of records, size, retention and cleanup policy.",
    path: inCluster,
    query: summaryQuery,
    answers: { 200: summaryList },
    run: async ({ path, query }, context) => {
      await clusterLinks(context, path);
      const { topics } = await context.kafka.metadata.describe(query.topic_name ?? "all", context.deadline);
      const known = [...topics.values()]
        .filter((topic): topic is TopicMetadata => !(topic instanceof RelayError))
        .sort((one, other) => (one.name < other.name ? -1 : 1));
      if (query.topic_name !== undefined) return { status: 200, body: { data: await inDetail(known, context), next_after: null } };
      const { after, limit = limitDefault } = query;
      const later = after === undefined ? known : known.filter(({ name }) => name > after);
      const page = later.slice(0, limit);
      return { status: 200, body: { data: page.map(toSummary), next_after: page.length < later.length ? page.at(-1)?.name : null } };
    },
  }),
};

function toSummary({ name, isInternal, partitions }: TopicMetadata) {
  return {
    topic_name: name,
    is_internal: isInternal,
    partitions_count: partitions.length,
    replication_factor: partitions[0]?.replicas.length ?? 0,
    under_replicated_count: partitions.filter(({ isr, replicas }) => isr.length < replicas.length).length,
    offline_count: partitions.filter(({ leader }) => leader === null).length,
  };
}

async function inDetail(topics: readonly TopicMetadata[], { kafka, deadline }: OperationContext) {
  const points = topics.flatMap(({ name, partitions }) =>
    partitions.flatMap(({ partition, leader }) => (leader === null ? [] : [{ topic: name, partition }])),
  );
  const [starts, ends, configs, sizes] = await Promise.all([
    listOffsets(
      kafka,
      points.map((point) => ({ ...point, at: "earliest" as const })),
      deadline,
    ),
    listOffsets(
      kafka,
      points.map((point) => ({ ...point, at: "latest" as const })),
      deadline,
    ),
    describeConfigs(
      kafka,
      topics.map(({ name }) => ({ kind: "topic" as const, name })),
      deadline,
      { names: ["retention.ms", "cleanup.policy"], synonyms: false },
    ),
    topicSizes(kafka, topics, deadline),
  ]);
  const sumOf = (listed: typeof starts, name: string): bigint =>
    listed.reduce((sum, { topic, offset, error }) => (topic === name && error === undefined ? sum + offset : sum), 0n);
  return topics.map((topic, index) => {
    const entries = configs[index];
    const settingOf = (config: string): string | null =>
      entries === undefined || entries instanceof RelayError ? null : (entries.find(({ name }) => name === config)?.value ?? null);
    const retention = settingOf("retention.ms");
    const end = sumOf(ends, topic.name);
    return {
      ...toSummary(topic),
      records_count: end - sumOf(starts, topic.name),
      end_offsets_sum: end,
      size_bytes: sizes.get(topic.name) ?? null,
      retention_ms: retention === null ? null : BigInt(retention),
      cleanup_policy: settingOf("cleanup.policy"),
    };
  });
}
