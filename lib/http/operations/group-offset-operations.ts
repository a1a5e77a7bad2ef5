/** v3 lag of groups, and what no other proxy offers: listing, moving and deleting the offsets that a group has committed. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { unknownGroup } from "../../kafka/admin/group.js";
import { committedOffsets, deleteOffsets } from "../../kafka/admin/group-offsets.js";
import { describeGroup, listGroups } from "../../kafka/admin/groups.js";
import { type GroupLag, groupLag, groupLags } from "../../kafka/admin/lag.js";
import { type ResetTo, resetOffsets, resetOffsetsOfAllTopics } from "../../kafka/admin/offset-reset.js";
import { describeTopic } from "../../kafka/admin/topics.js";
import { type Operations, operation } from "../operation.js";
import { groupQuery, inGroup, namedGroup } from "../rest/group-in-path.js";
import { clusterLinks, inCluster } from "../rest/in-cluster.js";
import { lagList, lagResource, lagSummaryList, lagSummaryResource, toLag, toLagSummary } from "../rest/v3-groups.js";
import { int64, listOf, numberInPath, offset, paths, someOf, toList } from "../rest/v3-resources.js";
import { timeMs } from "../timestamp.js";

const inGroupTopic = v.object({ ...inGroup.entries, topic: v.string() });
const inLag = v.object({ ...inGroupTopic.entries, partition: numberInPath });

/** Throws `not-found` for a group that has committed nothing: it is neither behind nor up to date. */
function assertCommitted({ group, lags }: GroupLag): void {
  if (lags.length === 0) throw new RelayError("not-found", `Group ${JSON.stringify(group.groupId)} has committed no offsets.`);
}

const committedOffset = v.object({ topic_name: v.string(), partition_id: v.number(), offset: int64 });
const committedList = listOf("KafkaCommittedOffset", committedOffset);

const resetBody = v.strictObject({
  to: v.pipe(
    v.string("must be earliest, latest, offset, timestamp or shift"),
    v.toLowerCase(),
    v.picklist(["earliest", "latest", "offset", "timestamp", "shift"], "must be earliest, latest, offset, timestamp or shift"),
  ),
  /** Absent: every topic that the group has committed an offset of. */
  topic_name: v.nullish(v.string()),
  partitions: v.nullish(someOf(v.pipe(v.number(), v.integer()), 10_000)),
  offset: v.nullish(offset),
  timestamp: v.nullish(timeMs),
  shift: v.nullish(offset),
  validate_only: v.nullish(v.boolean()),
});
const resetAnswer = v.object({
  data: v.array(v.object({ topic_name: v.string(), partition_id: v.number(), offset_before: v.nullable(int64), offset_after: int64 })),
});

/** The target of a reset; `bad-request` where `to` and its member do not go together. */
function toTarget(body: v.InferOutput<typeof resetBody>): ResetTo {
  const given = (["offset", "timestamp", "shift"] as const).filter((member) => body[member] != null);
  const stray = given.find((member) => member !== body.to);
  if (stray !== undefined) throw new RelayError("bad-request", `body: ${stray} cannot be given when to is ${body.to}.`);
  const missing = new RelayError("bad-request", `body: ${body.to} is missing. It is required when to is ${body.to}.`);
  switch (body.to) {
    case "earliest":
    case "latest":
      return { to: body.to };
    case "offset":
      if (body.offset == null) throw missing;
      if (body.offset < 0n) throw new RelayError("bad-request", "body: offset must be 0 or more.");
      return { to: "offset", offset: body.offset };
    case "timestamp":
      if (body.timestamp == null) throw missing;
      return { to: "timestamp", timestampMs: body.timestamp };
    case "shift":
      if (body.shift == null) throw missing;
      return { to: "shift", shift: body.shift };
  }
}

export const groupOffsetOperations: Operations = {
  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/lags": operation({
    may: "group:describe",
    summary: "List the lag of a group in each partition.",
    path: inGroup,
    query: groupQuery,
    answers: { 200: lagList },
    run: async (input, context) => {
      const { links, groupId } = await namedGroup(input, context, "group:describe");
      const lag = await groupLag(context.kafka, groupId, context.deadline);
      assertCommitted(lag);
      const data = lag.lags.map((one) => toLag(links, groupId, one));
      return { status: 200, body: toList("KafkaConsumerLag", links.url(`${paths.group(groupId)}/lags`), data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/lags/{topic}/partitions/{partition}": operation({
    may: "group:describe",
    summary: "Get the lag of a group in one partition.",
    path: inLag,
    query: groupQuery,
    answers: { 200: lagResource },
    run: async (input, context) => {
      const { links, groupId } = await namedGroup(input, context, "group:describe");
      const { lags } = await groupLag(context.kafka, groupId, context.deadline);
      const one = lags.find(({ topic, partition }) => topic === input.path.topic && partition === input.path.partition);
      if (one === undefined)
        throw new RelayError("not-found", `Group ${JSON.stringify(groupId)} has committed no offset for that partition.`);
      return { status: 200, body: toLag(links, groupId, one) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/lag-summary": operation({
    may: "group:describe",
    summary: "Get the total lag of a group, and the partition with the largest lag.",
    path: inGroup,
    query: groupQuery,
    answers: { 200: lagSummaryResource },
    run: async (input, context) => {
      const { links, groupId } = await namedGroup(input, context, "group:describe");
      const lag = await groupLag(context.kafka, groupId, context.deadline);
      assertCommitted(lag);
      return { status: 200, body: toLagSummary(links, lag) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/lag-summaries": operation({
    may: "group:list",
    summary: "List the total lag of every group. Groups that have committed nothing are left out.",
    path: inCluster,
    answers: { 200: lagSummaryList },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const { groups, failed } = await listGroups(context.kafka, context.deadline);
      for (const error of failed.values()) throw error;
      const ids = groups.map(({ groupId }) => groupId);
      const lags = await groupLags(context.kafka, ids, context.deadline);
      const data = ids.flatMap((groupId) => {
        const lag = lags.get(groupId);
        const summary = lag === undefined || lag instanceof RelayError ? undefined : toLagSummary(links, lag);
        return summary === undefined ? [] : [summary];
      });
      return { status: 200, body: toList("KafkaConsumerGroupLagSummary", links.url("/lag-summaries"), data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/offsets": operation({
    may: "group:describe",
    summary: "List the offsets that a group has committed.",
    path: inGroup,
    query: groupQuery,
    answers: { 200: committedList },
    run: async (input, context) => {
      const { links, groupId } = await namedGroup(input, context, "group:describe");
      await describeGroup(context.kafka, groupId, context.deadline);
      const table = (await committedOffsets(context.kafka, [groupId], context.deadline)).get(groupId) ?? unknownGroup(groupId);
      if (table instanceof RelayError) throw table;
      const data = [...table]
        .flatMap(([topic, partitions]) =>
          [...partitions].map(([partition, at]) => ({ topic_name: topic, partition_id: partition, offset: at })),
        )
        .sort((one, other) =>
          one.topic_name === other.topic_name ? one.partition_id - other.partition_id : one.topic_name < other.topic_name ? -1 : 1,
        );
      return { status: 200, body: toList("KafkaCommittedOffset", links.url(`${paths.group(groupId)}/offsets`), data) };
    },
  }),

  "DELETE /v3/clusters/{cluster_id}/consumer-groups/{group}/offsets/{topic}": operation({
    may: "group:alter",
    summary: "Delete the offsets that a group has committed for a topic. The group must not be reading that topic.",
    path: inGroupTopic,
    query: groupQuery,
    answers: { 204: null },
    run: async (input, context) => {
      const { groupId } = await namedGroup(input, context, "group:alter");
      const { topic } = input.path;
      await describeGroup(context.kafka, groupId, context.deadline);
      const table = (await committedOffsets(context.kafka, [groupId], context.deadline)).get(groupId);
      if (table instanceof RelayError) throw table;
      const partitions = [...(table?.get(topic)?.keys() ?? [])];
      if (partitions.length === 0) {
        await describeTopic(context.kafka, topic, context.deadline);
        throw new RelayError("not-found", `Group ${JSON.stringify(groupId)} has committed nothing for topic ${JSON.stringify(topic)}.`);
      }
      await deleteOffsets(context.kafka, groupId, new Map([[topic, partitions]]), context.deadline);
      return { status: 204 };
    },
  }),

  "POST /v3/clusters/{cluster_id}/consumer-groups/{group}/offsets:reset": operation({
    may: "group:alter",
    summary: "Reset the committed offsets of a group: to the earliest or latest offset, to an offset or a time, or by a number of records.",
    path: inGroup,
    query: groupQuery,
    body: resetBody,
    answers: { 200: resetAnswer },
    run: async (input, context) => {
      const { groupId } = await namedGroup(input, context, "group:alter");
      const { body } = input;
      const options = { validateOnly: body.validate_only ?? false };
      const target = toTarget(body);
      if (body.topic_name == null && body.partitions != null)
        throw new RelayError("bad-request", "body: topic_name is missing. It is required when partitions are given.");
      const plan =
        body.topic_name == null
          ? await resetOffsetsOfAllTopics(context.kafka, groupId, target, context.deadline, options)
          : await resetOffsets(context.kafka, groupId, body.topic_name, body.partitions ?? "all", target, context.deadline, options);
      const data = plan.map(({ topic, partition, before, after }) => ({
        topic_name: topic,
        partition_id: partition,
        offset_before: before,
        offset_after: after,
      }));
      return { status: 200, body: { data } };
    },
  }),
};
