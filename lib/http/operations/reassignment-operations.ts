/** v3 reassignments: which partitions are moving, and how to move partitions and their leaders. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { electLeaders } from "../../kafka/admin/elections.js";
import { alterReassignments, listReassignments } from "../../kafka/admin/reassignments.js";
import { describeTopic } from "../../kafka/admin/topics.js";
import { type Operations, operation } from "../operation.js";
import { clusterLinks, inCluster, inPartition, inTopic } from "../rest/in-cluster.js";
import { int32, paths, shortText, someOf, toList } from "../rest/v3-resources.js";
import { reassignmentList, reassignmentResource, toReassignment } from "../rest/v3-topics.js";

const partitionsAtOnceMax = 10_000;
const partitionNumber = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2_147_483_647));
const brokerIds = someOf(int32, 1_000);

const alterBody = v.strictObject({
  data: someOf(
    v.strictObject({ topic_name: shortText, partition_id: partitionNumber, replicas: v.nullable(brokerIds) }),
    partitionsAtOnceMax,
  ),
});
const electBody = v.strictObject({
  election_type: v.nullish(v.pipe(v.string(), v.toUpperCase(), v.picklist(["PREFERRED", "UNCLEAN"], "must be PREFERRED or UNCLEAN"))),
  partitions: v.nullish(someOf(v.strictObject({ topic_name: shortText, partition_id: partitionNumber }), partitionsAtOnceMax)),
});

const partitionOutcome = {
  topic_name: v.string(),
  partition_id: v.number(),
  error_code: v.optional(v.number()),
  message: v.optional(v.string()),
};
const altered207 = v.object({ data: v.array(v.object(partitionOutcome)) });
const elected = v.object({ data: v.array(v.object({ ...partitionOutcome, outcome: v.string() })) });

const toRefusal = (error: RelayError | undefined) =>
  error === undefined ? {} : { error_code: error.failure.restCode, message: error.message };

export const reassignmentOperations: Operations = {
  "GET /v3/clusters/{cluster_id}/topics/-/partitions/-/reassignment": operation({
    may: "cluster:describe",
    summary: "List the reassignments in progress.",
    path: inCluster,
    answers: { 200: reassignmentList },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const data = (await listReassignments(context.kafka, "all", context.deadline)).map((one) => toReassignment(links, one));
      return { status: 200, body: toList("KafkaReassignment", links.url("/topics/-/partitions/-/reassignment"), data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/-/reassignment": operation({
    may: "cluster:describe",
    summary: "List the reassignments in progress of a topic.",
    path: inTopic,
    answers: { 200: reassignmentList },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const { partitions } = await describeTopic(context.kafka, path.topic, context.deadline);
      const of = { topic: path.topic, partitions: partitions.map(({ partition }) => partition) };
      const data = (await listReassignments(context.kafka, of, context.deadline)).map((one) => toReassignment(links, one));
      return { status: 200, body: toList("KafkaReassignment", links.url(`${paths.topic(path.topic)}/partitions/-/reassignment`), data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}/reassignment": operation({
    may: "cluster:describe",
    summary: "Get the reassignment in progress of a partition.",
    path: inPartition,
    answers: { 200: reassignmentResource },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const { partitions } = await describeTopic(context.kafka, path.topic, context.deadline);
      if (!partitions.some(({ partition }) => partition === path.partition)) {
        throw new RelayError("unknown-topic-or-partition", `Topic ${JSON.stringify(path.topic)} has no partition ${path.partition}.`);
      }
      const [one] = await listReassignments(context.kafka, { topic: path.topic, partitions: [path.partition] }, context.deadline);
      if (one === undefined)
        throw new RelayError("not-found", `Partition ${path.partition} of topic ${JSON.stringify(path.topic)} is not being reassigned.`);
      return { status: 200, body: toReassignment(links, one) };
    },
  }),

  "POST /v3/clusters/{cluster_id}/reassignments:alter": operation({
    may: "cluster:alter",
    summary: "Move partitions to other brokers, or cancel a move by setting replicas to null. Each partition has its own result.",
    path: inCluster,
    body: alterBody,
    answers: { 207: altered207 },
    run: async ({ path, body }, context) => {
      await clusterLinks(context, path);
      const changes = body.data.map(({ topic_name, partition_id, replicas }) => ({ topic: topic_name, partition: partition_id, replicas }));
      const outcomes = await alterReassignments(context.kafka, changes, context.deadline);
      const data = outcomes.map(({ topic, partition, error }) => ({ topic_name: topic, partition_id: partition, ...toRefusal(error) }));
      return { status: 207, body: { data } };
    },
  }),

  "POST /v3/clusters/{cluster_id}/leaders:elect": operation({
    may: "cluster:alter",
    summary:
      "Elect the leaders of the partitions named in the body, or of all partitions. By default the preferred replica becomes the leader again.",
    path: inCluster,
    body: electBody,
    answers: { 200: elected },
    run: async ({ path, body }, context) => {
      await clusterLinks(context, path);
      const named = new Map<string, number[]>();
      for (const { topic_name, partition_id } of body.partitions ?? [])
        named.set(topic_name, [...(named.get(topic_name) ?? []), partition_id]);
      const outcomes = await electLeaders(
        context.kafka,
        body.election_type ?? "PREFERRED",
        body.partitions == null ? "all" : named,
        context.deadline,
      );
      const data = outcomes.map(({ topic, partition, outcome, error }) => ({
        topic_name: topic,
        partition_id: partition,
        outcome: outcome.toUpperCase().replace("-", "_"),
        ...toRefusal(error),
      }));
      return { status: 200, body: { data } };
    },
  }),
};
