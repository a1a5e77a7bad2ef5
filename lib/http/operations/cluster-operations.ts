/** v3 clusters, brokers, and the replicas that brokers hold. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import type { BrokerMetadata } from "../../kafka/metadata.js";
import type { OperationContext, Operations } from "../operation.js";
import { operation } from "../operation.js";
import { clusterLinks, inCluster } from "../rest/in-cluster.js";
import { linksTo, numberInPath, toList } from "../rest/v3-resources.js";
import {
  brokerList,
  brokerResource,
  clusterList,
  clusterResource,
  replicaList,
  toBroker,
  toCluster,
  toReplica,
} from "../rest/v3-topics.js";

export const inBroker = v.object({ ...inCluster.entries, broker: numberInPath });

/** Throws `not-found` for a broker that is not in the cluster at present. */
export async function brokerOf(context: OperationContext, id: number): Promise<BrokerMetadata> {
  const { brokers } = await context.kafka.metadata.describe([], context.deadline);
  const broker = brokers.find(({ nodeId }) => nodeId === id);
  if (broker !== undefined) return broker;
  throw new RelayError("not-found", `Broker ${id} does not exist. The brokers are ${brokers.map(({ nodeId }) => nodeId).join(", ")}.`);
}

export const clusterOperations: Operations = {
  "GET /v3/clusters": operation({
    may: "cluster:describe",
    summary: "List the clusters. The list holds exactly one: the cluster that this API is connected to.",
    answers: { 200: clusterList },
    run: async (_, { kafka, deadline, baseUrl }) => {
      const { clusterId, controllerId } = await kafka.metadata.describe([], deadline);
      return {
        status: 200,
        body: toList("KafkaCluster", `${baseUrl}/v3/clusters`, [toCluster(linksTo(baseUrl, clusterId), controllerId)]),
      };
    },
  }),

  "GET /v3/clusters/{cluster_id}": operation({
    may: "cluster:describe",
    summary: "Describe the cluster.",
    path: inCluster,
    answers: { 200: clusterResource },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const { controllerId } = await context.kafka.metadata.describe([], context.deadline);
      return { status: 200, body: toCluster(links, controllerId) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/brokers": operation({
    may: "cluster:describe",
    summary: "List the brokers.",
    path: inCluster,
    answers: { 200: brokerList },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const { brokers } = await context.kafka.metadata.describe([], context.deadline);
      const data = [...brokers].sort((one, other) => one.nodeId - other.nodeId).map((broker) => toBroker(links, broker));
      return { status: 200, body: toList("KafkaBroker", links.url("/brokers"), data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/brokers/{broker}": operation({
    may: "cluster:describe",
    summary: "Describe a broker.",
    path: inBroker,
    answers: { 200: brokerResource },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      return { status: 200, body: toBroker(links, await brokerOf(context, path.broker)) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/brokers/{broker}/partition-replicas": operation({
    may: "cluster:describe",
    summary: "List the replicas that a broker holds.",
    path: inBroker,
    answers: { 200: replicaList },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const { nodeId } = await brokerOf(context, path.broker);
      const { topics } = await context.kafka.metadata.describe("all", context.deadline);
      const data = [...topics.values()]
        .flatMap((topic) => (topic instanceof RelayError ? [] : [topic]))
        .sort((one, other) => (one.name < other.name ? -1 : 1))
        .flatMap((topic) =>
          topic.partitions
            .filter(({ replicas }) => replicas.includes(nodeId))
            .map((partition) => toReplica(links, topic.name, partition, nodeId)),
        );
      return { status: 200, body: toList("KafkaReplica", links.url(`/brokers/${nodeId}/partition-replicas`), data) };
    },
  }),
};
