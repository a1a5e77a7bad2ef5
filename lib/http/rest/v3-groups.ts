/** The v3 shapes of consumer groups: groups, members, assignments and lag. Pure. */
import * as v from "valibot";
import type { GroupMember, GroupType } from "../../kafka/admin/group.js";
import type { AssignedPartition } from "../../kafka/admin/group-members.js";
import { type GroupLag, maxLag, type PartitionLag, totalLag } from "../../kafka/admin/lag.js";
import { int64, type Links, listOf, names, paths, related, relatedTo, resource, toResource } from "./v3-resources.js";

export const groupResource = resource("KafkaConsumerGroup", {
  cluster_id: v.string(),
  consumer_group_id: v.string(),
  is_simple: v.boolean(),
  partition_assignor: v.string(),
  state: v.string(),
  type: v.string(),
  is_mixed_consumer_group: v.boolean(),
  coordinator: v.nullable(related),
  consumers: related,
  lag_summary: related,
});
export const groupList = listOf("KafkaConsumerGroup", groupResource);

/** A listing has enough for a group's resource, apart from the assignor and whether the group mixes protocols: only a description has those. */
export interface GroupFacts {
  readonly groupId: string;
  readonly type: GroupType;
  readonly state: string;
  readonly isSimple: boolean;
  readonly assignor: string;
  readonly isMixed: boolean;
  readonly coordinatorId: number;
}

export function toGroup(links: Links, group: GroupFacts) {
  const path = paths.group(group.groupId);
  return toResource(
    "KafkaConsumerGroup",
    links,
    { path, name: names.group(group.groupId) },
    {
      cluster_id: links.clusterId,
      consumer_group_id: group.groupId,
      is_simple: group.isSimple,
      partition_assignor: group.assignor,
      state: group.state,
      type: group.type,
      is_mixed_consumer_group: group.isMixed,
      coordinator: relatedTo(links, paths.broker(group.coordinatorId)),
      consumers: relatedTo(links, `${path}/consumers`),
      lag_summary: relatedTo(links, `${path}/lag-summary`),
    },
  );
}

export const consumerResource = resource("KafkaConsumer", {
  cluster_id: v.string(),
  consumer_group_id: v.string(),
  consumer_id: v.string(),
  instance_id: v.nullable(v.string()),
  client_id: v.string(),
  assignments: related,
});
export const consumerList = listOf("KafkaConsumer", consumerResource);

export function toConsumer(links: Links, groupId: string, { memberId, instanceId, clientId }: GroupMember) {
  const path = paths.consumer(groupId, memberId);
  return toResource(
    "KafkaConsumer",
    links,
    { path, name: names.consumer(groupId, memberId) },
    {
      cluster_id: links.clusterId,
      consumer_group_id: groupId,
      consumer_id: memberId,
      instance_id: instanceId,
      client_id: clientId,
      assignments: relatedTo(links, `${path}/assignments`),
    },
  );
}

export const assignmentResource = resource("KafkaConsumerAssignment", {
  cluster_id: v.string(),
  consumer_group_id: v.string(),
  consumer_id: v.string(),
  topic_name: v.string(),
  partition_id: v.number(),
  partition: related,
  lag: related,
});
export const assignmentList = listOf("KafkaConsumerAssignment", assignmentResource);

export function toAssignment(links: Links, groupId: string, memberId: string, { topic, partition }: AssignedPartition) {
  const at = {
    path: `${paths.consumer(groupId, memberId)}/assignments/${encodeURIComponent(topic)}/partitions/${partition}`,
    name: `${names.consumer(groupId, memberId)}/assignment=${topic}/partition=${partition}`,
  };
  return toResource("KafkaConsumerAssignment", links, at, {
    cluster_id: links.clusterId,
    consumer_group_id: groupId,
    consumer_id: memberId,
    topic_name: topic,
    partition_id: partition,
    partition: relatedTo(links, paths.partition(topic, partition)),
    lag: relatedTo(links, paths.lag(groupId, topic, partition)),
  });
}

export const lagResource = resource("KafkaConsumerLag", {
  cluster_id: v.string(),
  consumer_group_id: v.string(),
  topic_name: v.string(),
  partition_id: v.number(),
  current_offset: int64,
  log_end_offset: int64,
  lag: int64,
  consumer_id: v.string(),
  instance_id: v.nullable(v.string()),
  client_id: v.string(),
});
export const lagList = listOf("KafkaConsumerLag", lagResource);

/** A partition without a consumer has "" for its consumer and client. */
export function toLag(links: Links, groupId: string, { topic, partition, currentOffset, endOffset, lag, member }: PartitionLag) {
  const at = { path: paths.lag(groupId, topic, partition), name: `${names.group(groupId)}/lag=${topic}/partition=${partition}` };
  return toResource("KafkaConsumerLag", links, at, {
    cluster_id: links.clusterId,
    consumer_group_id: groupId,
    topic_name: topic,
    partition_id: partition,
    current_offset: currentOffset,
    log_end_offset: endOffset,
    lag,
    consumer_id: member?.memberId ?? "",
    instance_id: member?.instanceId ?? null,
    client_id: member?.clientId ?? "",
  });
}

export const lagSummaryResource = resource("KafkaConsumerGroupLagSummary", {
  cluster_id: v.string(),
  consumer_group_id: v.string(),
  max_lag_consumer_id: v.string(),
  max_lag_instance_id: v.nullable(v.string()),
  max_lag_client_id: v.string(),
  max_lag_topic_name: v.string(),
  max_lag_partition_id: v.number(),
  max_lag: int64,
  total_lag: int64,
  max_lag_consumer: related,
  max_lag_partition: related,
});
export const lagSummaryList = listOf("KafkaConsumerGroupLagSummary", lagSummaryResource);

/** Undefined for a group that has committed nothing. */
export function toLagSummary(links: Links, { group, lags }: GroupLag) {
  const most = maxLag(lags);
  if (most === undefined) return undefined;
  const at = { path: `${paths.group(group.groupId)}/lag-summary`, name: `${names.group(group.groupId)}/lag-summary` };
  return toResource("KafkaConsumerGroupLagSummary", links, at, {
    cluster_id: links.clusterId,
    consumer_group_id: group.groupId,
    max_lag_consumer_id: most.member?.memberId ?? "",
    max_lag_instance_id: most.member?.instanceId ?? null,
    max_lag_client_id: most.member?.clientId ?? "",
    max_lag_topic_name: most.topic,
    max_lag_partition_id: most.partition,
    max_lag: most.lag,
    total_lag: totalLag(lags),
    // Of a partition that nobody reads, the reference server relates the consumer of the empty id: an address that lists the group's consumers.
    max_lag_consumer: relatedTo(links, paths.consumer(group.groupId, most.member?.memberId ?? "")),
    max_lag_partition: relatedTo(links, paths.partition(most.topic, most.partition)),
  });
}
