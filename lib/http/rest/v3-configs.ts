/** The v3 shapes of settings: of a topic, of a broker, and of the cluster's brokers by default. Pure. */
import * as v from "valibot";
import type { ConfigEntry } from "../../kafka/admin/configs.js";
import { type Links, listOf, names, paths, resource, toResource } from "./v3-resources.js";

const configFields = {
  cluster_id: v.string(),
  name: v.string(),
  value: v.nullable(v.string()),
  is_default: v.boolean(),
  is_read_only: v.boolean(),
  is_sensitive: v.boolean(),
  source: v.string(),
  synonyms: v.array(v.object({ name: v.string(), value: v.nullable(v.string()), source: v.string() })),
};

export const topicConfig = resource("KafkaTopicConfig", { ...configFields, topic_name: v.string() });
export const topicConfigList = listOf("KafkaTopicConfig", topicConfig);
export const brokerConfig = resource("KafkaBrokerConfig", { ...configFields, broker_id: v.number() });
export const brokerConfigList = listOf("KafkaBrokerConfig", brokerConfig);
export const clusterConfig = resource("KafkaClusterConfig", { ...configFields, config_type: v.literal("BROKER") });
export const clusterConfigList = listOf("KafkaClusterConfig", clusterConfig);

function toConfigFields(links: Links, entry: ConfigEntry) {
  const { name, value, isDefault, isReadOnly, isSensitive, source, synonyms } = entry;
  return {
    cluster_id: links.clusterId,
    name,
    value,
    is_default: isDefault,
    is_read_only: isReadOnly,
    is_sensitive: isSensitive,
    source: toRestSource(source),
    synonyms: synonyms.map((synonym) => ({ ...synonym, source: toRestSource(synonym.source) })),
  };
}

/** Newer brokers have sources that are not in the contract's list. */
const restSources: ReadonlySet<string> = new Set([
  "DYNAMIC_TOPIC_CONFIG",
  "DYNAMIC_BROKER_CONFIG",
  "DYNAMIC_DEFAULT_BROKER_CONFIG",
  "DYNAMIC_BROKER_LOGGER_CONFIG",
  "DYNAMIC_GROUP_CONFIG",
  "DYNAMIC_CLUSTER_LINK_CONFIG",
  "STATIC_BROKER_CONFIG",
  "DEFAULT_CONFIG",
]);
const toRestSource = (source: string): string => (restSources.has(source) ? source : "UNKNOWN");

export function toTopicConfig(links: Links, topic: string, entry: ConfigEntry) {
  const at = {
    path: `${paths.topic(topic)}/configs/${encodeURIComponent(entry.name)}`,
    name: `${names.topic(topic)}/config=${entry.name}`,
  };
  return toResource("KafkaTopicConfig", links, at, { ...toConfigFields(links, entry), topic_name: topic });
}

export function toBrokerConfig(links: Links, broker: number, entry: ConfigEntry) {
  const at = {
    path: `${paths.broker(broker)}/configs/${encodeURIComponent(entry.name)}`,
    name: `${names.broker(broker)}/config=${entry.name}`,
  };
  return toResource("KafkaBrokerConfig", links, at, { ...toConfigFields(links, entry), broker_id: broker });
}

export function toClusterConfig(links: Links, entry: ConfigEntry) {
  const at = { path: `/broker-configs/${encodeURIComponent(entry.name)}`, name: `/broker-config=${entry.name}` };
  return toResource("KafkaClusterConfig", links, at, { ...toConfigFields(links, entry), config_type: "BROKER" as const });
}
