/** The v2 shapes of topics, partitions and brokers. Every member is written, null where it is empty. Pure. */
import * as v from "valibot";
import type { ConfigEntry } from "../../kafka/admin/configs.js";
import type { PartitionMetadata, TopicMetadata } from "../../kafka/metadata.js";
import { int64 } from "./v3-resources.js";

/** What v2 answers with, and what a client may accept it as. */
export const v2MediaTypes = ["application/vnd.kafka.v2+json", "application/vnd.kafka+json", "application/json"] as const;

export const v2Partition = v.object({
  partition: v.number(),
  leader: v.nullable(v.number()),
  replicas: v.array(v.object({ broker: v.number(), leader: v.boolean(), in_sync: v.boolean() })),
});
export const v2Partitions = v.array(v2Partition);

export function toV2Partition({ partition, leader, replicas, isr }: PartitionMetadata) {
  return {
    partition,
    // A partition without a leader has leader -1 in the contract's reference: clients compare it as a number.
    leader: leader ?? -1,
    replicas: replicas.map((broker) => ({ broker, leader: broker === leader, in_sync: isr.includes(broker) })),
  };
}

export const v2Topic = v.object({ name: v.string(), configs: v.record(v.string(), v.nullable(v.string())), partitions: v2Partitions });

/** With every effective setting, defaults included. */
export function toV2Topic(topic: TopicMetadata, configs: readonly ConfigEntry[]) {
  return {
    name: topic.name,
    configs: Object.fromEntries(configs.map(({ name, value }) => [name, value])),
    partitions: topic.partitions.map(toV2Partition),
  };
}

export const v2TopicNames = v.array(v.string());
export const v2Offsets = v.object({ beginning_offset: int64, end_offset: int64 });
export const v2Brokers = v.object({ brokers: v.array(v.number()) });
