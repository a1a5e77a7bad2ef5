/** v3 settings of brokers: of one broker, of all brokers, and the cluster-wide defaults. Changes are incremental. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { alterConfigs, type ConfigChange } from "../../kafka/admin/config-changes.js";
import { type ConfigResource, describeConfigs } from "../../kafka/admin/configs.js";
import { type OperationContext, type Operations, operation } from "../operation.js";
import { alterConfigsBody, assertConfigsExist, configsOf, findConfig, setConfigBody } from "../rest/config-body.js";
import { clusterLinks, inCluster } from "../rest/in-cluster.js";
import { brokerConfig, brokerConfigList, clusterConfig, clusterConfigList, toBrokerConfig, toClusterConfig } from "../rest/v3-configs.js";
import { paths, toList } from "../rest/v3-resources.js";
import { brokerOf, inBroker } from "./cluster-operations.js";

const inBrokerConfig = v.object({ ...inBroker.entries, name: v.string() });
const inClusterConfig = v.object({ ...inCluster.entries, name: v.string() });
const everyBroker: ConfigResource = { kind: "cluster" };

/** Throws `not-found` for a setting that brokers do not have, and the broker's refusal. */
async function change(
  context: OperationContext,
  resource: ConfigResource,
  changes: readonly ConfigChange[],
  validateOnly = false,
): Promise<void> {
  await assertConfigsExist(
    context,
    resource,
    changes.map(({ name }) => name),
  );
  const [error] = await alterConfigs(context.kafka, [{ resource, changes }], context.deadline, { validateOnly });
  if (error !== undefined) throw error;
}

async function changeBroker(context: OperationContext, id: number, changes: readonly ConfigChange[], validateOnly = false): Promise<void> {
  await brokerOf(context, id);
  await change(context, { kind: "broker", id }, changes, validateOnly);
}

export const brokerConfigOperations: Operations = {
  "GET /v3/clusters/{cluster_id}/broker-configs": operation({
    may: "cluster:describe",
    summary: "List the settings that are set for all brokers.",
    path: inCluster,
    answers: { 200: clusterConfigList },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const data = (await configsOf(context, everyBroker)).map((entry) => toClusterConfig(links, entry));
      return { status: 200, body: toList("KafkaClusterConfig", links.url("/broker-configs"), data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/broker-configs/{name}": operation({
    may: "cluster:describe",
    summary: "Get a setting that is set for all brokers.",
    path: inClusterConfig,
    answers: { 200: clusterConfig },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      return { status: 200, body: toClusterConfig(links, await findConfig(context, everyBroker, path.name)) };
    },
  }),

  "PUT /v3/clusters/{cluster_id}/broker-configs/{name}": operation({
    may: "cluster:alter",
    summary: "Set a setting for all brokers.",
    path: inClusterConfig,
    body: setConfigBody,
    answers: { 204: null },
    run: async ({ path, body }, context) => {
      await clusterLinks(context, path);
      await change(context, everyBroker, [{ name: path.name, operation: "SET", value: body.value ?? null }]);
      return { status: 204 };
    },
  }),

  "DELETE /v3/clusters/{cluster_id}/broker-configs/{name}": operation({
    may: "cluster:alter",
    summary: "Reset a setting that is set for all brokers.",
    path: inClusterConfig,
    answers: { 204: null },
    run: async ({ path }, context) => {
      await clusterLinks(context, path);
      await change(context, everyBroker, [{ name: path.name, operation: "DELETE", value: null }]);
      return { status: 204 };
    },
  }),

  "POST /v3/clusters/{cluster_id}/broker-configs:alter": operation({
    may: "cluster:alter",
    summary: "Change settings for all brokers. Either all of them are changed, or none.",
    path: inCluster,
    body: alterConfigsBody,
    answers: { 204: null },
    run: async ({ path, body }, context) => {
      await clusterLinks(context, path);
      await change(context, everyBroker, body.data, body.validate_only ?? false);
      return { status: 204 };
    },
  }),

  "GET /v3/clusters/{cluster_id}/brokers/-/configs": operation({
    may: "cluster:describe",
    summary: "List the settings of every broker.",
    path: inCluster,
    answers: { 200: brokerConfigList },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const { brokers } = await context.kafka.metadata.describe([], context.deadline);
      const ids = brokers.map(({ nodeId }) => nodeId).sort((one, other) => one - other);
      const described = await describeConfigs(
        context.kafka,
        ids.map((id) => ({ kind: "broker" as const, id })),
        context.deadline,
      );
      const data = ids.flatMap((id, index) => {
        const entries = described[index];
        if (entries === undefined || entries instanceof RelayError) throw entries;
        return entries.map((entry) => toBrokerConfig(links, id, entry));
      });
      return { status: 200, body: toList("KafkaBrokerConfig", links.url("/brokers/-/configs"), data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/brokers/{broker}/configs": operation({
    may: "cluster:describe",
    summary: "List the settings of a broker.",
    path: inBroker,
    answers: { 200: brokerConfigList },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const { nodeId } = await brokerOf(context, path.broker);
      const data = (await configsOf(context, { kind: "broker", id: nodeId })).map((entry) => toBrokerConfig(links, nodeId, entry));
      return { status: 200, body: toList("KafkaBrokerConfig", links.url(`${paths.broker(nodeId)}/configs`), data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/brokers/{broker}/configs/{name}": operation({
    may: "cluster:describe",
    summary: "Get a setting of a broker.",
    path: inBrokerConfig,
    answers: { 200: brokerConfig },
    run: async ({ path }, context) => {
      const links = await clusterLinks(context, path);
      const { nodeId } = await brokerOf(context, path.broker);
      return { status: 200, body: toBrokerConfig(links, nodeId, await findConfig(context, { kind: "broker", id: nodeId }, path.name)) };
    },
  }),

  "PUT /v3/clusters/{cluster_id}/brokers/{broker}/configs/{name}": operation({
    may: "cluster:alter",
    summary: "Set a setting of a broker.",
    path: inBrokerConfig,
    body: setConfigBody,
    answers: { 204: null },
    run: async ({ path, body }, context) => {
      await clusterLinks(context, path);
      await changeBroker(context, path.broker, [{ name: path.name, operation: "SET", value: body.value ?? null }]);
      return { status: 204 };
    },
  }),

  "DELETE /v3/clusters/{cluster_id}/brokers/{broker}/configs/{name}": operation({
    may: "cluster:alter",
    summary: "Reset a setting of a broker to its default.",
    path: inBrokerConfig,
    answers: { 204: null },
    run: async ({ path }, context) => {
      await clusterLinks(context, path);
      await changeBroker(context, path.broker, [{ name: path.name, operation: "DELETE", value: null }]);
      return { status: 204 };
    },
  }),

  "POST /v3/clusters/{cluster_id}/brokers/{broker}/configs:alter": operation({
    may: "cluster:alter",
    summary: "Change settings of a broker. Either all of them are changed, or none.",
    path: inBroker,
    body: alterConfigsBody,
    answers: { 204: null },
    run: async ({ path, body }, context) => {
      await clusterLinks(context, path);
      await changeBroker(context, path.broker, body.data, body.validate_only ?? false);
      return { status: 204 };
    },
  }),
};
