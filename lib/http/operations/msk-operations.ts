/** The cluster as Amazon MSK describes it, where `MSK_CLUSTER_ARN` names one. AWS is asked instead of the brokers, so the operation also works while they are down. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import type { MskClusterState } from "../../kafka/msk/discovery.js";
import { mskDiscovery } from "../../kafka/msk/environment.js";
import { type Operations, operation } from "../operation.js";

const textOrNull = v.nullable(v.string());

const mskCluster = v.object({
  cluster_arn: v.string(),
  cluster_name: textOrNull,
  type: v.nullable(v.picklist(["PROVISIONED", "SERVERLESS"])),
  /** As MSK writes it: ACTIVE, CREATING, MAINTENANCE, REBOOTING_BROKER, ... */
  state: textOrNull,
  kafka_version: textOrNull,
  broker_nodes: v.nullable(v.number()),
  instance_type: textOrNull,
});

export const mskOperations: Operations = {
  "GET /cluster": operation({
    may: "cluster:describe",
    summary: "Get the state, the Kafka version and the number of brokers of the Amazon MSK cluster.",
    answers: { 200: mskCluster },
    run: async (_, { config }) => {
      const discovery = await mskDiscovery(config);
      if (discovery === undefined) {
        throw new RelayError(
          "not-found",
          "MSK_CLUSTER_ARN is not set, so it is unknown whether this cluster runs on Amazon MSK. GET /v3/clusters describes any cluster.",
        );
      }
      return { status: 200, body: toResource(await discovery.state()) };
    },
  }),
};

function toResource({
  arn,
  name,
  type,
  state,
  kafkaVersion,
  brokerNodes,
  instanceType,
}: MskClusterState): v.InferOutput<typeof mskCluster> {
  return {
    cluster_arn: arn,
    cluster_name: name,
    type,
    state,
    kafka_version: kafkaVersion,
    broker_nodes: brokerNodes,
    instance_type: instanceType,
  };
}
