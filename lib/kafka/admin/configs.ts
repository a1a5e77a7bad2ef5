/** Settings of topics, brokers and the cluster, each with the place that it comes from. */
import type { Deadline } from "../../deadline.js";
import type { RelayError } from "../../errors.js";
import { ask } from "../ask.js";
import type { AsksBrokers, Destination } from "../connection.js";
import { groupBy } from "../grouping.js";
import { describeConfigsApi } from "../protocol/configs.js";
import { notAnswered, toKafkaError, topicWords } from "../protocol/kafka-error.js";

/** What has settings. The cluster's are the dynamic defaults of all its brokers. */
export type ConfigResource =
  | { readonly kind: "topic"; readonly name: string }
  | { readonly kind: "broker"; readonly id: number }
  | { readonly kind: "cluster" };

export type ConfigSource = (typeof sources)[number];

export interface ConfigEntry {
  readonly name: string;
  /** Null: it has none, or it is sensitive. */
  readonly value: string | null;
  readonly isReadOnly: boolean;
  readonly isSensitive: boolean;
  readonly isDefault: boolean;
  readonly source: ConfigSource;
  readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: ConfigSource }[];
}

/** By the number of the protocol. */
const sources = [
  "UNKNOWN",
  "DYNAMIC_TOPIC_CONFIG",
  "DYNAMIC_BROKER_CONFIG",
  "DYNAMIC_DEFAULT_BROKER_CONFIG",
  "STATIC_BROKER_CONFIG",
  "DEFAULT_CONFIG",
  "DYNAMIC_BROKER_LOGGER_CONFIG",
  "DYNAMIC_CLIENT_METRICS_CONFIG",
  "DYNAMIC_GROUP_CONFIG",
] as const;
const topicType = 2;
const brokerType = 4;

const toSource = (source: number): ConfigSource => sources[source] ?? "UNKNOWN";

export const toWire = (resource: ConfigResource): { readonly type: number; readonly name: string } =>
  resource.kind === "topic"
    ? { type: topicType, name: resource.name }
    : { type: brokerType, name: resource.kind === "broker" ? String(resource.id) : "" };

export const wordsFor = (resource: ConfigResource): string =>
  resource.kind === "topic"
    ? topicWords(resource.name)
    : resource.kind === "broker"
      ? `Broker ${resource.id}`
      : "The cluster's broker defaults";

/** Only the broker itself knows its own settings. */
const destinationOf = (resource: ConfigResource): Destination => (resource.kind === "broker" ? { nodeId: resource.id } : "any");

export const codesOf = (answer: { readonly resources: readonly { readonly errorCode: number }[] }) =>
  answer.resources.map((resource) => resource.errorCode);

/** Limits one response to a few megabytes: a topic's settings with their synonyms are about 4 kB. */
const resourcesPerRequestMax = 500;

/** One result per resource, in order: its settings sorted by name, or why they are unknown. One request per 500 topics, and one per broker. */
export async function describeConfigs(
  kafka: AsksBrokers,
  resources: readonly ConfigResource[],
  deadline: Deadline,
  options: { readonly names?: readonly string[]; readonly synonyms?: boolean } = {},
): Promise<readonly (readonly ConfigEntry[] | RelayError)[]> {
  const byResource = new Map<string, readonly ConfigEntry[] | RelayError>();
  const calls = groupByDestination(resources).map(async ({ to, members }) => {
    const answer = await ask(
      kafka,
      describeConfigsApi,
      {
        resources: members.map((resource) => ({ ...toWire(resource), keys: options.names ?? null })),
        includeSynonyms: options.synonyms ?? true,
        includeDocumentation: false,
      },
      to,
      deadline,
      { codes: codesOf, isRepeatable: true },
    );
    for (const one of answer.resources) {
      const resource = members.find((member) => resourceKeyOf(toWire(member)) === resourceKeyOf(one));
      if (resource === undefined) continue;
      byResource.set(
        resourceKeyOf(one),
        one.errorCode === 0 ? one.configs.map(toEntry).sort(byName) : toKafkaError(one.errorCode, wordsFor(resource), one.errorMessage),
      );
    }
  });
  await Promise.all(calls);
  return resources.map((resource) => byResource.get(resourceKeyOf(toWire(resource))) ?? notAnswered(wordsFor(resource)));
}

type WireConfig = Awaited<ReturnType<typeof describeConfigsApi.decode>>["resources"][number]["configs"][number];

function toEntry(config: WireConfig): ConfigEntry {
  const source = toSource(config.source);
  return {
    name: config.name,
    value: config.isSensitive ? null : config.value,
    isReadOnly: config.isReadOnly,
    isSensitive: config.isSensitive,
    isDefault: source === "DEFAULT_CONFIG",
    source,
    synonyms: config.synonyms.map((synonym) => ({
      name: synonym.name,
      value: config.isSensitive ? null : synonym.value,
      source: toSource(synonym.source),
    })),
  };
}

const byName = (one: { readonly name: string }, other: { readonly name: string }): number =>
  one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
export const resourceKeyOf = (wire: { readonly type: number; readonly name: string }): string => `${wire.type}/${wire.name}`;

/** Brokers' own settings by broker; all others in lots that any broker can answer. */
export function groupByDestination(
  resources: readonly ConfigResource[],
): readonly { readonly to: Destination; readonly members: readonly ConfigResource[] }[] {
  let shared = 0;
  const lots = groupBy(resources, (resource) =>
    resource.kind === "broker" ? `broker ${resource.id}` : `any ${Math.trunc(shared++ / resourcesPerRequestMax)}`,
  );
  return [...lots.values()].map((members) => ({ to: destinationOf(members[0] as ConfigResource), members }));
}
