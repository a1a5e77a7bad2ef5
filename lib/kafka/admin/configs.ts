/** Settings of topics, brokers and the cluster: shown with where each comes from, changed one by one. */

import { type Deadline, sooner } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { ask } from "../ask.js";
import type { AsksBrokers, Destination } from "../connection.js";
import { groupBy } from "../grouping.js";
import { alterConfigsApi, describeConfigsApi, incrementalAlterConfigsApi } from "../protocol/configs.js";
import { notAnswered, toChangeError, toKafkaError, topicWords } from "../protocol/error-codes.js";
import { untilVisible } from "./change.js";

/** What has settings. The cluster's are the dynamic defaults of all its brokers. */
export type ConfigResource =
  | { readonly kind: "topic"; readonly name: string }
  | { readonly kind: "broker"; readonly id: number }
  | { readonly kind: "cluster" };

type ConfigSource = (typeof sources)[number];

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

export interface ConfigChange {
  readonly name: string;
  readonly operation: "SET" | "DELETE" | "APPEND" | "SUBTRACT";
  readonly value: string | null;
}

interface ResourceChange {
  readonly resource: ConfigResource;
  readonly changes: readonly ConfigChange[];
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
const operationNumbers = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const;
/** Brokers write some values in their own way (`1e3`, `TRUE`), and then it will never look as it was sent. */
const visibleWithinMs = 500;
const topicType = 2;
const brokerType = 4;

const toSource = (source: number): ConfigSource => sources[source] ?? "UNKNOWN";

const toWire = (resource: ConfigResource): { readonly type: number; readonly name: string } =>
  resource.kind === "topic"
    ? { type: topicType, name: resource.name }
    : { type: brokerType, name: resource.kind === "broker" ? String(resource.id) : "" };

const wordsFor = (resource: ConfigResource): string =>
  resource.kind === "topic"
    ? topicWords(resource.name)
    : resource.kind === "broker"
      ? `Broker ${resource.id}`
      : "The cluster's broker defaults";

/** A broker's own settings are asked of that broker: no other knows them. */
const destinationOf = (resource: ConfigResource): Destination => (resource.kind === "broker" ? { nodeId: resource.id } : "any");

const codesOf = (answer: { readonly resources: readonly { readonly errorCode: number }[] }) =>
  answer.resources.map((resource) => resource.errorCode);

/** Bounds one answer to a few megabytes: a topic's settings with their synonyms are about 4 kB. */
const resourcesPerRequestMax = 500;

/** One answer per resource, in order: its settings sorted by name, or why they are unknown. One request for topics (500 each), one per broker. */
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
      const resource = members.find((member) => keyOf(toWire(member)) === keyOf(one));
      if (resource === undefined) continue;
      byResource.set(
        keyOf(one),
        one.errorCode === 0 ? one.configs.map(toEntry).sort(byName) : toKafkaError(one.errorCode, wordsFor(resource), one.errorMessage),
      );
    }
  });
  await Promise.all(calls);
  return resources.map((resource) => byResource.get(keyOf(toWire(resource))) ?? notAnswered(wordsFor(resource)));
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
const keyOf = (wire: { readonly type: number; readonly name: string }): string => `${wire.type}/${wire.name}`;

/** Brokers' own settings by broker, all others in lots for whichever broker. */
function groupByDestination(
  resources: readonly ConfigResource[],
): readonly { readonly to: Destination; readonly members: readonly ConfigResource[] }[] {
  let shared = 0;
  const lots = groupBy(resources, (resource) =>
    resource.kind === "broker" ? `broker ${resource.id}` : `any ${Math.trunc(shared++ / resourcesPerRequestMax)}`,
  );
  return [...lots.values()].map((members) => ({ to: destinationOf(members[0] as ConfigResource), members }));
}

/** One answer per resource, in order: undefined where all its changes are made, or why none is. What is not named stays as it is. */
export async function alterConfigs(
  kafka: AsksBrokers,
  changes: readonly ResourceChange[],
  deadline: Deadline,
  options: { readonly validateOnly?: boolean } = {},
): Promise<readonly (RelayError | undefined)[]> {
  const validateOnly = options.validateOnly ?? false;
  const byResource = new Map<string, RelayError | undefined>();
  const groups = groupByDestination(changes.map(({ resource }) => resource));
  const calls = groups.map(async ({ to, members }) => {
    const mine = changes.filter(({ resource }) => members.includes(resource));
    const answer = await sendChanges(kafka, mine, to, validateOnly, deadline);
    for (const one of answer.resources) {
      const change = mine.find(({ resource }) => keyOf(toWire(resource)) === keyOf(one));
      if (change === undefined) continue;
      byResource.set(
        keyOf(one),
        one.errorCode === 0 ? undefined : toChangeError(one.errorCode, wordsFor(change.resource), one.errorMessage),
      );
    }
  });
  await Promise.all(calls);
  const results = changes.map(({ resource }) => {
    const key = keyOf(toWire(resource));
    return byResource.has(key) ? byResource.get(key) : notAnswered(wordsFor(resource), "maybe");
  });
  if (!validateOnly) {
    const made = changes.filter((_, index) => results[index] === undefined);
    await untilVisible(sooner(deadline, visibleWithinMs), (patience) => areVisible(kafka, made, patience));
  }
  return results;
}

async function sendChanges(
  kafka: AsksBrokers,
  changes: readonly ResourceChange[],
  to: Destination,
  validateOnly: boolean,
  deadline: Deadline,
) {
  const isIncremental = (await kafka.connection.versionOf(incrementalAlterConfigsApi, to, deadline)) !== undefined;
  if (!isIncremental) return replaceWholeSets(kafka, changes, to, validateOnly, deadline);
  const resources = changes.map(({ resource, changes: named }) => ({
    ...toWire(resource),
    configs: named.map(({ name, operation, value }) => ({ name, operation: operationNumbers[operation], value })),
  }));
  return ask(kafka, incrementalAlterConfigsApi, { resources, validateOnly }, to, deadline, { codes: codesOf, isRepeatable: true });
}

/** Brokers before 2.3 replace the whole set: what is set now is read, merged and written back. Two writers at once may undo each other. */
async function replaceWholeSets(
  kafka: AsksBrokers,
  changes: readonly ResourceChange[],
  to: Destination,
  validateOnly: boolean,
  deadline: Deadline,
) {
  const current = await describeConfigs(
    kafka,
    changes.map(({ resource }) => resource),
    deadline,
    { synonyms: false },
  );
  const resources = changes.map(({ resource, changes: named }, index) => {
    const entries = current[index];
    if (entries === undefined || entries instanceof RelayError) throw entries ?? notAnswered(wordsFor(resource));
    return { ...toWire(resource), configs: mergeChanges(entries, named) };
  });
  return ask(kafka, alterConfigsApi, { resources, validateOnly }, to, deadline, { codes: codesOf, isRepeatable: true });
}

const ownSources: ReadonlySet<ConfigSource> = new Set(["DYNAMIC_TOPIC_CONFIG", "DYNAMIC_BROKER_CONFIG", "DYNAMIC_DEFAULT_BROKER_CONFIG"]);

/** The whole set that a resource has after its changes: what is set on itself, each change applied. */
export function mergeChanges(
  current: readonly ConfigEntry[],
  changes: readonly ConfigChange[],
): readonly { readonly name: string; readonly value: string | null }[] {
  const merged = new Map(current.filter(({ source }) => ownSources.has(source)).map(({ name, value }) => [name, value]));
  const now = (name: string): string[] => {
    const value = merged.get(name) ?? current.find((entry) => entry.name === name)?.value ?? "";
    return value === "" ? [] : value.split(",");
  };
  for (const { name, operation, value } of changes) {
    const parts = (value ?? "").split(",");
    if (operation === "DELETE") merged.delete(name);
    else if (operation === "SET") merged.set(name, value);
    else if (operation === "APPEND") merged.set(name, [...new Set([...now(name), ...parts])].join(","));
    else
      merged.set(
        name,
        now(name)
          .filter((part) => !parts.includes(part))
          .join(","),
      );
  }
  return [...merged].map(([name, value]) => ({ name, value }));
}

/** Set and deleted values alone are looked for: what the broker makes of an appended list is its own affair. */
async function areVisible(kafka: AsksBrokers, changes: readonly ResourceChange[], deadline: Deadline): Promise<boolean> {
  if (changes.length === 0) return true;
  const byResource = await describeConfigs(
    kafka,
    changes.map(({ resource }) => resource),
    deadline,
    { synonyms: false },
  );
  return changes.every(({ resource, changes: named }, index) => {
    const entries = byResource[index];
    if (entries === undefined || entries instanceof RelayError) return true;
    return named.every((change) => isAsChanged(entries, change, resource.kind));
  });
}

const ownSource = {
  topic: "DYNAMIC_TOPIC_CONFIG",
  broker: "DYNAMIC_BROKER_CONFIG",
  cluster: "DYNAMIC_DEFAULT_BROKER_CONFIG",
} as const satisfies Record<ConfigResource["kind"], ConfigSource>;

function isAsChanged(entries: readonly ConfigEntry[], { name, operation, value }: ConfigChange, kind: ConfigResource["kind"]): boolean {
  const entry = entries.find((one) => one.name === name);
  const own = ownSource[kind];
  if (operation === "DELETE") return entry?.source !== own;
  if (operation !== "SET") return true;
  // A topic and a broker list every setting they know; of the brokers' defaults those alone are listed that have been made.
  if (entry === undefined) return kind !== "cluster";
  if (entry.isSensitive) return true;
  const plain = (text: string | null) => (text ?? "").replaceAll(/\s/g, "");
  return entry.source === own && plain(entry.value) === plain(value);
}
