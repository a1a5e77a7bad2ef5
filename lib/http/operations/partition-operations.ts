/** v3 partitions: their replicas, their first and next offsets, the offset for a time, and deleting old records. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { deleteRecords } from "../../kafka/admin/records-delete.js";
import { describeTopic } from "../../kafka/admin/topics.js";
import { listOffsets, type PartitionPoint } from "../../kafka/list-offsets.js";
import type { PartitionMetadata } from "../../kafka/metadata.js";
import { type OperationContext, type Operations, operation } from "../operation.js";
import { clusterLinks, inPartition, inTopic } from "../rest/in-cluster.js";
import { int64, listOf, numberInPath, offset, paths, someOf, toList } from "../rest/v3-resources.js";
import {
  partitionList,
  partitionResource,
  partitionWithOffsets,
  replicaList,
  replicaResource,
  toPartition,
  toPartitionWithOffsets,
  toReplica,
} from "../rest/v3-topics.js";
import { timeMs } from "../timestamp.js";

const inReplica = v.object({ ...inPartition.entries, broker: numberInPath });

async function partitionOf(context: OperationContext, topic: string, id: number): Promise<PartitionMetadata> {
  const { partitions } = await describeTopic(context.kafka, topic, context.deadline);
  const partition = partitions.find((one) => one.partition === id);
  if (partition !== undefined) return partition;
  const message = `Topic ${JSON.stringify(topic)} has ${partitions.length} partition(s), so it has no partition ${id}.`;
  throw new RelayError("unknown-topic-or-partition", message);
}

/** One offset per point, in order; throws the first failure. */
async function offsetsAt(context: OperationContext, points: readonly PartitionPoint[]): Promise<readonly bigint[]> {
  const listed = await listOffsets(context.kafka, points, context.deadline);
  return listed.map(({ offset: at, error }) => {
    if (error !== undefined) throw error;
    return at;
  });
}

const offsetQuery = v.object({
  offset_type: v.optional(
    v.pipe(
      v.string(),
      v.toLowerCase(),
      v.picklist(["earliest_and_latest"], "must be earliest_and_latest; for a time, use …/topics/{topic}/offsets?timestamp="),
    ),
  ),
});

const partitionOffsets = v.object({
  topic_name: v.string(),
  partition_id: v.number(),
  earliest_offset: int64,
  latest_offset: int64,
  timestamp_offset: v.optional(int64),
});
const offsetsList = listOf("KafkaPartitionOffsets", partitionOffsets);

const partitionsAtOnceMax = 10_000;
const deleteRecordsBody = v.strictObject({
  partitions: someOf(v.strictObject({ partition_id: v.pipe(v.number(), v.integer()), before_offset: offset }), partitionsAtOnceMax),
});
const deletedRecords = v.object({
  data: v.array(
    v.object({
      topic_name: v.string(),
      partition_id: v.number(),
      low_watermark: v.nullable(int64),
      error_code: v.optional(v.number()),
      message: v.optional(v.string()),
    }),
  ),
});

export const partitionOperations: Operations = {
  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions": operation({
    may: "topic:describe",
    on: "topic",
    summary: "List the partitions of a topic.",
    path: inTopic,
    answers: { 200: partitionList },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const { partitions } = await describeTopic(context.kafka, path.topic, context.deadline);
      const data = partitions.map((partition) => toPartition(links, path.topic, partition));
      return { status: 200, body: toList("KafkaPartition", links.url(`${paths.topic(path.topic)}/partitions`), data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}": operation({
    may: "topic:describe",
    on: "topic",
    summary: "Describe a partition.",
    path: inPartition,
    answers: { 200: partitionResource },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      return { status: 200, body: toPartition(links, path.topic, await partitionOf(context, path.topic, path.partition)) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}/offset": operation({
    may: "topic:describe",
    on: "topic",
    summary: "Get the first and the next offset of a partition.",
    path: inPartition,
    query: offsetQuery,
    answers: { 200: partitionWithOffsets },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const partition = await partitionOf(context, path.topic, path.partition);
      const place = { topic: path.topic, partition: partition.partition };
      const [earliest = 0n, latest = 0n] = await offsetsAt(context, [
        { ...place, at: "earliest" },
        { ...place, at: "latest" },
      ]);
      return { status: 200, body: toPartitionWithOffsets(links, path.topic, partition, { earliest, latest }) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/topics/{topic}/offsets": operation({
    may: "topic:describe",
    on: "topic",
    summary:
      "List the first and the next offset of every partition of a topic. With `timestamp`, also the first offset at or after that time.",
    path: inTopic,
    query: v.object({ timestamp: v.optional(timeMs) }),
    answers: { 200: offsetsList },
    run: async ({ path, query }, context) => {
      const links = await clusterLinks(context, path);
      const { partitions } = await describeTopic(context.kafka, path.topic, context.deadline);
      const kinds: readonly PartitionPoint["at"][] = ["earliest", "latest", ...(query.timestamp === undefined ? [] : [query.timestamp])];
      const offsets = await offsetsAt(
        context,
        kinds.flatMap((at) => partitions.map(({ partition }) => ({ topic: path.topic, partition, at }))),
      );
      const of = (kind: number, index: number): bigint => offsets[kind * partitions.length + index] ?? 0n;
      const data = partitions.map(({ partition }, index) => ({
        topic_name: path.topic,
        partition_id: partition,
        earliest_offset: of(0, index),
        latest_offset: of(1, index),
        // No record is that recent: the offset that the next record will have.
        ...(query.timestamp === undefined ? {} : { timestamp_offset: of(2, index) < 0n ? of(1, index) : of(2, index) }),
      }));
      return { status: 200, body: toList("KafkaPartitionOffsets", links.url(`${paths.topic(path.topic)}/offsets`), data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}/replicas": operation({
    may: "topic:describe",
    on: "topic",
    summary: "List the replicas of a partition.",
    path: inPartition,
    answers: { 200: replicaList },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const partition = await partitionOf(context, path.topic, path.partition);
      const data = partition.replicas.map((broker) => toReplica(links, path.topic, partition, broker));
      return { status: 200, body: toList("KafkaReplica", links.url(`${paths.partition(path.topic, path.partition)}/replicas`), data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}/replicas/{broker}": operation({
    may: "topic:describe",
    on: "topic",
    summary: "Describe a replica.",
    path: inReplica,
    answers: { 200: replicaResource },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const partition = await partitionOf(context, path.topic, path.partition);
      if (!partition.replicas.includes(path.broker)) {
        throw new RelayError(
          "not-found",
          `Broker ${path.broker} has no replica of that partition. These brokers have one: ${partition.replicas.join(", ")}.`,
        );
      }
      return { status: 200, body: toReplica(links, path.topic, partition, path.broker) };
    },
  }),

  "POST /v3/clusters/{cluster_id}/topics/{topic}/records:delete": operation({
    may: "record:delete",
    on: "topic",
    summary: "Delete the records before an offset. The offset -1 deletes all current records.",
    path: inTopic,
    body: deleteRecordsBody,
    answers: { 200: deletedRecords },
    run: async ({ path, body }, context) => {
      await clusterLinks(context, path);
      const partitions = body.partitions.map(({ partition_id, before_offset }) => ({
        partition: partition_id,
        beforeOffset: before_offset,
      }));
      const deleted = await deleteRecords(context.kafka, path.topic, assertSensible(partitions), context.deadline);
      const data = deleted.map(({ partition, lowWatermark, error }) => ({
        topic_name: path.topic,
        partition_id: partition,
        low_watermark: error === undefined ? lowWatermark : null,
        ...(error === undefined ? {} : { error_code: error.failure.restCode, message: error.message }),
      }));
      const [only] = deleted;
      if (only?.error !== undefined && deleted.every(({ error }) => error !== undefined)) throw only.error;
      return { status: 200, body: { data } };
    },
  }),
};

function assertSensible(partitions: readonly { readonly partition: number; readonly beforeOffset: bigint }[]) {
  const wrong = partitions.find(({ beforeOffset }) => beforeOffset < -1n);
  if (wrong !== undefined)
    throw new RelayError("bad-request", `body: before_offset must be 0 or more, or -1 for all records, not ${wrong.beforeOffset}.`);
  if (new Set(partitions.map(({ partition }) => partition)).size < partitions.length) {
    throw new RelayError("bad-request", "body: partitions must not name a partition twice.");
  }
  return partitions;
}
