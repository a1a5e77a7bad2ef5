/** v2 metadata: topics, partitions, offsets and brokers. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { describeTopic } from "../../kafka/admin/topics.js";
import { listOffsets } from "../../kafka/list-offsets.js";
import type { PartitionMetadata, TopicMetadata } from "../../kafka/metadata.js";
import { isTopicName } from "../../kafka/topic-name.js";
import { type OperationContext, type Operations, operation } from "../operation.js";
import { configsOf } from "../rest/config-body.js";
import {
  toV2Partition,
  toV2Topic,
  v2Brokers,
  v2MediaTypes,
  v2Offsets,
  v2Partition,
  v2Partitions,
  v2Topic,
  v2TopicNames,
} from "../rest/v2-metadata.js";
import { numberInPath } from "../rest/v3-resources.js";

const inTopic = v.object({ topic: v.string() });
const inPartition = v.object({ topic: v.string(), partition: numberInPath });
const produces = v2MediaTypes;

/** In v2 a missing topic is 40401, in v3 it is 40403. */
async function v2TopicOf(context: OperationContext, name: string): Promise<TopicMetadata> {
  try {
    return await describeTopic(context.kafka, name, context.deadline);
  } catch (error) {
    const isMissing = !isTopicName(name) || (error instanceof RelayError && error.code === "unknown-topic-or-partition");
    throw isMissing ? new RelayError("topic-not-found", `Topic ${JSON.stringify(name.slice(0, 300))} does not exist.`) : error;
  }
}

async function v2PartitionOf(context: OperationContext, path: v.InferOutput<typeof inPartition>): Promise<PartitionMetadata> {
  const topic = await v2TopicOf(context, path.topic);
  const partition = topic.partitions.find((one) => one.partition === path.partition);
  if (partition !== undefined) return partition;
  throw new RelayError(
    "partition-not-found",
    `Topic ${JSON.stringify(topic.name)} has ${topic.partitions.length} partition(s), so it has no partition ${path.partition}.`,
  );
}

export const v2TopicOperations: Operations = {
  "GET /topics": operation({
    may: "topic:list",
    summary: "List the names of the topics.",
    produces,
    answers: { 200: v2TopicNames },
    run: async (_, { kafka, deadline }) => {
      const { topics } = await kafka.metadata.describe("all", deadline);
      return { status: 200, body: [...topics.keys()].sort() };
    },
  }),

  "GET /topics/{topic}": operation({
    may: "topic:describe",
    on: "topic",
    summary: "Describe a topic, with all its settings and partitions.",
    path: inTopic,
    produces,
    answers: { 200: v2Topic },
    run: async ({ path }, context) => {
      const topic = await v2TopicOf(context, path.topic);
      const configs = await configsOf(context, { kind: "topic", name: topic.name });
      return { status: 200, body: toV2Topic(topic, configs) };
    },
  }),

  "GET /topics/{topic}/partitions": operation({
    may: "topic:describe",
    on: "topic",
    summary: "List the partitions of a topic.",
    path: inTopic,
    produces,
    answers: { 200: v2Partitions },
    run: async ({ path }, context) => ({ status: 200, body: (await v2TopicOf(context, path.topic)).partitions.map(toV2Partition) }),
  }),

  "GET /topics/{topic}/partitions/{partition}": operation({
    may: "topic:describe",
    on: "topic",
    summary: "Describe a partition.",
    path: inPartition,
    produces,
    answers: { 200: v2Partition },
    run: async ({ path }, context) => ({ status: 200, body: toV2Partition(await v2PartitionOf(context, path)) }),
  }),

  "GET /topics/{topic}/partitions/{partition}/offsets": operation({
    may: "topic:describe",
    on: "topic",
    summary: "Get the first and the next offset of a partition.",
    path: inPartition,
    produces,
    answers: { 200: v2Offsets },
    run: async ({ path }, context) => {
      const { partition } = await v2PartitionOf(context, path);
      const points = (["earliest", "latest"] as const).map((at) => ({ topic: path.topic, partition, at }));
      const [beginning, end] = await listOffsets(context.kafka, points, context.deadline);
      if (beginning === undefined || end === undefined)
        throw new RelayError("internal", "The broker returned fewer offsets than were requested.");
      if (beginning.error !== undefined || end.error !== undefined) throw beginning.error ?? end.error;
      return { status: 200, body: { beginning_offset: beginning.offset, end_offset: end.offset } };
    },
  }),
};

export const v2BrokerOperations: Operations = {
  "GET /brokers": operation({
    may: "cluster:describe",
    summary: "List the ids of the brokers.",
    produces,
    answers: { 200: v2Brokers },
    run: async (_, { kafka, deadline }) => {
      const { brokers } = await kafka.metadata.describe([], deadline);
      return { status: 200, body: { brokers: brokers.map(({ nodeId }) => nodeId).sort((one, other) => one - other) } };
    },
  }),
};
