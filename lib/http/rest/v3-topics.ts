/** The v3 shapes of clusters, brokers, topics, partitions, replicas and reassignments. Pure: from what the cluster says to what the contract writes. */
import * as v from "valibot";
import { authorizedOperationNames } from "../../kafka/admin/acls.js";
import type { Reassignment } from "../../kafka/admin/reassignments.js";
import type { BrokerMetadata, PartitionMetadata, TopicMetadata } from "../../kafka/metadata.js";
import { int64, type Links, listOf, names, paths, related, relatedTo, resource, toResource } from "./v3-resources.js";

export const clusterResource = resource("KafkaCluster", {
  cluster_id: v.string(),
  controller: v.nullable(related),
  acls: related,
  brokers: related,
  broker_configs: related,
  consumer_groups: related,
  topics: related,
  partition_reassignments: related,
});
export const clusterList = listOf("KafkaCluster", clusterResource);

export function toCluster(links: Links, controllerId: number | null) {
  return toResource(
    "KafkaCluster",
    links,
    { path: "", name: "" },
    {
      cluster_id: links.clusterId,
      controller: controllerId === null ? null : relatedTo(links, paths.broker(controllerId)),
      acls: relatedTo(links, "/acls"),
      brokers: relatedTo(links, "/brokers"),
      broker_configs: relatedTo(links, "/broker-configs"),
      consumer_groups: relatedTo(links, "/consumer-groups"),
      topics: relatedTo(links, "/topics"),
      partition_reassignments: relatedTo(links, "/topics/-/partitions/-/reassignment"),
    },
  );
}

export const brokerResource = resource("KafkaBroker", {
  cluster_id: v.string(),
  broker_id: v.number(),
  host: v.nullable(v.string()),
  port: v.nullable(v.number()),
  rack: v.nullable(v.string()),
  configs: related,
  partition_replicas: related,
});
export const brokerList = listOf("KafkaBroker", brokerResource);

export function toBroker(links: Links, { nodeId, host, port, rack }: BrokerMetadata) {
  const path = paths.broker(nodeId);
  return toResource(
    "KafkaBroker",
    links,
    { path, name: names.broker(nodeId) },
    {
      cluster_id: links.clusterId,
      broker_id: nodeId,
      host,
      port,
      rack,
      configs: relatedTo(links, `${path}/configs`),
      partition_replicas: relatedTo(links, `${path}/partition-replicas`),
    },
  );
}

export const topicResource = resource("KafkaTopic", {
  cluster_id: v.string(),
  topic_name: v.string(),
  is_internal: v.boolean(),
  replication_factor: v.number(),
  partitions_count: v.number(),
  partitions: related,
  configs: related,
  partition_reassignments: related,
  authorized_operations: v.array(v.string()),
});
export const topicList = listOf("KafkaTopic", topicResource);

export interface TopicFacts {
  readonly name: string;
  readonly isInternal: boolean;
  readonly replicationFactor: number;
  readonly partitionsCount: number;
  /** Bit field, as the broker returns it. */
  readonly authorizedOperations?: number | undefined;
}

export const toTopicFacts = (topic: TopicMetadata): TopicFacts => ({
  name: topic.name,
  isInternal: topic.isInternal,
  replicationFactor: topic.partitions[0]?.replicas.length ?? 0,
  partitionsCount: topic.partitions.length,
  authorizedOperations: topic.authorizedOperations,
});

export function toTopic(links: Links, topic: TopicFacts) {
  const path = paths.topic(topic.name);
  return toResource(
    "KafkaTopic",
    links,
    { path, name: names.topic(topic.name) },
    {
      cluster_id: links.clusterId,
      topic_name: topic.name,
      is_internal: topic.isInternal,
      replication_factor: topic.replicationFactor,
      partitions_count: topic.partitionsCount,
      partitions: relatedTo(links, `${path}/partitions`),
      configs: relatedTo(links, `${path}/configs`),
      partition_reassignments: relatedTo(links, `${path}/partitions/-/reassignment`),
      authorized_operations: authorizedOperationNames(topic.authorizedOperations),
    },
  );
}

export const partitionResource = resource("KafkaPartition", {
  cluster_id: v.string(),
  topic_name: v.string(),
  partition_id: v.number(),
  leader: v.nullable(related),
  replicas: related,
  reassignment: related,
});
export const partitionList = listOf("KafkaPartition", partitionResource);

function partitionFields(links: Links, topic: string, { partition, leader }: PartitionMetadata) {
  const path = paths.partition(topic, partition);
  return {
    cluster_id: links.clusterId,
    topic_name: topic,
    partition_id: partition,
    leader: leader === null ? null : relatedTo(links, paths.replica(topic, partition, leader)),
    replicas: relatedTo(links, `${path}/replicas`),
    reassignment: relatedTo(links, `${path}/reassignment`),
  };
}

export function toPartition(links: Links, topic: string, partition: PartitionMetadata) {
  const at = { path: paths.partition(topic, partition.partition), name: names.partition(topic, partition.partition) };
  return toResource("KafkaPartition", links, at, partitionFields(links, topic, partition));
}

export const partitionWithOffsets = resource("KafkaPartitionWithOffsets", {
  cluster_id: v.string(),
  topic_name: v.string(),
  partition_id: v.number(),
  earliest_offset: int64,
  latest_offset: int64,
  leader: v.nullable(related),
  replicas: related,
  reassignment: related,
});

export function toPartitionWithOffsets(
  links: Links,
  topic: string,
  partition: PartitionMetadata,
  offsets: { readonly earliest: bigint; readonly latest: bigint },
) {
  const at = { path: `${paths.partition(topic, partition.partition)}/offset`, name: names.partition(topic, partition.partition) };
  return toResource("KafkaPartitionWithOffsets", links, at, {
    ...partitionFields(links, topic, partition),
    earliest_offset: offsets.earliest,
    latest_offset: offsets.latest,
  });
}

export const replicaResource = resource("KafkaReplica", {
  cluster_id: v.string(),
  topic_name: v.string(),
  partition_id: v.number(),
  broker_id: v.number(),
  is_leader: v.boolean(),
  is_in_sync: v.boolean(),
  broker: related,
});
export const replicaList = listOf("KafkaReplica", replicaResource);

export function toReplica(links: Links, topic: string, { partition, leader, isr }: PartitionMetadata, broker: number) {
  const at = { path: paths.replica(topic, partition, broker), name: names.replica(topic, partition, broker) };
  return toResource("KafkaReplica", links, at, {
    cluster_id: links.clusterId,
    topic_name: topic,
    partition_id: partition,
    broker_id: broker,
    is_leader: leader === broker,
    is_in_sync: isr.includes(broker),
    broker: relatedTo(links, paths.broker(broker)),
  });
}

export const reassignmentResource = resource("KafkaReassignment", {
  cluster_id: v.string(),
  topic_name: v.string(),
  partition_id: v.number(),
  adding_replicas: v.array(v.number()),
  removing_replicas: v.array(v.number()),
  replicas: related,
});
export const reassignmentList = listOf("KafkaReassignment", reassignmentResource);

export function toReassignment(links: Links, { topic, partition, adding, removing }: Reassignment) {
  const path = paths.partition(topic, partition);
  return toResource(
    "KafkaReassignment",
    links,
    { path: `${path}/reassignment`, name: `${names.partition(topic, partition)}/reassignment` },
    {
      cluster_id: links.clusterId,
      topic_name: topic,
      partition_id: partition,
      adding_replicas: adding,
      removing_replicas: removing,
      replicas: relatedTo(links, `${path}/replicas`),
    },
  );
}
